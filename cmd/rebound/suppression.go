package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
)

func suppressionCommand() *cobra.Command {
	command := &cobra.Command{Use: "suppression", GroupID: "lists", Short: "List, put and delete suppressed addresses"}
	command.AddCommand(suppressionListCommand(), suppressionPutCommand(), suppressionDeleteCommand())
	clientFlags(command.PersistentFlags())
	command.PersistentFlags().Bool("global", false, "the global list instead of the account's")
	return command
}

func listName(command *cobra.Command) string {
	if global, _ := command.Flags().GetBool("global"); global {
		return "global"
	}
	return "account"
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
	command.Flags().String("reason", "", "only BOUNCE or COMPLAINT")
	return command
}

func suppressionPutCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "put ADDRESS…", Short: "Put addresses on a list", Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, addresses []string) error {
			reason, _ := command.Flags().GetString("reason")
			for _, address := range addresses {
				entry := api.SuppressionEntry{Address: address, Reason: reason, List: listName(command)}
				if err := newClient(command).call(command.Context(), http.MethodPut, "/v1/suppression", query(command), entry, nil); err != nil {
					return err
				}
				fmt.Fprintf(command.ErrOrStderr(), "%s is on the %s list\n", address, listName(command))
			}
			return nil
		},
	}
	command.Flags().String("reason", "BOUNCE", "BOUNCE or COMPLAINT")
	return command
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
