package sigv4_test

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/awsapi/sigv4"
	"github.com/rebound-mail/rebound/processor/awsapi/sigv4/sigv4test"
)

const (
	keyID  = "AKIDEXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	stamp  = "20150830T123600Z"
)

var now = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

// received is a request as a server reads it.
func received(t *testing.T, method, target string, head []string, body string) *http.Request {
	t.Helper()
	text := method + " " + target + " HTTP/1.1\r\n" + strings.Join(head, "\r\n") + "\r\n"
	if body != "" {
		text += "Content-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text + "\r\n" + body)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func authorization(scope, signed, signature string) string {
	return "Authorization: AWS4-HMAC-SHA256 Credential=" + keyID + "/20150830/us-east-1/" + scope + "/aws4_request, SignedHeaders=" + signed + ", Signature=" + signature
}

// What AWS's documents and its test suite sign, and what botocore 1.43 signs for calls of ours, verifies; with one byte changed it does not.
func TestWhatOthersSignedVerifies(t *testing.T) {
	const local = "Host: 127.0.0.1:8025"
	tests := []struct {
		name, method, target string
		head                 []string
		body                 string
	}{
		{"AWS's example of ListUsers", "GET", "/?Action=ListUsers&Version=2010-05-08", []string{"Host: iam.amazonaws.com", "X-Amz-Date: " + stamp,
			"Content-Type: application/x-www-form-urlencoded; charset=utf-8",
			authorization("iam", "content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")}, ""},
		{"get-vanilla", "GET", "/", []string{"Host: example.amazonaws.com", "X-Amz-Date: " + stamp,
			authorization("service", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")}, ""},
		{"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", []string{"Host: example.amazonaws.com", "X-Amz-Date: " + stamp,
			authorization("service", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")}, ""},
		{"get-header-value-trim", "GET", "/", []string{"Host: example.amazonaws.com", "My-Header1:  value1", `My-Header2: "a   b   c"`, "X-Amz-Date: " + stamp,
			authorization("service", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736")}, ""},
		{"post-x-www-form-urlencoded", "POST", "/", []string{"Host: example.amazonaws.com", "Content-Type: application/x-www-form-urlencoded", "X-Amz-Date: " + stamp,
			authorization("service", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")}, "Param1=value1"},
		{"a path that is encoded", "GET", "/v2/email/suppression/addresses/a%2Bb%40c.example", []string{local, "X-Amz-Date: " + stamp,
			authorization("ses", "host;x-amz-date", "8b4e3d29754a77f0a4e2d1a5feaf22ed7d73908d620489a066477ec48f614364")}, ""},
		{"a parameter twice", "GET", "/v2/email/suppression/addresses?Reason=BOUNCE&Reason=COMPLAINT&EndDate=2026-01-27T00%3A00%3A00Z&PageSize=3", []string{local,
			"X-Amz-Date: " + stamp, authorization("ses", "host;x-amz-date", "aac57828bc470c15574107ad92fa6b09df74faf455e46aabb65fc764588de340")}, ""},
		{"JSON", "PUT", "/v2/email/suppression/addresses", []string{local, "Content-Type: application/json", "X-Amz-Date: " + stamp,
			authorization("ses", "content-type;host;x-amz-date", "983e58236450ce4fe4c585075dd8f6b9f2a2d5dda6787badb5f22e63faba53c6")},
			`{"EmailAddress":"a@b.example","Reason":"BOUNCE"}`},
		{"a form", "POST", "/", []string{local, "Content-Type: application/x-www-form-urlencoded; charset=utf-8", "X-Amz-Date: " + stamp,
			strings.ReplaceAll(authorization("sns", "content-type;host;x-amz-date", "ef90844e4dbe9ed3c3d5eed32cac5fd05e93e0c561901fa65cd8e47a175f56c3"), ", ", ",")},
			"Action=ListTopics&Version=2010-03-31"},
		{"pre-signed", "GET", "/?Action=ListTopics&Version=2010-03-31&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsns%2Faws4_request" +
			"&X-Amz-Date=20150830T123600Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=7209380db35222f41a1f00072f2a2747a69f93ee922f2e411009163f462e02a5",
			[]string{local}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := received(t, test.method, test.target, test.head, test.body)
			s, err := sigv4.Parse(r)
			if err != nil || s.KeyID != keyID || s.Region != "us-east-1" {
				t.Fatalf("got %+v, %v", s, err)
			}
			if err := s.Verify(r, []byte(test.body), secret, now); err != nil {
				t.Errorf("got %v", err)
			}
			if err := s.Verify(r, []byte(test.body+"x"), secret, now); !errors.Is(err, sigv4.ErrMismatch) {
				t.Errorf("another body: got %v", err)
			}
			if err := s.Verify(r, []byte(test.body), secret+"x", now); !errors.Is(err, sigv4.ErrMismatch) {
				t.Errorf("another secret: got %v", err)
			}
			r.Method = "DELETE"
			if err := s.Verify(r, []byte(test.body), secret, now); !errors.Is(err, sigv4.ErrMismatch) {
				t.Errorf("another method: got %v", err)
			}
		})
	}
}

// signed is a POST with a signature that holds, and with what change does to it afterwards.
func signed(t *testing.T, change func(*http.Request), before ...string) *http.Request {
	t.Helper()
	r := received(t, "POST", "/?b=2&a=1%20x", append([]string{"Host: 127.0.0.1:8025", "Content-Type: application/x-www-form-urlencoded"}, before...), "Action=Publish")
	sigv4test.Signer{KeyID: keyID, Secret: secret, Region: "us-east-1", Service: "sns"}.Sign(r, "Action=Publish", now)
	if change != nil {
		change(r)
	}
	return r
}

func verify(r *http.Request, at time.Time) error {
	s, err := sigv4.Parse(r)
	if err == nil {
		err = s.Verify(r, []byte("Action=Publish"), secret, at)
	}
	return err
}

func TestWhatWasChangedAfterSigningIsRefused(t *testing.T) {
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	replace := func(old, replacement string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), old, replacement))
		}
	}
	tests := []struct {
		name       string
		change     func(*http.Request)
		code, text string
	}{
		{"nothing", nil, "", ""},
		{"no signature", set("Authorization", ""), "MissingAuthenticationToken", "missing Authentication Token"},
		{"a password", set("Authorization", "Basic YTpi"), "IncompleteSignature", "AWS4-HMAC-SHA256"},
		{"another algorithm", replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "IncompleteSignature", "AWS4-HMAC-SHA256"},
		{"no credential", replace("Credential=", "Credit="), "IncompleteSignature", "'Credential'"},
		{"no signed headers", replace("SignedHeaders=", "Headers="), "IncompleteSignature", "'SignedHeaders'"},
		{"no sum", replace("Signature=", "Sum="), "IncompleteSignature", "'Signature'"},
		{"two sums", replace("Signature=", "Signature=a, Signature="), "IncompleteSignature", "twice"},
		{"a short scope", replace("/aws4_request", ""), "IncompleteSignature", "5 slash-delimited"},
		{"another end of the scope", replace("/aws4_request", "/aws5_request"), "IncompleteSignature", "5 slash-delimited"},
		{"no digits", replace("Signature=", "Signature=z"), "IncompleteSignature", "hexadecimal"},
		{"a short sum", set("Authorization", strings.TrimPrefix(authorization("sns", "host", "00ff"), "Authorization: ")), "IncompleteSignature", "64"},
		{"too many headers", replace("host;", strings.Repeat("host;", 100)), "IncompleteSignature", "more than 64"},
		{"too long", replace("Credential=", "Credential="+strings.Repeat("a", 9000)), "IncompleteSignature", ""},
		{"no date", set("X-Amz-Date", ""), "IncompleteSignature", "'X-Amz-Date'"},
		{"an unreadable date", set("X-Amz-Date", "yesterday"), "IncompleteSignature", "'X-Amz-Date'"},
		{"a date of another day", set("X-Amz-Date", "20150831T123600Z"), "SignatureDoesNotMatch", "does not match YYYYMMDD"},
		{"another date", set("X-Amz-Date", "20150830T123601Z"), "SignatureDoesNotMatch", "does not match the signature you provided"},
		{"another region", replace("us-east-1", "us-west-2"), "SignatureDoesNotMatch", "does not match the signature"},
		{"another service", replace("/sns/", "/ses/"), "SignatureDoesNotMatch", "does not match the signature"},
		{"a header that is not signed", set("X-Amz-Target", "x"), "SignatureDoesNotMatch", "'x-amz-target'"},
		{"host not signed", replace("content-type;host;", "content-type;"), "SignatureDoesNotMatch", "'Host'"},
		{"another type", set("Content-Type", "text/plain"), "SignatureDoesNotMatch", "does not match the signature"},
		{"another host", func(r *http.Request) { r.Host = "evil.example" }, "SignatureDoesNotMatch", "does not match the signature"},
		{"another path", func(r *http.Request) { r.URL.Path = "/v2" }, "SignatureDoesNotMatch", "does not match the signature"},
		{"another query", func(r *http.Request) { r.URL.RawQuery += "&c=3" }, "SignatureDoesNotMatch", "does not match the signature"},
		{"the same query in another order", func(r *http.Request) { r.URL.RawQuery = "a=1+x&&b=2" }, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := verify(signed(t, test.change), now)
			var refused *sigv4.Error
			if errors.As(err, &refused) != (test.code != "") || refused != nil && (refused.Query != test.code || !strings.Contains(refused.Message, test.text)) {
				t.Errorf("got %v, want %s: … %s", err, test.code, test.text)
			}
			if refused != nil && refused.Status != http.StatusForbidden {
				t.Errorf("got status %d", refused.Status)
			}
		})
	}
}

func TestTheHashOfTheBodyMayBeGiven(t *testing.T) {
	right := fmt.Sprintf("%x", sha256.Sum256([]byte("Action=Publish")))
	for value, ok := range map[string]bool{"UNSIGNED-PAYLOAD": true, right: true, strings.Repeat("0", 64): false, "unsigned-payload": false} {
		if err := verify(signed(t, nil, "X-Amz-Content-Sha256: "+value), now); (err == nil) != ok {
			t.Errorf("%s: got %v", value, err)
		}
	}
	if err := verify(signed(t, func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") }), now); err == nil {
		t.Error("the header may be added afterwards")
	}
}

func TestASignatureHoldsForAQuarterOfAnHour(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		text  string
	}{
		{0, ""}, {15 * time.Minute, ""}, {-15 * time.Minute, ""},
		{15*time.Minute + time.Second, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"},
		{-15*time.Minute - time.Second, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"},
	} {
		err := verify(signed(t, nil), now.Add(test.after))
		var refused *sigv4.Error
		if errors.As(err, &refused) != (test.text != "") || refused != nil && (refused.Message != test.text || refused.JSON != "InvalidSignatureException") {
			t.Errorf("after %s: got %v, want %q", test.after, err, test.text)
		}
	}
}

// Some old clients sign a Date header instead.
func TestTheDateHeaderWillDo(t *testing.T) {
	r := received(t, "GET", "/", []string{"Host: host.example", "Date: Sun, 30 Aug 2015 12:36:00 GMT", authorization("sns", "date;host", strings.Repeat("0", 64))}, "")
	if err := verify(r, now); !errors.Is(err, sigv4.ErrMismatch) {
		t.Errorf("got %v, want no more than a wrong signature", err)
	}
}

func TestAPreSignedRequestHoldsAsLongAsItSays(t *testing.T) {
	const query = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsns%2Faws4_request&X-Amz-Date=20150830T123600Z" +
		"&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=0000000000000000000000000000000000000000000000000000000000000000"
	for _, test := range []struct {
		change, to string
		after      time.Duration
		code, text string
	}{
		{"", "", time.Hour, "SignatureDoesNotMatch", "does not match the signature"},
		{"", "", time.Hour + time.Second, "SignatureDoesNotMatch", "Signature expired"},
		{"", "", -time.Hour, "SignatureDoesNotMatch", "not yet current"},
		{"Expires=3600", "Expires=604801", 0, "IncompleteSignature", "'X-Amz-Expires'"},
		{"Expires=3600", "Expires=0", 0, "IncompleteSignature", "'X-Amz-Expires'"},
		{"Expires=3600", "Expires=3600&X-Amz-Expires=1", 0, "IncompleteSignature", "once"},
		{"&X-Amz-Date=20150830T123600Z", "", 0, "IncompleteSignature", "'X-Amz-Date'"},
		{"T123600Z", "", 0, "IncompleteSignature", "'X-Amz-Date'"},
		{"AWS4-HMAC-SHA256", "AWS4-HMAC", 0, "IncompleteSignature", "algorithm"},
		{"=host", "=x", 0, "SignatureDoesNotMatch", "'Host'"},
	} {
		target := query
		if test.change != "" {
			target = strings.Replace(query, test.change, test.to, 1)
		}
		err := verify(received(t, "GET", target, []string{"Host: 127.0.0.1:8025"}, ""), now.Add(test.after))
		var refused *sigv4.Error
		if !errors.As(err, &refused) || refused.Query != test.code || !strings.Contains(refused.Message, test.text) {
			t.Errorf("%s→%s after %s: got %v, want %s … %s", test.change, test.to, test.after, err, test.code, test.text)
		}
	}
}

// A header or a query of any form gives a signature or an error, never a panic, and no signature that nobody made verifies.
func FuzzParse(f *testing.F) {
	f.Add(strings.TrimPrefix(authorization("sns", "host;x-amz-date", strings.Repeat("0", 64)), "Authorization: "), stamp, "a=b&%zz=%")
	f.Add("", stamp, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/20150830/c/d/aws4_request&X-Amz-Date="+stamp+"&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature="+strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, header, date, query string) {
		r, err := http.NewRequest(http.MethodPost, "http://host.example/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", header)
		r.Header.Set("X-Amz-Date", date)
		r.URL.RawQuery = query
		s, err := sigv4.Parse(r)
		var refused *sigv4.Error
		if err != nil {
			if !errors.As(err, &refused) {
				t.Fatalf("got %T", err)
			}
			return
		}
		if s.KeyID == "" || s.Region == "" || s.Service == "" {
			t.Errorf("got %+v", s)
		}
		if err := s.Verify(r, nil, secret, now); !errors.As(err, &refused) {
			t.Errorf("verifies: %q %q", header, query)
		}
	})
}
