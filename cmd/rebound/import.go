package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression/listfile"
)

func suppressionImportCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "import FILE|-", Short: "Put the addresses of a file on a list: CSV, NDJSON or an export of another service", Args: cobra.ExactArgs(1),
		Long: `Reads CSV, NDJSON, JSON or an address a line, of any length, and knows the exports of Amazon SES, SendGrid, Mailgun and Postmark by
their column names. Rows about faults that pass (soft bounces, blocks) are refused, as are those without an address: they stand in the
file of rejects with their line and the reason. An import that was interrupted goes on with --resume where it was.`,
		RunE: func(command *cobra.Command, args []string) error {
			i := &fileImport{command: command, path: args[0]}
			return i.run()
		},
	}
	command.Flags().String("format", "", "csv or ndjson; told by the content when not given")
	command.Flags().String("column", "", "name of the column with the addresses, when it is none of the usual ones")
	command.Flags().String("reason", "MANUAL", "reason of rows that tell none: BOUNCE, COMPLAINT or MANUAL")
	command.Flags().String("rejects", "", "file for the rows that were refused (FILE.rejects.csv)")
	command.Flags().Bool("resume", false, "go on where an import of the same file was interrupted")
	return command
}

// importState is how far an import is. It stands beside the file until the import is done.
type importState struct {
	Line     int       `json:"line"` // all up to it is on the list or among the rejects
	Put      int       `json:"put"`
	Rejected int       `json:"rejected"`
	Rejects  int64     `json:"rejectsBytes"` // of the file of rejects
	Size     int64     `json:"size"`         // of the file that is imported, and when it was changed: it has to be the same one
	Modified time.Time `json:"modified"`
}

// fileImport is one run of an import.
type fileImport struct {
	command *cobra.Command
	path    string
	state   importState
	began   importState // what the runs before this one did

	rejectsPath string
	rejects     *os.File // nil while there are none
}

func (i *fileImport) run() (err error) {
	in, err := openList(i.command, i.path)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := i.begin(); err != nil {
		return err
	}
	format, _ := i.command.Flags().GetString("format")
	column, _ := i.command.Flags().GetString("column")
	file, err := listfile.NewReader(in, listfile.Options{Format: listfile.Format(format), Column: column})
	if errors.Is(err, listfile.ErrNoAddress) {
		return fmt.Errorf("%s: %w with --column", i.path, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", i.path, err)
	}
	started := time.Now()
	err = i.transfer(file)
	if i.rejects != nil {
		err = errors.Join(err, i.rejects.Close())
	}
	if err != nil {
		return i.interrupted(err)
	}
	if i.path != "-" {
		if err := os.Remove(i.statePath()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	i.summarize(time.Since(started))
	return nil
}

func (i *fileImport) statePath() string { return i.path + ".import" }

// begin finds out where to go on.
func (i *fileImport) begin() error {
	i.rejectsPath, _ = i.command.Flags().GetString("rejects")
	resume, _ := i.command.Flags().GetBool("resume")
	if i.path == "-" {
		if resume {
			return errors.New("standard input cannot be resumed; give a file")
		}
		return nil
	}
	if i.rejectsPath == "" {
		i.rejectsPath = i.path + ".rejects.csv"
	}
	about, err := os.Stat(i.path)
	if err != nil {
		return err
	}
	i.state = importState{Size: about.Size(), Modified: about.ModTime().UTC()}
	if !resume {
		return nil
	}
	text, err := os.ReadFile(i.statePath())
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no import of %s was interrupted: leave --resume out", i.path)
	}
	if err != nil {
		return err
	}
	var before importState
	if err := json.Unmarshal(text, &before); err != nil {
		return fmt.Errorf("%s: %w; delete it and leave --resume out", i.statePath(), err)
	}
	if before.Size != i.state.Size || !before.Modified.Equal(i.state.Modified) {
		return fmt.Errorf("%s was changed since its import was interrupted: leave --resume out", i.path)
	}
	i.state, i.began = before, before
	return nil
}

// transfer sends the records while it reads the answer.
func (i *fileImport) transfer(file *listfile.Reader) error {
	body, writer := io.Pipe()
	go func() { writer.CloseWithError(i.send(file, writer)) }()
	defer body.Close() // ends send when the server has gone
	response, err := newClient(i.command).open(i.command.Context(), http.MethodPost, "/v1/suppression/import", query(i.command, "list", listName(i.command)), body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answers := json.NewDecoder(response.Body)
	for {
		var answer struct {
			api.ImportAnswer
			Message string `json:"message"`
		}
		err := answers.Decode(&answer)
		if err == nil && answer.Message != "" {
			err = errors.New(answer.Message)
		}
		if err != nil {
			return fmt.Errorf("the import ended early: %w", err)
		}
		switch {
		case answer.End:
			return nil
		case answer.Problem != "":
			err = i.reject(answer.ImportAnswer)
		default:
			err = i.committed(answer.ImportAnswer)
		}
		if err != nil {
			return err
		}
	}
}

// send writes the records that are still to be imported, as lines of JSON.
func (i *fileImport) send(file *listfile.Reader, to io.Writer) error {
	reason, _ := i.command.Flags().GetString("reason")
	reason = strings.ToUpper(reason)
	done := i.began.Line
	out := bufio.NewWriterSize(to, 64<<10)
	encoder := json.NewEncoder(out)
	for {
		record, err := file.Next()
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", i.path, err)
		}
		if record.Line <= done {
			continue
		}
		line := api.ImportLine{Line: record.Line, Problem: record.Problem, SuppressionEntry: api.SuppressionEntry{Address: record.Address,
			Reason: reason, Until: schemas.Time{Time: record.Until}}}
		if record.Reason != "" {
			line.Reason = string(record.Reason)
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
}

// reject notes a row that was refused.
func (i *fileImport) reject(answer api.ImportAnswer) error {
	if i.rejectsPath == "" { // of standard input
		_, err := fmt.Fprintf(i.command.ErrOrStderr(), "line %d: %s: %s\n", answer.Line, answer.Address, answer.Problem)
		return err
	}
	if i.rejects == nil {
		if err := i.openRejects(); err != nil {
			return err
		}
	}
	rows := csv.NewWriter(i.rejects)
	err := rows.Write([]string{strconv.Itoa(answer.Line), answer.Address, answer.Problem})
	rows.Flush()
	return errors.Join(err, rows.Error())
}

// openRejects goes on after what belongs to the rows that are done.
func (i *fileImport) openRejects() (err error) {
	if i.rejects, err = os.OpenFile(i.rejectsPath, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if err := i.rejects.Truncate(i.state.Rejects); err != nil {
		return err
	}
	if _, err := i.rejects.Seek(0, io.SeekEnd); err != nil || i.state.Rejects > 0 {
		return err
	}
	_, err = i.rejects.WriteString("line,emailAddress,problem\n")
	return err
}

// committed notes how far the import is.
func (i *fileImport) committed(answer api.ImportAnswer) error {
	i.state.Line, i.state.Put, i.state.Rejected = answer.Committed, i.began.Put+answer.Put, i.began.Rejected+answer.Rejected
	if i.path == "-" {
		return nil
	}
	if i.rejects != nil {
		end, err := i.rejects.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		i.state.Rejects = end
	}
	text, err := json.Marshal(i.state)
	if err != nil {
		return err
	}
	out, err := createOut(i.statePath())
	if err != nil {
		return err
	}
	_, err = out.Write(append(text, '\n'))
	return out.finish(err)
}

func (i *fileImport) interrupted(err error) error {
	if i.path == "-" || i.state.Line == 0 {
		return err
	}
	return fmt.Errorf("%w\n%d rows, up to line %d, are done; go on with: rebound suppression import --resume %s", err, i.state.Put+i.state.Rejected, i.state.Line, i.path)
}

func (i *fileImport) summarize(took time.Duration) {
	out := i.command.ErrOrStderr()
	fmt.Fprintf(out, "%d addresses are on the %s list", i.state.Put, listName(i.command))
	if i.began.Line > 0 {
		fmt.Fprintf(out, " (%d of them since the resumption)", i.state.Put-i.began.Put)
	}
	fmt.Fprintf(out, ", in %s\n", took.Round(10*time.Millisecond))
	switch {
	case i.state.Rejected > 0 && i.rejectsPath != "":
		fmt.Fprintf(out, "%d rows were refused: see %s\n", i.state.Rejected, i.rejectsPath)
	case i.state.Rejected > 0:
		fmt.Fprintf(out, "%d rows were refused\n", i.state.Rejected)
	}
}
