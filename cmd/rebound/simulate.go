package main

import (
	"fmt"
	"net/smtp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/schemas"
)

// scenarios are the addresses of the mailbox simulator.
var scenarios = []string{"success", "bounce", "ooto", "complaint", "suppressionlist"}

func simulateCommand() *cobra.Command {
	command := &cobra.Command{
		Use:       "simulate " + strings.Join(scenarios, "|"),
		GroupID:   "run",
		Short:     "Send a mail to the mailbox simulator of a running server",
		Long:      "Sends a mail to an address of the mailbox simulator, which answers as a receiver would. Lists and statistics stay as they are.",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: scenarios,
		RunE: func(command *cobra.Command, args []string) error {
			addr, _ := command.Flags().GetString("smtp")
			from, _ := command.Flags().GetString("from")
			label, _ := command.Flags().GetString("label")
			set, _ := command.Flags().GetString("configuration-set")
			to := args[0]
			if label != "" {
				to += "+" + label
			}
			to += "@simulator.amazonses.com"
			if err := smtp.SendMail(addr, nil, from, []string{to}, simulatedMail(from, to, set, time.Now())); err != nil {
				return fmt.Errorf("sending to %s by %s: %w", to, addr, err)
			}
			fmt.Fprintf(command.ErrOrStderr(), "sent to %s from %s\n", to, from)
			return nil
		},
	}
	command.Flags().String("smtp", "127.0.0.1:2525", "the running server's SMTP address")
	command.Flags().String("from", "sender@rebound.localhost", "the sender, whose identity gets the notification")
	command.Flags().String("label", "", "label behind the address (bounce+LABEL@…)")
	command.Flags().String("configuration-set", "", "the configuration set whose event destinations hear of it (X-SES-CONFIGURATION-SET)")
	return command
}

func simulatedMail(from, to, set string, now time.Time) []byte {
	var lines []string
	if set != "" {
		lines = append(lines, "X-SES-CONFIGURATION-SET: "+set)
	}
	lines = append(lines, "From: "+from, "To: "+to, "Subject: A mail to the mailbox simulator", "Date: "+now.Format(time.RFC1123Z),
		"Message-ID: <"+schemas.NewUUID()+"@simulate.rebound>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "",
		"This mail asks the simulator for an answer of the kind "+to[:slices.Index([]byte(to), '@')]+".", "")
	return []byte(strings.Join(lines, "\r\n"))
}
