package sesv2_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/awsapitest"
	"github.com/rebound-mail/rebound/suppression"
)

// list is the suppression list of the account.
var list = suppression.List{Account: awsapitest.Owner}

const addresses = "/suppression/addresses"

// at is the path of an address.
func at(addr string) string { return addresses + "/" + url.PathEscape(addr) }

func put(s *awsapitest.Server, entries ...suppression.Entry) {
	s.Helper()
	s.Transact(func(tx *sql.Tx) error { return suppression.PutMany(s.Context(), tx, entries, s.Clock) })
}

// Recorded shapes of AWS: whole seconds, and attributes only where a report put the address on the list.
func TestAnAddressIsPutShownAndTakenOff(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	if got := s.Call("PUT", addresses, `{"EmailAddress":" Jane.Doe@EXAMPLE.net ","Reason":"BOUNCE","Unknown":1}`); got != "{}" {
		t.Errorf("got %s", got)
	}
	want := `{"SuppressedDestination":{"EmailAddress":"Jane.Doe@example.net","Reason":"BOUNCE","LastUpdateTime":1769526000}}`
	if got := s.Call("GET", at("jane.doe@example.net"), nil); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	s.Clock = s.Clock.Add(1500 * time.Millisecond)
	s.Call("PUT", addresses, map[string]string{"EmailAddress": "Jane.Doe@example.net", "Reason": "COMPLAINT"})
	want = `{"SuppressedDestination":{"EmailAddress":"Jane.Doe@example.net","Reason":"COMPLAINT","LastUpdateTime":1769526001.5}}`
	if got := s.Call("GET", at("Jane.Doe@example.net"), nil); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := s.Call("DELETE", at("Jane.Doe@example.net"), nil); got != "{}" {
		t.Errorf("got %s", got)
	}
	for _, method := range []string{"GET", "DELETE"} {
		s.Fails(404, "NotFoundException", "Email address Jane.Doe@example.net does not exist on your suppression list.", method, at("Jane.Doe@example.net"), nil)
	}
}

func TestOnlyEntriesOfReportsHaveAttributes(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	const id = "0100019bffa0b95d-7a5433e7-8edb-42ae-af10-f0181f34d6ee-000000"
	put(s, suppression.Entry{List: list, Address: "jane@example.net", Reason: suppression.Bounce, FeedbackID: id, MessageID: "m1"},
		suppression.Entry{List: list, Address: "joe@example.net", Reason: suppression.Manual},
		suppression.Entry{List: suppression.List{Account: awsapitest.Owner, Allow: true}, Address: "ann@example.net"},
		suppression.Entry{List: suppression.List{Account: awsapitest.Other}, Address: "theirs@example.net", Reason: suppression.Bounce})
	for addr, want := range map[string]string{
		"jane@example.net": `{"SuppressedDestination":{"EmailAddress":"jane@example.net","Reason":"BOUNCE","LastUpdateTime":1769526000,"Attributes":{"MessageId":"m1","FeedbackId":"` + id + `"}}}`,
		"joe@example.net":  `{"SuppressedDestination":{"EmailAddress":"joe@example.net","Reason":"BOUNCE","LastUpdateTime":1769526000}}`,
	} {
		if got := s.Call("GET", at(addr), nil); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	for _, addr := range []string{"ann@example.net", "theirs@example.net"} {
		s.Fails(404, "NotFoundException", "Email address "+addr+" does not exist on your suppression list.", "GET", at(addr), nil)
	}
	if got := names(listed(s, "")); !slices.Equal(got, []string{"jane@example.net", "joe@example.net"}) {
		t.Errorf("got %q", got)
	}
}

// The path carries an address as a client escapes it; some escape every character but letters and digits.
func TestAnyAddressStandsInThePath(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	for _, addr := range []string{"a+b@example.net", "50%@example.net", "o'neil@example.net", `"two words"@example.net`, `"a/b\"c"@example.net`, "a/b@example.net", "a//../b@example.net",
		"用户@例子.广告", "jürgen@example.net", "a?b=c&d@example.net", "a#b@example.net", `"%2F"@example.net`, "x=y@example.net", "user@[192.0.2.1]"} {
		s.Call("PUT", addresses, map[string]string{"EmailAddress": addr, "Reason": "BOUNCE"})
		every := ""
		for _, c := range []byte(addr) {
			every += fmt.Sprintf("%%%02X", c)
		}
		for _, path := range []string{url.PathEscape(addr), strings.ReplaceAll(url.QueryEscape(addr), "+", "%20"), every} {
			var got struct{ SuppressedDestination struct{ EmailAddress string } }
			s.Into(&got, "GET", addresses+"/"+path, nil)
			if shown := got.SuppressedDestination.EmailAddress; shown != addr && addr[0] < 0x80 {
				t.Errorf("%s: got %s", addr, shown)
			}
		}
		s.Call("DELETE", at(addr), nil)
	}
	if left := listed(s, ""); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestWrongInputIsRefusedInTheWordsOfAWS(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	const reasons = "Member must satisfy enum value set: [BOUNCE, COMPLAINT]"
	for body, message := range map[string]string{
		`{"EmailAddress":"jane@example.net","Reason":"SPAM"}`:   "1 validation error detected: Value at 'reason' failed to satisfy constraint: " + reasons,
		`{"EmailAddress":"jane@example.net","Reason":"MANUAL"}`: "1 validation error detected: Value at 'reason' failed to satisfy constraint: " + reasons,
		`{}`: "2 validation errors detected: Value at 'emailAddress' failed to satisfy constraint: Member must not be null; Value at 'reason' failed to satisfy constraint: Member must not be null",
		`{"EmailAddress":"jane","Reason":"BOUNCE"}`:                              "Invalid email address: jane",
		`{"EmailAddress":"Jane <jane@example.net>","Reason":"BOUNCE"}`:           "Invalid email address: Jane <jane@example.net>",
		`{"EmailAddress":"jane@example.net","Reason":"BOUNCE","TenantName":"a"}`: "There are no tenants here: leave TenantName out.",
	} {
		s.Fails(400, "BadRequestException", message, "PUT", addresses, body)
	}
	s.Fails(400, "SerializationException", "NUMBER can not be converted to Reason", "PUT", addresses, `{"Reason":1}`)
	s.Fails(400, "SerializationException", "The request is no JSON: unexpected end of JSON input", "PUT", addresses, `{`)
	s.Fails(400, "BadRequestException", "Invalid email address: jane", "GET", at("jane"), nil)
	s.Fails(400, "BadRequestException", "There are no tenants here: leave TenantName out.", "GET", at("jane@example.net")+"?TenantName=a", nil)
	s.Fails(400, "BadRequestException", "1 validation error detected: Value at 'suppressedReasons' failed to satisfy constraint: Member must satisfy constraint: ["+reasons+"]",
		"PUT", "/account/suppression", `{"SuppressedReasons":["BOUNCE","SPAM"]}`)
	for query, message := range map[string]string{
		"PageSize=0":              "1 validation error detected: Value at 'pageSize' failed to satisfy constraint: Member must have value greater than or equal to 1",
		"PageSize=1001":           "1 validation error detected: Value at 'pageSize' failed to satisfy constraint: Member must have value less than or equal to 1000",
		"Reason=BOUNCE&Reason=X":  "1 validation error detected: Value at 'reasons' failed to satisfy constraint: Member must satisfy constraint: [" + reasons + "]",
		"StartDate=yesterday":     `StartDate "yesterday" is no timestamp: write 2026-01-27T15:00:00Z`,
		"EndDate=NaN":             `EndDate "NaN" is no timestamp: write 2026-01-27T15:00:00Z`,
		"TenantName=a&PageSize=5": "There are no tenants here: leave TenantName out.",
	} {
		s.Fails(400, "BadRequestException", message, "GET", addresses+"?"+query, nil)
	}
	for _, token := range []string{"x", "%25", "AAAA"} {
		s.Fails(400, "InvalidNextTokenException", "The specified next token is invalid.", "GET", addresses+"?NextToken="+token, nil)
	}
}

// summaries are what a page of the list holds.
type summaries struct {
	SuppressedDestinationSummaries []struct {
		EmailAddress, Reason string
		LastUpdateTime       float64
	}
	NextToken *string
}

// listed reads all pages.
func listed(s *awsapitest.Server, query string) []string {
	s.Helper()
	var found []string
	for token := ""; ; {
		var page summaries
		s.Into(&page, "GET", addresses+"?"+query+"&NextToken="+url.QueryEscape(token), nil)
		for _, one := range page.SuppressedDestinationSummaries {
			found = append(found, one.EmailAddress+" "+one.Reason)
		}
		if page.NextToken == nil {
			return found
		}
		token = *page.NextToken
	}
}

// names returns the addresses in the order of the alphabet.
func names(found []string) []string {
	for i := range found {
		found[i], _, _ = strings.Cut(found[i], " ")
	}
	slices.Sort(found)
	return found
}

func TestTheListIsPagedAndFiltered(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	if got := s.Call("GET", addresses, nil); got != `{"SuppressedDestinationSummaries":[]}` {
		t.Errorf("empty: got %s", got)
	}
	entries := make([]suppression.Entry, 0, 2500)
	for i := range 2500 {
		reason := []suppression.Reason{suppression.Bounce, suppression.Complaint, suppression.Manual}[i%3]
		entries = append(entries, suppression.Entry{List: list, Address: fmt.Sprintf("a%d@example.net", i), Reason: reason})
	}
	put(s, entries[:1000]...)
	s.Clock = s.Clock.Add(time.Hour)
	put(s, entries[1000:]...)
	for query, want := range map[string]int{
		"": 2500, "PageSize=1000": 2500, "PageSize=999": 2500, "Reason=BOUNCE": 1667, "Reason=COMPLAINT": 833, "Reason=BOUNCE&Reason=COMPLAINT": 2500,
		"StartDate=2026-01-27T15:30:00Z": 1500, "EndDate=2026-01-27T15:30:00Z": 1000, "StartDate=2026-01-27T16:00:00.500Z": 0, "EndDate=2026-01-27T15:30:00.5Z": 1000,
		"StartDate=1769527800": 1500, "EndDate=2026-01-27": 0, "StartDate=2026-01-27T15:30:00Z&Reason=COMPLAINT&PageSize=7": 500,
	} {
		got := listed(s, query)
		if len(slices.Compact(names(got))) != want {
			t.Errorf("%s: got %d addresses, want %d", query, len(got), want)
		}
	}
	var page summaries
	s.Into(&page, "GET", addresses, nil)
	if len(page.SuppressedDestinationSummaries) != 100 || page.NextToken == nil || page.SuppressedDestinationSummaries[0].LastUpdateTime == 0 {
		t.Errorf("got a page of %d", len(page.SuppressedDestinationSummaries))
	}
}

func TestAccountAndSetChooseForWhichReasonsTheListCounts(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Call("POST", "/configuration-sets", `{"ConfigurationSetName":"news"}`)
	shown := func() (ofAccount, ofSet any) {
		var owner, set map[string]any
		s.Into(&owner, "GET", "/account", nil)
		s.Into(&set, "GET", "/configuration-sets/news", nil)
		return owner["SuppressionAttributes"], set["SuppressionOptions"]
	}
	reasons := func(values ...any) any { return map[string]any{"SuppressedReasons": append([]any{}, values...)} }
	for _, test := range []struct {
		path, body string
		owner, set any
	}{
		{"/account/suppression", `{"SuppressedReasons":["COMPLAINT"]}`, reasons("COMPLAINT"), nil},
		{"/account/suppression", `{"SuppressedReasons":[]}`, reasons(), nil},
		{"/configuration-sets/news/suppression-options", `{"SuppressedReasons":["BOUNCE"]}`, reasons(), reasons("BOUNCE")},
		{"/configuration-sets/news/suppression-options", `{"SuppressedReasons":[],"SuppressionScope":"ACCOUNT"}`, reasons(), reasons()},
		{"/configuration-sets/news/suppression-options", `{}`, reasons(), nil},
		{"/account/suppression", `{"SuppressedReasons":["BOUNCE","COMPLAINT"]}`, reasons("BOUNCE", "COMPLAINT"), nil},
	} {
		if got := s.Call("PUT", test.path, test.body); got != "{}" {
			t.Errorf("got %s", got)
		}
		owner, set := shown()
		if diff := cmp.Diff([]any{test.owner, test.set}, []any{owner, set}); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.body, diff)
		}
	}
	s.Fails(404, "NotFoundException", "Configuration set <none> does not exist.", "PUT", "/configuration-sets/none/suppression-options", `{}`)
	s.Fails(400, "BadRequestException", "There are no tenants here: SuppressionScope is ACCOUNT.", "PUT", "/configuration-sets/news/suppression-options", `{"SuppressionScope":"TENANT"}`)
}

func TestEachOperationWantsItsPermission(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	keys := map[account.Permission]account.AccessKey{}
	for _, permission := range account.Permissions() {
		keys[permission] = s.KeyOf(awsapitest.Owner, permission)
	}
	for _, test := range []struct {
		method, path, body string
		needs              account.Permission
	}{
		{"GET", addresses, "", account.Read}, {"PUT", addresses, `{"EmailAddress":"a@b.example","Reason":"BOUNCE"}`, account.Suppress},
		{"GET", "/account", "", account.Read}, {"PUT", "/account/suppression", `{}`, account.Administer},
		{"POST", "/configuration-sets", `{"ConfigurationSetName":"a"}`, account.Administer}, {"POST", "/outbound-emails", `{}`, account.Send},
	} {
		for permission, key := range keys {
			got := s.REST(key, test.method, test.path, test.body)
			denied := got.Header.Get("x-amzn-ErrorType") == "AccessDeniedException" && got.Status == http.StatusForbidden && strings.Contains(got.Body, key.ID)
			if may := permission == test.needs || permission == account.Administer; denied == may {
				t.Errorf("%s %s with %s: got %d %s", test.method, test.path, permission, got.Status, got.Body)
			}
		}
		if got := s.REST(account.AccessKey{}, test.method, test.path, test.body); got.Header.Get("x-amzn-ErrorType") != "MissingAuthenticationTokenException" {
			t.Errorf("unsigned %s: got %d %s", test.path, got.Status, got.Body)
		}
	}
	for method, path := range map[string]string{"GET": "/contact-lists", "PATCH": addresses, "POST": addresses + "/a@b.example", "DELETE": addresses + "/"} {
		got := s.REST(s.Key, method, path, nil)
		if got.Status != http.StatusNotFound || got.Header.Get("x-amzn-ErrorType") != "UnknownOperationException" {
			t.Errorf("%s %s: got %d %v", method, path, got.Status, got.Header)
		}
	}
}

func FuzzBodies(f *testing.F) {
	for _, body := range []string{`{"EmailAddress":"a@b.example","Reason":"BOUNCE"}`, `{"Queries":[{"Id":"a","StartDate":1e300}]}`, `[]`, `null`, `{"ImportDestination":null}`,
		`{"EventDestination":{"SnsDestination":{}}}`, `{"ExportDataSource":{"MetricsDataSource":{"StartDate":"2026"}}}`} {
		f.Add(body, "a%2Fb")
	}
	handler := fuzzed(f)
	f.Fuzz(func(t *testing.T, body, path string) {
		for _, target := range []string{"PUT " + addresses, "POST /import-jobs", "POST /export-jobs", "POST /metrics/batch", "POST /configuration-sets", "POST /configuration-sets/a/event-destinations",
			"POST /identities", "POST /tags", "PUT /account/suppression", "GET " + addresses + "/" + url.PathEscape(path), "GET " + addresses + "?StartDate=" + url.QueryEscape(path) + "&NextToken=" + url.QueryEscape(path),
			"GET /tags?ResourceArn=" + url.QueryEscape(path), "GET /insights/" + url.PathEscape(path) + "/"} {
			method, target, _ := strings.Cut(target, " ")
			status, answer := handler(method, target, body)
			if status >= 500 || !json.Valid(answer) && status/100 != 3 {
				t.Errorf("%s %s %q: got %d %s", method, target, body, status, answer)
			}
		}
	})
}
