package main

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/classify"
)

func feedbackCommand() *cobra.Command {
	command := &cobra.Command{Use: "feedback", GroupID: "admin", Short: "What arrived"}
	list := &cobra.Command{Use: "list", Short: "Print the reports that arrived, the newest first", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			kind, _ := command.Flags().GetString("kind")
			size, _ := command.Flags().GetInt("limit")
			trust := ""
			if unmatched, _ := command.Flags().GetBool("unmatched"); unmatched {
				trust = string(processor.TrustC)
			}
			var answer struct{ Feedback []processor.Arrived }
			err := newClient(command).call(command.Context(), http.MethodGet, "/v1/feedback",
				query(command, "kind", kind, "trust", trust, "limit", strconv.Itoa(size)), nil, &answer)
			if err != nil {
				return err
			}
			return show(command, []string{"SEQ", "RECEIVED", "KIND", "TRUST", "RECIPIENTS", "RESULT"}, answer.Feedback, arrivedRow)
		}}
	list.Flags().String("kind", "", "only bounce, delay, delivery, complaint, autoreply, none or error")
	list.Flags().Bool("unmatched", false, "only what belongs to no mail of ours (trust C)")
	list.Flags().Int("limit", 100, "at most so many")
	raw := &cobra.Command{Use: "raw SEQ", Short: "Print a mail as it came in", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			response, err := newClient(command).open(command.Context(), http.MethodGet, "/v1/feedback/"+args[0]+"/raw", query(command), nil)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			_, err = io.Copy(command.OutOrStdout(), response.Body)
			return err
		}}
	command.AddCommand(list, raw, unclassifiedCommand())
	clientFlags(command.PersistentFlags())
	return command
}

func unclassifiedCommand() *cobra.Command {
	return &cobra.Command{Use: "unclassified", Short: "Print the latest replies that no rule knows, the most frequent first", Args: cobra.NoArgs,
		Long: `Prints the latest hundred replies that no rule knows, as the server has seen them since it started. Write rules for those
whose verdict is wrong, try them with "rebound classify --rules FILE", and name the file in the setting classify.rules.`,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer api.UnclassifiedAnswer
			if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/unclassified", query(command), nil, &answer); err != nil {
				return err
			}
			return show(command, []string{"COUNT", "LAST", "TAKEN FOR", "CODES", "REPLY"}, answer.Replies, func(s classify.Sample) []string {
				return []string{strconv.FormatInt(s.Count, 10), when(s.Last), s.BounceType + "/" + s.BounceSubType,
					orDash(strings.TrimSpace(s.SMTPReply + " " + s.Status)), shorten(s.Reply)}
			})
		}}
}

func arrivedRow(a processor.Arrived) []string {
	var recipients, results []string
	for _, r := range a.Recipients {
		recipients = append(recipients, r.Address)
		result := strings.Trim(r.BounceType+"/"+r.BounceSubType, "/")
		if r.Listed {
			result += " (listed)"
		}
		results = append(results, result)
	}
	if a.Problem != "" {
		first, _, _ := strings.Cut(a.Problem, "\n")
		results = append(results, first)
	}
	return []string{strconv.FormatUint(a.Seq, 10), when(a.Received), string(a.Kind), string(a.Trust), orDash(strings.Join(recipients, " ")), orDash(strings.Join(results, ", "))}
}
