package query

import (
	"bytes"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"

	"github.com/rebound-mail/rebound/schemas"
)

// List is a list in a result: each item in an element <member>. Unlike a plain slice it leaves its own element when it is empty, which
// some SDKs need.
type List[T any] []T

// MarshalXML writes the list.
func (l List[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, item := range l {
		if err := e.EncodeElement(item, element("member")); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// Map is a map in a result: each value in an element <entry>, with <key> and <value>, in the order of the keys.
type Map[T any] map[string]T

// MarshalXML writes the map.
func (m Map[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		entry := struct {
			Key   string `xml:"key"`
			Value T      `xml:"value"`
		}{key, m[key]}
		if err := e.EncodeElement(entry, element("entry")); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

func element(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

// answer writes the result of an action; with noResult the answer has no element for it.
func (s *Service) answer(w http.ResponseWriter, action string, result any, noResult bool) {
	id := schemas.NewUUID()
	var body bytes.Buffer
	e := xml.NewEncoder(&body)
	response := element(action + "Response")
	response.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: s.Namespace}}
	err := e.EncodeToken(response)
	if err == nil && !noResult {
		if result == nil {
			result = struct{}{}
		}
		err = e.EncodeElement(result, element(action+"Result"))
	}
	if err == nil {
		err = e.EncodeElement(metadata{id}, element("ResponseMetadata"))
	}
	if err == nil {
		err = e.EncodeToken(response.End())
	}
	if err == nil {
		err = e.Close()
	}
	if err != nil {
		s.Log.Error("cannot write an answer", "action", action, "error", err)
		s.Fail(w, s.internal())
		return
	}
	write(w, http.StatusOK, id, body.Bytes())
}

// Fail answers with an error.
func (s *Service) Fail(w http.ResponseWriter, refused *Error) {
	kind := "Sender"
	if refused.Status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	answer := struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Space   string   `xml:"xmlns,attr"`
		Type    string   `xml:"Error>Type"`
		Code    string   `xml:"Error>Code"`
		Message string   `xml:"Error>Message"`
		ID      string   `xml:"RequestId"`
	}{Space: s.Namespace, Type: kind, Code: refused.Code, Message: refused.Message, ID: schemas.NewUUID()}
	body, err := xml.Marshal(answer)
	if err != nil {
		s.Log.Error("cannot write an error", "code", refused.Code, "error", err)
	}
	write(w, refused.Status, answer.ID, body)
}

func write(w http.ResponseWriter, status int, id string, body []byte) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("x-amzn-RequestId", id)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a caller who has gone needs no answer
}

// metadata ends each answer.
type metadata struct {
	RequestID string `xml:"RequestId"`
}
