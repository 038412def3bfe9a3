//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Unmodified clients of AWS, each with its own way to sign and to write and read the Query protocol, go through the life of a topic, and get
// AWS's codes for a wrong key, a wrong secret, a clock that is late and a permission that is missing.
func TestUnmodifiedClientsUseSNS(t *testing.T) {
	s := newServer(t)
	s.start()
	defer s.stop()
	var full, limited struct{ ID, Secret string }
	s.call(http.MethodPost, "/v1/keys", map[string]any{}, &full)
	s.call(http.MethodPost, "/v1/keys", map[string]any{"permissions": []string{"send"}}, &limited)
	keys := append(os.Environ(), "KEY_ID="+full.ID, "KEY_SECRET="+full.Secret, "LIMITED_ID="+limited.ID, "LIMITED_SECRET="+limited.Secret,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "AWS_PAGER=")
	url := "http://" + s.http
	for name, use := range map[string]func(t *testing.T, hook string) map[string]any{
		"boto3": func(t *testing.T, hook string) map[string]any {
			return program(t, keys, ".", python(t), "python/sns.py", url, hook)
		},
		"javascript": func(t *testing.T, hook string) map[string]any {
			return program(t, keys, npm(t, "nodesdk"), "node", "sns.mjs", url, hook)
		},
		"go": func(t *testing.T, hook string) map[string]any {
			return program(t, keys, "gosdk", "go", "run", ".", url, hook)
		},
		"cli": func(t *testing.T, hook string) map[string]any {
			if _, err := exec.LookPath("aws"); err != nil {
				install(t, "awscli")
			}
			return awsCLI{t, url, hook, keys, full.ID, full.Secret}.life(limited.ID, limited.Secret)
		},
	} {
		t.Run(name, func(t *testing.T) {
			hook := webhook(t)
			want := map[string]any{"topic": "arn:aws:sns:us-east-1:000000000000:" + name, "subscribed": "pending confirmation", "confirmed": true, "listed": true,
				"endpoints": []any{hook}, "raw": "true", "authenticated": "true", "displayName": "News", "count": "1", "tags": map[string]any{"a": "b"},
				"same": true, "message": "Grüße", "subject": "Hi", "batch": []any{[]any{"1"}, []any{"2"}}, "left": 0.0, "denied": "AuthorizationError", "gone": "NotFound",
				"unknownKey": "InvalidClientTokenId", "wrongSecret": "SignatureDoesNotMatch", "oldDate": "SignatureDoesNotMatch"}
			if name == "cli" {
				delete(want, "oldDate") // it takes the time from the machine, whose clock is right
			}
			if diff := cmp.Diff(want, use(t, hook)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// webhook is an endpoint that keeps what it gets: GET /token waits for a confirmation message, GET /message for a notification.
func webhook(t *testing.T) string {
	t.Helper()
	arrived := map[string]chan []byte{"SubscriptionConfirmation": make(chan []byte, 10), "Notification": make(chan []byte, 10)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if into := arrived[r.Header.Get("x-amz-sns-message-type")]; into != nil {
			into <- body
		}
	})
	for path, from := range map[string]chan []byte{"GET /token": arrived["SubscriptionConfirmation"], "GET /message": arrived["Notification"]} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			select {
			case body := <-from:
				_, _ = w.Write(body)
			case <-time.After(30 * time.Second):
				w.WriteHeader(http.StatusGatewayTimeout)
			}
		})
	}
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return web.URL
}

// program runs a client in a folder and reads the JSON that it prints.
func program(t *testing.T, env []string, folder, name string, arguments ...string) (result map[string]any) {
	t.Helper()
	var out, words bytes.Buffer
	command := exec.Command(name, arguments...)
	command.Dir, command.Env, command.Stdout, command.Stderr = folder, env, &out, &words
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s%s", err, &out, &words)
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("%v: %s%s", err, &out, &words)
	}
	return result
}

// install installs a package of Debian.
func install(t *testing.T, debian string) {
	t.Helper()
	script := "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends " + debian
	if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("installing %s: %v: %s", debian, err, out)
	}
}

// python returns a Python that has boto3.
func python(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(path, "-c", "import boto3").Run() == nil {
			return path
		}
	}
	install(t, "python3-boto3")
	return "/usr/bin/python3"
}

// npm copies a folder with a package.json, installs what it depends on, and returns the copy.
func npm(t *testing.T, from string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	install := exec.Command("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
	install.Dir = folder
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v: %s", err, out)
	}
	return folder
}

// awsCLI runs the command line of AWS with a key.
type awsCLI struct {
	t          *testing.T
	url, hook  string
	env        []string
	id, secret string
}

var errorCode = regexp.MustCompile(`An error occurred \((\w+)\)`)

// try runs one command of `aws sns`; code is that of the service's error.
func (a awsCLI) try(arguments ...string) (result map[string]any, code string) {
	a.t.Helper()
	return a.aws(append([]string{"sns"}, arguments...)...)
}

// aws runs one command of any service.
func (a awsCLI) aws(arguments ...string) (result map[string]any, code string) {
	a.t.Helper()
	var out, words bytes.Buffer
	command := exec.Command("aws", append([]string{"--endpoint-url", a.url, "--region", "us-east-1", "--output", "json"}, arguments...)...)
	command.Env = append(a.env, "AWS_ACCESS_KEY_ID="+a.id, "AWS_SECRET_ACCESS_KEY="+a.secret, "AWS_MAX_ATTEMPTS=1")
	command.Stdout, command.Stderr = &out, &words
	if err := command.Run(); err != nil {
		if match := errorCode.FindStringSubmatch(words.String()); match != nil {
			return nil, match[1]
		}
		a.t.Fatalf("aws %q: %v: %s", arguments, err, &words)
	}
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &result); err != nil {
			a.t.Fatalf("aws %q: %v: %s", arguments, err, &out)
		}
	}
	return result, ""
}

func (a awsCLI) do(arguments ...string) map[string]any {
	a.t.Helper()
	result, code := a.try(arguments...)
	if code != "" {
		a.t.Fatalf("aws sns %q: %s", arguments, code)
	}
	return result
}

// asked asks the webhook what it got.
func (a awsCLI) asked(path string) (answer map[string]any) {
	a.t.Helper()
	response, err := http.Get(a.hook + path)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		a.t.Fatal(err)
	}
	return answer
}

// members returns one member of each in a list.
func members(list any, name string) []any {
	found := []any{}
	for _, one := range list.([]any) {
		found = append(found, one.(map[string]any)[name])
	}
	return found
}

// life goes through the life of a topic as the other clients do.
func (a awsCLI) life(limitedID, limitedSecret string) map[string]any {
	a.t.Helper()
	out := map[string]any{}
	topic := a.do("create-topic", "--name", "cli", "--attributes", "DisplayName=Feedback", "--tags", "Key=team,Value=mail")["TopicArn"].(string)
	out["topic"] = topic
	out["subscribed"] = a.do("subscribe", "--topic-arn", topic, "--protocol", "http", "--notification-endpoint", a.hook,
		"--attributes", `{"FilterPolicy":"{\"kind\":[\"greeting\"]}"}`)["SubscriptionArn"]
	subscription := a.do("confirm-subscription", "--topic-arn", topic, "--token", a.asked("/token")["Token"].(string), "--authenticate-on-unsubscribe", "true")["SubscriptionArn"].(string)
	out["confirmed"] = len(subscription) == len(topic)+37
	for _, arn := range members(a.do("list-topics")["Topics"], "TopicArn") {
		out["listed"] = out["listed"] == true || arn == topic
	}
	listed := func() []any {
		return members(a.do("list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"], "Endpoint")
	}
	out["endpoints"] = listed()
	raw := func(value string) {
		a.do("set-subscription-attributes", "--subscription-arn", subscription, "--attribute-name", "RawMessageDelivery", "--attribute-value", value)
	}
	raw("true")
	attributes := a.do("get-subscription-attributes", "--subscription-arn", subscription)["Attributes"].(map[string]any)
	out["raw"], out["authenticated"] = attributes["RawMessageDelivery"], attributes["ConfirmationWasAuthenticated"]
	raw("false")
	a.do("set-topic-attributes", "--topic-arn", topic, "--attribute-name", "DisplayName", "--attribute-value", "News")
	attributes = a.do("get-topic-attributes", "--topic-arn", topic)["Attributes"].(map[string]any)
	out["displayName"], out["count"] = attributes["DisplayName"], attributes["SubscriptionsConfirmed"]
	a.do("tag-resource", "--resource-arn", topic, "--tags", "Key=a,Value=b")
	a.do("untag-resource", "--resource-arn", topic, "--tag-keys", "team")
	tags := a.do("list-tags-for-resource", "--resource-arn", topic)["Tags"].([]any)
	out["tags"] = map[string]any{fmt.Sprint(members(tags, "Key")...): members(tags, "Value")[0]}
	published := a.do("publish", "--topic-arn", topic, "--message", "Grüße", "--subject", "Hi",
		"--message-attributes", `{"kind":{"DataType":"String","StringValue":"greeting"}}`)["MessageId"]
	received := a.asked("/message")
	out["same"], out["message"], out["subject"] = received["MessageId"] == published, received["Message"], received["Subject"]
	batch := a.do("publish-batch", "--topic-arn", topic, "--publish-batch-request-entries", `[{"Id":"1","Message":"a"},{"Id":"2","Message":"b","Subject":"\n"}]`)
	out["batch"] = []any{members(batch["Successful"], "Id"), members(batch["Failed"], "Id")}
	a.do("unsubscribe", "--subscription-arn", subscription)
	out["left"] = float64(len(listed()))
	_, out["denied"] = awsCLI{a.t, a.url, a.hook, a.env, limitedID, limitedSecret}.try("delete-topic", "--topic-arn", topic)
	a.do("delete-topic", "--topic-arn", topic)
	_, out["gone"] = a.try("get-topic-attributes", "--topic-arn", topic)
	_, out["unknownKey"] = awsCLI{a.t, a.url, a.hook, a.env, "AKIAAAAAAAAAAAAAAAAA", a.secret}.try("list-topics")
	_, out["wrongSecret"] = awsCLI{a.t, a.url, a.hook, a.env, a.id, "x" + a.secret}.try("list-topics")
	return out
}
