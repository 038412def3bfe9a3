package suppression

import (
	"database/sql"
	"time"
)

const columns = `account, address, reason, feedback_id, message_id, created, updated, expires`

// putEntry starts anew what has expired: its address and creation are not those of the entry that is gone.
const putEntry = `
INSERT INTO suppression (account, hash, address, reason, feedback_id, message_id, created, updated, expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (account, hash) DO UPDATE SET
    address     = CASE WHEN suppression.expires > 0 AND suppression.expires <= excluded.updated THEN excluded.address ELSE suppression.address END,
    created     = CASE WHEN suppression.expires > 0 AND suppression.expires <= excluded.updated THEN excluded.created ELSE suppression.created END,
    reason      = excluded.reason,
    feedback_id = excluded.feedback_id,
    message_id  = excluded.message_id,
    updated     = excluded.updated,
    expires     = excluded.expires`

const selectAddress = `SELECT address FROM suppression WHERE account = $1 AND hash = $2`

const deleteEntry = `DELETE FROM suppression WHERE account = $1 AND hash = $2`

const selectEntry = `SELECT ` + columns + ` FROM suppression
WHERE account = $1 AND hash = $2 AND (expires = 0 OR expires > $3)`

// selectEntries wants the hashes in place of its last word.
const selectEntries = `SELECT ` + columns + ` FROM suppression
WHERE account = $1 AND (expires = 0 OR expires > $2) AND hash IN (`

const selectPage = `SELECT ` + columns + `, hash FROM suppression
WHERE account = $1 AND hash > $2 AND (expires = 0 OR expires > $3) AND updated >= $4 AND updated < $5 AND reason IN ($6, $7)
ORDER BY hash LIMIT $8`

const purgeEntries = `
DELETE FROM suppression WHERE (account, hash) IN (
    SELECT account, hash FROM suppression WHERE expires > 0 AND expires <= $1 ORDER BY expires LIMIT $2)`

// row is what rows and single rows have in common.
type row interface{ Scan(into ...any) error }

// scan reads the columns, and then what follows them.
func scan(from row, more ...any) (Entry, error) {
	var e Entry
	var created, updated, expires int64
	into := append([]any{&e.Account, &e.Address, &e.Reason, &e.FeedbackID, &e.MessageID, &created, &updated, &expires}, more...)
	if err := from.Scan(into...); err != nil {
		return Entry{}, err
	}
	e.Created, e.Updated, e.Expires = fromMillis(created), fromMillis(updated), fromMillis(expires)
	return e, nil
}

// scanAll reads all rows and closes them.
func scanAll(rows *sql.Rows, each func(row) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// millis is 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
