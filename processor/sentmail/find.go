package sentmail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
)

const (
	// maxFound is how many mails ByMessageID returns, and maxLooked how many it looks at. A report names one mail; a mailing
	// that goes to each reader on its own, under one Message-ID, may have recorded a million.
	maxFound  = 100
	maxLooked = 1000
	// maxAsked is how many ids, and how many recipients, of a report are looked for.
	maxAsked = 100
)

// ByRecipientID returns the mail that a recipient id belongs to, and the address of the recipient.
func ByRecipientID(ctx context.Context, db *sql.DB, id uint64) (m Mail, addr string, ok bool, err error) {
	m, err = scanMail(db.QueryRowContext(ctx, selectByRecipient, int64(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return Mail{}, "", false, nil
	}
	if err == nil {
		err = readRecipients(ctx, db, []*Mail{&m})
	}
	if err != nil {
		return Mail{}, "", false, fmt.Errorf("sentmail: mail of recipient %x: %w", id, err)
	}
	i := slices.IndexFunc(m.Recipients, func(r Recipient) bool { return r.ID == id })
	if i < 0 {
		return Mail{}, "", false, nil // it was purged between the two reads
	}
	return m, m.Recipients[i].Address, true, nil
}

// ByMessageID returns the mails, of all accounts, that one of the ids names: a Message-ID with or without angle brackets, an
// SES id, or the Message-ID that SES makes of its id (ID@email.amazonses.com). Upper and lower case are not the same.
//
// The newest come first. When recipients are given, and there are mails that went to one of them alone, these are
// returned and no others. At most 100 mails are returned, and at most 100 ids and 100 recipients are looked for.
func ByMessageID(ctx context.Context, db *sql.DB, ids []string, recipients ...string) ([]Mail, error) {
	var names []any
	for _, id := range ids[:min(len(ids), maxAsked)] {
		for _, name := range namesOf(id) {
			if !slices.Contains(names, any(name)) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	mails, err := sentTo(ctx, db, names, recipients)
	if err == nil && len(mails) == 0 {
		looked := 1 + 2*len(names) // the first parameter after the names
		query := fmt.Sprintf(selectNamed, parameters(1, len(names)), parameters(1+len(names), len(names)), parameters(looked, 1), parameters(looked+1, 1))
		mails, err = find(ctx, db, query, slices.Concat(names, names, []any{maxLooked, maxFound}))
	}
	if err != nil {
		return nil, fmt.Errorf("sentmail: find %v: %w", names, err)
	}
	return mails, nil
}

// sentTo returns the mails that went to one of the recipients alone.
func sentTo(ctx context.Context, db *sql.DB, names []any, recipients []string) ([]Mail, error) {
	var hashes []any
	for _, recipient := range recipients[:min(len(recipients), maxAsked)] {
		if key, err := address.Key(recipient); err == nil { // what a report names may be anything
			hashes = append(hashes, hashOf([]string{key}))
		}
	}
	if len(hashes) == 0 {
		return nil, nil
	}
	query := fmt.Sprintf(selectTo, parameters(1, len(names)), parameters(1+len(names), len(hashes)), parameters(1+len(names)+len(hashes), 1))
	return find(ctx, db, query, slices.Concat(names, hashes, []any{maxFound}))
}

// Between returns at most limit mails of an account that were sent at start or later, and before end, in the order in which they were
// sent. After is the ID of the last mail of the page before, 0 for the first page.
func Between(ctx context.Context, db *sql.DB, account string, start, end time.Time, after int64, limit int) ([]Mail, error) {
	mails, err := find(ctx, db, selectBetween, []any{max(after, firstID(start)-1), firstID(end), account, limit})
	if err != nil {
		return nil, fmt.Errorf("sentmail: mails from %s to %s: %w", start.Format(time.RFC3339), end.Format(time.RFC3339), err)
	}
	return mails, nil
}

// find returns the mails that a query gives, with their recipients.
func find(ctx context.Context, db *sql.DB, query string, args []any) ([]Mail, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var mails []Mail
	err = collect(rows, func(r row) error {
		m, err := scanMail(r)
		mails = append(mails, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	pointers := make([]*Mail, len(mails))
	for i := range mails {
		pointers[i] = &mails[i]
	}
	return mails, readRecipients(ctx, db, pointers)
}

// readRecipients fills in the recipients of the mails.
func readRecipients(ctx context.Context, db querier, mails []*Mail) error {
	if len(mails) == 0 {
		return nil
	}
	byID := make(map[int64]*Mail, len(mails))
	args := make([]any, len(mails))
	for i, m := range mails {
		byID[m.ID], args[i] = m, m.ID
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf(selectRecipients, parameters(1, len(args))), args...)
	if err != nil {
		return err
	}
	return collect(rows, func(r row) error {
		var mail, id int64
		var addr string
		if err := r.Scan(&mail, &id, &addr); err != nil {
			return err
		}
		m := byID[mail]
		m.Recipients = append(m.Recipients, Recipient{ID: uint64(id), Address: addr})
		return nil
	})
}
