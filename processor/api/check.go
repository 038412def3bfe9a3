package api

import (
	"net/http"
	"slices"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// MaxCheck is how many addresses one question has at most.
const MaxCheck = 10_000

// CheckQuestion asks about at most MaxCheck addresses. Identity is the one that the mail is to be sent with; without it the entries that
// count for one identity alone are not looked at. SuppressedOnly leaves those out of the answer that may get mail, which are nearly all
// when a whole mailing is checked.
type CheckQuestion struct {
	Addresses      []string `json:"addresses"`
	Identity       string   `json:"identity,omitempty"`
	SuppressedOnly bool     `json:"suppressedOnly,omitempty"`
}

// CheckAnswer has a result for each address, in the order of the question; with SuppressedOnly for each that is suppressed or could not
// be checked.
type CheckAnswer struct {
	Results []CheckResult `json:"results"`
}

// CheckResult says whether an address is suppressed for the account; when it is, List is account or global and Until is absent when
// there is no end.
type CheckResult struct {
	Address    string       `json:"emailAddress"`
	Suppressed bool         `json:"suppressed"`
	List       string       `json:"list,omitempty"`
	Reason     string       `json:"reason,omitempty"`
	Since      schemas.Time `json:"since,omitzero"`
	Until      schemas.Time `json:"until,omitzero"`
	FeedbackID string       `json:"feedbackId,omitempty"`
	MessageID  string       `json:"messageId,omitempty"`
	Problem    string       `json:"problem,omitempty"` // why the address could not be checked
}

func (a *API) checkSuppression(r *http.Request) (any, error) {
	var question CheckQuestion
	if err := read(r, &question); err != nil {
		return nil, err
	}
	if len(question.Addresses) == 0 || len(question.Addresses) > MaxCheck {
		return nil, refuse(http.StatusBadRequest, "addresses has 1 to %d entries, not %d", MaxCheck, len(question.Addresses))
	}
	owner, err := a.accountOf(r)
	if err != nil {
		return nil, err
	}
	answer := CheckAnswer{Results: make([]CheckResult, len(question.Addresses))}
	asked, at := make([]string, 0, len(question.Addresses)), make([]int, 0, len(question.Addresses))
	for i, addr := range question.Addresses {
		answer.Results[i].Address = addr
		if !address.IsAddress(addr) {
			answer.Results[i].Problem = "not a mail address"
			continue
		}
		asked, at = append(asked, addr), append(at, i)
	}
	sender := suppression.Sender{Account: owner.ID, Identity: question.Identity, Reasons: owner.SuppressedReasons}
	verdicts, err := a.Index.CheckMany(r.Context(), sender, asked, a.now())
	if err != nil {
		return nil, badAddress(err)
	}
	for i, verdict := range verdicts {
		answer.Results[at[i]] = shownVerdict(asked[i], verdict)
	}
	if question.SuppressedOnly {
		answer.Results = slices.DeleteFunc(answer.Results, func(r CheckResult) bool { return !r.Suppressed && r.Problem == "" })
	}
	return answer, nil
}

func shownVerdict(addr string, verdict suppression.Verdict) CheckResult {
	if !verdict.Suppressed {
		return CheckResult{Address: addr}
	}
	entry := verdict.Entry
	return CheckResult{Address: addr, Suppressed: true, List: verdict.List, Reason: string(entry.Reason), Since: schemas.Time{Time: entry.Created},
		Until: schemas.Time{Time: entry.Expires}, FeedbackID: entry.FeedbackID, MessageID: entry.MessageID}
}

// sender is who asks about the address in the query.
func (a *API) sender(r *http.Request) (suppression.Sender, string, error) {
	owner, err := a.accountOf(r)
	return suppression.Sender{Account: owner.ID, Identity: r.URL.Query().Get("identity"), Reasons: owner.SuppressedReasons}, r.URL.Query().Get("address"), err
}

func (a *API) checkOne(r *http.Request) (any, error) {
	sender, addr, err := a.sender(r)
	if err != nil {
		return nil, err
	}
	verdict, err := a.Index.Check(r.Context(), sender, addr, a.now())
	if err != nil {
		return nil, badAddress(err)
	}
	return shownVerdict(addr, verdict), nil
}

// Why explains a verdict: the entries on all lists that can concern the address, and the reports that name it, the newest first.
type Why struct {
	CheckResult
	Entries []SuppressionEntry `json:"entries"`
	Reports []WhyReport        `json:"reports"`
}

// WhyReport is what one report says of an address. Raw is where the mail is that it came in, as long as that is kept.
type WhyReport struct {
	FeedbackID    string          `json:"feedbackId"`
	Seq           uint64          `json:"seq"`
	Received      schemas.Time    `json:"received"`
	Kind          processor.Kind  `json:"kind"`
	Trust         processor.Trust `json:"trust"`
	Listed        bool            `json:"listed"`
	BounceType    string          `json:"bounceType,omitempty"`
	BounceSubType string          `json:"bounceSubType,omitempty"`
	Scope         string          `json:"scope,omitempty"`
	Reason        string          `json:"reason,omitempty"`
	Status        string          `json:"status,omitempty"`
	Diagnostic    string          `json:"diagnosticCode,omitempty"`
	ReportingMTA  string          `json:"reportingMTA,omitempty"`
	Subject       string          `json:"subject,omitempty"`
	MessageID     string          `json:"messageId,omitempty"` // of the mail that it is about
	Raw           string          `json:"raw"`
}

func (a *API) whySuppressed(r *http.Request) (any, error) {
	sender, addr, err := a.sender(r)
	if err != nil {
		return nil, err
	}
	found, err := processor.AskWhy(r.Context(), a.Store.Read, sender, addr, a.now())
	if err != nil {
		return nil, badAddress(err)
	}
	why := Why{CheckResult: shownVerdict(found.Address, found.Verdict), Entries: make([]SuppressionEntry, len(found.Entries)), Reports: make([]WhyReport, len(found.Mentions))}
	for i, entry := range found.Entries {
		why.Entries[i] = shownEntry(entry)
	}
	for i, m := range found.Mentions {
		said := m.Recipient
		why.Reports[i] = WhyReport{FeedbackID: m.ID, Seq: m.Seq, Received: schemas.Time{Time: m.Received}, Kind: m.Kind, Trust: m.Trust, Listed: said.Listed,
			BounceType: said.BounceType, BounceSubType: said.BounceSubType, Scope: said.Scope, Reason: said.Reason, Status: said.Status,
			Diagnostic: said.Diagnostic, ReportingMTA: m.ReportingMTA, Subject: m.Subject, MessageID: m.MessageID, Raw: rawPath(m.Seq)}
	}
	return why, nil
}

// Person names somebody who is to be forgotten.
type Person struct {
	Address string `json:"emailAddress"`
}

func (a *API) forget(r *http.Request) (any, error) {
	if err := operatorOnly(r, "forgetting a person"); err != nil {
		return nil, err
	}
	var who Person
	if err := read(r, &who); err != nil {
		return nil, err
	}
	forgotten, err := processor.Forget(r.Context(), a.Store, a.Bus, who.Address, a.now())
	return forgotten, badAddress(err)
}
