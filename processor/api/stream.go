package api

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// stream writes lines of JSON. Before the first line an error is a refusal with its status, after it a last line with a message.
func (a *API) stream(handler func(r *http.Request, lines *lines) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &lines{response: w, control: http.NewResponseController(w)}
		err := handler(r, out)
		if err == nil || r.Context().Err() != nil {
			return
		}
		if !out.begun {
			a.answer(func(*http.Request) (any, error) { return nil, err }).ServeHTTP(w, r)
			return
		}
		_, message := a.refused(r, err)
		_ = out.write(message) // a caller who has gone needs no answer
		_ = out.flush()
	})
}

// lines is an NDJSON answer in the making.
type lines struct {
	response http.ResponseWriter
	control  *http.ResponseController
	begun    bool
}

func (l *lines) write(value any) error {
	text, err := schemas.Marshal(value)
	if err != nil {
		return err
	}
	if !l.begun {
		l.begun = true
		l.response.Header().Set("Content-Type", "application/x-ndjson")
	}
	_, err = l.response.Write(append(text, '\n'))
	return err
}

func (l *lines) flush() error { return l.control.Flush() }

// StreamMark stands between the entries of a streamed list. Cursor is where to go on when the stream breaks; End says that the list is
// whole. Changes is the number of the last change before the list was read: ask for the changes after that of the first mark to follow it.
type StreamMark struct {
	Cursor  string `json:"cursor,omitempty"`
	End     bool   `json:"end,omitempty"`
	Changes int64  `json:"changes"`
}

// streamSuppression writes a whole list, page by page, each followed by a mark.
func (a *API) streamSuppression(r *http.Request, out *lines) error {
	query, err := a.query(r)
	if err != nil {
		return err
	}
	query.Limit = suppression.MaxPage
	mark := StreamMark{}
	if mark.Changes, err = suppression.LastChange(r.Context(), a.Store.Read); err != nil {
		return err
	}
	for {
		entries, cursor, err := suppression.Entries(r.Context(), a.Store.Read, query)
		if err != nil {
			return badAddress(err)
		}
		for _, entry := range entries {
			if err := out.write(shownEntry(entry)); err != nil {
				return err
			}
		}
		query.Cursor, mark.Cursor, mark.End = cursor, cursor, cursor == ""
		if err := out.write(mark); err != nil {
			return err
		}
		if err := out.flush(); err != nil || mark.End {
			return err
		}
	}
}

// ImportLine is a line of an import: an entry, and the number by which the answer names it, that of the line in the body when absent.
// One with a Problem is refused for that: so whoever reads a file for an import gets all that was refused in one place.
type ImportLine struct {
	SuppressionEntry
	Line    int    `json:"line,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// ImportAnswer is a line of the answer to an import: a line that was refused, with its Problem; or that all up to Committed are done;
// or the End with the counts.
type ImportAnswer struct {
	Line      int    `json:"line,omitempty"`
	Address   string `json:"emailAddress,omitempty"`
	Problem   string `json:"problem,omitempty"`
	Committed int    `json:"committed,omitempty"`
	Put       int    `json:"put,omitempty"`
	Rejected  int    `json:"rejected,omitempty"`
	End       bool   `json:"end,omitempty"`
}

// maxImportLine bounds a line of an import, in bytes.
const maxImportLine = 16 << 10

// importSuppression puts the entries of a body of any length on a list while it is being sent. What is committed is on the disk; putting
// it once more changes nothing but the time of its update.
func (a *API) importSuppression(r *http.Request, out *lines) error {
	on, owner, err := a.listOf(r)
	if err != nil {
		return err
	}
	// net/http looks for the next request while it still reads the end of this body, and panics: so there is none on this connection.
	out.response.Header().Set("Connection", "close")
	if err := out.control.EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	i := importing{api: a, on: on, owner: owner, out: out}
	body := bufio.NewReaderSize(r.Body, maxImportLine)
	for number := 1; ; number++ {
		text, err := body.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return refuse(http.StatusRequestEntityTooLarge, "line %d has over %d bytes", number, maxImportLine)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return refuse(http.StatusBadRequest, "the body ends early, in line %d", number)
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			if err := i.take(text, number); err != nil {
				return err
			}
		}
		if i.taken >= i.pace.Next() || err != nil {
			if err := i.commit(r); err != nil {
				return err
			}
		}
		if err != nil {
			if err := out.write(ImportAnswer{Put: i.put, Rejected: i.rejected, End: true}); err != nil {
				return err
			}
			return out.flush()
		}
	}
}

// importing is an import in progress.
type importing struct {
	api           *API
	on            suppression.List
	owner         account.Account
	out           *lines
	pace          suppression.Pace
	batch         []suppression.Entry
	taken         int // lines since the last commit
	line          int // of the last that was taken
	put, rejected int
}

// take reads one line; one that is refused is answered and costs no other.
func (i *importing) take(text []byte, number int) error {
	var wanted ImportLine
	if err := json.Unmarshal(text, &wanted); err != nil {
		i.taken, i.line = i.taken+1, number
		return i.refuse(number, wanted, "not a JSON object with an emailAddress")
	}
	if wanted.Line > 0 {
		number = wanted.Line
	}
	i.taken, i.line = i.taken+1, number
	if wanted.Problem != "" {
		return i.refuse(number, wanted, wanted.Problem)
	}
	if !address.IsAddress(wanted.Address) {
		return i.refuse(number, wanted, "not a mail address")
	}
	entry, err := wanted.entry(i.on, i.owner, i.api.now())
	if err != nil {
		return i.refuse(number, wanted, err.Error())
	}
	i.batch = append(i.batch, entry)
	return nil
}

func (i *importing) refuse(number int, wanted ImportLine, problem string) error {
	i.rejected++
	return i.out.write(ImportAnswer{Line: number, Address: wanted.Address, Problem: problem})
}

func (i *importing) commit(r *http.Request) error {
	if i.taken == 0 {
		return nil
	}
	var began time.Time
	err := i.api.transact(r, func(ctx context.Context, tx *sql.Tx) error {
		began = time.Now()
		return suppression.PutMany(ctx, tx, i.batch, i.api.now())
	})
	if err != nil {
		return badAddress(err)
	}
	i.pace.Took(time.Since(began))
	i.put, i.batch, i.taken = i.put+len(i.batch), i.batch[:0], 0
	if err := i.out.write(ImportAnswer{Committed: i.line, Put: i.put, Rejected: i.rejected}); err != nil {
		return err
	}
	return i.out.flush()
}
