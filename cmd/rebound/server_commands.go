package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/processor/classify"
)

func feedbackCommand() *cobra.Command {
	command := &cobra.Command{Use: "feedback", GroupID: "admin", Short: "What arrived: look, read the mails, put them through today's rules"}
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
	command.AddCommand(list, showFeedbackCommand(), raw, replayCommand(), unclassifiedCommand())
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

func showFeedbackCommand() *cobra.Command {
	return &cobra.Command{Use: "show SEQ|FEEDBACK-ID", Short: "Print one report as JSON", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			var report api.Report
			if err := newClient(command).call(command.Context(), http.MethodGet, "/v1/feedback/"+url.PathEscape(args[0]), query(command), nil, &report); err != nil {
				return err
			}
			encoder := json.NewEncoder(command.OutOrStdout())
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			return encoder.Encode(report)
		}}
}

func replayCommand() *cobra.Command {
	command := &cobra.Command{Use: "replay SEQ…", Short: "Put mails through today's rules, as if they had just come in", Args: cobra.MinimumNArgs(1),
		Long: `Reads, matches and judges mails anew, and changes their records and the lists: what is listed because of the report and would not be today
is taken off. A report that matched no mail before is counted and published now. One that had its effects is not counted again, and
published only with --notify.`,
		RunE: func(command *cobra.Command, args []string) error {
			notify, _ := command.Flags().GetBool("notify")
			replays := make([]processor.Replayed, len(args))
			for i, seq := range args {
				err := newClient(command).call(command.Context(), http.MethodPost, "/v1/feedback/"+url.PathEscape(seq)+"/replay",
					query(command, "notify", strconv.FormatBool(notify)), nil, &replays[i])
				if err != nil {
					return err
				}
			}
			return show(command, []string{"SEQ", "BEFORE", "NOW", "LISTED", "TAKEN OFF", "PUBLISHED"}, replays, replayedRow)
		}}
	command.Flags().Bool("notify", false, "publish the notifications also when they were published before")
	return command
}

func replayedRow(r processor.Replayed) []string {
	before := "-"
	if r.Before != nil {
		before = verdictOf(*r.Before)
	}
	places := func(changes []processor.ReplayedChange) string {
		var texts []string
		for _, c := range changes {
			texts = append(texts, c.Address+" ("+c.List+")")
		}
		return orDash(strings.Join(texts, " "))
	}
	return []string{strconv.FormatUint(r.After.Seq, 10), before, verdictOf(r.After), places(r.Listed), places(r.Delisted), strconv.Itoa(r.Notifications)}
}

// verdictOf is what was made of a report, in a few words.
func verdictOf(a processor.Arrived) string {
	row := arrivedRow(a)
	return row[2] + " " + row[3] + " " + row[5]
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
