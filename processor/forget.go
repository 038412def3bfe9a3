package processor

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/suppression"
)

// Forgotten says what was removed of a person.
type Forgotten struct {
	Entries       int `json:"listEntries"`   // of all suppression lists of all accounts
	Changes       int `json:"listChanges"`   // of the journal, and of its copy on the bus
	Reports       int `json:"reports"`       // records of what arrived; of reports about several people only this one's part
	RawMails      int `json:"rawMails"`      // mails that came in
	SentMails     int `json:"sentMails"`     // registered mails that went to nobody else
	CutOut        int `json:"cutOut"`        // registered mails to several people, of which the others stay
	Outbox        int `json:"outbox"`        // notifications that wait, failed or were delivered, and answers to them
	Unpublished   int `json:"unpublished"`   // notifications that are kept for a topic that is gone
	Notifications int `json:"notifications"` // copies on the bus
	Events        int `json:"events"`        // registrations of sent mails on the bus
}

// Forget removes every trace of a person from lists, records, mails and notifications, in a way that nobody can read it from the disk.
// Those who follow the lists are told the hash of the address, so that they can forget it too. Settings that name the address stay:
// identities, subscriptions, contacts. So do the figures that count her, which do not name her. What it reads through takes time: all
// that is kept of sent mails, and the streams. The error wraps suppression.ErrInvalid when addr is no address; after another
// one it may be called again and removes the rest.
func Forget(ctx context.Context, s *store.Store, b *bus.Bus, addr string, now time.Time) (Forgotten, error) {
	who, err := newPerson(addr)
	if err != nil {
		return Forgotten{}, fmt.Errorf("%w: %w", suppression.ErrInvalid, err)
	}
	f := &forgetter{person: who, store: s, now: now}
	if err := f.erase(ctx); err != nil {
		return f.done, err
	}
	removed, err := b.Forget(ctx, who.inBytes, f.seqs)
	f.done.RawMails, f.done.Notifications, f.done.Events = removed.Mails, removed.Notifications, removed.Events
	f.done.Changes += removed.Changes
	if err != nil {
		return f.done, err
	}
	return f.done, f.erase(ctx) // once more: a mail that was in work meanwhile has its effects by now
}

type forgetter struct {
	person
	store *store.Store
	now   time.Time
	seqs  []uint64 // of the reports about the person, on the bus
	done  Forgotten
}

// erase removes the person from the database.
func (f *forgetter) erase(ctx context.Context) error {
	if err := f.eraseSent(ctx); err != nil {
		return err
	}
	return f.store.Erase(ctx, func(tx *sql.Tx) error {
		done := f.done
		entries, changes, err := suppression.Forget(ctx, tx, f.addr, f.now)
		if err != nil {
			return err
		}
		done.Entries, done.Changes = done.Entries+entries, done.Changes+changes
		outbox, err := delivery.Forget(ctx, tx, f.pattern(), f.mentions)
		if err != nil {
			return err
		}
		done.Outbox += outbox.Messages + outbox.Answers
		if err := f.eraseUnpublished(ctx, tx, &done); err != nil {
			return err
		}
		if err := f.eraseReports(ctx, tx, &done); err != nil {
			return err
		}
		f.done = done
		return nil
	})
}

// eraseSent removes the person from the mails that were sent, some at a time.
func (f *forgetter) eraseSent(ctx context.Context) error {
	for after := int64(0); ; {
		mails, err := sentmail.Mentioning(ctx, f.store.Read, f.pattern(), after, purgeChunk)
		if err != nil || len(mails) == 0 {
			return err
		}
		after = mails[len(mails)-1].ID
		err = f.store.Erase(ctx, func(tx *sql.Tx) error {
			removed, err := sentmail.Forget(ctx, tx, mails, f.addr, f.mentions)
			if err == nil {
				f.done.SentMails, f.done.CutOut = f.done.SentMails+removed.Mails, f.done.CutOut+removed.CutOut
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

func (f *forgetter) eraseUnpublished(ctx context.Context, tx *sql.Tx, done *Forgotten) error {
	found, err := f.find(ctx, tx, `SELECT id, 0, subject || ' ' || body FROM unpublished WHERE lower(subject) LIKE $1 ESCAPE '\' OR lower(body) LIKE $1 ESCAPE '\'`)
	for _, one := range found {
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM unpublished WHERE id = $1`, one.id)
		}
		done.Unpublished++
	}
	if err != nil {
		return fmt.Errorf("processor: forget a person: %w", err)
	}
	return nil
}

// eraseReports removes the records of reports about the person, and notes where their mails are.
func (f *forgetter) eraseReports(ctx context.Context, tx *sql.Tx, done *Forgotten) error {
	recipients, err := f.find(ctx, tx, `SELECT r.feedback_id, f.seq, r.address FROM feedback_recipient r JOIN feedback f ON f.id = r.feedback_id
		WHERE lower(r.address) LIKE $1 ESCAPE '\'`)
	if err != nil {
		return fmt.Errorf("processor: forget a person: %w", err)
	}
	for _, one := range recipients {
		if _, err := tx.ExecContext(ctx, `DELETE FROM feedback_recipient WHERE feedback_id = $1 AND address = $2`, one.id, one.text); err != nil {
			return fmt.Errorf("processor: forget a person: %w", err)
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM feedback WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM feedback_recipient WHERE feedback_id = $1)`, one.id)
		if err != nil {
			return fmt.Errorf("processor: forget a person: %w", err)
		}
		f.seqs = append(f.seqs, one.seq)
		done.Reports++
	}
	for _, blank := range []struct{ find, clear string }{
		{`SELECT feedback_id, 0, diagnostic FROM feedback_recipient WHERE lower(diagnostic) LIKE $1 ESCAPE '\'`,
			`UPDATE feedback_recipient SET diagnostic = '' WHERE feedback_id = $1`},
		{`SELECT id, seq, subject || ' ' || problem || ' ' || reporting_mta FROM feedback
			WHERE lower(subject) LIKE $1 ESCAPE '\' OR lower(problem) LIKE $1 ESCAPE '\' OR lower(reporting_mta) LIKE $1 ESCAPE '\'`,
			`UPDATE feedback SET subject = '', problem = '', reporting_mta = '' WHERE id = $1`},
	} {
		found, err := f.find(ctx, tx, blank.find)
		for _, one := range found {
			if err == nil {
				_, err = tx.ExecContext(ctx, blank.clear, one.id)
			}
		}
		if err != nil {
			return fmt.Errorf("processor: forget a person: %w", err)
		}
	}
	return nil
}

// mention is a row that mentions the person.
type mention struct {
	id   string
	seq  uint64
	text string
}

// find runs a query for id, seq and a text, and returns the rows whose text mentions the person.
func (f *forgetter) find(ctx context.Context, tx *sql.Tx, query string) (found []mention, err error) {
	rows, err := tx.QueryContext(ctx, query, f.pattern())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one mention
		if err := rows.Scan(&one.id, &one.seq, &one.text); err != nil {
			return nil, err
		}
		if address.Equal(one.text, f.addr) || f.mentions(one.text) {
			found = append(found, one)
		}
	}
	return found, rows.Err()
}
