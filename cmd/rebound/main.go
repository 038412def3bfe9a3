// Rebound turns every bounce, complaint, auto-reply and delivery report of a mail server into one SES notification, and keeps the
// suppression list that stops the next mail to a dead address.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// exitStatus is an error that only says with which status to end: what there was to say has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	os.Exit(statusOf(err, os.Stderr))
}

// statusOf says with which status to end, and what there is to say about the error of a command.
func statusOf(err error, stderr io.Writer) int {
	var status exitStatus
	switch {
	case errors.As(err, &status):
		return int(status)
	case err != nil:
		fmt.Fprintln(stderr, "rebound:", err)
		return 1
	}
	return 0
}

func root() *cobra.Command {
	command := &cobra.Command{
		Use:   "rebound",
		Short: "Bounces, complaints and deliveries of your own mail server as SES notifications",
		Long: `Rebound turns every bounce, complaint, auto-reply and delivery report of your mail server into one SES notification,
keeps a suppression list, and publishes to SNS-style webhooks, NATS or by mail.

Start with:  rebound demo     see it work, in a temporary folder
             rebound serve    run it`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	command.AddGroup(&cobra.Group{ID: "run", Title: "Run:"}, &cobra.Group{ID: "read", Title: "Read mails:"},
		&cobra.Group{ID: "lists", Title: "Suppression lists:"}, &cobra.Group{ID: "admin", Title: "Administer a running server:"})
	command.AddCommand(serveCommand(), demoCommand(), parseCommand(), classifyCommand(), ingestCommand(), simulateCommand(), checkCommand(), cleanCommand(), suppressionCommand(),
		certificatesCommand(), topicCommand(), subscriptionCommand(), identityCommand(), accountCommand(), keyCommand(), feedbackCommand(), outboxCommand())
	return command
}
