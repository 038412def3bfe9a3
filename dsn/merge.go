package dsn

import "github.com/rebound-mail/rebound/dsn/address"

// merge leaves out what a report says twice about one recipient.
// QUIRK(postfix): with confirm_delay_cleared it names a recipient twice.
// testdata/recordings/postfix/later.relayed.eml
func merge(recipients []Recipient) []Recipient {
	if len(recipients) < 2 {
		return recipients
	}
	type identity struct{ final, original string }
	seen := make(map[identity][]int, len(recipients))
	kept := recipients[:0]
next:
	for _, r := range recipients {
		id := identity{key(r.Address), key(r.OriginalRecipient.Address)}
		for _, i := range seen[id] {
			switch {
			case sameOutcome(kept[i], r):
				complete(&kept[i], r)
				continue next
			case r.Action == Delayed && kept[i].Action != "":
				continue next
			case kept[i].Action == Delayed && r.Action != "":
				kept[i] = r // what became of it counts, in the order of the report
				continue next
			}
		}
		seen[id] = append(seen[id], len(kept))
		kept = append(kept, r)
	}
	return kept
}

func sameOutcome(a, b Recipient) bool {
	return a.Action == b.Action && a.Status == b.Status
}

// complete fills the fields that r lacks from another group about it.
func complete(r *Recipient, other Recipient) {
	if r.DiagnosticCode == "" {
		r.DiagnosticCode, r.DiagnosticType, r.DiagnosticText = other.DiagnosticCode, other.DiagnosticType, other.DiagnosticText
	}
	if r.RemoteMTA == (TypedName{}) {
		r.RemoteMTA = other.RemoteMTA
	}
	if r.LastAttemptDate.IsZero() {
		r.LastAttemptDate = other.LastAttemptDate
	}
}

func key(spec string) string {
	if k, err := address.Key(spec); err == nil {
		return k
	}
	return spec
}
