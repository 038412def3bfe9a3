package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
)

// A call asks for at most so many addresses, and bytes of them, which the server takes in one body. While the answers of one are printed
// the next are being looked up.
const (
	checkChunk  = api.MaxCheck
	checkBytes  = 768 << 10
	checkAhead  = 2
	maxAddress  = 64 << 10 // of a line that is to be an address
	bytesBeside = 3        // the quotes and the comma
)

func checkCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "check ADDRESS…|-",
		GroupID: "lists",
		Short:   "Say whether addresses are suppressed, why, since when and until when",
		Long: `Asks the running server about addresses, or about those on standard input, one a line (-).
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

// answered is what came of one call.
type answered struct {
	results []api.CheckResult // one for each address
	err     error
}

// check asks about the arguments, or the lines of standard input, and prints the answers in their order as they come.
func check(command *cobra.Command, args []string) (status exitStatus, err error) {
	ctx, stop := context.WithCancel(command.Context())
	defer stop()
	calls := make(chan chan answered, checkAhead-1)
	problem := make(chan error, 1)
	go func() {
		defer close(calls)
		problem <- eachChunk(command.InOrStdin(), args, func(addresses []string) bool {
			call := make(chan answered, 1)
			select {
			case calls <- call:
			case <-ctx.Done():
				return false
			}
			go func() { call <- ask(ctx, command, addresses) }()
			return true
		})
	}()
	first := true
	for call := range calls {
		answer := <-call
		if answer.err != nil {
			return 0, answer.err
		}
		if err := showChecks(command, answer.results, first); err != nil {
			return 0, err
		}
		status, first = status.worse(answer.results), false
	}
	if first {
		return 0, errors.Join(<-problem, showChecks(command, nil, true))
	}
	return status, <-problem
}

// ask makes one call. Only what is suppressed comes over the wire; what the answer does not name is free.
func ask(ctx context.Context, command *cobra.Command, addresses []string) answered {
	var answer api.CheckAnswer
	question := api.CheckQuestion{Addresses: addresses, SuppressedOnly: true}
	if err := newClient(command).call(ctx, http.MethodPost, "/v1/suppression/check", query(command), question, &answer); err != nil {
		return answered{err: err}
	}
	results := make([]api.CheckResult, len(addresses))
	named := answer.Results
	for i, addr := range addresses {
		results[i].Address = addr
		if len(named) > 0 && named[0].Address == addr {
			results[i], named = named[0], named[1:]
		}
	}
	if len(named) > 0 {
		return answered{err: fmt.Errorf("the server answered about %s, which it was not asked", named[0].Address)}
	}
	return answered{results: results}
}

// eachChunk calls do for the addresses, a few thousand at a time, until it returns false.
func eachChunk(in io.Reader, args []string, do func([]string) bool) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxAddress)
	if len(args) != 1 || args[0] != "-" {
		lines = bufio.NewScanner(strings.NewReader(strings.Join(args, "\n")))
	}
	var chunk []string
	size := 0
	for lines.Scan() {
		line := strings.ToValidUTF8(strings.TrimSpace(lines.Text()), "\uFFFD") // as JSON carries it, and the answer names it
		if line == "" {
			continue
		}
		if len(chunk) == checkChunk || size+len(line) > checkBytes {
			if !do(chunk) {
				return nil
			}
			chunk, size = nil, 0
		}
		chunk, size = append(chunk, line), size+len(line)+bytesBeside
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	if len(chunk) > 0 {
		do(chunk)
	}
	return nil
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
