package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/intake"
)

func parseCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "parse [PATH…|-]",
		GroupID: "read",
		Short:   "Read mails and print one JSON line for each; needs no server",
		Long: `Reads files, folders, mbox files, Maildirs or standard input (-), and prints one JSON line for each mail, in order.
The exit status is 0 when every input could be read and 1 when some could not.`,
		Example: "  rebound parse bounce.eml\n  rebound parse ~/Maildir | jq -r 'select(.bounceType==\"Permanent\").recipients[].emailAddress'",
		RunE: func(command *cobra.Command, paths []string) error {
			rules, err := rulesOf(command.Flags())
			if err != nil {
				return err
			}
			out := bufio.NewWriter(command.OutOrStdout())
			encoder := json.NewEncoder(out)
			encoder.SetEscapeHTML(false)
			unreadable := 0
			err = intake.Walk(orStdin(paths), command.InOrStdin(), func(name string, mail io.Reader) error {
				line := processor.Parse(name, mail, rules)
				if line.Kind == string(processor.KindError) {
					unreadable++
				}
				return encoder.Encode(line)
			})
			if flushed := out.Flush(); flushed != nil {
				return flushed
			}
			if err != nil {
				return err
			}
			if unreadable > 0 {
				fmt.Fprintf(command.ErrOrStderr(), "rebound: %d could not be read; see their \"error\"\n", unreadable)
				return exitStatus(1)
			}
			return nil
		},
	}
	rulesFlag(command.Flags())
	return command
}

func orStdin(paths []string) []string {
	if len(paths) == 0 {
		return []string{"-"}
	}
	return paths
}
