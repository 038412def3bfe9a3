package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/suppression"
)

func topicCommand() *cobra.Command {
	command := &cobra.Command{Use: "topic", GroupID: "admin", Short: "Topics, to which notifications are published"}
	create := &cobra.Command{Use: "create NAME", Short: "Make a topic and print its ARN", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			var made api.Topic
			err := newClient(command).call(command.Context(), http.MethodPost, "/v1/topics", query(command), topicFrom(command, args[0]), &made)
			if err == nil {
				fmt.Fprintln(command.OutOrStdout(), made.ARN)
			}
			return err
		}}
	create.Flags().String("signature-version", "", "1 (SHA1, the default) or 2 (SHA256)")
	create.Flags().Bool("setup-messages", true, "publish a text to the topic when an identity is given it; also changes a topic that exists")
	list := &cobra.Command{Use: "list", Short: "Print the topics", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer struct{ Topics []api.Topic }
			if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/topics", query(command), nil, &answer); err != nil {
				return err
			}
			return show(command, []string{"TOPIC", "SIGNATURE", "CREATED"}, answer.Topics, func(t api.Topic) []string {
				return []string{t.ARN, t.SignatureVersion, when(t.Created.Time)}
			})
		}}
	remove := &cobra.Command{Use: "delete ARN", Short: "Delete a topic and its subscriptions", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return newClient(command).call(command.Context(), http.MethodDelete, "/v1/topics", query(command, "arn", args[0]), nil, nil)
		}}
	command.AddCommand(create, list, remove, unpublishedCommand(), republishCommand())
	clientFlags(command.PersistentFlags())
	return command
}

// topicFrom holds only what was said.
func topicFrom(command *cobra.Command, name string) api.Topic {
	version, _ := command.Flags().GetString("signature-version")
	wanted := api.Topic{Name: name, SignatureVersion: version}
	if told, _ := command.Flags().GetBool("setup-messages"); command.Flags().Changed("setup-messages") {
		wanted.SetupMessages = &told
	}
	return wanted
}

func unpublishedCommand() *cobra.Command {
	return &cobra.Command{Use: "unpublished", Short: "Print how many notifications are kept for topics that were gone when they came", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer struct{ Unpublished []api.Unpublished }
			if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/unpublished", query(command), nil, &answer); err != nil {
				return err
			}
			return show(command, []string{"TOPIC", "NOTIFICATIONS", "OLDEST"}, answer.Unpublished, func(u api.Unpublished) []string {
				return []string{u.TopicARN, fmt.Sprint(u.Notifications), when(u.Oldest.Time)}
			})
		}}
}

func republishCommand() *cobra.Command {
	return &cobra.Command{Use: "republish ARN [TO-ARN]", Short: "Publish what was kept for a topic that was gone, to it or to another one", Args: cobra.RangeArgs(1, 2),
		RunE: func(command *cobra.Command, args []string) error {
			var answer struct{ Republished int }
			wanted := api.Republication{TopicARN: args[0], To: strings.Join(args[1:], "")}
			err := newClient(command).call(command.Context(), http.MethodPost, "/v1/unpublished", query(command), wanted, &answer)
			if err == nil {
				fmt.Fprintln(command.ErrOrStderr(), answer.Republished, "notifications are on their way")
			}
			return err
		}}
}

func subscriptionCommand() *cobra.Command {
	command := &cobra.Command{Use: "subscription", GroupID: "admin", Short: "Webhooks that listen to a topic"}
	create := &cobra.Command{Use: "create TOPIC-ARN URL", Short: "Subscribe a webhook; it gets a confirmation message", Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			raw, _ := command.Flags().GetBool("raw")
			var made api.Subscription
			err := newClient(command).call(command.Context(), http.MethodPost, "/v1/subscriptions", query(command),
				api.Subscription{TopicARN: args[0], Endpoint: args[1], Raw: raw}, &made)
			if err == nil {
				fmt.Fprintln(command.OutOrStdout(), made.ARN)
			}
			return err
		}}
	create.Flags().Bool("raw", false, "deliver the notification alone, without the SNS envelope")
	list := &cobra.Command{Use: "list [TOPIC-ARN]", Short: "Print the subscriptions", Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			var answer struct{ Subscriptions []api.Subscription }
			err := newClient(command).call(command.Context(), http.MethodGet, "/v1/subscriptions", query(command, "topic", strings.Join(args, "")), nil, &answer)
			if err != nil {
				return err
			}
			return show(command, []string{"SUBSCRIPTION", "ENDPOINT", "STATE"}, answer.Subscriptions, func(s api.Subscription) []string {
				state := "waits for confirmation"
				if s.Confirmed {
					state = "confirmed"
				}
				return []string{s.ARN, s.Endpoint, state}
			})
		}}
	remove := &cobra.Command{Use: "delete ARN", Short: "End a subscription", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return newClient(command).call(command.Context(), http.MethodDelete, "/v1/subscriptions", query(command, "arn", args[0]), nil, nil)
		}}
	command.AddCommand(create, list, remove)
	clientFlags(command.PersistentFlags())
	return command
}

func identityCommand() *cobra.Command {
	command := &cobra.Command{Use: "identity", GroupID: "admin", Short: "Addresses and domains that mail is sent from, and where their feedback goes"}
	set := &cobra.Command{Use: "set ADDRESS|DOMAIN", Short: "Make an identity, or change where its feedback goes", Args: cobra.ExactArgs(1),
		Example: "  rebound identity set example.org --topic arn:aws:sns:us-east-1:000000000000:feedback",
		RunE: func(command *cobra.Command, args []string) error {
			return newClient(command).call(command.Context(), http.MethodPut, "/v1/identities", query(command), identityFrom(command, args[0]), nil)
		}}
	set.Flags().String("topic", "", "topic for bounces, complaints and deliveries")
	set.Flags().String("bounce-topic", "", "topic for bounces")
	set.Flags().String("complaint-topic", "", "topic for complaints")
	set.Flags().String("delivery-topic", "", "topic for deliveries")
	set.Flags().Bool("forwarding", true, "forward bounces and complaints by mail")
	set.Flags().Bool("headers", true, "put the mail's header into notifications")
	list := &cobra.Command{Use: "list", Short: "Print the identities", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer struct{ Identities []api.Identity }
			if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/identities", query(command), nil, &answer); err != nil {
				return err
			}
			return show(command, []string{"IDENTITY", "BOUNCES", "COMPLAINTS", "DELIVERIES", "FORWARDING", "DETACHED"}, answer.Identities, func(i api.Identity) []string {
				detached := "-"
				if i.DetachedTopic != "" {
					detached = i.DetachedTopic + " " + when(i.DetachedAt.Time)
				}
				return []string{i.Identity, orDash(*i.BounceTopic), orDash(*i.ComplaintTopic), orDash(*i.DeliveryTopic), fmt.Sprint(*i.Forwarding), detached}
			})
		}}
	remove := &cobra.Command{Use: "delete ADDRESS|DOMAIN", Short: "Forget an identity", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return newClient(command).call(command.Context(), http.MethodDelete, "/v1/identities", query(command, "identity", args[0]), nil, nil)
		}}
	command.AddCommand(set, list, remove)
	clientFlags(command.PersistentFlags())
	return command
}

// identityFrom holds only what was said; the rest keeps its value.
func identityFrom(command *cobra.Command, name string) api.Identity {
	identity := api.Identity{Identity: name}
	flags := command.Flags()
	for flag, targets := range map[string][]**string{"bounce-topic": {&identity.BounceTopic}, "complaint-topic": {&identity.ComplaintTopic},
		"delivery-topic": {&identity.DeliveryTopic}, "topic": {&identity.BounceTopic, &identity.ComplaintTopic, &identity.DeliveryTopic}} {
		if !flags.Changed(flag) {
			continue
		}
		for _, target := range targets {
			if value, _ := flags.GetString(flag); *target == nil || flag != "topic" {
				*target = &value
			}
		}
	}
	if flags.Changed("forwarding") {
		on, _ := flags.GetBool("forwarding")
		identity.Forwarding = &on
	}
	if flags.Changed("headers") {
		on, _ := flags.GetBool("headers")
		identity.HeadersInBounce, identity.HeadersInComplaint, identity.HeadersInDelivery = &on, &on, &on
	}
	return identity
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func accountCommand() *cobra.Command {
	command := &cobra.Command{Use: "account", GroupID: "admin", Short: "Senders, each with a suppression list of its own"}
	set := &cobra.Command{Use: "set ID", Short: "Make an account (12 digits), or change what its list takes in", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			name, _ := command.Flags().GetString("name")
			contact, _ := command.Flags().GetString("contact")
			var reasons []suppression.Reason
			if command.Flags().Changed("suppress") {
				reasons = reasonsFrom(command)
			}
			wanted := api.Account{ID: args[0], Name: name, Contact: contact, SuppressedReasons: reasons}
			if topic, _ := command.Flags().GetString("suppression-topic"); command.Flags().Changed("suppression-topic") {
				wanted.SuppressionTopic = &topic
			}
			return newClient(command).call(command.Context(), http.MethodPut, "/v1/accounts", nil, wanted, nil)
		}}
	set.Flags().String("name", "", "a name for people")
	set.Flags().String("contact", "", "mail address for alarms about domains and event destinations")
	set.Flags().StringSlice("suppress", nil, "what puts an address on the account's list (BOUNCE, COMPLAINT); empty: the global list counts; not given: as it is")
	set.Flags().String("suppression-topic", "", "ARN of the topic that is told of each change of the account's lists; empty: none")
	list := &cobra.Command{Use: "list", Short: "Print the accounts", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer struct{ Accounts []api.Account }
			if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/accounts", nil, nil, &answer); err != nil {
				return err
			}
			return show(command, []string{"ACCOUNT", "NAME", "CONTACT", "OWN LIST"}, answer.Accounts, func(a api.Account) []string {
				return []string{a.ID, orDash(a.Name), orDash(a.Contact), orDash(strings.Trim(fmt.Sprint(a.SuppressedReasons), "[]"))}
			})
		}}
	command.AddCommand(set, list)
	clientFlags(command.PersistentFlags())
	return command
}

// reasonsFrom are those that --suppress names, never nil: an empty flag means none.
func reasonsFrom(command *cobra.Command) []suppression.Reason {
	texts, _ := command.Flags().GetStringSlice("suppress")
	reasons := []suppression.Reason{}
	for _, text := range texts {
		if text != "" {
			reasons = append(reasons, suppression.Reason(strings.ToUpper(text)))
		}
	}
	return reasons
}
