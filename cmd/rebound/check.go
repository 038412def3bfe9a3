package main

import (
	"fmt"

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
	heads := []string{"ADDRESS", "SUPPRESSED", "LIST", "REASON", "SINCE", "UNTIL"}
	err = ask(command, from, func(_ []listfile.Record, results []api.CheckResult) error {
		err := show(command, heads, results, checkRow)
		status, heads = status.worse(results), nil
		return err
	})
	if err == nil && heads != nil {
		err = show(command, heads, nil, checkRow)
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

func checkRow(r api.CheckResult) []string {
	if r.Problem != "" {
		return []string{r.Address, r.Problem, "-", "-", "-", "-"}
	}
	if !r.Suppressed {
		return []string{r.Address, "no", "-", "-", "-", "-"}
	}
	until := "no end"
	if !r.Until.IsZero() {
		until = when(r.Until.Time)
	}
	return []string{r.Address, "yes", r.List, r.Reason, when(r.Since.Time), until}
}
