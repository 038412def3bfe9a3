package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/api"
)

func suppressionCommand() *cobra.Command {
	command := &cobra.Command{Use: "suppression", GroupID: "lists", Short: "The suppression lists: look, change, import, export, explain, forget"}
	command.AddCommand(suppressionListCommand(), suppressionPutCommand(), suppressionAllowCommand(), suppressionDeleteCommand(), suppressionImportCommand(),
		suppressionExportCommand(), suppressionWhyCommand(), suppressionForgetCommand())
	clientFlags(command.PersistentFlags())
	command.PersistentFlags().String("list", "account", "account, global, or allow: what may be written to although it is on the global list")
	command.PersistentFlags().Bool("global", false, "short for --list global")
	return command
}

func listName(command *cobra.Command) string {
	if global, _ := command.Flags().GetBool("global"); global {
		return "global"
	}
	name, _ := command.Flags().GetString("list")
	return name
}

func suppressionListCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "list", Short: "Print the addresses on a list", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			reason, _ := command.Flags().GetString("reason")
			var entries []api.SuppressionEntry
			for cursor := ""; ; {
				var page api.SuppressionPage
				err := newClient(command).call(command.Context(), http.MethodGet, "/v1/suppression",
					query(command, "list", listName(command), "reason", reason, "cursor", cursor), nil, &page)
				if err != nil {
					return err
				}
				entries = append(entries, page.Entries...)
				if cursor = page.Cursor; cursor == "" {
					break
				}
			}
			return show(command, []string{"ADDRESS", "REASON", "SINCE", "UNTIL", "FEEDBACK"}, entries, func(e api.SuppressionEntry) []string {
				return []string{e.Address, e.Reason, when(e.Since.Time), when(e.Until.Time), e.FeedbackID}
			})
		},
	}
	command.Flags().String("reason", "", "only BOUNCE, COMPLAINT or MANUAL")
	return command
}

func suppressionPutCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "put ADDRESS…", Short: "Put addresses on a list", Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, addresses []string) error {
			reason, _ := command.Flags().GetString("reason")
			return putAll(command, addresses, reason, listName(command))
		},
	}
	command.Flags().String("reason", "BOUNCE", "BOUNCE, COMPLAINT or MANUAL")
	return command
}

func suppressionAllowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "allow ADDRESS…", Short: "Let mail go to addresses although they are on the global list", Args: cobra.MinimumNArgs(1),
		Long: `Lets the account's mail go to addresses although they are on the global list, until "delete --list allow" takes that back.`,
		RunE: func(command *cobra.Command, addresses []string) error {
			return putAll(command, addresses, "", "allow")
		},
	}
}

func putAll(command *cobra.Command, addresses []string, reason, list string) error {
	for _, address := range addresses {
		entry := api.SuppressionEntry{Address: address, Reason: reason, List: list}
		if err := newClient(command).call(command.Context(), http.MethodPut, "/v1/suppression", query(command), entry, nil); err != nil {
			return err
		}
		fmt.Fprintf(command.ErrOrStderr(), "%s is on the %s list\n", address, list)
	}
	return nil
}

func suppressionDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delete ADDRESS…", Short: "Take addresses off a list", Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, addresses []string) error {
			for _, address := range addresses {
				err := newClient(command).call(command.Context(), http.MethodDelete, "/v1/suppression",
					query(command, "list", listName(command), "address", address), nil, nil)
				if err != nil {
					return err
				}
				fmt.Fprintf(command.ErrOrStderr(), "%s is off the %s list\n", address, listName(command))
			}
			return nil
		},
	}
}

func suppressionWhyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "why ADDRESS", Short: "Explain a verdict: the entries and each report that led to them", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			var why api.Why
			if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/suppression/why", query(command, "address", args[0]), nil, &why); err != nil {
				return err
			}
			if asJSON, _ := command.Flags().GetBool("json"); asJSON {
				return show(command, nil, []api.Why{why}, nil)
			}
			return showWhy(command, why)
		},
	}
}

// showWhy writes the answer to "why" for a person.
func showWhy(command *cobra.Command, why api.Why) error {
	out := command.OutOrStdout()
	if why.Suppressed {
		fmt.Fprintf(out, "%s is suppressed: %s on the %s list since %s\n", why.Address, why.Reason, why.List, when(why.Since.Time))
	} else {
		fmt.Fprintf(out, "%s is not suppressed\n", why.Address)
	}
	if len(why.Entries) > 0 {
		fmt.Fprintln(out)
		err := show(command, []string{"LIST", "IDENTITY", "REASON", "SINCE", "UNTIL", "FEEDBACK"}, why.Entries, func(e api.SuppressionEntry) []string {
			return []string{e.List, orDash(e.Identity), e.Reason, when(e.Since.Time), when(e.Until.Time), orDash(e.FeedbackID)}
		})
		if err != nil {
			return err
		}
	}
	if len(why.Reports) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	err := show(command, []string{"SEQ", "RECEIVED", "KIND", "LISTED", "RESULT", "STATUS", "DIAGNOSTIC"}, why.Reports, func(r api.WhyReport) []string {
		listed := "no"
		if r.Listed {
			listed = "yes"
		}
		return []string{fmt.Sprint(r.Seq), when(r.Received.Time), string(r.Kind), listed, orDash(strings.Trim(r.BounceType+"/"+r.BounceSubType, "/")), orDash(r.Status), orDash(shorten(r.Diagnostic))}
	})
	fmt.Fprintln(out, "\nThe mails:  rebound feedback raw SEQ")
	return err
}

func suppressionForgetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "forget ADDRESS", Short: "Remove every trace of a person, and say what was removed", Args: cobra.ExactArgs(1),
		Long: `Removes an address from all lists of all accounts, the records of reports, the mails that came in, the mails that were sent, notifications
and the outbox, so that nobody can read it from the disk. Settings that name it stay: identities, subscriptions and contacts. Those who
follow the lists are told its hash. It reads all that is kept, which can take minutes.`,
		RunE: func(command *cobra.Command, args []string) error {
			var gone processor.Forgotten
			if err := newClient(command).call(command.Context(), http.MethodPost, "/v1/forget", nil, api.Person{Address: args[0]}, &gone); err != nil {
				return err
			}
			type removed struct {
				What  string `json:"what"`
				Count int    `json:"count"`
			}
			rows := []removed{{"entries of lists", gone.Entries}, {"changes of lists", gone.Changes}, {"records of reports", gone.Reports},
				{"mails that came in", gone.RawMails}, {"sent mails", gone.SentMails}, {"sent mails to others as well, cut out", gone.CutOut},
				{"messages in the outbox", gone.Outbox}, {"unpublished notifications", gone.Unpublished},
				{"notifications on the bus", gone.Notifications}, {"registrations on the bus", gone.Events}}
			return show(command, []string{"REMOVED", "COUNT"}, rows, func(r removed) []string { return []string{r.What, fmt.Sprint(r.Count)} })
		},
	}
}
