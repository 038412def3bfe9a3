package processor

import (
	"bytes"
	"testing"

	"github.com/rebound-mail/rebound/processor/classify"
)

// Newsletters, answers of people, receipts, calendars, digests, reports for postmasters and whatever else looks like feedback at a glance.
func TestOrdinaryMailIsNone(t *testing.T) {
	mails(t, "none", func(t *testing.T, _ string, raw []byte) {
		if found := Recognize(bytes.NewReader(raw), classify.Default()); found.Kind != KindNone {
			t.Errorf("got %s in %s about %v", found.Kind, found.Format, found.Recipients)
		}
	})
}

// What a mail lost on its way must not make a bounce or a complaint of it: that would put somebody on a list.
func TestDamageMakesNoFeedbackOfOrdinaryMail(t *testing.T) {
	mails(t, "none", func(t *testing.T, _ string, raw []byte) {
		check := func(what string, at int, mail []byte) {
			switch found := Recognize(bytes.NewReader(mail), classify.Default()); found.Kind {
			case KindNone, KindError, KindAutoReply:
			default:
				t.Errorf("%s %d: got %s in %s about %v", what, at, found.Kind, found.Format, found.Recipients)
			}
		}
		lines := bytes.SplitAfter(raw, []byte("\n"))
		for i := range lines {
			check("cut before line", i, bytes.Join(lines[:i], nil))
			check("without line", i, bytes.Join(append(lines[:i:i], lines[i+1:]...), nil))
		}
		for cut := 1; cut < 50; cut++ {
			check("cut at byte", len(raw)*cut/50, raw[:len(raw)*cut/50])
		}
	})
}
