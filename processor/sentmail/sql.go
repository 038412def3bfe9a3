package sentmail

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/schemas"
)

const columns = `id, account, message_id, header_message_id, identity, source, source_ip, caller_identity, destination,
header, headers_truncated, tags, configuration_set, sent`

const (
	// insertMail does nothing when the mail is there already, or when the id is another mail's.
	insertMail = `
INSERT INTO sent_mails (id, account, name, recipients, message_id, header_message_id, identity, source, source_ip, caller_identity,
    destination, header, headers_truncated, tags, configuration_set, sent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING`

	// insertRecipients wants the rows after it.
	insertRecipients = `INSERT INTO sent_recipients (mail, position, id, address) VALUES `

	selectSame = `SELECT ` + columns + ` FROM sent_mails WHERE name = $1 AND recipients = $2 AND account = $3`

	selectByRecipient = `SELECT ` + columns + ` FROM sent_mails WHERE id = (SELECT mail FROM sent_recipients WHERE id = $1)`

	// selectTo wants a list of names, a list of hashes, and the number of mails to return.
	selectTo = `SELECT ` + columns + ` FROM sent_mails WHERE name IN (%s) AND recipients IN (%s) ORDER BY id DESC LIMIT %s`

	// selectNamed wants a list of names twice, the number of mails to look at, and the number to return.
	selectNamed = `SELECT ` + columns + ` FROM sent_mails WHERE id IN (
    SELECT id FROM sent_mails WHERE name IN (%s) UNION ALL SELECT id FROM sent_mails WHERE message_id IN (%s) LIMIT %s)
ORDER BY id DESC LIMIT %s`

	// selectBetween gives mails in the order in which they were sent.
	selectBetween = `SELECT ` + columns + ` FROM sent_mails WHERE id > $1 AND id < $2 AND account = $3 ORDER BY id LIMIT $4`

	// selectRecipients wants a list of mails.
	selectRecipients = `SELECT mail, id, address FROM sent_recipients WHERE mail IN (%s) ORDER BY mail, position`

	purgeMails = `DELETE FROM sent_mails WHERE id IN (SELECT id FROM sent_mails WHERE id < $1 ORDER BY id LIMIT $2)`
)

// querier is what reads: the read pool, or a transaction that writes as well.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is what a single row and each of several have in common.
type row interface{ Scan(into ...any) error }

func scanMail(r row) (Mail, error) {
	var m Mail
	var destination, header, tags string
	var truncated int
	var sent int64
	err := r.Scan(&m.ID, &m.Account, &m.MessageID, &m.HeaderMessageID, &m.Identity, &m.Source, &m.SourceIP, &m.CallerIdentity, &destination,
		&header, &truncated, &tags, &m.ConfigurationSet, &sent)
	if err != nil {
		return Mail{}, err
	}
	m.HeadersTruncated = truncated != 0
	m.Sent = time.UnixMilli(sent).UTC()
	for _, part := range []struct {
		text string
		into any
	}{{destination, &m.Destination}, {header, &m.Header}, {tags, &m.Tags}} {
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return Mail{}, fmt.Errorf("mail %d holds %.50q: %w", m.ID, part.text, err)
		}
	}
	return m, nil
}

// values are what insertMail wants.
func (m *Mail) values(name string, recipients []byte) ([]any, error) {
	destination, err := schemas.Marshal(m.Destination)
	if err != nil {
		return nil, err
	}
	header, err := schemas.Marshal(m.Header)
	if err != nil {
		return nil, err
	}
	tags, err := schemas.Marshal(m.Tags)
	if err != nil {
		return nil, err
	}
	truncated := 0
	if m.HeadersTruncated {
		truncated = 1
	}
	return []any{m.ID, m.Account, name, recipients, m.MessageID, m.HeaderMessageID, m.Identity, m.Source, m.SourceIP, m.CallerIdentity,
		string(destination), string(header), truncated, string(tags), m.ConfigurationSet, m.Sent.UnixMilli()}, nil
}

// collect reads all rows and closes them.
func collect(rows *sql.Rows, each func(row) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// parameters writes n parameters from $first on.
func parameters(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	return b.String()
}
