package report

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzRead holds that no input panics, that what is kept stays in its bounds,
// that the text is UTF-8 with LF only and without NUL, that no value holds a line
// end, and that neither the pieces in which the input comes nor CRLF in place of
// LF change what is read.
func FuzzRead(f *testing.F) {
	for _, mail := range recordings(f) {
		f.Add(mail)
	}
	f.Add([]byte(whole))
	f.Add([]byte("--a\nContent-Type: x\n\n--a--"))
	f.Add([]byte("Content-Type: multipart/report;boundary=\"\n--\n\r\r\n"))
	f.Add([]byte("Content-Transfer-Encoding:base64\nContent-Type:text/html;charset=utf-16\n\n=\nQQ=\xff"))
	f.Fuzz(func(t *testing.T, mail []byte) {
		m, err := Read(bytes.NewReader(mail))
		if err != nil {
			if err != ErrEmpty {
				t.Fatal(err)
			}
			return
		}
		again, err := Read(iotest.OneByteReader(bytes.NewReader(mail)))
		if diff := cmp.Diff(m, again, cmpopts.EquateErrors()); err != nil || diff != "" {
			t.Fatalf("byte by byte: %v, %s", err, diff)
		}
		if !bytes.Contains(mail, []byte("\r")) {
			again, err = Read(bytes.NewReader(bytes.ReplaceAll(mail, []byte("\n"), []byte("\r\n"))))
			if diff := cmp.Diff(m, again, cmpopts.EquateErrors(), cmpopts.IgnoreFields(Message{}, "Size")); err != nil || diff != "" {
				t.Fatalf("with CRLF: %v, %s", err, diff)
			}
		}
		if m.Size != int64(len(mail)) || m.MediaType == "" {
			t.Fatalf("got size %d of %d, type %q", m.Size, len(mail), m.MediaType)
		}
		if !utf8.ValidString(m.Text) || len(m.Text) > maxText || strings.ContainsAny(m.Text, "\r\x00") {
			t.Fatalf("got the text %q", m.Text)
		}
		if len(m.Machine) > maxMachineParts || len(m.Problems) > maxProblems {
			t.Fatalf("got %d machine parts, %d problems", len(m.Machine), len(m.Problems))
		}
		checkHeader(t, m.Header)
		checkHeader(t, m.Returned)
		for _, part := range m.Machine {
			if machineType(part.MediaType) != part.MediaType || len(part.Body) > maxMachine {
				t.Fatalf("got %d bytes of %q", len(part.Body), part.MediaType)
			}
			for _, group := range part.Groups {
				if len(group) == 0 {
					t.Fatal("got an empty group")
				}
				checkHeader(t, group)
			}
		}
	})
}

func checkHeader(t *testing.T, h Header) {
	t.Helper()
	if len(h) > maxGroupFields {
		t.Fatalf("got %d fields", len(h))
	}
	for _, field := range h {
		if field.Name == "" || strings.ContainsAny(field.Name, " \t\r\n:") || strings.ContainsAny(field.Value, "\r\n\x00") || field.Value != trim(field.Value) {
			t.Fatalf("got the field %q", field)
		}
		if !utf8.ValidString(Text(field.Value)) {
			t.Fatalf("got text that is not UTF-8 from %q", field.Value)
		}
	}
}
