package classify

import (
	"os"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/dsn/status"
)

// row is a line of a table in testdata: what a reply is to be taken for.
type row struct{ verdict, reply string }

// table reads a file of testdata, in which a line is the bounce type and sub
// type, the scope and the reply.
func table(t testing.TB, name string) []row {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.SplitN(line, " ", 3)
		if len(fields) != 3 {
			t.Fatalf("%s: %q is no row", name, line)
		}
		rows = append(rows, row{fields[0] + " " + fields[1], strings.ReplaceAll(fields[2], `\n`, "\n")})
	}
	return rows
}

// verdictOf is what a row says of a result.
func verdictOf(r Result) string {
	return r.BounceType + "/" + r.BounceSubType + " " + string(r.Scope)
}

// checkTable holds every reply of a table, as the last word on a mail, to its
// verdict.
func checkTable(t *testing.T, name string, least int) {
	t.Helper()
	rows := table(t, name)
	if len(rows) < least {
		t.Errorf("%s has %d rows, want %d", name, len(rows), least)
	}
	for _, row := range rows {
		r := Default().Classify(Input{Action: "failed", Diagnostic: row.reply, Address: "jane@example.net"})
		if got := verdictOf(r); got != row.verdict {
			t.Errorf("%q: got %s (%s by %s), want %s", row.reply, got, r.Reason, r.Rule, row.verdict)
		}
	}
}

func TestWellKnownRepliesGetTheirVerdict(t *testing.T) { checkTable(t, "replies.txt", 238) }

func TestRepliesOfOtherWordingGetTheirVerdict(t *testing.T) { checkTable(t, "words.txt", 280) }

func TestEveryRowOfTheSeedTablesGetsItsVerdict(t *testing.T) { checkTable(t, "seeds.txt", 170) }

// TestWordsThatSayMoreWinOverTheCode holds that a text that is specific counts
// more than a code that disagrees with it.
func TestWordsThatSayMoreWinOverTheCode(t *testing.T) { checkTable(t, "disagree.txt", 60) }

// TestEveryCodeOfTheRegistryHasItsVerdict asks for each code alone, with its
// name, and in class 4.
func TestEveryCodeOfTheRegistryHasItsVerdict(t *testing.T) {
	rows := table(t, "registry.txt")
	if len(rows) < 75 {
		t.Errorf("the registry has %d rows, want 75", len(rows))
	}
	for _, row := range rows {
		code, name, _ := strings.Cut(row.reply, " ")
		for _, in := range []Input{
			{Action: "failed", Status: code},
			{Action: "failed", Status: "5.0.0", Diagnostic: "smtp; 550 " + code},
			{Action: "failed", Status: code, Diagnostic: "smtp; 550 " + code + " " + name},
		} {
			if r := Default().Classify(in); verdictOf(r) != row.verdict || r.Status.String() != code {
				t.Errorf("%+v: got %s (%s by %s), want %s", in, verdictOf(r), r.Reason, r.Rule, row.verdict)
			}
		}
		temporary := "4" + code[1:]
		r := Default().Classify(Input{Action: "failed", Status: temporary})
		if scope := strings.Fields(row.verdict)[1]; r.BounceType != "Transient" || string(r.Scope) != scope {
			t.Errorf("%s: got %s, want Transient and scope %s", temporary, verdictOf(r), scope)
		}
		if known, ok := status.Parse(code); !ok || known.Name() == "" {
			t.Errorf("package status has no name for %s", code)
		}
	}
}
