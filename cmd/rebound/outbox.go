package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rebound-mail/rebound/processor/api"
)

func outboxCommand() *cobra.Command {
	command := &cobra.Command{Use: "outbox", GroupID: "admin", Short: "Notifications that wait, and those that failed: the dead letters"}
	list := &cobra.Command{Use: "list", Short: "Print what waits or failed", Args: cobra.NoArgs, RunE: listOutbox,
		Example: "  rebound outbox list --state failed --since 24h --error timeout"}
	list.Flags().String("state", "", "only waiting or failed")
	list.Flags().Int("limit", 100, "at most so many")
	list.Flags().Int64("after", 0, "only those after this id")
	selectionFlags(list.Flags())
	show := &cobra.Command{Use: "show ID", Short: "Print an entry whole, with every attempt", Args: cobra.ExactArgs(1), RunE: showOutbox}
	endpoints := &cobra.Command{Use: "endpoints", Short: "Print how the endpoints are doing", Args: cobra.NoArgs, RunE: listEndpoints}
	command.AddCommand(list, show, endpoints, outboxChange("redrive", "Send failed entries again"), outboxChange("drop", "Forget failed entries"))
	clientFlags(command.PersistentFlags())
	return command
}

// selectionFlags are those that pick entries.
func selectionFlags(flags *pflag.FlagSet) {
	flags.String("queue", "", `only of this dead-letter queue: its ARN, or "default"`)
	flags.String("topic", "", "only of this topic's ARN")
	flags.String("subscription", "", "only of this subscription's ARN")
	flags.String("endpoint", "", "only to this endpoint")
	flags.String("since", "", "only what was published since: a time (2026-01-27T15:00:00Z), or so long ago (90m)")
	flags.String("until", "", "only what was published before: likewise")
	flags.String("error", "", "only what failed with this in its error or answer")
	flags.Int("status", 0, "only what failed with this status")
}

// selection reads the flags that pick entries.
func selection(flags *pflag.FlagSet, now time.Time) (s api.OutboxSelection, err error) {
	for name, into := range map[string]*string{"queue": &s.Queue, "topic": &s.TopicARN, "subscription": &s.SubscriptionARN, "endpoint": &s.Endpoint,
		"error": &s.Error} {
		*into, _ = flags.GetString(name)
	}
	s.Status, _ = flags.GetInt("status")
	for name, into := range map[string]*time.Time{"since": &s.Since, "until": &s.Until} {
		text, _ := flags.GetString(name)
		if text == "" {
			continue
		}
		if ago, err := time.ParseDuration(text); err == nil {
			*into = now.Add(-ago)
		} else if *into, err = time.Parse(time.RFC3339, text); err != nil {
			return s, fmt.Errorf("--%s: %q is neither a time such as 2026-01-27T15:00:00Z nor a duration such as 90m", name, text)
		}
	}
	return s, nil
}

// selectionQuery writes a selection into a query.
func selectionQuery(command *cobra.Command, s api.OutboxSelection) url.Values {
	values := query(command, "queue", s.Queue, "topic", s.TopicARN, "subscription", s.SubscriptionARN, "endpoint", s.Endpoint, "error", s.Error)
	for name, at := range map[string]time.Time{"since": s.Since, "until": s.Until} {
		if !at.IsZero() {
			values.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if s.Status != 0 {
		values.Set("status", strconv.Itoa(s.Status))
	}
	return values
}

func listOutbox(command *cobra.Command, _ []string) error {
	flags := command.Flags()
	wanted, err := selection(flags, time.Now())
	if err != nil {
		return err
	}
	values := selectionQuery(command, wanted)
	for _, name := range []string{"state", "limit", "after"} {
		if flags.Changed(name) {
			values.Set(name, flags.Lookup(name).Value.String())
		}
	}
	var answer api.OutboxPage
	if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/outbox", values, nil, &answer); err != nil {
		return err
	}
	if answer.Next > 0 {
		fmt.Fprintf(command.ErrOrStderr(), "there may be more: --after %d\n", answer.Next)
	}
	return show(command, []string{"ID", "ENDPOINT", "STATE", "PUBLISHED", "ATTEMPTS", "NEXT", "LAST ERROR"}, answer.Entries, func(e api.OutboxEntry) []string {
		return []string{strconv.FormatInt(e.ID, 10), e.Endpoint, e.State, when(e.Published.Time), strconv.Itoa(e.Attempts), when(e.Next.Time),
			orDash(shorten(e.LastError))}
	})
}

func showOutbox(command *cobra.Command, args []string) error {
	var e api.OutboxLetter
	if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/outbox/"+url.PathEscape(args[0]), query(command), nil, &e); err != nil {
		return err
	}
	out := command.OutOrStdout()
	if asJSON, _ := command.Flags().GetBool("json"); asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(e)
	}
	for _, line := range [][2]string{{"Message", e.MessageID}, {"Kind", e.Kind}, {"Topic", e.TopicARN}, {"Subscription", e.SubscriptionARN},
		{"Endpoint", e.Endpoint}, {"State", e.State}, {"Queue", e.Queue}, {"Published", when(e.Published.Time)}, {"Failed", when(e.Failed.Time)},
		{"Next attempt", when(e.Next.Time)}, {"Attempts", strconv.Itoa(e.Attempts)}, {"Last error", e.LastError}, {"Feedback", e.FeedbackID}} {
		if line[1] != "" && line[1] != "-" {
			fmt.Fprintf(out, "%-13s %s\n", line[0]+":", line[1])
		}
	}
	for _, a := range e.History {
		fmt.Fprintf(out, "\nAttempt %d, %s, %d ms: %s\n", a.Number, when(a.At.Time), a.TookMillis, a.Error)
		if a.Answer != "" {
			fmt.Fprintf(out, "  %s\n", shorten(a.Answer))
		}
	}
	body := e.Body
	if e.DeadLetter != nil {
		body = e.DeadLetter.Body
		fmt.Fprintln(out)
		for _, name := range slices.Sorted(maps.Keys(e.DeadLetter.Attributes)) {
			fmt.Fprintf(out, "%s: %s\n", name, e.DeadLetter.Attributes[name].Value)
		}
	}
	_, err := fmt.Fprintf(out, "\n%s\n", body)
	return err
}

func listEndpoints(command *cobra.Command, _ []string) error {
	var answer struct{ Endpoints []api.OutboxEndpoint }
	if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/outbox/endpoints", query(command), nil, &answer); err != nil {
		return err
	}
	heads := []string{"ENDPOINT", "HEALTH", "WAITING", "FAILED", "FAILURES", "FAILING SINCE", "PAUSED UNTIL", "LAST SUCCESS"}
	return show(command, heads, answer.Endpoints, func(e api.OutboxEndpoint) []string {
		return []string{e.Endpoint, e.Health, strconv.Itoa(e.Waiting), strconv.Itoa(e.Failed), strconv.Itoa(e.Failures), when(e.FailingSince.Time),
			when(e.PausedUntil.Time), when(e.LastSuccess.Time)}
	})
}

func outboxChange(verb, short string) *cobra.Command {
	command := &cobra.Command{Use: verb + " [ID…]", Short: short + ": those named or picked by flags, or all that failed",
		RunE: func(command *cobra.Command, args []string) error {
			wanted, err := selection(command.Flags(), time.Now())
			if err != nil {
				return err
			}
			for _, arg := range args {
				id, err := strconv.ParseInt(arg, 10, 64)
				if err != nil {
					return fmt.Errorf("%q is not the id of an outbox entry", arg)
				}
				wanted.IDs = append(wanted.IDs, id)
			}
			var answer api.OutboxChanged
			err = newClient(command).call(command.Context(), http.MethodPost, "/v1/outbox/"+verb, query(command), wanted, &answer)
			if err == nil {
				fmt.Fprintf(command.ErrOrStderr(), "%d entries\n", answer.Entries)
			}
			return err
		}}
	selectionFlags(command.Flags())
	return command
}
