package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

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
	results []api.CheckResult
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
			go func() {
				var answer api.CheckAnswer
				err := newClient(command).call(ctx, http.MethodPost, "/v1/suppression/check", query(command), api.CheckQuestion{Addresses: addresses}, &answer)
				call <- answered{answer.Results, err}
			}()
			return true
		})
	}()
	heads := []string{"ADDRESS", "SUPPRESSED", "LIST", "REASON", "SINCE", "UNTIL"}
	for call := range calls {
		answer := <-call
		if answer.err != nil {
			return 0, answer.err
		}
		if err := show(command, heads, answer.results, checkRow); err != nil {
			return 0, err
		}
		status, heads = status.worse(answer.results), nil
	}
	if heads != nil {
		return 0, errors.Join(<-problem, show(command, heads, nil, checkRow))
	}
	return status, <-problem
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
		line := strings.TrimSpace(lines.Text())
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
