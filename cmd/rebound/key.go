package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/api"
)

func keyCommand() *cobra.Command {
	command := &cobra.Command{Use: "key", GroupID: "admin", Short: "Access keys, with which programs sign their calls"}
	create := &cobra.Command{Use: "create", Short: "Make a key and print it as AWS tools read it; its secret is never shown again", Args: cobra.NoArgs,
		Example: "  rebound key create --permission send > credentials\n  AWS_SHARED_CREDENTIALS_FILE=credentials aws --endpoint-url http://127.0.0.1:8025 sns publish …",
		RunE: func(command *cobra.Command, _ []string) error {
			names, _ := command.Flags().GetStringSlice("permission")
			permissions := make([]account.Permission, len(names))
			for i, name := range names {
				permissions[i] = account.Permission(name)
			}
			var made api.Key
			if err := newClient(command).call(command.Context(), http.MethodPost, "/v1/keys", query(command), api.Key{Permissions: permissions}, &made); err != nil {
				return err
			}
			if asJSON, _ := command.Flags().GetBool("json"); asJSON {
				return show(command, nil, []api.Key{made}, nil)
			}
			_, err := fmt.Fprintf(command.OutOrStdout(), "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", made.ID, made.Secret)
			return err
		}}
	create.Flags().StringSlice("permission", nil, "what it may do: send, read, suppress, administer (default: everything)")
	list := &cobra.Command{Use: "list", Short: "Print the keys, without their secrets", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer struct{ Keys []api.Key }
			if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/keys", query(command), nil, &answer); err != nil {
				return err
			}
			return show(command, []string{"KEY", "MAY", "CREATED"}, answer.Keys, func(k api.Key) []string {
				return []string{k.ID, strings.Trim(fmt.Sprint(k.Permissions), "[]"), when(k.Created.Time)}
			})
		}}
	remove := &cobra.Command{Use: "delete ID", Short: "Forget a key; what is signed with it is refused from then on", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return newClient(command).call(command.Context(), http.MethodDelete, "/v1/keys", query(command, "id", args[0]), nil, nil)
		}}
	command.AddCommand(create, list, remove)
	clientFlags(command.PersistentFlags())
	return command
}
