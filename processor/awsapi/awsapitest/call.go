package awsapitest

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/sigv4/sigv4test"
)

// Answer is the answer to a call.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Node   // of the Query protocol
}

// Node is an element of an answer of the Query protocol.
type Node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []Node `xml:",any"`
}

// At returns the first element that a path of names leads to.
func (n Node) At(path ...string) Node {
	for _, inner := range n.Nodes {
		if len(path) > 0 && inner.XMLName.Local == path[0] {
			return inner.At(path[1:]...)
		}
	}
	if len(path) > 0 {
		return Node{}
	}
	return n
}

// Has tells whether there is an element of the name.
func (n Node) Has(name string) bool { return n.At(name).XMLName.Local == name }

// Get returns the text of the element that a path of names leads to.
func (n Node) Get(path ...string) string { return n.At(path...).Text }

// Members returns the texts of all <member> elements.
func (n Node) Members() (texts []string) {
	for _, inner := range n.Nodes {
		texts = append(texts, inner.Text)
	}
	return texts
}

func (s *Server) send(key account.AccessKey, method, target, contentType, body string) Answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.URL+target, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if key.ID != "" {
		sigv4test.Signer{KeyID: key.ID, Secret: key.Secret, Region: "us-east-1", Service: "ses"}.Sign(r, body, s.Clock)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	if response.Header.Get("x-amzn-RequestId") == "" {
		s.Errorf("%s %s: an answer without a request id", method, target)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: string(content)}
}

// Query calls an action of SES v1 with pairs of names and values, signed with the key; the zero key signs nothing.
func (s *Server) Query(key account.AccessKey, action string, pairs ...string) Answer {
	s.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-12-01"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	got := s.send(key, http.MethodPost, "/", "application/x-www-form-urlencoded; charset=utf-8", form.Encode())
	if err := xml.Unmarshal([]byte(got.Body), &got.Node); err != nil {
		s.Fatalf("%s: %v: %s", action, err, got.Body)
	}
	if got.XMLName.Space != "http://ses.amazonaws.com/doc/2010-12-01/" {
		s.Errorf("%s: namespace %s", action, got.XMLName.Space)
	}
	return got
}

// Do calls an action of SES v1 that has to succeed and returns its result.
func (s *Server) Do(action string, pairs ...string) Node {
	s.Helper()
	got := s.Query(s.Key, action, pairs...)
	if got.Status != http.StatusOK || got.XMLName.Local != action+"Response" || got.Get("ResponseMetadata", "RequestId") == "" {
		s.Fatalf("%s %q: got %d %s", action, pairs, got.Status, got.Body)
	}
	return got.At(action + "Result")
}

// Refuses calls an action of SES v1 that has to fail with status 400.
func (s *Server) Refuses(code, message, action string, pairs ...string) {
	s.Helper()
	got := s.Query(s.Key, action, pairs...)
	if got.Status != http.StatusBadRequest || got.Get("Error", "Code") != code || got.Get("Error", "Message") != message || got.Get("Error", "Type") != "Sender" {
		s.Errorf("%s %q: got %d %s %q, want %s %q", action, pairs, got.Status, got.Get("Error", "Code"), got.Get("Error", "Message"), code, message)
	}
}

// REST calls an operation of SES v2, with a body that is encoded unless it is nil or a text.
func (s *Server) REST(key account.AccessKey, method, target string, body any) Answer {
	s.Helper()
	text, isText := body.(string)
	if body != nil && !isText {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.Fatal(err)
		}
		text = string(encoded)
	}
	got := s.send(key, method, "/v2/email"+target, "application/json", text)
	if !json.Valid([]byte(got.Body)) || got.Header.Get("Content-Type") != "application/json" {
		s.Fatalf("%s %s: got %d %v %q", method, target, got.Status, got.Header, got.Body)
	}
	return got
}

// Call calls an operation of SES v2 that has to succeed and returns the answer as a compact text.
func (s *Server) Call(method, target string, body any) string {
	s.Helper()
	got := s.REST(s.Key, method, target, body)
	if got.Status != http.StatusOK {
		s.Fatalf("%s %s %v: got %d %s %s", method, target, body, got.Status, got.Header.Get("x-amzn-ErrorType"), got.Body)
	}
	return strings.TrimSpace(got.Body)
}

// Into is Call that reads the answer into a pointer.
func (s *Server) Into(answer any, method, target string, body any) {
	s.Helper()
	if err := json.Unmarshal([]byte(s.Call(method, target, body)), answer); err != nil {
		s.Fatal(err)
	}
}

// Fails calls an operation of SES v2 that has to fail.
func (s *Server) Fails(status int, exception, message, method, target string, body any) {
	s.Helper()
	got := s.REST(s.Key, method, target, body)
	var failure struct{ Message string }
	_ = json.Unmarshal([]byte(got.Body), &failure) // REST has checked that it is JSON
	if got.Status != status || got.Header.Get("x-amzn-ErrorType") != exception || failure.Message != message {
		s.Errorf("%s %s %.200v: got %d %s %s,\nwant %d %s %q", method, target, body, got.Status, got.Header.Get("x-amzn-ErrorType"), got.Body, status, exception, message)
	}
}
