package processor

import (
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/classify"
)

// A reply that no rule knows is counted once for each report, with a sample that names nobody.
func TestReplyThatNoRuleKnowsIsCountedWithASample(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.worker.Unknown = &classify.Samples{}
	unknown := func(id, reply string) string {
		text := bounceMail{id: id, recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String()
		return strings.NewReplacer("Status: 5.1.1", "Status: 5.0.0", "550 5.1.1 no such user", reply).Replace(text)
	}
	w.publish(unknown("a", "554 <jane@example.net> gnarl 17"))
	w.publish(unknown("b", "554 <joe@example.net> gnarl 18"))
	w.publish(unknown("c", "550 user unknown"))
	w.turn(3)
	w.publish(unknown("b", "554 <joe@example.net> gnarl 18"))
	w.turn(1)

	samples := w.worker.Unknown.List()
	if len(samples) != 1 || samples[0].Reply != "gnarl #" || samples[0].Count != 2 || samples[0].BounceType != "Undetermined" {
		t.Errorf("got %+v, want two of \"gnarl #\"", samples)
	}
	if n := w.counted("rebound_unclassified_replies_total"); n != 2 {
		t.Errorf("the metric is %v, want 2", n)
	}
}
