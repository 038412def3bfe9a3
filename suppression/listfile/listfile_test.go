package listfile_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/suppression"
	"github.com/rebound-mail/rebound/suppression/listfile"
)

// all reads a file to its end and writes each record as "line address reason problem".
func all(t *testing.T, text string, o listfile.Options) (got []string, err error) {
	t.Helper()
	r, err := listfile.NewReader(strings.NewReader(text), o)
	if err != nil {
		return nil, err
	}
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		got = append(got, strings.TrimRight(fmt.Sprint(record.Line, " ", record.Address, " ", record.Reason, " ", record.Problem), " "))
	}
}

func TestExportsOfServicesAreReadByTheirColumnNames(t *testing.T) {
	passing := "a fault that passes, or is not the recipient's"
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"SES, CSV":               {"emailAddress,reason\na@example.net,BOUNCE\nb@example.net,COMPLAINT\n", []string{"2 a@example.net BOUNCE", "3 b@example.net COMPLAINT"}},
		"SES, CSV with times":    {"EmailAddress,Reason,LastUpdateTime\na@example.net,COMPLAINT,2026-01-27T15:00:00Z\n", []string{"2 a@example.net COMPLAINT"}},
		"SES, answer of the API": {"{\n  \"SuppressedDestinationSummaries\": [\n    {\n      \"EmailAddress\": \"a@example.net\",\n      \"Reason\": \"BOUNCE\",\n      \"LastUpdateTime\": \"2026-01-27T15:00:00+01:00\"\n    },\n    {\"EmailAddress\": \"b@example.net\", \"Reason\": \"COMPLAINT\"}\n  ],\n  \"NextToken\": \"t\"\n}\n", []string{"7 a@example.net BOUNCE", "8 b@example.net COMPLAINT"}},
		"SendGrid, bounces": {"status,reason,email,created\n5.1.1,550 5.1.1 no such user,a@example.net,1769525979\n4.2.2,452 full,b@example.net,1769525979\n,550 5.7.1 listed as a spammer,c@example.net,1\n",
			[]string{"2 a@example.net BOUNCE", "3 b@example.net BOUNCE " + passing + ": 4.2.2", "4 c@example.net BOUNCE " + passing + ": 550 5.7.1 listed as a spammer"}},
		"SendGrid, invalid emails": {"reason,email,created\nMail domain is unknown,a@nowhere.example,1\n", []string{"2 a@nowhere.example BOUNCE"}},
		"SendGrid, spam reports":   {"ip,email,created\n192.0.2.1,a@example.net,1\n", []string{"2 a@example.net COMPLAINT"}},
		"SendGrid, unsubscribes":   {"email,created\na@example.net,1\n", []string{"2 a@example.net MANUAL"}},
		"SendGrid, API":            {`[{"created":1,"email":"a@example.net","reason":"550 unknown user","status":"5.1.1"},{"created":1,"email":"b@example.net","reason":"x","status":"4.0.0"}]`, []string{"1 a@example.net BOUNCE", "1 b@example.net BOUNCE " + passing + ": 4.0.0"}},
		"Mailgun, bounces":         {"address,code,error,created_at\na@example.net,550,\"no such user, really\",\"Tue, 27 Jan 2026 15:00:00 UTC\"\nb@example.net,421,busy,x\n", []string{"2 a@example.net BOUNCE", "3 b@example.net BOUNCE " + passing + ": 421"}},
		"Mailgun, complaints":      {"address,created_at\na@example.net,x\n", []string{"2 a@example.net COMPLAINT"}},
		"Mailgun, unsubscribes":    {"address,tags,created_at\na@example.net,*,x\n", []string{"2 a@example.net MANUAL"}},
		"Mailgun, API": {`{"items":[{"address":"a@example.net","code":"550","error":"no","created_at":"x","MessageHash":"h"}],"paging":{"next":"https://a.example/","more":[{"address":"not@this.example"}]}}` + "\n",
			[]string{"1 a@example.net BOUNCE"}},
		"Postmark, bounces": {"Recipient,Type,BouncedAt,Subject\na@example.net,HardBounce,x,Hi\nb@example.net,SpamComplaint,x,Hi\nc@example.net,SoftBounce,x,Hi\nd@example.net,ManuallyDeactivated,x,Hi\n",
			[]string{"2 a@example.net BOUNCE", "3 b@example.net COMPLAINT", "4 c@example.net  " + passing, "5 d@example.net MANUAL"}},
		"Postmark, inactive":     {"Email,InactivityReason,BouncedAt\na@example.net,Hard bounce,x\nb@example.net,Spam complaint,x\nc@example.net,Manual suppression,x\n", []string{"2 a@example.net BOUNCE", "3 b@example.net COMPLAINT", "4 c@example.net MANUAL"}},
		"Postmark, suppressions": {`{"Suppressions":[{"EmailAddress":"a@example.net","SuppressionReason":"HardBounce","Origin":"Recipient","CreatedAt":"x"}]}`, []string{"1 a@example.net BOUNCE"}},
		"our own":                {`{"emailAddress":"a@example.net","reason":"MANUAL","list":"account","since":"2026-01-27T15:00:00.000Z"}` + "\n", []string{"1 a@example.net MANUAL"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := all(t, test.text, listfile.Options{})
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v\n-want +got:\n%s", err, diff)
			}
		})
	}
}

func TestFilesAreReadAsPeopleWriteThem(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		options listfile.Options
		want    []string
	}{
		"nothing":            {"", listfile.Options{}, nil},
		"plain lines":        {"a@example.net\r\n\r\n  b@example.net \r\nnobody\n", listfile.Options{}, []string{"1 a@example.net", "3 b@example.net", "4 nobody  not a mail address"}},
		"a first line amiss": {"nobody\na@example.net\n", listfile.Options{}, []string{"1 nobody  not a mail address", "2 a@example.net"}},
		"no line end":        {"a@example.net", listfile.Options{}, []string{"1 a@example.net"}},
		"a byte order mark":  {"\xef\xbb\xbfEmail;Name\na@example.net;Ann\n", listfile.Options{}, []string{"2 a@example.net"}},
		"a name beside it":   {"Jane <jane@example.net>\n", listfile.Options{}, []string{"1 jane@example.net"}},
		"quotes and line breaks": {"name,email,note\r\n\"Doe, Jane\",\"jane@example.net\",\"two\r\nlines\"\r\nJoe \"J\" Doe,joe@example.net,x\r\n", listfile.Options{},
			[]string{"2 jane@example.net", "4 joe@example.net"}},
		"no names of columns":       {"Jane,jane@example.net\nJoe,joe@example.net\n", listfile.Options{}, []string{"1 jane@example.net", "2 joe@example.net"}},
		"names that say nothing":    {"Kunde\tKontakt\nJane\tjane@example.net\nJoe\tjoe@example.net\n", listfile.Options{}, []string{"2 jane@example.net", "3 joe@example.net"}},
		"a column that is named":    {"email,private\na@example.net,b@example.org\n", listfile.Options{Column: "Private"}, []string{"2 b@example.org"}},
		"a member that is named":    {"{\"email\":\"a@example.net\",\"other\":\"b@example.org\"}\n", listfile.Options{Column: "other"}, []string{"1 b@example.org"}},
		"a short row":               {"name,email\nJane\nJoe,joe@example.net\n", listfile.Options{}, []string{"2   not a mail address", "3 joe@example.net"}},
		"NDJSON with a line amiss":  {"{\"email\":\"a@example.net\"}\n{\"email\":\n\n{\"email\":\"b@example.net\"}\n", listfile.Options{}, []string{"1 a@example.net", "2   not a JSON object: {\"email\":", "4 b@example.net"}},
		"NDJSON without an address": {"{\"email\":\"a@example.net\"}\n{\"name\":\"Joe\"}\n", listfile.Options{}, []string{"1 a@example.net", "2   no member holds a mail address"}},
		"objects over many lines":   {"{\n \"email\": \"a@example.net\"\n}\n{\n \"email\": \"b@example.net\"\n}\n", listfile.Options{}, []string{"1 a@example.net", "4 b@example.net"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := all(t, test.text, test.options)
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v\n-want +got:\n%s", err, diff)
			}
		})
	}
}

func TestFilesThatCannotBeReadSayWhatToMend(t *testing.T) {
	long := strings.Repeat("x,y\n", listfile.MaxRecord/2)
	for name, test := range map[string]struct {
		text    string
		options listfile.Options
		want    string
	}{
		"UTF-16":                {"\xff\xfea\x00@\x00", listfile.Options{}, "iconv -f UTF-16"},
		"UTF-16 without a mark": {"\x00a\x00@\x00b", listfile.Options{}, "iconv -f UTF-16"},
		"no addresses":          {"name,town\nJane,Rome\n", listfile.Options{}, "no column holds mail addresses"},
		"no such column":        {"name,email\nJane,jane@example.net\n", listfile.Options{Column: "mail"}, `no column "mail", but name, email`},
		"a quote left open":     {"email,name\na@example.net,x\nb@example.net,\"open\n" + long, listfile.Options{}, "after the record of line 2"},
		"an endless line":       {"{\"email\":\"a@example.net\"}\n{\"email\":\"" + strings.ReplaceAll(long, "\n", " "), listfile.Options{}, "over 1048576 bytes"},
		"a document cut off":    {"[\n{\"email\":\"a@example.net\"},\n", listfile.Options{}, "line 2"},
		"JSON of something":     {"[1,2,\n3]\n17\n", listfile.Options{Format: listfile.NDJSON}, "line 3: neither an array nor an object"},
		"no such format":        {"a@example.net", listfile.Options{Format: "xlsx"}, "write csv or ndjson"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := all(t, test.text, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestTheEndOfAnEntryIsRead(t *testing.T) {
	r, err := listfile.NewReader(strings.NewReader("emailAddress,reason,until\na@example.net,BOUNCE,2026-02-10T15:00:00.000Z\nb@example.net,BOUNCE,\nc@example.net,BOUNCE,soon\n"), listfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []listfile.Record{
		{Line: 2, Address: "a@example.net", Reason: suppression.Bounce, Until: time.Date(2026, 2, 10, 15, 0, 0, 0, time.UTC)},
		{Line: 3, Address: "b@example.net", Reason: suppression.Bounce},
		{Line: 4, Address: "c@example.net", Reason: suppression.Bounce, Problem: "the time soon is not written as 2026-01-27T15:00:00Z"},
	} {
		got, err := r.Next()
		got.Fields = nil
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

// A file is read in the memory of a few records: a reader that kept them would need many times as much.
func TestAFileOfAHundredThousandLinesIsReadInAFewRecords(t *testing.T) {
	for _, line := range []string{"jane@example.net,Jane\n", `{"email":"jane@example.net","name":"Jane"}` + "\n"} {
		n := 0
		r, err := listfile.NewReader(io.LimitReader(&endless{line: line}, int64(len(line))*100_000), listfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			record, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if n++; err != nil || record.Line != n || record.Address != "jane@example.net" {
				t.Fatalf("record %d: %+v, %v", n, record, err)
			}
		}
		if n != 100_000 {
			t.Errorf("got %d records", n)
		}
	}
}

type endless struct {
	line string
	at   int
}

// Read gives the line over and over.
func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], e.line[e.at:])
		n, e.at = n+copied, (e.at+copied)%len(e.line)
	}
	return n, nil
}

// What a stranger writes neither ends the program nor is read without end, and each record has a line and an address or a problem.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"a@example.net\n", "email,name\na@example.net,\"x\ny\"\n", `{"email":"a@example.net"}`, `{"items":[{"address":"a@example.net"}]}`, "[{\n}]", "\xef\xbb\xbf;\n\"", "{}[]1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := listfile.NewReader(strings.NewReader(text), listfile.Options{})
		if err != nil {
			return
		}
		for line := 0; ; {
			record, err := r.Next()
			if err != nil {
				return
			}
			if record.Line < line || record.Line < 1 || record.Address == "" && record.Problem == "" {
				t.Fatalf("after line %d: %+v", line, record)
			}
			line = record.Line
		}
	})
}
