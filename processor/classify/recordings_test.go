package classify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/plaintext"
	"github.com/rebound-mail/rebound/dsn/report"
)

// differently lists the recordings whose reporter met another fault than the
// rest, or states another one, with the reason.
var differently = map[string]string{
	"postfix/loop":       "the alias was not there, so that the user was unknown",
	"exim4/loop":         "the alias was not there, so that the user was unknown",
	"postfix/localquota": "the user was unknown to the local delivery agent",
	"sendmail/nullmx":    "it takes a null MX for a host that does not exist",
	"postfix/utf8":       "it alone refuses to send what needs SMTPUTF8",
}

// TestSameCauseGetsTheSameVerdictFromEveryMTA reads the final bounces that the
// same replies made six MTAs write.
func TestSameCauseGetsTheSameVerdictFromEveryMTA(t *testing.T) {
	verdicts := map[string]map[string][]string{} // cause, verdict, reporters
	for _, name := range failedRecordings(t) {
		reporter := filepath.Base(filepath.Dir(name))
		cause, _, _ := strings.Cut(filepath.Base(name), ".")
		inputs := inputsOf(t, name)
		if len(inputs) != 1 || differently[reporter+"/"+cause] != "" {
			continue
		}
		r := Default().Classify(inputs[0])
		verdict := r.BounceType + "/" + r.BounceSubType
		if verdicts[cause] == nil {
			verdicts[cause] = map[string][]string{}
		}
		verdicts[cause][verdict] = append(verdicts[cause][verdict], reporter)
	}
	if len(verdicts) < 25 {
		t.Fatalf("only %d causes in the recordings", len(verdicts))
	}
	for cause, found := range verdicts {
		if cause != "many" && len(found) != 1 {
			t.Errorf("%s: got %v, want one verdict", cause, found)
		}
	}
	for cause, want := range map[string]string{
		"nouser": "Permanent/NoEmail", "nocode": "Permanent/NoEmail", "multiline": "Permanent/NoEmail", "nxdomain": "Permanent/NoEmail",
		"disabled": "Permanent/General", "moved": "Permanent/General", "nullmx": "Permanent/General", "full": "Transient/MailboxFull",
		"overquota": "Transient/MailboxFull", "toobig": "Transient/MessageTooLarge", "spam": "Transient/ContentRejected",
		"relay": "Transient/General", "listed": "Transient/General", "policy": "Transient/General", "grey": "Transient/General",
		"ratelimit": "Transient/General", "closed": "Transient/General", "busy": "Transient/General", "silent": "Transient/General",
		"refused": "Transient/General", "unreach": "Transient/General", "pipe": "Transient/General",
	} {
		if verdicts[cause][want] == nil {
			t.Errorf("%s: got %v, want %s", cause, verdicts[cause], want)
		}
	}
}

func failedRecordings(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*/*.failed*.eml", "dma/*.nodsn.eml"} {
		found, err := filepath.Glob(filepath.Join("../../testdata/recordings", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no recordings %s: %v", pattern, err)
		}
		names = append(names, found...)
	}
	return names
}

// inputsOf returns what the recording says about each recipient.
func inputsOf(t *testing.T, name string) []Input {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := report.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var inputs []Input
	if d, err := dsn.Parse(m); err == nil {
		for _, r := range d.Recipients {
			inputs = append(inputs, Input{Action: string(r.Action), Status: r.Status, Diagnostic: r.DiagnosticCode, Text: m.Text, Address: r.Address})
		}
		return inputs
	}
	b, err := plaintext.Parse(m)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, r := range b.Recipients {
		inputs = append(inputs, Input{Action: "failed", Status: r.Status, Diagnostic: r.Diagnostic, Address: r.Address})
	}
	return inputs
}
