package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rebound-mail/rebound/processor/classify"
)

// verdict is what `rebound classify` prints about a reply.
type verdict struct {
	Reply         string `json:"reply"`
	BounceType    string `json:"bounceType"`
	BounceSubType string `json:"bounceSubType"`
	Scope         string `json:"scope"`
	Reason        string `json:"reason"`
	Rule          string `json:"rule"`
	Status        string `json:"status,omitempty"`
	SMTPReply     string `json:"smtpReply,omitempty"`
}

func classifyCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "classify [REPLY…|-]",
		GroupID: "read",
		Short:   "Say what an SMTP reply or diagnostic means, and which rule says so; needs no server",
		Long:    `Classifies each argument, or each line of standard input (-), as the final reply to a mail. A single reply needs no quotes.`,
		Example: "  rebound classify \"550 5.1.1 user unknown\"\n  rebound classify --rules own.yaml --json < replies.txt",
		RunE: func(command *cobra.Command, args []string) error {
			rules, err := rulesOf(command.Flags())
			if err != nil {
				return err
			}
			replies, err := repliesOf(args, command.InOrStdin())
			if err != nil {
				return err
			}
			verdicts := make([]verdict, len(replies))
			for i, reply := range replies {
				verdicts[i] = classified(rules, reply)
			}
			return show(command, []string{"TYPE", "SUB TYPE", "SCOPE", "REASON", "RULE", "REPLY"}, verdicts, func(v verdict) []string {
				return []string{v.BounceType, v.BounceSubType, v.Scope, v.Reason, v.Rule, shorten(v.Reply)}
			})
		},
	}
	command.Flags().Bool("json", false, "print JSON instead of a table")
	rulesFlag(command.Flags())
	return command
}

// rulesFlag is that of every command that classifies without a server.
func rulesFlag(flags *pflag.FlagSet) {
	flags.String("rules", "", "file of own rules, asked before the built-in ones")
}

func rulesOf(flags *pflag.FlagSet) (*classify.Classifier, error) {
	path, _ := flags.GetString("rules")
	return loadRules(path)
}

// loadRules reads the built-in rules, and those of the file, when there is one, before them.
func loadRules(path string) (*classify.Classifier, error) {
	if path == "" {
		return classify.Default(), nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("rules: %w; give a file with --rules or the setting classify.rules", err)
	}
	return classify.New(classify.File{Name: path, Content: content})
}

// repliesOf returns the replies to classify. Arguments without a blank in any of them are the words of one reply.
func repliesOf(args []string, in io.Reader) ([]string, error) {
	if len(args) == 0 || len(args) == 1 && args[0] == "-" {
		return linesOf(in)
	}
	if slices.ContainsFunc(args, func(arg string) bool { return strings.ContainsAny(arg, " \t\n") }) {
		return args, nil
	}
	return []string{strings.Join(args, " ")}, nil
}

func linesOf(in io.Reader) ([]string, error) {
	var found []string
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" {
			found = append(found, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("standard input: %w; a reply is a line of at most 1 MiB", err)
	}
	return found, nil
}

func classified(rules *classify.Classifier, reply string) verdict {
	r := rules.Classify(classify.Input{Action: "failed", Diagnostic: reply})
	v := verdict{Reply: reply, BounceType: r.BounceType, BounceSubType: r.BounceSubType, Scope: string(r.Scope), Reason: r.Reason,
		Rule: r.Rule, SMTPReply: r.SMTPReply}
	if !r.Status.IsZero() {
		v.Status = r.Status.String()
	}
	return v
}

// shorten cuts a reply to what fits beside the rest of a row.
func shorten(reply string) string {
	const width = 100
	letters := []rune(strings.Join(strings.Fields(reply), " "))
	if len(letters) > width {
		return string(letters[:width-1]) + "…"
	}
	return cmp.Or(string(letters), "-")
}
