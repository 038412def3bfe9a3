package jobs

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
)

// MaxInsights is how many rows one export of insights writes at most, as in SES.
const MaxInsights = 10_000

// InsightsQuery chooses mails, of each of which a row is written for each recipient.
type InsightsQuery struct {
	Start, End time.Time // when they were sent; End is not part of it
	Include    Filters   // only rows that one value of each filter matches
	Exclude    Filters   // no row that a value of any filter matches
	Most       int       // rows; 0 is MaxInsights
}

// Filters are values by what they are compared with. In the first four "*" stands for any text, and case does not count. The last two
// hold DELIVERY, PERMANENT_BOUNCE and so on, and OPEN and CLICK.
type Filters struct {
	FromEmailAddress, Destination, Subject, Isp, LastDeliveryEvent, LastEngagementEvent []string
}

// insightRow is a row by the names of the filters.
type insightRow struct {
	from, destination, subject, isp, lastDelivery string
}

// IspOf returns what stands for the provider of a mailbox: its domain.
func IspOf(destination string) string { return address.Domain(destination) }

// DeliveryEvent returns the last that happened to a mail on its way, in SES's words: SEND, DELIVERY, PERMANENT_BOUNCE …
func DeliveryEvent(events []processor.InsightEvent) (name string, at time.Time) {
	for _, e := range slices.Backward(events) {
		switch e.Type {
		case account.EventBounce:
			return strings.ToUpper(e.BounceType) + "_BOUNCE", e.At
		case account.EventSend, account.EventDelivery, account.EventComplaint:
			return string(e.Type), e.At
		}
	}
	return "", time.Time{}
}

// exportInsights writes a row for each recipient of the chosen mails.
func (r *Runner) exportInsights(ctx context.Context, j *Job, out *table) error {
	query := *j.Export.Insights
	include, exclude := query.Include.compile(), query.Exclude.compile()
	most := int64(MaxInsights)
	if query.Most > 0 {
		most = min(most, int64(query.Most))
	}
	err := out.head("MessageId", "SendTimestamp", "FromEmailAddress", "Destination", "Subject", "Isp", "LastDeliveryEvent", "LastDeliveryEventTimestamp",
		"BounceSubType", "DiagnosticCode")
	for after := int64(0); err == nil && j.Exported < most; {
		var mails []sentmail.Mail
		if mails, err = sentmail.Between(ctx, r.store.Read, j.Account, query.Start, query.End, after, 500); err != nil || len(mails) == 0 {
			break
		}
		after = mails[len(mails)-1].ID
		var insights map[int64][]processor.Insight
		if insights, err = processor.Insights(ctx, r.store.Read, mails); err != nil {
			break
		}
		for _, mail := range mails {
			for _, insight := range insights[mail.ID] {
				j.Processed++
				row := rowOf(mail, insight)
				if j.Exported == most || !include.all(row) || exclude.any(row) {
					continue
				}
				j.Exported++
				if err := writeInsight(out, mail, insight, row); err != nil {
					return err
				}
			}
		}
		err = r.progress(ctx, j)
	}
	if err != nil {
		return err
	}
	return out.flush()
}

func rowOf(mail sentmail.Mail, insight processor.Insight) insightRow {
	last, _ := DeliveryEvent(insight.Events)
	return insightRow{mail.Source, insight.Destination, mail.Subject(), IspOf(insight.Destination), last}
}

func writeInsight(out *table, mail sentmail.Mail, insight processor.Insight, row insightRow) error {
	_, at := DeliveryEvent(insight.Events)
	last := insight.Events[len(insight.Events)-1]
	return out.write(mail.MessageID, schemas.FormatTime(mail.Sent), row.from, row.destination, row.subject, row.isp, row.lastDelivery, schemas.FormatTime(at),
		last.BounceSubType, last.DiagnosticCode)
}

// compiled are filters ready to be asked.
type compiled []func(insightRow) (matches bool)

func (f Filters) compile() compiled {
	var all compiled
	for _, one := range []struct {
		values []string
		get    func(insightRow) string
	}{
		{f.FromEmailAddress, func(r insightRow) string { return r.from }},
		{f.Destination, func(r insightRow) string { return r.destination }},
		{f.Subject, func(r insightRow) string { return r.subject }},
		{f.Isp, func(r insightRow) string { return r.isp }},
		{f.LastDeliveryEvent, func(r insightRow) string { return r.lastDelivery }},
		{f.LastEngagementEvent, func(insightRow) string { return "" }}, // nobody tells of them
	} {
		if len(one.values) == 0 {
			continue
		}
		patterns := make([]string, len(one.values))
		for i, value := range one.values {
			patterns[i] = strings.ReplaceAll(regexp.QuoteMeta(value), `\*`, ".*")
		}
		matcher := regexp.MustCompile(`(?is)^(?:` + strings.Join(patterns, "|") + `)$`) // quoted, so it compiles
		all = append(all, func(r insightRow) bool { return matcher.MatchString(one.get(r)) })
	}
	return all
}

func (c compiled) all(r insightRow) bool {
	return !slices.ContainsFunc(c, func(matches func(insightRow) bool) bool { return !matches(r) })
}

func (c compiled) any(r insightRow) bool {
	return slices.ContainsFunc(c, func(matches func(insightRow) bool) bool { return matches(r) })
}
