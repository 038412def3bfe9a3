package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/suppression/listfile"
)

func checkCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "check ADDRESS…|-",
		GroupID: "lists",
		Short:   "Say whether addresses are suppressed, why, since when and until when",
		Long: `Asks the running server about addresses, or about those on standard input (-): lines, CSV or NDJSON of any length. The answers come
in the order of the questions, with --json as lines of JSON.
The exit status is 0 when none is suppressed, 1 when some are, and 2 when the server could not be asked or something is no address.`,
		Args: func(command *cobra.Command, args []string) error {
			return unchecked(command, cobra.MinimumNArgs(1)(command, args))
		},
		RunE: func(command *cobra.Command, args []string) error {
			status, err := check(command, args)
			if err != nil {
				return unchecked(command, err)
			}
			if status == 0 {
				return nil
			}
			return status
		},
	}
	command.SetFlagErrorFunc(unchecked)
	clientFlags(command.Flags())
	command.Flags().String("column", "", "of standard input: the name of the column with the addresses, when it is none of the usual ones")
	return command
}

// unchecked says why nothing could be checked: with a status of its own, because 1 is an answer.
func unchecked(command *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	fmt.Fprintln(command.ErrOrStderr(), "rebound:", err)
	return exitStatus(2)
}

// worse is the status of all results so far and some more.
func (status exitStatus) worse(results []api.CheckResult) exitStatus {
	for _, result := range results {
		switch {
		case result.Problem != "":
			return 2
		case result.Suppressed:
			status = max(status, 1)
		}
	}
	return status
}

// check asks about the arguments, or the addresses on standard input, and prints the answers in their order as they come.
func check(command *cobra.Command, args []string) (status exitStatus, err error) {
	from := recordsIn(args)
	if len(args) == 1 && args[0] == "-" {
		in, err := openList(command, "-")
		if err != nil {
			return 0, err
		}
		column, _ := command.Flags().GetString("column")
		file, err := listfile.NewReader(in, listfile.Options{Column: column})
		if err != nil {
			return 0, fmt.Errorf("standard input: %w", err)
		}
		from = recordsOf(file)
	}
	first := true
	err = ask(command, from, func(_ []listfile.Record, results []api.CheckResult) error {
		err := showChecks(command, results, first)
		status, first = status.worse(results), false
		return err
	})
	if err == nil && first {
		err = showChecks(command, nil, true)
	}
	return status, err
}

// recordsIn is the source of the addresses among the arguments.
func recordsIn(args []string) source {
	return func(do func(listfile.Record) bool) error {
		for i, arg := range args {
			if !do(listfile.Record{Line: i + 1, Address: arg}) {
				return nil
			}
		}
		return nil
	}
}

// checkColumns is how many columns the table has.
const checkColumns = 6

// showChecks prints results as a table, or as lines of JSON. Tables of millions of rows are written here without text/tabwriter, which
// takes ten times as long.
func showChecks(command *cobra.Command, results []api.CheckResult, head bool) error {
	if asJSON, _ := command.Flags().GetBool("json"); asJSON || len(results) == 0 {
		return show(command, nil, results, func(api.CheckResult) []string { return nil })
	}
	rows := make([][checkColumns]string, 0, len(results)+1)
	if head {
		rows = append(rows, [checkColumns]string{"ADDRESS", "SUPPRESSED", "LIST", "REASON", "SINCE", "UNTIL"})
	}
	for _, result := range results {
		rows = append(rows, checkRow(result))
	}
	var widths [checkColumns]int
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	var out []byte
	for _, row := range rows {
		for i, text := range row {
			out = append(out, text...)
			if i < checkColumns-1 {
				out = append(out, blanks[:min(len(blanks), widths[i]+2-utf8.RuneCountInString(text))]...)
			}
		}
		out = append(out, '\n')
	}
	_, err := command.OutOrStdout().Write(out)
	return err
}

// blanks fills a column; no address is longer.
var blanks = strings.Repeat(" ", 400)

func checkRow(r api.CheckResult) [checkColumns]string {
	if r.Problem != "" {
		return [checkColumns]string{r.Address, r.Problem, "-", "-", "-", "-"}
	}
	if !r.Suppressed {
		return [checkColumns]string{r.Address, "no", "-", "-", "-", "-"}
	}
	until := "no end"
	if !r.Until.IsZero() {
		until = when(r.Until.Time)
	}
	return [checkColumns]string{r.Address, "yes", r.List, r.Reason, when(r.Since.Time), until}
}
