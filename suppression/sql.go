package suppression

import (
	"database/sql"
	"strconv"
	"strings"
	"time"
)

const selectLists = `SELECT id, account, identity, allow FROM suppression_list WHERE account IN ('', $1) AND identity IN ('', $2)`

// insertList is run by one transaction at a time: whoever changes a list holds the journal.
const insertList = `INSERT INTO suppression_list (id, account, identity, allow)
SELECT max(id) + 1, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS INTEGER) FROM suppression_list RETURNING id`

const selectAllLists = `SELECT id, account, identity, allow FROM suppression_list`

const columns = `address, reason, feedback, message, created, age, expires`

const selectEntry = `SELECT ` + columns + ` FROM suppression_entry WHERE list = $1 AND hash = $2`

// selectEntries wants the hashes in place of its last word.
const selectEntries = `SELECT ` + columns + ` FROM suppression_entry WHERE list = $1 AND hash IN (`

// selectEverywhere finds an address on all lists of an account and on the global one.
const selectEverywhere = `SELECT ` + columns + `, id, account, identity, allow
FROM suppression_list JOIN suppression_entry ON list = id WHERE account IN ('', $1) AND hash = $2 ORDER BY id`

// selectAnywhere finds an address on all lists there are.
const selectAnywhere = `SELECT list, address FROM suppression_list JOIN suppression_entry ON list = id WHERE hash = $1`

// putEntries takes rows of nine values. It starts anew what has expired: its address and creation are not those of the
// entry that is gone.
const (
	putEntries = `INSERT INTO suppression_entry (list, hash, address, reason, feedback, message, created, age, expires) VALUES `
	orReplace  = `
ON CONFLICT (list, hash) DO UPDATE SET
    address  = CASE WHEN suppression_entry.expires > 0 AND suppression_entry.expires <= excluded.created THEN excluded.address ELSE suppression_entry.address END,
    created  = CASE WHEN suppression_entry.expires > 0 AND suppression_entry.expires <= excluded.created THEN excluded.created ELSE suppression_entry.created END,
    age      = CASE WHEN suppression_entry.expires > 0 AND suppression_entry.expires <= excluded.created THEN 0 ELSE excluded.created - suppression_entry.created END,
    reason   = excluded.reason,
    feedback = excluded.feedback,
    message  = excluded.message,
    expires  = excluded.expires`
)

const deleteEntry = `DELETE FROM suppression_entry WHERE list = $1 AND hash = $2`

const selectPage = `SELECT ` + columns + `, hash FROM suppression_entry
WHERE list = $1 AND hash > $2 AND (expires = 0 OR expires > $3) AND created + age >= $4 AND created + age < $5 AND reason IN ($6, $7, $8)
ORDER BY hash LIMIT $9`

const (
	selectExpired = `SELECT list, hash FROM suppression_entry
WHERE (list, hash) > ($1, $2) AND expires > 0 AND expires <= $3 ORDER BY list, hash LIMIT $4`
	deleteExpired = `DELETE FROM suppression_entry WHERE list = $1 AND hash = $2 AND expires > 0 AND expires <= $3`
)

const selectRun = `SELECT list, hash FROM suppression_entry WHERE (list, hash) > ($1, $2) ORDER BY list, hash LIMIT $3`

const (
	takeNumbers   = `UPDATE suppression_journal SET last = last + $1 WHERE id = 1 RETURNING last`
	selectJournal = `SELECT last, purged FROM suppression_journal WHERE id = 1`
	insertChanges = `INSERT INTO suppression_change (seq, list, address, reason, feedback, expires, at) VALUES `
	selectChanges = `SELECT seq, address, hash, reason, feedback, expires, at, id, account, identity, allow
FROM suppression_change JOIN suppression_list ON id = list WHERE seq > $1 AND seq <= $2 AND ($3 = 0 OR account = $4) ORDER BY seq LIMIT $5`

	// insertForgotten notes that an address was taken off a list, by its hash.
	insertForgotten = `INSERT INTO suppression_change (seq, list, address, hash, reason, feedback, expires, at) VALUES ($1, $2, '', $3, 0, $4, 0, $5)`
	// selectOfDomain and deleteChange are for one address; the first gives those that may be about it.
	selectOfDomain = `SELECT seq, list, address FROM suppression_change WHERE address LIKE $1 ESCAPE '\'`
	deleteChange   = `DELETE FROM suppression_change WHERE seq = $1`

	selectChangeTime = `SELECT coalesce(max(at), 0) FROM suppression_change WHERE seq = $1`

	selectOldChange = `SELECT coalesce(max(seq), 0) FROM (SELECT seq, at FROM suppression_change ORDER BY seq LIMIT $1) AS oldest WHERE at < $2`
	deleteChanges   = `DELETE FROM suppression_change WHERE seq <= $1`
	notePurged      = `UPDATE suppression_journal SET purged = $1 WHERE id = 1`
)

// row is what rows and single rows have in common.
type row interface{ Scan(into ...any) error }

// scan reads the columns, and then what follows them. The list is the caller's to fill in.
func scan(from row, more ...any) (Entry, error) {
	var e Entry
	var reason int
	var created, age, expires int64
	var feedback, message []byte
	into := append([]any{&e.Address, &reason, &feedback, &message, &created, &age, &expires}, more...)
	if err := from.Scan(into...); err != nil {
		return Entry{}, err
	}
	e.Reason, e.FeedbackID, e.MessageID = stored[reason], unpackID(feedback), unpackID(message)
	e.Created, e.Updated, e.Expires = fromMillis(created), fromMillis(created+age), fromMillis(expires)
	return e, nil
}

func scanList(from row) (l List, id int64, err error) {
	err = from.Scan(&id, &l.Account, &l.Identity, &l.Allow)
	return l, id, err
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

// parameters writes "$first, …, $last".
func parameters(first, last int) string {
	var b strings.Builder
	for n := first; n <= last; n++ {
		if n > first {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// tuples writes count rows of parameters, each of so many values: "($1,$2),($3,$4)".
func tuples(count, values int) string {
	rows := make([]string, count)
	for n := range rows {
		rows[n] = "(" + parameters(n*values+1, (n+1)*values) + ")"
	}
	return strings.Join(rows, ",")
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

func expired(expires, now time.Time) bool {
	return !expires.IsZero() && expires.UnixMilli() <= now.UnixMilli()
}
