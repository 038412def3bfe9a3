package simulator

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
)

// amazonDomain is where the addresses are in the documents of SES, and thus in the tests of its users.
const amazonDomain = "simulator.amazonses.com"

// Scenario is what an address of the simulator stands for, spelled as its local part.
type Scenario string

// The scenarios that SES documents, and what becomes of other addresses.
const (
	Success         Scenario = "success"         // is delivered
	Bounce          Scenario = "bounce"          // is refused: 550 5.1.1, unknown user
	OutOfOffice     Scenario = "ooto"            // is delivered, and an auto-reply comes
	Complaint       Scenario = "complaint"       // is delivered, and a complaint comes
	SuppressionList Scenario = "suppressionlist" // is not sent: on the global suppression list
	Unknown         Scenario = "unknown"         // is refused like an unknown user anywhere; it will be listed
)

// Simulator answers for its addresses at simulator.amazonses.com and, unless Domain is empty, at simulator.Domain.
type Simulator struct {
	Domain string // a domain of ours
}

// Recognizes returns the scenario of addr and true when addr belongs to the simulator. Addresses are compared without
// regard to case, and may have a label, as in bounce+label@simulator.amazonses.com.
func (s *Simulator) Recognizes(addr string) (Scenario, bool) {
	domain := address.Domain(addr)
	if domain != amazonDomain && (s.Domain == "" || domain != address.Domain("x@simulator."+s.Domain)) {
		return "", false
	}
	local, _, _ := strings.Cut(addr[:strings.LastIndexByte(addr, '@')], "+")
	switch scenario := Scenario(strings.ToLower(local)); scenario {
	case Success, Bounce, OutOfOffice, Complaint, SuppressionList:
		return scenario, true
	default:
		return Unknown, true
	}
}

// IsSimulated reports whether addr is one of the addresses with a scenario of their own. What happens to them changes
// no suppression list and no statistics; the unknown addresses of the simulator are treated like any others.
func (s *Simulator) IsSimulated(addr string) bool {
	scenario, ok := s.Recognizes(addr)
	return ok && scenario != Unknown
}
