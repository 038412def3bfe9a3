package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/intake"
)

// The exit statuses that mail programs understand (sysexits.h).
const (
	exitDataError   = 65 // EX_DATAERR: bounce it
	exitTemporary   = 75 // EX_TEMPFAIL: keep it and try again
	recipientsLimit = 100
)

func ingestCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "ingest [PATH…|-]",
		GroupID: "read",
		Short:   "Hand mails to a running server: files, folders, mbox, Maildir, or a pipe from an MTA",
		Long: `Reads the same inputs as parse and hands each mail to a running server, which has stored it when the command ends.
As a pipe transport it exits with 75 (EX_TEMPFAIL) when the server cannot take the mail now, so that the MTA keeps it.`,
		Example: "  rebound ingest ~/Maildir\n  # Postfix master.cf:  rebound unix - n n - 4 pipe user=rebound argv=/usr/bin/rebound ingest --from ${sender} --to ${recipient} -",
		RunE: func(command *cobra.Command, paths []string) error {
			base, _ := command.Flags().GetString("url")
			from, _ := command.Flags().GetString("from")
			to, _ := command.Flags().GetStringSlice("to")
			if len(to) > recipientsLimit {
				return fmt.Errorf("--to has over %d recipients", recipientsLimit)
			}
			taken := 0
			client := &intake.Client{URL: strings.TrimSuffix(base, "/"), HTTP: newClient(command).web()}
			err := intake.Walk(orStdin(paths), command.InOrStdin(), func(name string, mail io.Reader) error {
				err := send(command.Context(), client, mail, from, to)
				if err == nil {
					taken++
				}
				return err
			})
			if command.Flags().Changed("quiet") && err == nil {
				return nil
			}
			fmt.Fprintf(command.ErrOrStderr(), "%d mails handed to %s\n", taken, base)
			return ingestStatus(command.ErrOrStderr(), err)
		},
	}
	clientFlags(command.Flags())
	command.Flags().String("from", "", "envelope sender")
	command.Flags().StringSlice("to", nil, "envelope recipients, which may be signed return paths")
	command.Flags().BoolP("quiet", "q", false, "say nothing when all went well")
	return command
}

func send(ctx context.Context, client *intake.Client, mail io.Reader, from string, to []string) error {
	_, err := client.Send(ctx, mail, from, to)
	return err
}

// ingestStatus turns an error into the exit status that an MTA acts on.
func ingestStatus(stderr io.Writer, err error) error {
	if err == nil {
		return nil
	}
	fmt.Fprintln(stderr, "rebound:", err)
	if errors.Is(err, intake.ErrTemporary) {
		return exitStatus(exitTemporary)
	}
	return exitStatus(exitDataError)
}
