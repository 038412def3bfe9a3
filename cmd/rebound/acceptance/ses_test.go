//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// addresses are awkward in paths and queries.
var addresses = []string{"a+b@example.net", "50%@example.net", "a%2Fb@example.net", "a/b@example.net", "o'neil@example.net", `"two words"@example.net`, `"a\"b,c"@example.net`,
	"a?b=c&d#e@example.net", "jürgen@example.net", "用户@example.net", "Jane.Doe@example.net"}

// addressesOf are fewer for the command line, which takes a second for each.
func addressesOf(client string) []string {
	if client == "cli" {
		return []string{addresses[2], addresses[5], addresses[6], addresses[9]}
	}
	return addresses
}

// Unmodified clients of AWS put awkward addresses on the list and take them off, bring 2,500 in from a file and read them page by page, set what
// account, configuration sets and identities do with feedback, and send a bounce. They get AWS's answers and codes.
func TestUnmodifiedClientsUseSES(t *testing.T) {
	s := newServer(t)
	s.start()
	defer s.stop()
	var key struct{ ID, Secret string }
	s.call(http.MethodPost, "/v1/keys", map[string]any{}, &key)
	var topic struct{ TopicArn string }
	s.call(http.MethodPost, "/v1/topics", map[string]any{"name": "feedback"}, &topic)
	s.register("<received@example.net>", "jane@example.net", "info@example.org")
	rows := strings.Builder{}
	for i := range 2500 {
		fmt.Fprintf(&rows, "reader%d@example.net,%s\n", i, []string{"BOUNCE", "COMPLAINT"}[i%2])
	}
	write(t, filepath.Join(s.data, "buckets/import/many.csv"), rows.String())
	env := append(os.Environ(), "KEY_ID="+key.ID, "KEY_SECRET="+key.Secret, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/nonexistent",
		"AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "AWS_PAGER=", "LC_ALL=C.UTF-8", "PYTHONIOENCODING=utf-8")
	list, err := json.Marshal(addresses)
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []struct {
		name string
		use  func(t *testing.T, arguments ...string) map[string]any
	}{
		{"boto3", func(t *testing.T, arguments ...string) map[string]any {
			return program(t, env, ".", python(t), append([]string{"python/ses.py"}, arguments[:4]...)...)
		}},
		{"javascript", func(t *testing.T, arguments ...string) map[string]any {
			return program(t, env, npm(t, "nodesdk"), "node", append([]string{"ses.mjs"}, arguments...)...)
		}},
		{"go", func(t *testing.T, arguments ...string) map[string]any {
			return program(t, env, "gosdk", "go", append([]string{"run", "./ses"}, arguments...)...)
		}},
		{"cli", func(t *testing.T, arguments ...string) map[string]any {
			if _, err := exec.LookPath("aws"); err != nil {
				install(t, "awscli")
			}
			return sesCLI{awsCLI{t, arguments[0], "", env, key.ID, key.Secret}}.all(topic.TopicArn, arguments[2])
		}},
	} {
		t.Run(client.name, func(t *testing.T) {
			got := client.use(t, "http://"+s.http, topic.TopicArn, "<received@example.net>", string(list), webhook(t))
			if diff := cmp.Diff(wantOfSES(client.name), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// wantOfSES is what a client has to see.
func wantOfSES(client string) map[string]any {
	var shown, gone []any
	for _, address := range addressesOf(client) {
		shown = append(shown, []any{address, "BOUNCE", false, true})
		gone = append(gone, "NotFoundException", "NotFoundException")
	}
	want := map[string]any{"shown": shown, "gone": gone, "badReason": "BadRequestException", "badToken": "InvalidNextTokenException", "import": "COMPLETED", "processed": 2500.0,
		"all": []any{2500.0, 3.0}, "complaints": []any{1250.0, 2.0}, "both": []any{2500.0, 5.0}, "later": []any{0.0, 1.0}, "listed": true, "left": []any{0.0, 1.0},
		"account": []any{"COMPLAINT"}, "set": []any{"BOUNCE"}, "send": "BadRequestException", "token": 44.0, "noTopic": "InvalidParameterValue", "identities": []any{client + ".example"},
		"settings": []any{true, true, false, false, false, true}, "badIdentity": "InvalidParameterValue", "badTopic": "InvalidParameterValue", "quota": []any{-1.0, true},
		"attempts": true, "bounced": 60.0, "rejected": "MessageRejected"}
	switch client {
	case "cli":
		want["both"] = []any{2500.0, 3.0}
	case "javascript": // useSend
		want["setUp"] = []any{-1.0, true, "usesend_destination", 8.0, "Successfully validated SNS topic for Amazon SES event publishing.", "DOMAIN", "SUCCESS", "NotFoundException"}
	case "go": // Notifuse
		want["setUp"] = []any{"NotFound", 1.0, 0.0, "EventDestinationAlreadyExists", []any{"bounce", "complaint"}, "ConfigurationSetDoesNotExist"}
	}
	return want
}

// sesCLI runs `aws sesv2` and `aws ses`.
type sesCLI struct{ awsCLI }

func (a sesCLI) try(arguments ...string) (result map[string]any, code string) {
	a.t.Helper()
	return a.aws(arguments...)
}

func (a sesCLI) do(arguments ...string) map[string]any {
	a.t.Helper()
	result, code := a.aws(arguments...)
	if code != "" {
		a.t.Fatalf("aws %q: %s", arguments, code)
	}
	return result
}

// run does an import job to its end.
func (a sesCLI) run(action string) map[string]any {
	a.t.Helper()
	job := a.do("sesv2", "create-import-job", "--import-destination", "SuppressionListDestination={SuppressionListImportAction="+action+"}",
		"--import-data-source", "S3Url=s3://import/many.csv,DataFormat=CSV")["JobId"].(string)
	for {
		done := a.do("sesv2", "get-import-job", "--job-id", job)
		if status := done["JobStatus"]; status != "CREATED" && status != "PROCESSING" {
			return done
		}
	}
}

// listed reads all pages of the list.
func (a sesCLI) listed(query ...string) []any {
	a.t.Helper()
	found, pages, token := map[any]bool{}, 0.0, []string{}
	for {
		page := a.do(slices.Concat([]string{"sesv2", "list-suppressed-destinations"}, query, token)...)
		for _, address := range members(page["SuppressedDestinationSummaries"], "EmailAddress") {
			found[address] = true
		}
		pages++
		next, more := page["NextToken"].(string)
		if !more {
			return []any{float64(len(found)), pages}
		}
		token = []string{"--next-token", next}
	}
}

// all does what the other clients do.
func (a sesCLI) all(topic, message string) map[string]any {
	a.t.Helper()
	out := map[string]any{}
	a.addresses(out)
	_, out["badReason"] = a.try("sesv2", "put-suppressed-destination", "--email-address", "jane@example.net", "--reason", "SPAM")
	_, out["badToken"] = a.try("sesv2", "list-suppressed-destinations", "--next-token", "x")
	done := a.run("PUT")
	out["import"], out["processed"] = done["JobStatus"], done["ProcessedRecordsCount"]
	before, after := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	out["all"] = a.listed("--page-size", "1000")
	out["complaints"] = a.listed("--reasons", "COMPLAINT", "--page-size", "1000")
	out["both"] = a.listed("--reasons", "COMPLAINT", "BOUNCE", "--start-date", before, "--end-date", after, "--page-size", "1000")
	out["later"] = a.listed("--start-date", after)
	jobs := a.do("sesv2", "list-import-jobs", "--import-destination-type", "SUPPRESSION_LIST", "--page-size", "10")["ImportJobs"]
	out["listed"] = slices.Contains(members(jobs, "JobId"), done["JobId"])
	a.run("DELETE")
	out["left"] = a.listed()
	a.do("sesv2", "put-account-suppression-attributes", "--suppressed-reasons", "COMPLAINT")
	out["account"] = a.do("sesv2", "get-account")["SuppressionAttributes"].(map[string]any)["SuppressedReasons"]
	a.do("sesv2", "put-account-suppression-attributes", "--suppressed-reasons", "BOUNCE", "COMPLAINT")
	a.do("sesv2", "create-configuration-set", "--configuration-set-name", "cli")
	a.do("sesv2", "put-configuration-set-suppression-options", "--configuration-set-name", "cli", "--suppressed-reasons", "BOUNCE")
	out["set"] = a.do("sesv2", "get-configuration-set", "--configuration-set-name", "cli")["SuppressionOptions"].(map[string]any)["SuppressedReasons"]
	a.do("sesv2", "delete-configuration-set", "--configuration-set-name", "cli")
	_, out["send"] = a.try("sesv2", "send-email", "--from-email-address", "news@example.org", "--destination", "ToAddresses=jane@example.net",
		"--content", `{"Simple":{"Subject":{"Data":"Hi"},"Body":{"Text":{"Data":"Hi"}}}}`)
	a.notifications(out, topic)
	quota := a.do("ses", "get-send-quota")
	out["quota"] = []any{quota["Max24HourSend"], quota["SentLast24Hours"].(float64) > 0}
	out["attempts"] = slices.ContainsFunc(members(a.do("ses", "get-send-statistics")["SendDataPoints"], "DeliveryAttempts"), func(n any) bool { return n.(float64) > 0 })
	bounce := []string{"ses", "send-bounce", "--bounce-sender", "postmaster@cli.example", "--bounced-recipient-info-list", "Recipient=info@example.org,BounceType=DoesNotExist", "--original-message-id"}
	out["bounced"] = float64(len(a.do(append(bounce, message)...)["MessageId"].(string)))
	_, out["rejected"] = a.try(append(bounce, "none")...)
	return out
}

// addresses puts each address on the list and takes it off.
func (a sesCLI) addresses(out map[string]any) {
	a.t.Helper()
	var shown, gone []any
	for _, address := range addressesOf("cli") {
		a.do("sesv2", "put-suppressed-destination", "--email-address", address, "--reason", "BOUNCE")
		one := a.do("sesv2", "get-suppressed-destination", "--email-address", address)["SuppressedDestination"].(map[string]any)
		_, attributes := one["Attributes"]
		shown = append(shown, []any{one["EmailAddress"], one["Reason"], attributes, time.Since(shownTime(one["LastUpdateTime"])).Abs() < time.Hour})
		a.do("sesv2", "delete-suppressed-destination", "--email-address", address)
		_, code := a.try("sesv2", "get-suppressed-destination", "--email-address", address)
		_, again := a.try("sesv2", "delete-suppressed-destination", "--email-address", address)
		gone = append(gone, code, again)
	}
	out["shown"], out["gone"] = shown, gone
}

// shownTime reads a time as version 1 of the command line shows it, in seconds, or as version 2 does. What is none is long ago.
func shownTime(value any) time.Time {
	if seconds, ok := value.(float64); ok {
		return time.UnixMilli(int64(seconds * 1000))
	}
	at, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(value))
	return at
}

// notifications sets where the feedback of an identity goes.
func (a sesCLI) notifications(out map[string]any, topic string) {
	a.t.Helper()
	identity := []string{"--identity", "cli.example"}
	out["token"] = float64(len(a.do("ses", "verify-domain-identity", "--domain", "cli.example")["VerificationToken"].(string)))
	_, out["noTopic"] = a.try(append([]string{"ses", "set-identity-feedback-forwarding-enabled", "--no-forwarding-enabled"}, identity...)...)
	set := func(topic, kind string, identity ...string) (code string) {
		_, code = a.try(append([]string{"ses", "set-identity-notification-topic", "--notification-type", kind, "--sns-topic", topic}, identity...)...)
		return code
	}
	for _, kind := range []string{"Bounce", "Complaint"} {
		if code := set(topic, kind, identity...); code != "" {
			a.t.Errorf("%s: %s", kind, code)
		}
	}
	a.do(append([]string{"ses", "set-identity-feedback-forwarding-enabled", "--no-forwarding-enabled"}, identity...)...)
	a.do(append([]string{"ses", "set-identity-headers-in-notifications-enabled", "--notification-type", "Bounce", "--no-enabled"}, identity...)...)
	all := a.do("ses", "get-identity-notification-attributes", "--identities", "cli.example", "none.example")["NotificationAttributes"].(map[string]any)
	names := []any{}
	for name := range all {
		names = append(names, name)
	}
	found := all["cli.example"].(map[string]any)
	_, delivery := found["DeliveryTopic"]
	out["identities"] = names
	out["settings"] = []any{found["BounceTopic"] == topic, found["ComplaintTopic"] == topic, delivery, found["ForwardingEnabled"], found["HeadersInBounceNotificationsEnabled"],
		found["HeadersInComplaintNotificationsEnabled"]}
	out["badIdentity"], out["badTopic"] = set(topic, "Bounce", "--identity", "none.example"), set(topic+"x", "Bounce", identity...)
}
