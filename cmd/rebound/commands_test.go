package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/suppression"
)

func TestAdministrationByCommands(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	arn := r.must("topic", "create", "feedback", "--signature-version", "2")
	if arn != "arn:aws:sns:us-east-1:000000000000:feedback" {
		t.Errorf("got %s", arn)
	}
	if got := lines[api.Topic](t, r.must("topic", "list", "--json")); len(got) != 1 || got[0].ARN != arn || got[0].SignatureVersion != "2" {
		t.Errorf("got %+v", got)
	}
	subscription := r.must("subscription", "create", arn, "http://127.0.0.1:1/hook", "--raw")
	if got := lines[api.Subscription](t, r.must("subscription", "list", arn, "--json")); len(got) != 1 || got[0].ARN != subscription || got[0].Confirmed || !got[0].Raw {
		t.Errorf("got %+v", got)
	}
	if table := r.must("subscription", "list"); !strings.Contains(table, "waits for confirmation") || !strings.HasPrefix(table, "SUBSCRIPTION") {
		t.Errorf("got %s", table)
	}
	r.must("identity", "set", "example.org", "--topic", arn, "--delivery-topic", "", "--forwarding=false", "--headers=false")
	r.must("identity", "set", "example.org", "--forwarding")
	on, off, none := true, false, ""
	want := []api.Identity{{Identity: "example.org", BounceTopic: &arn, ComplaintTopic: &arn, DeliveryTopic: &none, Forwarding: &on,
		HeadersInBounce: &off, HeadersInComplaint: &off, HeadersInDelivery: &off}}
	got := lines[api.Identity](t, r.must("identity", "list", "--json"))
	if len(got) == 1 {
		want[0].Created = got[0].Created
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	r.must("identity", "delete", "example.org")
	r.must("subscription", "delete", subscription)
	r.must("topic", "delete", arn)
	for _, list := range []string{"identity", "subscription", "topic"} {
		if stdout, stderr, status := command(t, "", list, "list", "--url", r.url); stdout != "" || stderr != "nothing here\n" || status != 0 {
			t.Errorf("%s: %q %q %d", list, stdout, stderr, status)
		}
	}
	if _, stderr, status := command(t, "", "topic", "delete", arn, "--url", r.url); status != 1 || !strings.Contains(stderr, "has no topic "+arn) {
		t.Errorf("deleting what is not there: %d %s", status, stderr)
	}
}

func TestAccountsByCommands(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	r.must("account", "set", "111111111111", "--name", "Shop", "--suppress", "complaint")
	r.must("account", "set", "111111111111", "--name", "Shop two")
	r.must("account", "set", "222222222222")
	r.must("account", "set", "222222222222", "--suppress", "")
	got := lines[api.Account](t, r.must("account", "list", "--json"))
	if len(got) != 3 || got[1].Name != "Shop two" || len(got[1].SuppressedReasons) != 1 || got[1].SuppressedReasons[0] != suppression.Complaint || len(got[2].SuppressedReasons) != 0 {
		t.Errorf("got %+v", got)
	}
	arn := r.must("topic", "create", "lists", "--account", "111111111111")
	r.must("account", "set", "111111111111", "--suppression-topic", arn)
	if got := lines[api.Account](t, r.must("account", "list", "--json")); len(got) != 3 || got[1].SuppressionTopic == nil || *got[1].SuppressionTopic != arn || got[2].SuppressionTopic != nil {
		t.Errorf("got %+v", got)
	}
	r.must("suppression", "put", "jane@example.net", "--account", "111111111111")
	if got := lines[api.SuppressionEntry](t, r.must("suppression", "list", "--json")); len(got) != 0 {
		t.Errorf("the list of another account shows %+v", got)
	}
	if _, stderr, status := command(t, "", "suppression", "list", "--account", "999999999999", "--url", r.url); status != 1 || !strings.Contains(stderr, "no account 999999999999") {
		t.Errorf("got %d %s", status, stderr)
	}
}

func TestSuppressionByCommands(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	r.must("suppression", "put", "a@example.net", "b@example.net", "--reason", "COMPLAINT")
	r.must("suppression", "put", "c@example.net", "--global")
	if got := lines[api.SuppressionEntry](t, r.must("suppression", "list", "--json", "--reason", "COMPLAINT")); len(got) != 2 {
		t.Errorf("got %+v", got)
	}
	global := lines[api.SuppressionEntry](t, r.must("suppression", "list", "--json", "--global"))
	if len(global) != 1 || global[0].Address != "c@example.net" || global[0].Until.IsZero() {
		t.Errorf("got %+v", global)
	}
	r.must("suppression", "delete", "a@example.net")
	if _, stderr, status := command(t, "", "suppression", "delete", "b@example.net", "a@example.net", "--url", r.url); status != 1 || !strings.Contains(stderr, "a@example.net is not on the account list") {
		t.Errorf("got %d %s", status, stderr)
	}
	if table := r.must("suppression", "list", "--global"); !strings.HasPrefix(table, "ADDRESS") || !strings.Contains(table, "c@example.net") {
		t.Errorf("got %s", table)
	}
}

// 0: send; 1: some are suppressed; 2: there is no answer.
func TestCheckAnswersByItsStatus(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	r.must("suppression", "put", "dead@example.net")
	for name, test := range map[string]struct {
		stdin     string
		arguments []string
		status    int
	}{
		"free":                      {"", []string{"free@example.net"}, 0},
		"suppressed":                {"", []string{"DEAD@example.net"}, 1},
		"some":                      {"", []string{"free@example.net", "dead@example.net"}, 1},
		"from a pipe":               {"free@example.net\n\n dead@example.net \r\n", []string{"-"}, 1},
		"an empty pipe":             {"", []string{"-"}, 0},
		"over a thousand":           {strings.Repeat("free@example.net\n", 1500) + "dead@example.net\n", []string{"-"}, 1},
		"no address":                {"", []string{"nobody"}, 2},
		"no address among others":   {"", []string{"dead@example.net", "nobody", "free@example.net"}, 2},
		"no UTF-8 among others":     {"dead@example.net\nj\xff\xff@example.net\ndead@example.net\n", []string{"-"}, 1},
		"twice the same":            {"dead@example.net\nfree@example.net\ndead@example.net\n", []string{"--json", "-"}, 1},
		"nothing asked":             {"", nil, 2},
		"unknown flag":              {"", []string{"--adress", "free@example.net"}, 2},
		"unknown account":           {"", []string{"--account", "999999999999", "free@example.net"}, 2},
		"no server":                 {"", []string{"--url", "http://127.0.0.1:1", "free@example.net"}, 2},
		"an address that is no URL": {"", []string{"--url", "::", "free@example.net"}, 2},
	} {
		stdout, stderr, status := command(t, test.stdin, append([]string{"check", "--url", r.url}, test.arguments...)...)
		if status != test.status {
			t.Errorf("%s: status %d, want %d: %s%s", name, status, test.status, stdout, stderr)
		}
		if test.status == 2 && stderr == "" && !strings.Contains(stdout, "not a mail address") {
			t.Errorf("%s: no word about it", name)
		}
	}
	results := must(t, "check", "free@example.net", "--json", "--url", r.url)
	if diff := cmp.Diff([]api.CheckResult{{Address: "free@example.net"}}, lines[api.CheckResult](t, results)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// More addresses than one call takes are answered in their order, below one head.
func TestManyAddressesAreCheckedInTheirOrder(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	r.must("suppression", "put", "a12345@example.net")
	var asked []string
	for i := range 2*api.MaxCheck + 5 {
		asked = append(asked, fmt.Sprintf("a%d@example.net", i))
	}
	stdout, stderr, status := command(t, strings.Join(asked, "\n"), "check", "--url", r.url, "-")
	if status != 1 || stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	var got, suppressed []string
	for line := range strings.Lines(stdout) {
		fields := strings.Fields(line)
		got = append(got, fields[0])
		if fields[1] == "yes" {
			suppressed = append(suppressed, fields[0])
		}
	}
	if diff := cmp.Diff(append([]string{"ADDRESS"}, asked...), got); diff != "" {
		t.Errorf("-want +got:\n%.1000s", diff)
	}
	if diff := cmp.Diff([]string{"a12345@example.net"}, suppressed); diff != "" {
		t.Errorf("suppressed: -want +got:\n%s", diff)
	}
}

func TestIngestHandsMailsToAServerAndFeedbackShowsThem(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	path := r.register("m1@sender.example", "jane@example.net")
	stdout, stderr, status := command(t, bounceOf("m1@sender.example", "jane@example.net"), "ingest", "--from", "mailer@mx.example", "--to", path, "--url", r.url, "-")
	if status != 0 || stdout != "" || stderr != "1 mails handed to "+r.url+"\n" {
		t.Fatalf("got %d %q %q", status, stdout, stderr)
	}
	dir := t.TempDir()
	for i, name := range []string{"1.eml", "2.eml"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(bounceOf("unknown@sender.example", []string{"a@example.net", "b@example.net"}[i])), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if stdout, stderr, status := command(t, "", "ingest", "--quiet", "--url", r.url, dir); status != 0 || stdout+stderr != "" {
		t.Fatalf("got %d %q %q", status, stdout, stderr)
	}
	list := func(more ...string) []processor.Arrived {
		return lines[processor.Arrived](t, r.must(append([]string{"feedback", "list", "--json"}, more...)...))
	}
	r.until("three reports", func() bool { return len(list()) == 3 })
	if got := list("--unmatched"); len(got) != 2 || got[0].Trust != processor.TrustC {
		t.Errorf("unmatched: %+v", got)
	}
	if got := list("--kind", "complaint"); len(got) != 0 {
		t.Errorf("complaints: %+v", got)
	}
	if got := list("--limit", "1"); len(got) != 1 {
		t.Errorf("one: %+v", got)
	}
	if table := r.must("feedback", "list"); !strings.Contains(table, "Permanent/NoEmail (listed)") {
		t.Errorf("got %s", table)
	}
	if raw := must(t, "feedback", "raw", "1", "--url", r.url); raw != strings.TrimSpace(bounceOf("m1@sender.example", "jane@example.net")) {
		t.Errorf("got %q", raw)
	}
	if _, stderr, status := command(t, "", "feedback", "raw", "77", "--url", r.url); status != 1 || !strings.Contains(stderr, "mail 77 is no longer kept") {
		t.Errorf("got %d %s", status, stderr)
	}
	if _, _, status := command(t, "", "check", "jane@example.net", "--url", r.url); status != 1 {
		t.Errorf("jane is not suppressed")
	}
}

// register tells the server of a mail to one address, and returns the return path for it.
func (r *running) register(messageID, recipient string) string {
	r.t.Helper()
	var sent api.SentAnswer
	registration := map[string]any{"messageId": messageID, "source": "news@sender.example", "destination": []string{recipient}}
	if err := (client{base: r.url}).call(r.t.Context(), http.MethodPost, "/v1/sent", nil, registration, &sent); err != nil {
		r.t.Fatal(err)
	}
	return sent.ReturnPaths[recipient]
}

// An MTA keeps the mail on 75 and sends it back on 65.
func TestIngestTellsTheMTAWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	for name, test := range map[string]struct {
		mail      string
		arguments []string
		status    int
	}{
		"no server":     {"Subject: x\n\n", []string{"--url", "http://127.0.0.1:1"}, 75},
		"an empty mail": {"", []string{"--url", r.url}, 65},
		"no address":    {"Subject: x\n\n", []string{"--url", r.url, "--to", "nobody"}, 65},
		"no URL":        {"Subject: x\n\n", []string{"--url", "rebound"}, 65},
	} {
		if _, stderr, status := command(t, test.mail, append([]string{"ingest", "-"}, test.arguments...)...); status != test.status || !strings.Contains(stderr, "rebound: ") {
			t.Errorf("%s: status %d, want %d: %s", name, status, test.status, stderr)
		}
	}
}

// The simulator's answers come to the webhook of the identity that sent the mail.
func TestSimulateBringsTheNotificationOfItsKind(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	hook := r.subscribe("sender.example")
	for scenario, want := range map[string][]string{"bounce": {"Bounce Permanent/NoEmail"}, "success": {"Delivery"}, "complaint": {"Complaint abuse", "Delivery"},
		"ooto": {"Bounce Transient/General", "Delivery"}, "suppressionlist": {"Bounce Permanent/Suppressed"}} {
		must(t, "simulate", scenario, "--smtp", r.smtp(), "--from", "news@sender.example", "--label", "x")
		got := map[string]int{}
		for range want {
			arrived, err := hook.wait(t.Context(), scenario)
			if err != nil {
				t.Fatal(err)
			}
			if got[arrived.label]++; arrived.recipient != scenario+"+x@simulator.amazonses.com" {
				t.Errorf("%s: for %s", scenario, arrived.recipient)
			}
		}
		for _, label := range want {
			if got[label] != 1 {
				t.Errorf("%s: got %v, want %v", scenario, got, want)
			}
		}
	}
	if _, stderr, status := command(t, "", "simulate", "nonsense"); status != 1 || !strings.Contains(stderr, "nonsense") {
		t.Errorf("got %d %s", status, stderr)
	}
	if _, stderr, status := command(t, "", "simulate", "bounce", "--smtp", "127.0.0.1:1"); status != 1 || !strings.Contains(stderr, "127.0.0.1:1") {
		t.Errorf("got %d %s", status, stderr)
	}
}

// subscribe gives an identity a topic with a webhook, by the commands, and waits until it listens.
func (r *running) subscribe(domain string) *demoWebhook {
	r.t.Helper()
	hook, err := newDemoWebhook()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(hook.close)
	arn := r.must("topic", "create", "feedback")
	r.must("identity", "set", domain, "--topic", arn, "--forwarding=false")
	r.must("subscription", "create", arn, hook.url())
	if _, err := hook.wait(r.t.Context(), "the confirmation"); err != nil {
		r.t.Fatal(err)
	}
	return hook
}

func TestTheOutboxIsListedRedrivenAndDropped(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	r := start(t, data)
	hook := r.subscribe("sender.example")
	hook.close() // from now on nobody listens there
	must(t, "simulate", "bounce", "--smtp", r.smtp(), "--from", "news@sender.example")
	for outcome := ""; outcome != string(delivery.Retry); {
		outcome = <-r.attempted
	}
	r.stop() // what was tried is written by then

	r = start(t, data, func(s *settings) { s.Roles = []string{roleAPI, roleIntake} })
	waiting := lines[api.OutboxEntry](t, r.must("outbox", "list", "--state", "waiting", "--json"))
	if len(waiting) != 1 || waiting[0].Attempts != 1 || waiting[0].LastError == "" {
		t.Fatalf("got %+v", waiting)
	}
	if shown := r.must("outbox", "show", strconv.FormatInt(waiting[0].ID, 10)); !strings.Contains(shown, "Attempt 1,") || !strings.Contains(shown, waiting[0].LastError) {
		t.Errorf("got %s", shown)
	}
	if shown := r.must("outbox", "endpoints"); !strings.Contains(shown, "failing") || !strings.HasPrefix(shown, "ENDPOINT") {
		t.Errorf("got %s", shown)
	}
	for _, flags := range [][]string{{"--since", "1h"}, {"--until", "2099-01-01T00:00:00Z"}, {"--error", "refused"}, {"--subscription", waiting[0].SubscriptionARN}} {
		if found := lines[api.OutboxEntry](t, r.must(append([]string{"outbox", "list", "--json"}, flags...)...)); len(found) != 1 {
			t.Errorf("%v: %d entries", flags, len(found))
		}
	}
	if _, stderr, status := command(t, "", "outbox", "redrive", "--since", "yesterday", "--url", r.url); status != 1 || !strings.Contains(stderr, "90m") {
		t.Errorf("got %d %q", status, stderr)
	}
	if table := r.must("outbox", "list"); !strings.Contains(table, "waiting") || !strings.HasPrefix(table, "ID") {
		t.Errorf("got %s", table)
	}
	if _, stderr, status := command(t, "", "outbox", "redrive", "--url", r.url); status != 0 || stderr != "0 entries\n" {
		t.Errorf("got %d %q", status, stderr)
	}
	if _, stderr, status := command(t, "", "outbox", "drop", "first", "--url", r.url); status != 1 || !strings.Contains(stderr, `"first" is not the id`) {
		t.Errorf("got %d %q", status, stderr)
	}
	if _, stderr, status := command(t, "", "outbox", "list", "--state", "lost", "--url", r.url); status != 1 || !strings.Contains(stderr, "lost") {
		t.Errorf("got %d %q", status, stderr)
	}
}

// A command that no server answers says what to do about it.
func TestWithoutAServerCommandsSayHowToStartOne(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	for _, arguments := range [][]string{{"topic", "list"}, {"account", "list"}, {"feedback", "list"}, {"outbox", "list"}, {"identity", "list"}, {"subscription", "list"},
		{"suppression", "list"}, {"suppression", "put", "a@b.example"}} {
		_, stderr, status := command(t, "", append(arguments, "--url", "http://"+listener.Addr().String())...)
		if status != 1 || !strings.Contains(stderr, "rebound serve") || !strings.Contains(stderr, "--url") {
			t.Errorf("%v: %d %s", arguments, status, stderr)
		}
	}
}
