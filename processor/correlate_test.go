package processor

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/classify"
)

// correlated recognizes a mail and looks up what it is about.
func (g *ground) correlated(raw string, to ...string) (Report, Match) {
	g.t.Helper()
	found := Recognize(strings.NewReader(raw), classify.Default())
	match, err := (&correlator{db: g.store.Read, keys: g.keys}).correlate(g.t.Context(), found, bus.Mail{To: to}, now)
	if err != nil {
		g.t.Fatal(err)
	}
	return found, match
}

// matchedAs shows a match in a line for each recipient: "address sent to, trust".
func matchedAs(match Match) []string {
	lines := []string{}
	for _, recipient := range match.Recipients {
		line := recipient.SentTo + " " + string(recipient.Trust)
		if recipient.Guessed {
			line += " guessed"
		}
		lines = append(lines, line)
	}
	return lines
}

func (g *ground) expect(name, raw string, want ...string) {
	g.t.Helper()
	_, match := g.correlated(raw)
	if diff := cmp.Diff(append([]string{}, want...), matchedAs(match)); diff != "" {
		g.t.Errorf("%s: -want +got:\n%s", name, diff)
	}
	if len(want) == 0 && match.Trust != TrustC {
		g.t.Errorf("%s: trust %s, want C", name, match.Trust)
	}
}

func TestTheReturnPathIsFoundWhereverItEndsUp(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	path := g.returnPath(g.send("<m1@sender.example>", "jane@example.net"), "jane@example.net")
	report := bounceMail{id: "r1", recipients: []string{"forwarded@elsewhere.example"}, original: "<unknown@sender.example>"}
	inHead := func(name string) string {
		copied := report
		copied.head = name + ": " + path + "\r\n"
		return copied.String()
	}
	inTo, returned, shouted := report, report, report
	inTo.to, returned.returnPath, shouted.to = "Bounces <bounces+"+path+">", path, strings.ToUpper(path)
	for name, raw := range map[string]string{
		"Delivered-To": inHead("Delivered-To"), "X-Original-To": inHead("X-Original-To"), "Envelope-To": inHead("Envelope-To"),
		"To": inTo.String(), "To in capitals": shouted.String(), "the returned Return-Path": returned.String(),
	} {
		g.expect(name, raw, "jane@example.net A")
	}
	if _, match := g.correlated(report.String(), "someone@rebound.example", path); match.Trust != TrustA || match.Mail.HeaderMessageID != "<m1@sender.example>" {
		t.Errorf("the envelope: trust %s, mail %q", match.Trust, match.Mail.HeaderMessageID)
	}
	g.expect("nowhere", report.String())
}

func TestTheMailIsFoundByTheIdsThatAReportGives(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	sent := g.send("<m1@sender.example>", "jane@example.net")
	named := bounceMail{id: "r1", recipients: []string{"Jane@Example.NET"}, original: "<m1@sender.example>"}
	g.expect("the returned Message-ID", named.String(), "jane@example.net B")
	named.original = "<" + sent.MessageID + "@email.amazonses.com>"
	g.expect("the Message-ID that SES makes", named.String(), "jane@example.net B")
	named.original = "<lost@sender.example>"
	g.expect("the envelope id", strings.Replace(named.String(), "Reporting-MTA:", "Original-Envelope-Id: "+sent.MessageID+"\r\nReporting-MTA:", 1), "jane@example.net B")
	named.head = "References: <first@sender.example>\r\n <m1@sender.example>\r\n"
	g.expect("References", named.String(), "jane@example.net B")
	named.head = "X-Original-Message-ID: <m1@sender.example>\r\n"
	g.expect("X-Original-Message-ID", named.String(), "jane@example.net B")
}

func TestAForwardedRecipientMeansTheAddressThatWeSentTo(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.send("<one@sender.example>", "jane@example.net")
	g.send("<two@sender.example>", "jane@example.net", "joe@example.net")
	forwarded := bounceMail{id: "r1", recipients: []string{"jane@elsewhere.example"}, original: "<one@sender.example>"}
	g.expect("the only recipient", forwarded.String(), "jane@example.net B")
	forwarded.original = "<two@sender.example>"
	g.expect("one of two", forwarded.String())
	g.expect("one of two, as Original-Recipient says", strings.Replace(forwarded.String(), "Action:", "Original-Recipient: rfc822; joe@example.net\r\nAction:", 1), "joe@example.net B")
}

// Each reader's copy was registered on its own, all under the Message-ID of the mailing.
func TestOfManyCopiesOfAMailTheRecipientsOwnIsMeant(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, reader := range []string{"a@example.net", "b@example.net", "c@example.net"} {
		g.send("<mailing@sender.example>", reader)
	}
	g.expect("the second reader", bounceMail{id: "r1", recipients: []string{"b@example.net"}, original: "<mailing@sender.example>"}.String(), "b@example.net B")
}

// complaintMail is a feedback report from a provider, about a mail under a Message-ID, with further lines of its machine part.
func complaintMail(messageID, fields, returned string) string {
	return strings.ReplaceAll("From: staff@provider.example\nTo: fbl@rebound.example\nSubject: complaint\nMessage-ID: <c1@provider.example>\nMIME-Version: 1.0\n"+
		"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\nA complaint.\n\n"+
		"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Provider/1.0\nVersion: 1\n"+fields+"\n\n"+
		"--b\nContent-Type: message/rfc822\n\n"+returned+"From: news@sender.example\nMessage-ID: "+messageID+"\nSubject: News\n\nAll the news.\n\n--b--\n", "\n", "\r\n")
}

func TestARedactedComplaintMeansTheRecipientsAtTheReportersDomain(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.send("<alone@sender.example>", "jane@hosted.example")
	g.send("<one@sender.example>", "jane@provider.example", "joe@example.net")
	sent := g.send("<two@sender.example>", "jane@provider.example", "joe@mail.provider.example", "jim@example.net")
	g.send("<none@sender.example>", "joe@example.net", "jim@example.net")
	g.expect("the only recipient", complaintMail("<alone@sender.example>", "", ""), "jane@hosted.example B")
	g.expect("one at the domain", complaintMail("<one@sender.example>", "", ""), "jane@provider.example B")
	g.expect("two at the domain", complaintMail("<two@sender.example>", "", ""), "jane@provider.example B guessed", "joe@mail.provider.example B guessed")
	g.expect("none at the domain", complaintMail("<none@sender.example>", "", ""))
	g.expect("named", complaintMail("<two@sender.example>", "Original-Rcpt-To: jim@example.net", ""), "jim@example.net B")
	g.expect("the signed return path", complaintMail("<two@sender.example>", "", "Return-Path: <"+g.returnPath(sent, "joe@mail.provider.example")+">\n"),
		"joe@mail.provider.example A")
	g.expect("the signed return path in Original-Mail-From", complaintMail("<lost@sender.example>",
		"Original-Mail-From: <"+g.returnPath(sent, "jim@example.net")+">", ""), "jim@example.net A")
}

func TestAnAutoReplyIsTiedByItsReferences(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.send("<m1@sender.example>", "jane@example.net", "joe@example.net")
	reply := func(head string) string {
		return "From: Jane <jane@example.net>\r\nTo: news@sender.example\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\nMessage-ID: <a1@example.net>\r\n" + head + "\r\nI am away.\r\n"
	}
	g.expect("In-Reply-To", reply("In-Reply-To: <m1@sender.example>\r\n"), "jane@example.net B")
	g.expect("References", reply("References: <m0@sender.example> <m1@sender.example>\r\n"), "jane@example.net B")
	g.expect("neither", reply("X-Other: <m1@sender.example>\r\n"))
	found, _ := g.correlated(reply("References: <m1@sender.example>\r\n"))
	if found.Kind != KindAutoReply {
		t.Errorf("kind %s", found.Kind)
	}
}

func TestAFailingLookUpIsAnErrorAndNoUnknownMail(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	path := g.returnPath(g.send("<m1@sender.example>", "jane@example.net"), "jane@example.net")
	if err := g.store.Close(); err != nil {
		t.Fatal(err)
	}
	found := Recognize(strings.NewReader(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String()), classify.Default())
	for _, to := range []string{path, "other@rebound.example"} {
		if match, err := (&correlator{db: g.store.Read, keys: g.keys}).correlate(t.Context(), found, bus.Mail{To: []string{to}}, now); err == nil {
			t.Errorf("to %s: got trust %s and no error", to, match.Trust)
		}
	}
}
