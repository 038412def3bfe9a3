package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// loaded reads settings from the text of a file ("" is no file) and from arguments.
func loaded(t *testing.T, file string, arguments ...string) (settings, error) {
	t.Helper()
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	serverFlags(flags)
	if file != "" {
		path := filepath.Join(t.TempDir(), "rebound.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append([]string{"--config", path}, arguments...)
	}
	if err := flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	return loadSettings(flags)
}

func TestWithNothingSaidTheDefaultsHold(t *testing.T) {
	got, err := loaded(t, "")
	if err != nil {
		t.Fatal(err)
	}
	want := settings{Data: "./data", Domain: "rebound.localhost", Region: "us-east-1", HTTP: "127.0.0.1:8025", SMTP: "127.0.0.1:2525",
		Auth: "sigv4", UnsubscribeConfirmation: "unauthenticated", Roles: []string{"intake", "worker", "delivery", "api"}}
	want.SmartHost.Address = "127.0.0.1:25"
	want.Webhooks.Allow = []string{}
	want.Notifications.Recipients, want.Notifications.Destination, want.Notifications.Headers = "single", "recipient-first", "always"
	want.Retention.Raw, want.Logs.MaskAddresses = "14d", "false"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got.publicURL() != "http://127.0.0.1:8025" || got.certificateURL() != got.publicURL() {
		t.Errorf("links lead to %s, certificates are at %s", got.publicURL(), got.certificateURL())
	}
}

// A flag is over the environment, the environment over the file, the file over the default.
func TestTheNearerSourceOfASettingCounts(t *testing.T) {
	const file = "data: /file\ndomain: file.example\nregion: eu-file-1\nroles: [api]\nnats:\n  url: nats://file\nwebhooks:\n  allow: [10.0.0.0/8]\n"
	t.Setenv("REBOUND_DATA", "/environment")
	t.Setenv("REBOUND_DOMAIN", "environment.example")
	t.Setenv("REBOUND_NATS_URL", "nats://environment")
	t.Setenv("REBOUND_WEBHOOKS_ALLOW", "192.168.0.0/16, 10.1.0.0/16")
	t.Setenv("REBOUND_ROLES", "worker,delivery")
	got, err := loaded(t, file, "--data", "/flag", "--roles", "intake")
	if err != nil {
		t.Fatal(err)
	}
	if got.Data != "/flag" || got.Domain != "environment.example" || got.Region != "eu-file-1" || got.SMTP != "127.0.0.1:2525" || got.NATS.URL != "nats://environment" {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([][]string{{"intake"}, {"192.168.0.0/16", "10.1.0.0/16"}}, [][]string{got.Roles, got.Webhooks.Allow}); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// A flag at its default says nothing.
	if got, err = loaded(t, file); err != nil || got.Data != "/environment" {
		t.Errorf("got %s, %v", got.Data, err)
	}
}

func TestASettingMayBeSwitchedOff(t *testing.T) {
	got, err := loaded(t, "smtp: ''\nlmtp: /run/rebound.sock\npublic_url: https://rebound.example/\ncertificate_url: https://sns.us-east-1.amazonaws.com\n")
	if err != nil || got.SMTP != "" || got.LMTP != "/run/rebound.sock" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got.publicURL() != "https://rebound.example" || got.certificateURL() != "https://sns.us-east-1.amazonaws.com" {
		t.Errorf("links lead to %s, certificates are at %s", got.publicURL(), got.certificateURL())
	}
}

func TestSignaturesMayBeLeftOutOnThisMachine(t *testing.T) {
	for _, http := range []string{"127.0.0.1:8025", "[::1]:8025", "localhost:0"} {
		if got, err := loaded(t, "auth: none\nunsubscribe_confirmation: never\nhttp: '"+http+"'\n"); err != nil || got.Auth != "none" || got.UnsubscribeConfirmation != "never" {
			t.Errorf("%s: got %+v, %v", http, got, err)
		}
	}
}

func TestAWrongSettingIsAnErrorThatSaysWhereAndWhatWouldBeRight(t *testing.T) {
	for name, test := range map[string]struct{ file, want string }{
		"unknown key":               {"data: x\nsmpt: 127.0.0.1:25\n", `rebound.yaml:2: unknown key "smpt", did you mean "smtp"?`},
		"unknown nested key":        {"tls:\n  certificate: a\n  keey: b\n", `rebound.yaml:3: unknown key "tls.keey", did you mean "tls.key"?`},
		"unknown group":             {"smart_host:\n  address: x\n", `rebound.yaml:1: unknown key "smart_host", did you mean`},
		"a word for a group":        {"tls: yes\n", `rebound.yaml:1: settings are written as "key: value"`},
		"a word for a list":         {"roles: intake\n", `rebound.yaml:1: roles is a list: write [a, b]`},
		"a list for a word":         {"http: [127.0.0.1:1]\n", `rebound.yaml:1: http is one word or line of text`},
		"a group for a word":        {"data:\n  dir: x\n", `data is one word or line of text`},
		"a list in a list":          {"roles: [[intake]]\n", `roles is a list of words`},
		"the same key twice":        {"data: x\nsmtp: ''\ndata: y\n", `rebound.yaml:3: data is set twice`},
		"a list":                    {"- data\n", `rebound.yaml:1: settings are written as "key: value"`},
		"no YAML":                   {"data: [\n", "rebound.yaml: line"},
		"unknown role":              {"roles: [intake, woker]\n", `unknown role "woker", did you mean "worker"?`},
		"no role":                   {"roles: []\n", "roles: name at least one"},
		"no host and port":          {"http: 8025\n", `http: "8025" is no host:port`},
		"no host and port of LMTP":  {"lmtp: '2424'\n", `lmtp: "2424" is no host:port`},
		"no host and port to relay": {"smarthost:\n  address: mail.example\n", `smarthost.address: "mail.example" is no host:port`},
		"no network":                {"webhooks:\n  allow: [10.0.0.1]\n", `webhooks.allow: "10.0.0.1" is no network`},
		"no way to group":           {"notifications:\n  recipients: many\n", `notifications.recipients: "many" is neither single nor grouped`},
		"no destination":            {"notifications:\n  destination: first\n", `notifications.destination: "first" is none of recipient-first, all and recipient-only`},
		"no time for headers":       {"notifications:\n  headers: never\n", `notifications.headers: "never" is neither always nor on-request`},
		"half of TLS":               {"tls:\n  key: a\n", "tls needs both certificate and key"},
		"unknown auth":              {"auth: basic\n", `auth: "basic" is neither sigv4 nor none`},
		"open to the world":         {"auth: none\nhttp: 192.0.2.1:8025\npublic_url: http://a.example\n", "auth: none opens everything to whoever reaches 192.0.2.1:8025"},
		"open to the world by TLS":  {"auth: none\nhttps: ':8443'\ntls:\n  certificate: a\n  key: b\n", "auth: none opens everything to whoever reaches :8443"},
		"unknown confirmation":      {"unsubscribe_confirmation: always\n", `unsubscribe_confirmation: "always" is neither unauthenticated nor never`},
		"https without TLS":         {"https: 127.0.0.1:8443\n", "https needs tls.certificate and tls.key"},
		"a public URL without host": {"public_url: rebound.example\n", `public_url: "rebound.example" is no URL`},
	} {
		if _, err := loaded(t, test.file); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want … %s", name, err, test.want)
		}
	}
	if _, err := loaded(t, "", "--config", "/nowhere/rebound.yaml"); err == nil || !strings.Contains(err.Error(), "/nowhere/rebound.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// All that is wrong is said at once.
func TestEveryWrongSettingIsSaid(t *testing.T) {
	_, err := loaded(t, "http: a\nsmtp: b\nroles: [c]\n")
	if err == nil || strings.Count(err.Error(), "settings:") != 3 {
		t.Errorf("got %v", err)
	}
}

func TestAnEmptyFileOfSettingsIsNone(t *testing.T) {
	for _, file := range []string{"\n", "# nothing\n", "---\n", "tls:\n  # certificate: a\n"} {
		if got, err := loaded(t, file); err != nil || got.HTTP != "127.0.0.1:8025" {
			t.Errorf("%q: got %q, %v", file, got.HTTP, err)
		}
	}
}

// Every setting that can be named is one that a server reads.
func TestEveryKnownSettingIsRead(t *testing.T) {
	for key, preset := range defaults() {
		value := "[10.0.0.0/8]"
		if _, list := preset.([]string); !list {
			value = "/a"
		}
		text := key + ": " + value + "\n"
		if group, name, nested := strings.Cut(key, "."); nested {
			text = group + ":\n  " + name + ": " + value + "\n"
		}
		got, err := loaded(t, text)
		if err != nil && !strings.HasPrefix(err.Error(), "settings: ") {
			t.Errorf("%s: %v", key, err)
		}
		if diff := cmp.Diff(got, withDefaults(t)); diff == "" {
			t.Errorf("%s is known, and changes nothing", key)
		}
	}
}

func withDefaults(t *testing.T) settings {
	t.Helper()
	got, err := loaded(t, "")
	if err != nil {
		t.Fatal(err)
	}
	return got
}
