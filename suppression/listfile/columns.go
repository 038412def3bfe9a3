package listfile

import (
	"cmp"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/status"
	"github.com/rebound-mail/rebound/suppression"
)

// The names of columns and of members of JSON, folded: in lower case, letters and digits only. The first that is there counts.
var (
	addressNames = []string{"emailaddress", "email", "address", "recipient", "recipientemail", "mail"}
	// reasonNames hold a word for the reason: SES, Postmark's suppressions, its bounces, others.
	reasonNames = []string{"suppressionreason", "inactivityreason", "reason", "type", "bouncetype", "event"}
	// codeNames hold an enhanced status or an SMTP code: SendGrid, Mailgun.
	codeNames  = []string{"status", "code"}
	untilNames = []string{"until", "expires"}
)

// verdict is what a word for a reason means; refused tells why such an address is none to suppress.
type verdict struct {
	reason  suppression.Reason
	refused string
}

const passing = "a fault that passes, or is not the recipient's"

// words are what the services call the reasons, folded.
var words = map[string]verdict{
	"bounce": {reason: suppression.Bounce}, "bounced": {reason: suppression.Bounce}, "hardbounce": {reason: suppression.Bounce},
	"bademailaddress": {reason: suppression.Bounce}, "invalidemail": {reason: suppression.Bounce}, "invalid": {reason: suppression.Bounce},
	"permanent": {reason: suppression.Bounce}, "mailboxnotfound": {reason: suppression.Bounce},

	"complaint": {reason: suppression.Complaint}, "spamcomplaint": {reason: suppression.Complaint}, "spamnotification": {reason: suppression.Complaint},
	"spamreport": {reason: suppression.Complaint}, "spam": {reason: suppression.Complaint}, "abuse": {reason: suppression.Complaint},

	"manual": {reason: suppression.Manual}, "manualsuppression": {reason: suppression.Manual}, "manuallydeactivated": {reason: suppression.Manual},
	"unsubscribe": {reason: suppression.Manual}, "unsubscribed": {reason: suppression.Manual}, "subscriptionchange": {reason: suppression.Manual},

	"softbounce": {refused: passing}, "transient": {refused: passing}, "blocked": {refused: passing}, "block": {refused: passing},
	"deferred": {refused: passing}, "autoresponder": {refused: passing}, "addresschange": {refused: passing}, "dnserror": {refused: passing},
	"unknown": {refused: passing}, "dmarcpolicy": {refused: passing}, "smtpapierror": {refused: passing}, "inbounderror": {refused: passing},
	"templaterenderingfailed": {refused: passing}, "openrelaytest": {refused: passing}, "unconfirmed": {refused: passing},
	"challengeverification": {refused: passing}, "virusnotification": {refused: passing}, "undetermined": {refused: passing},
}

// kinds are exports that tell the reason by their columns alone: all these names, and none besides but those that say nothing.
var kinds = []struct {
	names  string // sorted
	reason suppression.Reason
}{
	{"created email ip", suppression.Complaint},                // SendGrid, spam reports
	{"created email", suppression.Manual},                      // SendGrid, unsubscribes
	{"created email reason", suppression.Bounce},               // SendGrid, invalid emails
	{"address createdat", suppression.Complaint},               // Mailgun, complaints
	{"address count createdat", suppression.Complaint},         // Mailgun, complaints as its API gives them
	{"address createdat tags", suppression.Manual},             // Mailgun, unsubscribes
	{"address code createdat error", suppression.Bounce},       // Mailgun, bounces
	{"created email reason status", suppression.Bounce},        // SendGrid, bounces and blocks
	{"emailaddress lastupdatetime reason", suppression.Bounce}, // SES, whose reason is a word of its own
}

func kindOf(names []string) suppression.Reason {
	joined := strings.Join(names, " ")
	for _, kind := range kinds {
		if kind.names == joined {
			return kind.reason
		}
	}
	return ""
}

// fold brings names and words to the form in which they are compared.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, s)
}

// judge fills in what the other fields of a record tell. get returns the first of some names that is not empty.
func (r *Record) judge(kind suppression.Reason, get func(names []string) string) {
	r.Reason = kind
	said := get(reasonNames)
	word, known := words[fold(said)]
	switch code := cmp.Or(get(codeNames), said); {
	case known:
		r.Reason, r.Problem = word.reason, word.refused
	case isPassing(code):
		r.Problem = passing + ": " + clip(code)
	case kind == "" && strings.HasPrefix(get(codeNames), "5"):
		r.Reason = suppression.Bounce
	}
	if until := get(untilNames); until != "" {
		at, err := time.Parse(time.RFC3339Nano, until)
		if err != nil {
			r.Problem = "the time " + clip(until) + " is not written as 2026-01-27T15:00:00Z"
		}
		r.Until = at
	}
}

// isPassing tells whether an enhanced status or an SMTP code in the text is no cause to suppress an address: 4.X.X passes, and X.7.X
// is about policy and reputation (RFC 3463 section 3.8).
func isPassing(text string) bool {
	if code, ok := status.Find(text); ok {
		return code.Class == 4 || code.Subject == 7
	}
	code, ok := status.FindReply(text)
	return ok && code/100 == 4
}

func clip(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strings.ToValidUTF8(s, "")
}
