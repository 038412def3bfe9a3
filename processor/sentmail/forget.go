package sentmail

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/schemas"
)

// Forgotten counts what was removed of the mails that were sent.
type Forgotten struct {
	Mails  int // whole, because they went to nobody else or came from the person
	CutOut int // mails to others from which the person was cut out
}

const (
	// selectMentions gives the mails after an id that mention a person, in order; it wants a pattern of LIKE.
	selectMentions = `SELECT ` + columns + ` FROM sent_mails WHERE id > $1 AND (lower(destination) LIKE $2 ESCAPE '\' OR lower(header) LIKE $2 ESCAPE '\'
	OR lower(source) LIKE $2 ESCAPE '\' OR lower(identity) LIKE $2 ESCAPE '\' OR lower(caller_identity) LIKE $2 ESCAPE '\' OR lower(tags) LIKE $2 ESCAPE '\')
ORDER BY id LIMIT $3`

	deleteMail      = `DELETE FROM sent_mails WHERE id = $1`
	deleteRecipient = `DELETE FROM sent_recipients WHERE id = $1`
	updateMail      = `UPDATE sent_mails SET destination = $1, header = $2, tags = $3 WHERE id = $4`
)

// Mentioning returns at most limit mails that mention a person anywhere, in the order of their ids, from the first after an id on. The
// pattern is one of LIKE in lower case, with a backslash to escape. It reads the mails through.
func Mentioning(ctx context.Context, db *sql.DB, pattern string, after int64, limit int) (mails []Mail, err error) {
	mails, err = find(ctx, db, selectMentions, []any{after, pattern, limit})
	if err != nil {
		return nil, fmt.Errorf("sentmail: look for a person: %w", err)
	}
	return mails, nil
}

// Forget removes a person from those of the mails that mention her: as a whole those that went to nobody else or came from her; of the
// others the recipient, and the destinations, header fields and tags that mention her, of address lists only her part.
func Forget(ctx context.Context, tx *sql.Tx, mails []Mail, addr string, mentions func(string) bool) (done Forgotten, err error) {
	for _, m := range mails {
		if !m.mentioned(mentions) {
			continue
		}
		others := slices.ContainsFunc(m.Recipients, func(r Recipient) bool { return !address.Equal(r.Address, addr) })
		if !others || mentions(m.Source) || mentions(m.Identity) || mentions(m.CallerIdentity) {
			_, err = tx.ExecContext(ctx, deleteMail, m.ID)
			done.Mails++
		} else {
			err = cutOut(ctx, tx, m, addr, mentions)
			done.CutOut++
		}
		if err != nil {
			return done, fmt.Errorf("sentmail: forget a person: %w", err)
		}
	}
	return done, nil
}

// mentioned tells whether a person is mentioned anywhere.
func (m Mail) mentioned(mentions func(string) bool) bool {
	tags := slices.Collect(maps.Keys(m.Tags))
	for _, values := range m.Tags {
		tags = append(tags, values...)
	}
	return mentions(m.Source) || mentions(m.Identity) || mentions(m.CallerIdentity) || slices.ContainsFunc(m.Destination, mentions) ||
		slices.ContainsFunc(tags, mentions) || slices.ContainsFunc(m.Header, func(h schemas.Header) bool { return mentions(h.Name) || mentions(h.Value) })
}

func cutOut(ctx context.Context, tx *sql.Tx, m Mail, addr string, mentions func(string) bool) error {
	for _, recipient := range m.Recipients {
		if address.Equal(recipient.Address, addr) {
			if _, err := tx.ExecContext(ctx, deleteRecipient, int64(recipient.ID)); err != nil {
				return err
			}
		}
	}
	m.Destination = slices.DeleteFunc(m.Destination, mentions)
	header := make([]schemas.Header, 0, len(m.Header))
	for _, field := range m.Header {
		if mentions(field.Value) {
			// Where the commas of a quoted name make a wrong cut, less of the other addresses is left, and nothing of the person's.
			parts := slices.DeleteFunc(strings.Split(field.Value, ","), mentions)
			field.Value = strings.TrimSpace(strings.Join(parts, ","))
		}
		if field.Value != "" && !mentions(field.Name) {
			header = append(header, field)
		}
	}
	m.Header = header
	for name, values := range m.Tags {
		if m.Tags[name] = slices.DeleteFunc(values, mentions); mentions(name) {
			delete(m.Tags, name)
		}
	}
	values, err := m.values("", nil) // in the order of insertMail
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, updateMail, values[10], values[11], values[13], m.ID)
	return err
}
