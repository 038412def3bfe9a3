package sentmail

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// randomBits of an id tell the mails of one millisecond apart; the time stands above them.
	randomBits = 21
	// maxMillis is the last time, in the year 2109, that leaves an id positive.
	maxMillis = 1<<(63-randomBits) - 1
	// maxDraws is how many ids are tried: with 500 mails in one millisecond the first is free 999 times of 1000.
	maxDraws = 16
	// recipientRows is how many recipients one statement writes.
	recipientRows = 100
)

// Record writes a mail, and tells whether it is a new one. It fills in ID, Recipients, MessageID when it is empty, and cuts
// Header to MaxHeader. When the account has the mail already, by its HeaderMessageID, or by its MessageID when it has
// none, and to the same recipients, nothing is written and m becomes the mail that is there. The error wraps ErrInvalid
// when the mail is the cause.
//
// A mail that is sent to each recipient on its own, under one Message-ID, is as many mails.
func Record(ctx context.Context, tx *sql.Tx, m *Mail) (fresh bool, err error) {
	name, recipients, err := m.prepare()
	if err != nil {
		return false, err
	}
	for range maxDraws {
		m.ID = newID(m.Sent)
		added, err := m.insert(ctx, tx, name, recipients)
		if err != nil {
			return false, fmt.Errorf("sentmail: record %s: %w", name, err)
		}
		if added {
			return true, nil
		}
		stored, err := scanMail(tx.QueryRowContext(ctx, selectSame, name, recipients, m.Account))
		if errors.Is(err, sql.ErrNoRows) {
			continue // the id was another mail's
		}
		if err == nil {
			err = readRecipients(ctx, tx, []*Mail{&stored})
		}
		if err != nil {
			return false, fmt.Errorf("sentmail: read %s: %w", name, err)
		}
		*m = stored
		return false, nil
	}
	return false, fmt.Errorf("sentmail: record %s: found no free id in %d draws", name, maxDraws)
}

// insert writes the mail and its recipients, unless it is there or its id is in use.
func (m *Mail) insert(ctx context.Context, tx *sql.Tx, name string, recipients []byte) (added bool, err error) {
	values, err := m.values(name, recipients)
	if err != nil {
		return false, err
	}
	result, err := tx.ExecContext(ctx, insertMail, values...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	for from := 0; from < len(m.Recipients); from += recipientRows {
		if err := m.insertRecipients(ctx, tx, from, min(from+recipientRows, len(m.Recipients))); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (m *Mail) insertRecipients(ctx context.Context, tx *sql.Tx, from, to int) error {
	const columns = 4
	rows := make([]string, 0, to-from)
	args := make([]any, 0, columns*(to-from))
	for position := from; position < to; position++ {
		recipient := m.Recipients[position]
		rows = append(rows, "("+parameters(len(args)+1, columns)+")")
		args = append(args, m.ID, position, int64(recipient.ID), recipient.Address)
	}
	_, err := tx.ExecContext(ctx, insertRecipients+strings.Join(rows, ","), args...)
	return err
}

// Purge deletes at most limit mails that were sent before the time, the oldest first, with their recipients, and returns
// how many there were.
func Purge(ctx context.Context, tx *sql.Tx, before time.Time, limit int) (int, error) {
	result, err := tx.ExecContext(ctx, purgeMails, firstID(before), limit)
	if err != nil {
		return 0, fmt.Errorf("sentmail: purge: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("sentmail: purge: %w", err)
	}
	return int(n), nil
}

// firstID is the lowest id that a mail sent at the time can have.
func firstID(sent time.Time) int64 {
	return min(max(sent.UnixMilli(), 0), maxMillis) << randomBits
}

func newID(sent time.Time) int64 {
	var random [4]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	return firstID(sent) | int64(binary.BigEndian.Uint32(random[:])&(1<<randomBits-1))
}
