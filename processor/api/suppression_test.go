package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

func TestSuppressionIsPutCheckedListedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "Jane@Example.NET", Reason: "BOUNCE"}, nil)
	s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "joe@example.net", Reason: "COMPLAINT", List: "account"}, nil)

	var answer api.CheckAnswer
	s.do(http.MethodPost, "/v1/suppression/check", api.CheckQuestion{Addresses: []string{"jane@example.net", "no address", "joe@example.net", "free@example.net"}}, &answer)
	since := schemas.Time{Time: now}
	want := []api.CheckResult{
		{Address: "jane@example.net", Suppressed: true, List: "account", Reason: "BOUNCE", Since: since},
		{Address: "no address", Problem: "not a mail address"},
		{Address: "joe@example.net", Suppressed: true, List: "account", Reason: "COMPLAINT", Since: since},
		{Address: "free@example.net"},
	}
	if diff := cmp.Diff(want, answer.Results); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	s.do(http.MethodPost, "/v1/suppression/check", api.CheckQuestion{Addresses: []string{"free@example.net", "jane@example.net", "no address", "joe@example.net"}, SuppressedOnly: true}, &answer)
	if diff := cmp.Diff(want[:3], answer.Results); diff != "" {
		t.Errorf("only what is suppressed or cannot be checked: -want +got:\n%s", diff)
	}

	var page api.SuppressionPage
	s.do(http.MethodGet, "/v1/suppression?reason=COMPLAINT", nil, &page)
	if len(page.Entries) != 1 || page.Entries[0].Address != "joe@example.net" || page.Entries[0].List != "account" || !page.Entries[0].Until.IsZero() {
		t.Errorf("got %+v", page)
	}
	s.do(http.MethodDelete, "/v1/suppression?address=JOE@example.net", nil, nil)
	s.do(http.MethodGet, "/v1/suppression", nil, &page)
	if len(page.Entries) != 1 || page.Entries[0].Address != "Jane@example.net" {
		t.Errorf("got %+v", page)
	}
}

func TestTheGlobalListHoldsAnAddressFor14DaysAndCountsForAccountsWithoutAList(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "jane@example.net", Reason: "BOUNCE", List: "global"}, nil)
	var page api.SuppressionPage
	s.do(http.MethodGet, "/v1/suppression?list=global", nil, &page)
	if len(page.Entries) != 1 || page.Entries[0].List != "global" || !page.Entries[0].Until.Equal(now.Add(14*24*time.Hour)) {
		t.Errorf("got %+v", page)
	}
	check := func() api.CheckResult {
		var answer api.CheckAnswer
		s.do(http.MethodPost, "/v1/suppression/check", api.CheckQuestion{Addresses: []string{"jane@example.net"}}, &answer)
		return answer.Results[0]
	}
	if check().Suppressed {
		t.Error("the global list counts for an account with a list of its own")
	}
	s.do(http.MethodPut, "/v1/accounts", api.Account{ID: "000000000000", SuppressedReasons: []suppression.Reason{}}, nil)
	if got := check(); !got.Suppressed || got.List != "global" {
		t.Errorf("got %+v", got)
	}
	s.do(http.MethodDelete, "/v1/suppression?list=global&address=jane@example.net", nil, nil)
	if check().Suppressed {
		t.Error("still suppressed")
	}
}

func TestTheListComesInPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for i := range 5 {
		s.do(http.MethodPut, "/v1/suppression", api.SuppressionEntry{Address: "a" + strconv.Itoa(i) + "@example.net", Reason: "BOUNCE"}, nil)
	}
	seen := map[string]int{}
	pages := 0
	for cursor := ""; pages == 0 || cursor != ""; pages++ {
		var page api.SuppressionPage
		s.do(http.MethodGet, "/v1/suppression?limit=2&cursor="+cursor, nil, &page)
		for _, entry := range page.Entries {
			seen[entry.Address]++
		}
		cursor = page.Cursor
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("got %v in %d pages", seen, pages)
	}
}

func TestAnAccountsListIsItsOwn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do(http.MethodPut, "/v1/suppression?account="+otherAccount, api.SuppressionEntry{Address: "jane@example.net", Reason: "BOUNCE"}, nil)
	for owner, want := range map[string]bool{"000000000000": false, otherAccount: true} {
		var answer api.CheckAnswer
		s.do(http.MethodPost, "/v1/suppression/check?account="+owner, api.CheckQuestion{Addresses: []string{"jane@example.net"}}, &answer)
		if answer.Results[0].Suppressed != want {
			t.Errorf("account %s: got %t, want %t", owner, !want, want)
		}
	}
}

func TestWrongQuestionsAboutSuppressionAreRefused(t *testing.T) {
	t.Parallel()
	newServer(t).refuses([]refusal{
		{"unknown key", "PUT", "/v1/suppression", `{"emailAddress":"a@b.example","reason":"BOUNCE","lst":"global"}`, 400, `unknown field "lst"`},
		{"unknown key of a question", "POST", "/v1/suppression/check", `{"address":["a@b.example"]}`, 400, `unknown field "address"`},
		{"no JSON", "PUT", "/v1/suppression", `address=a@b.example`, 400, "not what is expected"},
		{"nothing", "PUT", "/v1/suppression", ``, 400, "not what is expected"},
		{"more than one object", "PUT", "/v1/suppression", `{"emailAddress":"a@b.example","reason":"BOUNCE"}{}`, 400, "something follows"},
		{"too large a body", "PUT", "/v1/suppression", `{"emailAddress":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "over 1048576 bytes"},
		{"unknown account", "GET", "/v1/suppression?account=999999999999", nil, 404, "no account 999999999999"},
		{"unknown account in a check", "POST", "/v1/suppression/check?account=7", `{"addresses":["a@b.example"]}`, 404, "no account 7"},
		{"wrong list", "GET", "/v1/suppression?list=world", nil, 400, `not "world"`},
		{"wrong list in a body", "PUT", "/v1/suppression", `{"emailAddress":"a@b.example","reason":"BOUNCE","list":"world"}`, 400, `not "world"`},
		{"wrong list to delete from", "DELETE", "/v1/suppression?list=world&address=a@b.example", nil, 400, `not "world"`},
		{"wrong reason", "PUT", "/v1/suppression", `{"emailAddress":"a@b.example","reason":"bounce"}`, 400, `not "bounce"`},
		{"wrong reason to list", "GET", "/v1/suppression?reason=ANGER", nil, 400, "ANGER"},
		{"no address", "PUT", "/v1/suppression", `{"emailAddress":"nobody","reason":"BOUNCE"}`, 400, "nobody"},
		{"no address to delete", "DELETE", "/v1/suppression?address=nobody", nil, 400, "nobody"},
		{"not listed", "DELETE", "/v1/suppression?address=a@b.example", nil, 404, "not on the account list"},
		{"limit of nothing", "GET", "/v1/suppression?limit=0", nil, 400, "1 to 1000"},
		{"limit out of range", "GET", "/v1/suppression?limit=1001", nil, 400, "1 to 1000"},
		{"limit of words", "GET", "/v1/suppression?limit=all", nil, 400, `not "all"`},
		{"a cursor of nowhere", "GET", "/v1/suppression?cursor=!!", nil, 400, "cursor"},
		{"no addresses", "POST", "/v1/suppression/check", `{"addresses":[]}`, 400, "1 to 10000 entries, not 0"},
		{"too many addresses", "POST", "/v1/suppression/check", api.CheckQuestion{Addresses: make([]string, 10_001)}, 400, "1 to 10000 entries, not 10001"},
		{"no such path", "GET", "/v1/suppressions", nil, 404, "not part of this API"},
		{"no such method", "PATCH", "/v1/suppression", nil, 404, "not part of this API"},
	})
}
