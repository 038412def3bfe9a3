package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/suppression/listfile"
)

func cleanCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "clean LIST.csv", GroupID: "lists", Short: "Split a mailing list into addresses to keep and to drop", Args: cobra.ExactArgs(1),
		Long: `Reads a mailing list (CSV, or an address a line) of any length and writes two: the rows to keep as they are, and those to drop with a
column more, reason: BOUNCE, COMPLAINT, MANUAL, or INVALID for what is no mail address. Both appear when they are whole.`,
		Example: "  rebound clean members.csv      # makes members.keep.csv and members.drop.csv",
		RunE:    func(command *cobra.Command, args []string) error { return clean(command, args[0]) },
	}
	clientFlags(command.Flags())
	command.Flags().String("keep", "", "file for the rows to keep (LIST.keep.csv)")
	command.Flags().String("drop", "", "file for the rows to drop (LIST.drop.csv)")
	command.Flags().String("column", "", "name of the column with the addresses, when it is none of the usual ones")
	return command
}

// split is a list that is being cut in two.
type split struct {
	keep, drop      *csv.Writer
	width           int // of the header, so that the reason stands in its column
	kept            int
	dropped         map[string]int // by reason
	keepOut, dropTo *outFile
}

func clean(command *cobra.Command, path string) (err error) {
	in, err := openList(command, path)
	if err != nil {
		return err
	}
	defer in.Close()
	column, _ := command.Flags().GetString("column")
	file, err := listfile.NewReader(in, listfile.Options{Format: listfile.CSV, Column: column})
	if errors.Is(err, listfile.ErrNoAddress) {
		return fmt.Errorf("%s: %w with --column", path, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s := &split{dropped: map[string]int{}}
	keep, drop := outNames(command, path)
	if s.keepOut, err = createOut(keep); err != nil {
		return err
	}
	defer func() { err = s.keepOut.finish(err) }()
	if s.dropTo, err = createOut(drop); err != nil {
		return err
	}
	defer func() { err = s.dropTo.finish(err) }()
	if err := s.begin(file); err != nil {
		return err
	}
	if err := ask(command, recordsOf(file), s.sort); err != nil {
		return err
	}
	s.keep.Flush()
	s.drop.Flush()
	if err := errors.Join(s.keep.Error(), s.drop.Error()); err != nil {
		return err
	}
	fmt.Fprintf(command.ErrOrStderr(), "%d rows kept in %s\n%s\n", s.kept, keep, s.summary(drop))
	return nil
}

// outNames are the files that a list is cut into.
func outNames(command *cobra.Command, path string) (keep, drop string) {
	keep, _ = command.Flags().GetString("keep")
	drop, _ = command.Flags().GetString("drop")
	extension := filepath.Ext(path)
	stem := strings.TrimSuffix(path, extension)
	if path == "-" {
		stem, extension = "list", ".csv"
	}
	if keep == "" {
		keep = stem + ".keep" + extension
	}
	if drop == "" {
		drop = stem + ".drop" + extension
	}
	return keep, drop
}

func (s *split) begin(file *listfile.Reader) error {
	s.keep, s.drop = csv.NewWriter(s.keepOut), csv.NewWriter(s.dropTo)
	s.keep.Comma, s.drop.Comma = file.Comma, file.Comma
	if file.Header == nil {
		return nil
	}
	s.width = len(file.Header)
	return errors.Join(s.keep.Write(file.Header), s.drop.Write(s.withReason(file.Header, "reason")))
}

func (s *split) withReason(row []string, reason string) []string {
	whole := append(make([]string, 0, max(len(row), s.width)+1), row...)
	for len(whole) < s.width {
		whole = append(whole, "")
	}
	return append(whole, reason)
}

func (s *split) sort(records []listfile.Record, results []api.CheckResult) error {
	for i, record := range records {
		reason := results[i].Reason
		if results[i].Problem != "" || record.Fields == nil {
			reason = "INVALID"
		}
		if reason == "" {
			s.kept++
			if err := s.keep.Write(record.Fields); err != nil {
				return err
			}
			continue
		}
		s.dropped[reason]++
		if err := s.drop.Write(s.withReason(record.Fields, reason)); err != nil {
			return err
		}
	}
	return nil
}

func (s *split) summary(drop string) string {
	total := 0
	var by []string
	for _, reason := range []string{"BOUNCE", "COMPLAINT", "MANUAL", "INVALID"} {
		if n := s.dropped[reason]; n > 0 {
			total += n
			by = append(by, fmt.Sprintf("%d %s", n, reason))
		}
	}
	if total == 0 {
		return "nothing to drop; " + drop + " has no rows"
	}
	return fmt.Sprintf("%d rows dropped to %s (%s)", total, drop, strings.Join(by, ", "))
}
