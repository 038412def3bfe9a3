package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/schemas"
)

// exportTries is how often a stream that breaks is taken up without a step forward.
const exportTries = 5

func suppressionExportCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "export [FILE]", Short: "Write a whole list, or what changed since, as CSV or NDJSON", Args: cobra.MaximumNArgs(1),
		Long: `Writes a list of any length to a file, which appears when it is whole, or to standard output. It ends by telling the number with which
--since writes only what changes from then on: put, delete, allow and disallow, in order, for the account's lists.`,
		RunE: func(command *cobra.Command, args []string) (err error) {
			format, _ := command.Flags().GetString("format")
			if format != "csv" && format != "ndjson" {
				return fmt.Errorf("--format is csv or ndjson, not %q", format)
			}
			out := bufio.NewWriter(command.OutOrStdout())
			if len(args) == 1 {
				file, err := createOut(args[0])
				if err != nil {
					return err
				}
				defer func() { err = file.finish(err) }()
				out = file.Writer
			}
			e := &export{command: command, rows: csv.NewWriter(out), lines: json.NewEncoder(out), asCSV: format == "csv"}
			e.lines.SetEscapeHTML(false)
			if command.Flags().Changed("since") {
				err = e.changes()
			} else {
				err = e.list()
			}
			e.rows.Flush()
			return errors.Join(err, e.rows.Error(), out.Flush())
		},
	}
	command.Flags().String("format", "csv", "csv or ndjson")
	command.Flags().String("reason", "", "only BOUNCE, COMPLAINT or MANUAL")
	command.Flags().Int64("since", 0, "only what changed after this number, which the export before ended with")
	return command
}

// export writes entries or changes.
type export struct {
	command *cobra.Command
	rows    *csv.Writer
	lines   *json.Encoder
	asCSV   bool
}

func (e *export) write(value any, row []string) error {
	if e.asCSV {
		return e.rows.Write(row)
	}
	return e.lines.Encode(value)
}

// list writes a whole list. A stream that breaks is taken up at its last mark; what came after that is left out, so that nothing comes
// twice.
func (e *export) list() error {
	if e.asCSV {
		if err := e.rows.Write([]string{"emailAddress", "reason", "list", "identity", "since", "updated", "until", "feedbackId", "messageId"}); err != nil {
			return err
		}
	}
	cursor, n, changes := "", 0, int64(-1)
	for tries := 0; ; tries++ {
		last, written, err := e.stream(cursor)
		if n += written; last != nil && changes < 0 {
			changes = last.Changes // before anything was read
		}
		if last != nil && last.End {
			fmt.Fprintf(e.command.ErrOrStderr(), "%d addresses; what changes from now on: rebound suppression export --since %d\n", n, changes)
			return nil
		}
		if last != nil {
			cursor, tries = last.Cursor, 0
		}
		if e.command.Context().Err() != nil || tries == exportTries {
			return fmt.Errorf("the list is not whole: %w", err)
		}
	}
}

// stream writes the entries from a cursor on, up to the last mark that came, which is nil when none did.
func (e *export) stream(cursor string) (last *api.StreamMark, n int, err error) {
	reason, _ := e.command.Flags().GetString("reason")
	response, err := newClient(e.command).open(e.command.Context(), http.MethodGet, "/v1/suppression/stream",
		query(e.command, "list", listName(e.command), "reason", reason, "cursor", cursor), nil)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	var page []api.SuppressionEntry // since the last mark
	for decoder := json.NewDecoder(response.Body); ; {
		var line struct {
			api.SuppressionEntry
			api.StreamMark
			Message string `json:"message"`
		}
		err := decoder.Decode(&line)
		if err == nil && line.Message != "" {
			err = errors.New(line.Message)
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return last, n, err
		}
		if line.Address != "" {
			page = append(page, line.SuppressionEntry)
			continue
		}
		for _, entry := range page {
			if err := e.write(entry, entryRow(entry)); err != nil {
				return last, n, err
			}
		}
		n, page = n+len(page), page[:0]
		mark := line.StreamMark
		if last == nil {
			last = &api.StreamMark{Changes: mark.Changes}
		}
		last.Cursor, last.End = mark.Cursor, mark.End
		if mark.End {
			return last, n, nil
		}
	}
}

func entryRow(e api.SuppressionEntry) []string {
	return []string{e.Address, e.Reason, e.List, e.Identity, timeOrNone(e.Since), timeOrNone(e.Updated), timeOrNone(e.Until), e.FeedbackID, e.MessageID}
}

func timeOrNone(t schemas.Time) string {
	if t.IsZero() {
		return ""
	}
	return schemas.FormatTime(t.Time)
}

// changes writes what changed after a number.
func (e *export) changes() error {
	if e.asCSV {
		err := e.rows.Write([]string{"sequence", "action", "list", "identity", "emailAddress", "addressHash", "reason", "expires", "feedbackId", "timestamp"})
		if err != nil {
			return err
		}
	}
	after, _ := e.command.Flags().GetInt64("since")
	for n := 0; ; {
		var page api.ChangesPage
		err := newClient(e.command).call(e.command.Context(), http.MethodGet, "/v1/suppression/changes",
			query(e.command, "after", strconv.FormatInt(after, 10), "limit", "1000"), nil, &page)
		if err != nil {
			return err
		}
		for _, c := range page.Changes {
			row := []string{strconv.FormatInt(c.Sequence, 10), c.Action, c.List, c.Identity, c.EmailAddress, c.AddressHash, c.Reason, timeOrNone(c.Expires), c.FeedbackID, timeOrNone(c.Timestamp)}
			if err := e.write(c, row); err != nil {
				return err
			}
		}
		n, after = n+len(page.Changes), page.Next
		if len(page.Changes) == 0 {
			fmt.Fprintf(e.command.ErrOrStderr(), "%d changes; those from now on: rebound suppression export --since %d\n", n, after)
			return nil
		}
	}
}
