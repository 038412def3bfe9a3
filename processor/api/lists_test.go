package api_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// each decodes lines of JSON.
func each[T any](t *testing.T, text string) (values []T) {
	t.Helper()
	for line := range strings.Lines(text) {
		var value T
		if err := json.Unmarshal([]byte(line), &value); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		values = append(values, value)
	}
	return values
}

func TestAnImportTellsWhatItRefusedAndHowFarItIs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := `{"emailAddress":"a@example.net","reason":"BOUNCE","since":"2020-01-01T00:00:00Z"}` + "\n\n" + `{"emailAddress":"nobody"}` + "\n" + `{"emailAddress":` + "\n" +
		`{"emailAddress":"b@example.net","reason":"ODD","line":70}` + "\n" + `{"emailAddress":"c@example.net","until":"2026-01-28T15:00:00Z","line":71}` + "\n" +
		`{"emailAddress":"d@example.net","until":"2026-01-27T14:00:00Z","line":72}` + "\n" + `{"emailAddress":"e@example.net","problem":"a soft bounce","line":73}`
	status, text := s.unchecked(http.MethodPost, "/v1/suppression/import", body)
	want := []api.ImportAnswer{
		{Line: 3, Address: "nobody", Problem: "not a mail address"},
		{Line: 4, Problem: "not a JSON object with an emailAddress"},
		{Line: 70, Address: "b@example.net", Problem: `reason is BOUNCE, COMPLAINT or MANUAL, not "ODD"`},
		{Line: 72, Address: "d@example.net", Problem: "until, 2026-01-27T14:00:00.000Z, has passed"},
		{Line: 73, Address: "e@example.net", Problem: "a soft bounce"},
		{Committed: 73, Put: 2, Rejected: 5}, {Put: 2, Rejected: 5, End: true},
	}
	if diff := cmp.Diff(want, each[api.ImportAnswer](t, text)); status != http.StatusOK || diff != "" {
		t.Errorf("%d\n%s", status, diff)
	}
	var page api.SuppressionPage
	s.do(http.MethodGet, "/v1/suppression?reason=MANUAL", nil, &page)
	if len(page.Entries) != 1 || page.Entries[0].Address != "c@example.net" || !page.Entries[0].Until.Equal(now.Add(24*time.Hour)) {
		t.Errorf("got %+v", page)
	}
	if status, text := s.unchecked(http.MethodPost, "/v1/suppression/import", `{"emailAddress":"`+strings.Repeat("x", 20_000)); status != 413 || !strings.Contains(text, "line 1") {
		t.Errorf("a line without end: %d %s", status, text)
	}
	if status, text := s.ask(http.MethodPost, "/v1/suppression/import?list=mine", ""); status != 400 || !strings.Contains(text, "mine") {
		t.Errorf("no such list: %d %s", status, text)
	}
}

func TestAnImportOfAnyLengthIsCommittedInParts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var body strings.Builder
	for n := range 12_000 {
		fmt.Fprintf(&body, `{"emailAddress":"a%d@example.net"}`+"\n", n)
	}
	_, text := s.ask(http.MethodPost, "/v1/suppression/import?list=global", body.String())
	got := each[api.ImportAnswer](t, text)
	last := 0
	for i, part := range got[:len(got)-1] {
		if part.Committed <= last || part.Put != part.Committed || part.Committed > last+10_000 {
			t.Errorf("part %d: got %+v after %d", i, part, last)
		}
		last = part.Committed
	}
	if end := got[len(got)-1]; len(got) < 3 || last != 12_000 || end != (api.ImportAnswer{Put: 12_000, End: true}) {
		t.Errorf("got %d parts up to %d, and %+v", len(got)-1, last, end)
	}
}

func TestAListIsStreamedWithMarksToGoOnFrom(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.transact(func(tx *sql.Tx) error {
		var entries []suppression.Entry
		for n := range 2500 {
			entries = append(entries, suppression.Entry{List: suppression.List{Account: "000000000000"}, Address: fmt.Sprintf("a%d@example.net", n), Reason: suppression.Bounce})
		}
		return suppression.PutMany(t.Context(), tx, entries, now)
	})
	type line struct {
		api.SuppressionEntry
		api.StreamMark
	}
	read := func(path string) (addresses map[string]bool, marks []api.StreamMark) {
		_, text := s.ask(http.MethodGet, path, nil)
		addresses = map[string]bool{}
		for _, one := range each[line](t, text) {
			if one.Address == "" {
				marks = append(marks, one.StreamMark)
				continue
			}
			addresses[one.Address] = true
		}
		return addresses, marks
	}
	all, marks := read("/v1/suppression/stream")
	if len(all) != 2500 || len(marks) != 3 || marks[0].End || !marks[2].End || marks[0].Changes != 2500 {
		t.Fatalf("got %d addresses, marks %+v", len(all), marks)
	}
	rest, _ := read("/v1/suppression/stream?cursor=" + marks[1].Cursor)
	if len(rest) != 500 {
		t.Errorf("%d addresses are left after 2000", len(rest))
	}
	if status, text := s.ask(http.MethodGet, "/v1/suppression/stream?cursor=!", nil); status != 400 {
		t.Errorf("a cursor of nowhere: %d %s", status, text)
	}
}

func TestChangesAreFollowedByTheirNumber(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "jane@example.net", Reason: "COMPLAINT"}, nil)
	s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "jane@example.net", List: "allow"}, nil)
	s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "joe@example.net", Reason: "BOUNCE", List: "global"}, nil)
	s.do(http.MethodPut, "/v1/suppression?account="+otherAccount, api.SuppressionEntry{Address: "joe@example.net", Reason: "BOUNCE", Identity: "example.org"}, nil)
	var page api.ChangesPage
	s.do(http.MethodGet, "/v1/suppression/changes?limit=1", nil, &page)
	at := schemas.Time{Time: now}
	if diff := cmp.Diff(api.ChangesPage{Next: 1, Changes: []schemas.SuppressionChange{
		{Sequence: 1, Action: "put", List: "account", Account: "000000000000", EmailAddress: "jane@example.net", Reason: "COMPLAINT", Timestamp: at}}}, page); diff != "" {
		t.Error(diff)
	}
	s.do(http.MethodGet, "/v1/suppression/changes?after=1", nil, &page)
	if len(page.Changes) != 1 || page.Changes[0].Action != "allow" || page.Next != 4 {
		t.Errorf("the account's: %+v", page)
	}
	s.do(http.MethodGet, "/v1/suppression/changes?list=all", nil, &page)
	if len(page.Changes) != 4 || page.Changes[3].Identity != "example.org" || page.Changes[2].List != "global" {
		t.Errorf("all: %+v", page)
	}
	waited := make(chan api.ChangesPage, 1)
	go func() {
		var page api.ChangesPage
		s.do(http.MethodGet, "/v1/suppression/changes?after=4&wait=30", nil, &page)
		waited <- page
	}()
	s.do(http.MethodDelete, "/v1/suppression?address=jane@example.net", nil, nil)
	if page := <-waited; len(page.Changes) != 1 || page.Changes[0].Action != "delete" {
		t.Errorf("after waiting: %+v", page)
	}
	s.transact(func(tx *sql.Tx) error {
		_, err := suppression.PurgeChanges(t.Context(), tx, now.Add(time.Hour), 2)
		return err
	})
	s.refuses([]refusal{
		{"changes that are gone", "GET", "/v1/suppression/changes?after=1", nil, 410, "read the whole list"},
		{"a number of words", "GET", "/v1/suppression/changes?after=x", nil, 400, "the number of a change"},
		{"to wait for ever", "GET", "/v1/suppression/changes?wait=31", nil, 400, "up to 30"},
		{"another list", "GET", "/v1/suppression/changes?list=global", nil, 400, "list is all"},
	})
}

func TestWhatIsAllowedOverridesTheGlobalList(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do(http.MethodPut, "/v1/accounts", api.Account{ID: "000000000000", SuppressedReasons: []suppression.Reason{}}, nil)
	s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "jane@example.net", Reason: "BOUNCE", List: "global"}, nil)
	check := func() (result api.CheckResult) {
		s.do(http.MethodGet, "/v1/suppression/check?address=JANE@example.net", nil, &result)
		return result
	}
	if got := check(); !got.Suppressed || got.List != "global" {
		t.Errorf("got %+v", got)
	}
	s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "jane@example.net", List: "allow"}, nil)
	if got := check(); got.Suppressed {
		t.Errorf("got %+v", got)
	}
	s.do(http.MethodDelete, "/v1/suppression?list=allow&address=jane@example.net", nil, nil)
	if got := check(); !got.Suppressed {
		t.Errorf("got %+v", got)
	}
	s.refuses([]refusal{
		{"no address", "GET", "/v1/suppression/check?address=x", nil, 400, "not a mail address"},
		{"an identity of the world", "GET", "/v1/suppression?list=global&identity=example.org", nil, 400, "no identities"},
	})
}

func TestWhyShowsEachReportAndWhereItsMailIs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var sent api.SentAnswer
	s.do(http.MethodPost, "/v1/sent", sentmail.Registration{MessageID: "<m1@sender.example>", Source: "news@sender.example", Destination: []string{"jane@example.net"}}, &sent)
	s.post(report, sent.ReturnPaths["jane@example.net"])
	s.work(1)
	var why api.Why
	s.do(http.MethodGet, "/v1/suppression/why?address=Jane@example.net", nil, &why)
	if !why.Suppressed || len(why.Entries) != 2 || len(why.Reports) != 1 {
		t.Fatalf("got %+v", why)
	}
	got := why.Reports[0]
	if got.Diagnostic != "smtp; 550 5.1.1 no such user" || got.Status != "5.1.1" || !got.Listed || got.Trust != "A" || got.FeedbackID != why.FeedbackID {
		t.Errorf("got %+v", got)
	}
	if _, text := s.ask(http.MethodGet, got.Raw, nil); !strings.Contains(text, "Not delivered.") {
		t.Errorf("the mail: %s", text)
	}
	for _, id := range []string{got.FeedbackID, "1"} {
		var shown api.Report
		s.do(http.MethodGet, "/v1/feedback/"+id, nil, &shown)
		if shown.ID != got.FeedbackID || shown.Raw != got.Raw || len(shown.Recipients) != 1 {
			t.Errorf("%s: %+v", id, shown)
		}
	}
	s.do(http.MethodDelete, "/v1/suppression?address=jane@example.net", nil, nil)
	var replayed processor.Replayed
	s.do(http.MethodPost, "/v1/feedback/1/replay", nil, &replayed)
	if len(replayed.Listed) != 1 || replayed.Listed[0] != (processor.ReplayedChange{Address: "jane@example.net", List: "account"}) || replayed.Before == nil {
		t.Errorf("replayed: %+v", replayed)
	}
	var gone processor.Forgotten
	s.do(http.MethodPost, "/v1/forget", api.Person{Address: "jane@example.net"}, &gone)
	if gone.Entries != 2 || gone.RawMails != 1 || gone.SentMails != 1 || gone.Reports != 1 {
		t.Errorf("forgotten: %+v", gone)
	}
	s.refuses([]refusal{
		{"no such report", "GET", "/v1/feedback/1", nil, 404, "no report 1"},
		{"a mail that is gone", "POST", "/v1/feedback/1/replay", nil, 404, "no longer kept"},
		{"a mail of no number", "POST", "/v1/feedback/x/replay", nil, 400, "not the seq"},
		{"half a wish", "POST", "/v1/feedback/1/replay?notify=maybe", nil, 400, "true or false"},
		{"nobody", "POST", "/v1/forget", api.Person{Address: "nobody"}, 400, "not a mail address"},
		{"a topic of nowhere", "PUT", "/v1/accounts", `{"id":"000000000000","suppressionTopic":"arn:aws:sns:us-east-1:000000000000:none"}`, 404, "has no topic"},
	})
}

// What concerns all accounts is not for the holder of a key.
func TestAKeyDoesNotOpenWhatConcernsAllAccounts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, path := range []string{"GET /v1/suppression/changes?list=all", "GET /v1/suppression/stream?list=global", "POST /v1/suppression/import?list=global",
		"POST /v1/forget", "POST /v1/feedback/1/replay", "GET /v1/feedback/1/raw"} {
		method, path, _ := strings.Cut(path, " ")
		request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(`{"emailAddress":"jane@example.net"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(s.key.ID, s.key.Secret)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %s", method, path, response.Status)
		}
	}
}
