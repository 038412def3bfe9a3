//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	// amazonHost is the name that consumers insist on.
	amazonHost = "sns.us-east-1.amazonaws.com"
	// amazonAddress is a loopback address on which nobody else has port 443.
	amazonAddress = "127.0.53.1"
)

// Both validators of npm, unmodified and with Amazon's host names, accept all that SNS sends, in both versions of the signature. What leads
// them here is what the README tells: `rebound certificates`, a line in the hosts file and NODE_EXTRA_CA_CERTS.
func TestNPMValidatorsAcceptEveryMessageUnmodified(t *testing.T) {
	debian(t, "python3-boto3")
	s, ca := startAmazon(t)
	defer s.stop()
	arrivals := node(t, splitDNS(t), "validators.mjs", "NODE_EXTRA_CA_CERTS="+ca)
	port := next(t, arrivals, "the subscriber's port")["listening"]
	for _, version := range []string{"1", "2"} {
		t.Run("signature version "+version, func(t *testing.T) {
			s := &server{t: t, data: s.data, http: s.http}
			var topic struct{ TopicArn string }
			s.call(http.MethodPost, "/v1/topics", map[string]any{"name": "version-" + version, "signatureVersion": version}, &topic)
			s.call(http.MethodPost, "/v1/subscriptions", map[string]any{"topicArn": topic.TopicArn, "endpoint": fmt.Sprintf("http://127.0.0.1:%v/%s", port, version)}, nil)
			accepted(t, next(t, arrivals, "the confirmation"), "SubscriptionConfirmation", version)

			sent := s.publish(topic.TopicArn, []map[string]any{
				{"Message": "plain"},
				{"Message": "with a subject", "Subject": "Amazon SES Email Event Notification"},
				{"Message": "Grüße, 你好 🚀 \"quoted\" \\ / \t <b>&amp;</b>\r\nand a second line\n"},
				{"Message": `{"notificationType":"Bounce","mail":{"source":"Jürgen <j@example.org>"}}`, "Subject": "JSON"},
				{"Message": "with attributes", "MessageAttributes": map[string]any{"kind": map[string]string{"DataType": "String", "StringValue": "größer"},
					"count": map[string]string{"DataType": "Number", "StringValue": "7"}, "list": map[string]string{"DataType": "String.Array", "StringValue": `["a",1]`}}},
			})
			var unsubscribe string
			for len(sent) > 0 {
				line := next(t, arrivals, fmt.Sprintf("%d notifications", len(sent)))
				envelope := accepted(t, line, "Notification", version)
				want, ok := sent[envelope["MessageId"].(string)]
				if !ok {
					t.Fatalf("got %v twice, or never sent", envelope)
				}
				delete(sent, envelope["MessageId"].(string))
				subject, hasSubject := want["Subject"]
				attributes, _ := envelope["MessageAttributes"].(map[string]any)
				if wanted, _ := want["MessageAttributes"].(map[string]any); envelope["Message"] != want["Message"] || hasSubject && envelope["Subject"] != subject || len(attributes) != len(wanted) {
					t.Errorf("got %v, sent %v", envelope, want)
				}
				unsubscribe = envelope["UnsubscribeURL"].(string)
			}
			visit(t, ca, unsubscribe)
			ended := next(t, arrivals, "the end of the subscription")
			ended["snsValidator"] = "accepted" // it accepts no UnsubscribeConfirmation, not even Amazon's: its list of fields to sign lacks the token
			accepted(t, ended, "UnsubscribeConfirmation", version)
		})
	}
}

// The other two variables that the README names make Python's libraries trust the authority, and its bounds do not disturb OpenSSL.
func TestPythonTrustsTheAuthorityThroughTheEnvironment(t *testing.T) {
	debian(t, "python3-requests")
	s, ca := startAmazon(t)
	defer s.stop()
	served, err := filepath.Glob(filepath.Join(s.data, "signing", "*.pem"))
	if err != nil || len(served) != 1 {
		t.Fatalf("got %v, %v", served, err)
	}
	want, err := os.ReadFile(served[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, variable, program string }{
		{"urllib", "SSL_CERT_FILE", `import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode(), end="")`},
		{"requests", "REQUESTS_CA_BUNDLE", `import sys, requests; print(requests.get(sys.argv[1]).text, end="")`},
	} {
		for _, trusts := range []bool{true, false} {
			program := splitDNS(t)("/usr/bin/python3", "-c", test.program, "https://"+amazonHost+"/"+filepath.Base(served[0]))
			if trusts {
				program.Env = append(os.Environ(), test.variable+"="+ca)
			}
			out, err := program.CombinedOutput()
			if trusts && (err != nil || string(out) != string(want)) {
				t.Errorf("%s: %v: %s", test.name, err, out)
			}
			if !trusts && !strings.Contains(string(out), "certificate verify failed") {
				t.Errorf("%s without %s: %v: %s", test.name, test.variable, err, out)
			}
		}
	}
}

// startAmazon runs a server that is Amazon's host to those who look for that by splitDNS, and returns the authority's file.
func startAmazon(t *testing.T) (s *server, ca string) {
	t.Helper()
	s = newServer(t, "--https", amazonAddress+":443")
	if _, stderr, status := rebound(t, nil, "certificates", "--data", s.data); status != 0 {
		t.Fatal(stderr)
	}
	tls := filepath.Join(s.data, "tls")
	s.env = append(s.env, "REBOUND_TLS_CERTIFICATE="+filepath.Join(tls, "server.pem"), "REBOUND_TLS_KEY="+filepath.Join(tls, "server.key"),
		"REBOUND_CERTIFICATE_URL=https://"+amazonHost, "REBOUND_PUBLIC_URL=https://"+amazonHost, "REBOUND_WEBHOOKS_ALLOW=127.0.0.0/8")
	s.start()
	return s, filepath.Join(tls, "ca.pem")
}

// accepted checks what the validators said, and returns the message.
func accepted(t *testing.T, line map[string]any, kind, version string) map[string]any {
	t.Helper()
	envelope, _ := line["envelope"].(map[string]any)
	if line["header"] != kind || envelope["Type"] != kind || envelope["SignatureVersion"] != version {
		t.Fatalf("got %v, want a %s signed by version %s", line, kind, version)
	}
	if line["snsValidator"] != "accepted" || line["payloadValidator"] != "accepted" {
		t.Errorf("%s: sns-validator: %v; sns-payload-validator: %v", kind, line["snsValidator"], line["payloadValidator"])
	}
	if kind == "SubscriptionConfirmation" && line["visited"] != 200.0 {
		t.Errorf("the link that confirms: %v", line["visited"])
	}
	return envelope
}

// splitDNS returns a maker of commands that take this machine for Amazon's host: they have a hosts file of their own.
func splitDNS(t *testing.T) func(name string, arguments ...string) *exec.Cmd {
	t.Helper()
	own, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	hosts := write(t, filepath.Join(t.TempDir(), "hosts"), fmt.Sprintf("%s %s\n%s", amazonAddress, amazonHost, own))
	return func(name string, arguments ...string) *exec.Cmd {
		return exec.Command("unshare", append([]string{"-m", "sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, hosts, name}, arguments...)...)
	}
}

// visit follows a link to Amazon's host, as a person does whose machine has that host and the authority.
func visit(t *testing.T, ca, link string) {
	t.Helper()
	pem, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, amazonAddress+":443")
		}}}
	response, err := client.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", link, response.Status)
	}
}

// node runs a program of ours in the folder node with the packages that it needs, by a maker of commands, and returns what it prints.
func node(t *testing.T, command func(string, ...string) *exec.Cmd, script string, env ...string) <-chan map[string]any {
	t.Helper()
	folder := npm(t, "node")
	program := command("node", script)
	program.Dir, program.Env, program.Stderr = folder, append(os.Environ(), env...), os.Stderr
	return printed(t, program)
}

// printed starts a program that prints JSON lines, and ends it with the test.
func printed(t *testing.T, program *exec.Cmd) <-chan map[string]any {
	t.Helper()
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Process.Kill(); _ = program.Wait() })
	return lines(t, out)
}

// debian installs the packages that are missing.
func debian(t *testing.T, packages ...string) {
	t.Helper()
	if exec.Command("dpkg", append([]string{"-s"}, packages...)...).Run() == nil {
		return
	}
	install := exec.Command("sh", "-c", `apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"`, "sh")
	install.Args = append(install.Args, packages...)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("installing %v: %v: %s", packages, err, out)
	}
}

// credentials are the environment of a client of AWS that has the server's first access key.
func (s *server) credentials() []string {
	return append(os.Environ(), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(s.data, "credentials"), "AWS_CONFIG_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
}

// publish has boto3 publish the messages, and returns them by their ids.
func (s *server) publish(topic string, messages []map[string]any) map[string]map[string]any {
	s.t.Helper()
	var in, words bytes.Buffer
	for _, message := range messages {
		if err := json.NewEncoder(&in).Encode(message); err != nil {
			s.t.Fatal(err)
		}
	}
	program := exec.Command("/usr/bin/python3", filepath.Join("python", "publish.py"), topic, "http://"+s.http)
	program.Env, program.Stdin, program.Stderr = s.credentials(), &in, &words
	out, err := program.Output()
	if err != nil {
		s.t.Fatalf("boto3: %v: %s", err, words.String())
	}
	sent := map[string]map[string]any{}
	for i, id := range strings.Fields(string(out)) {
		sent[id] = messages[i]
	}
	if len(sent) != len(messages) {
		s.t.Fatalf("%d ids for %d messages", len(sent), len(messages))
	}
	return sent
}

// A Django project with anymail confirms its subscription by itself, with boto3 and the credentials in the URL, and its signals tell of a
// bounce, a complaint and a delivery.
func TestAnymailConfirmsItselfAndSignalsWhatHappened(t *testing.T) {
	debian(t, "python3-boto3", "python3-django-anymail")
	const secret = "postmaster:hunter2-and-more"
	s := newServer(t, "--domain", "rebound.example")
	s.start()
	at := freeAddress(t)
	django := exec.Command("/usr/bin/python3", "anymail_project.py", "runserver", "--noreload", at)
	django.Dir, django.Stderr = "python", os.Stderr
	django.Env = append(s.credentials(), "WEBHOOK_SECRET="+secret, "SNS_ENDPOINT=http://"+s.http, "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1")
	signals := printed(t, django)
	answers(t, at)
	s.subscribe("shop.example", "http://"+secret+"@"+at+"/anymail/amazon_ses/tracking/")
	arn := s.confirmed()
	if attributes := s.attributes(arn); attributes["ConfirmationWasAuthenticated"] != "true" || strings.Contains(fmt.Sprint(attributes), "hunter2") {
		t.Errorf("got %v", attributes)
	}

	var registered struct {
		MessageID   string
		ReturnPaths map[string]string
	}
	s.call(http.MethodPost, "/v1/sent", map[string]any{"messageId": "<order-1042@shop.example>", "source": "orders@shop.example",
		"destination": []string{"nouser@remote.example"}, "headers": []map[string]string{{"name": "X-Tag", "value": "welcome"},
			{"name": "X-Metadata", "value": `{"order": "1042"}`}}}, &registered)
	report := fmt.Sprintf(bounce, registered.ReturnPaths["nouser@remote.example"])
	if err := smtp.SendMail(s.smtp, nil, "", []string{registered.ReturnPaths["nouser@remote.example"]}, []byte(strings.ReplaceAll(report, "\n", "\r\n"))); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := rebound(t, nil, "simulate", "complaint", "--smtp", s.smtp, "--from", "orders@shop.example"); status != 0 {
		t.Fatal(stderr)
	}
	got := map[any]map[string]any{}
	for range 3 {
		line := next(t, signals, fmt.Sprintf("one of three signals, so far %v", got))
		if line["esp_name"] != "Amazon SES" || line["event_id"] == "" || !strings.HasSuffix(fmt.Sprint(line["timestamp"]), "+00:00") {
			t.Errorf("got %v", line)
		}
		for _, differs := range []string{"esp_name", "event_id", "timestamp"} {
			delete(line, differs)
		}
		if line["event_type"] != "bounced" {
			delete(line, "message_id") // which the simulator makes
		}
		got[line["event_type"]] = line
	}
	const complainer = "complaint@simulator.amazonses.com"
	none := map[string]any{}
	if diff := cmp.Diff(map[any]map[string]any{
		"bounced": {"event_type": "bounced", "recipient": "nouser@remote.example", "message_id": registered.MessageID, "reject_reason": "bounced",
			"description": "Permanent: NoEmail", "mta_response": "smtp; 550 5.1.1 <nouser@remote.example>: Recipient address rejected: User unknown",
			"user_agent": nil, "tags": []any{"welcome"}, "metadata": map[string]any{"order": "1042"}},
		"complained": {"event_type": "complained", "recipient": complainer, "reject_reason": "spam", "description": "abuse", "mta_response": nil,
			"user_agent": "Rebound-Mailbox-Simulator/1.0", "tags": []any{}, "metadata": none},
		"delivered": {"event_type": "delivered", "recipient": complainer, "reject_reason": nil, "description": nil, "mta_response": "250 2.0.0 OK",
			"user_agent": nil, "tags": []any{}, "metadata": none},
	}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.stop()
	if strings.Contains(s.output.String(), "hunter2") {
		t.Errorf("the server tells the password:\n%s", s.output)
	}
}

// answers waits until somebody listens.
func answers(t *testing.T, at string) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody answers: %v", err)
		}
	}
}

// confirmed waits until the only subscription is confirmed, and returns its ARN.
func (s *server) confirmed() string {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var answer struct {
			Subscriptions []struct {
				SubscriptionArn, Endpoint string
				Confirmed                 bool
			}
		}
		s.call(http.MethodGet, "/v1/subscriptions", nil, &answer)
		if len(answer.Subscriptions) == 1 && answer.Subscriptions[0].Confirmed {
			if endpoint, err := url.Parse(answer.Subscriptions[0].Endpoint); err != nil || strings.Contains(endpoint.String(), "hunter2") {
				s.t.Errorf("got %s, %v", endpoint, err)
			}
			return answer.Subscriptions[0].SubscriptionArn
		}
	}
	s.t.Fatalf("nobody confirmed the subscription:\n%s", s.output)
	return ""
}

// attributes asks by boto3 for those of a subscription.
func (s *server) attributes(arn string) map[string]string {
	s.t.Helper()
	program := exec.Command("/usr/bin/python3", "-c", `import boto3, json, sys
sns = boto3.client("sns", endpoint_url=sys.argv[2], region_name="us-east-1")
print(json.dumps(sns.get_subscription_attributes(SubscriptionArn=sys.argv[1])["Attributes"]))`, arn, "http://"+s.http)
	program.Env, program.Stderr = s.credentials(), os.Stderr
	out, err := program.Output()
	if err != nil {
		s.t.Fatalf("boto3: %v", err)
	}
	var attributes map[string]string
	if err := json.Unmarshal(out, &attributes); err != nil {
		s.t.Fatal(err)
	}
	return attributes
}

const bounce = `From: MAILER-DAEMON@mta.shop.example (Mail Delivery System)
To: %s
Subject: Undelivered Mail Returned to Sender
Date: Tue, 27 Jan 2026 14:59:39 +0000
Message-ID: <20260127145939.5A1B2@mta.shop.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Not delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mta.shop.example

Final-Recipient: rfc822; nouser@remote.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <nouser@remote.example>: Recipient address rejected: User unknown

--b
Content-Type: text/rfc822-headers

Message-ID: <order-1042@shop.example>

--b--
`
