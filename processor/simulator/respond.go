package simulator

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor/bus"
)

// source names the simulator's mails on the bus.
const source = "simulator"

// maxHeader is how much of a mail is read for its header, which answers return.
const maxHeader = 64 << 10

// Respond returns the answers to a mail that was sent: one delivery report for all recipients with the same outcome, and an
// auto-reply or a complaint for each recipient that gives one. They are addressed to the sender of m, from the null sender. There are
// none when m itself has the null sender (answers are not answered), or no recipient of the simulator.
func (s *Simulator) Respond(m bus.Mail, now time.Time) ([]bus.Mail, error) {
	if m.From == "" {
		return nil, nil
	}
	a := answers{from: m.From, now: now, sent: m.Received, header: headerOf(m.Raw)}
	if a.sent.IsZero() {
		a.sent = now
	}
	recipients := s.recipients(m.To)
	for _, group := range grouped(recipients) {
		if err := a.add(group.write); err != nil {
			return nil, err
		}
	}
	for _, r := range recipients {
		var err error
		switch r.scenario {
		case OutOfOffice:
			err = a.add(r.writeReply)
		case Complaint:
			err = a.add(r.writeComplaint)
		}
		if err != nil {
			return nil, err
		}
	}
	return a.mails, nil
}

// recipient is a recipient that the simulator answers for.
type recipient struct {
	address  string
	host     string // its domain as the sender wrote it, in lower case
	scenario Scenario
}

// recipients are those of the simulator among the addresses, each once.
func (s *Simulator) recipients(addresses []string) (found []recipient) {
	for _, addr := range addresses {
		if scenario, ok := s.Recognizes(addr); ok {
			host := strings.ToLower(addr[strings.LastIndexByte(addr, '@')+1:])
			if r := (recipient{addr, host, scenario}); !slices.Contains(found, r) {
				found = append(found, r)
			}
		}
	}
	return found
}

// answers gathers the answers to one mail.
type answers struct {
	from   string // the sender, who gets them
	sent   time.Time
	now    time.Time
	header report.Header // of the mail that is answered
	mails  []bus.Mail
}

// add writes one more answer.
func (a *answers) add(write func(w io.Writer, a *answers) error) error {
	var raw bytes.Buffer
	if err := write(&raw, a); err != nil {
		return fmt.Errorf("simulator: answering a mail of %s: %w", a.from, err)
	}
	a.mails = append(a.mails, bus.Mail{Raw: raw.Bytes(), Received: a.now, Source: source, To: []string{a.from}})
	return nil
}

// mail is the mail around a report from host.
func (a *answers) mail(host, from, subject, text string) report.Mail {
	return report.Mail{
		From: from, To: a.from, Subject: subject, MessageID: newMessageID(host), Date: a.now, Text: text, Returned: a.header,
	}
}

func newMessageID(host string) string {
	return "<" + rand.Text() + "@" + host + ">"
}

// headerOf is the header of a mail, never nil: what is returned says at least that there was none.
func headerOf(raw []byte) report.Header {
	return append(report.Header{}, report.ParseHeader(string(raw[:min(len(raw), maxHeader)]))...)
}
