package main

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
)

// checkChunk is how many addresses one call asks for.
const checkChunk = 1000

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
			results, err := check(command, args)
			if err == nil {
				err = show(command, []string{"ADDRESS", "SUPPRESSED", "LIST", "REASON", "SINCE", "UNTIL"}, results, checkRow)
			}
			if err != nil {
				return unchecked(command, err)
			}
			return checkStatus(results)
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

func checkStatus(results []api.CheckResult) error {
	status := exitStatus(0)
	for _, result := range results {
		if result.Problem != "" {
			return exitStatus(2)
		}
		if result.Suppressed {
			status = 1
		}
	}
	if status == 0 {
		return nil
	}
	return status
}

func check(command *cobra.Command, args []string) ([]api.CheckResult, error) {
	addresses := args
	if len(args) == 1 && args[0] == "-" {
		addresses = nil
		lines := bufio.NewScanner(command.InOrStdin())
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" {
				addresses = append(addresses, line)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
	}
	var results []api.CheckResult
	for len(addresses) > 0 {
		n := min(len(addresses), checkChunk)
		var answer api.CheckAnswer
		err := newClient(command).call(command.Context(), http.MethodPost, "/v1/suppression/check", query(command), api.CheckQuestion{Addresses: addresses[:n]}, &answer)
		if err != nil {
			return nil, err
		}
		results, addresses = append(results, answer.Results...), addresses[n:]
	}
	return results, nil
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
