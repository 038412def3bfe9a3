package processor

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/suppression"
)

// maxWhy is how many reports Why returns, the newest.
const maxWhy = 100

// Why is all that is known of an address: whether mail to it goes, its entries on the lists, and the reports that name it.
type Why struct {
	Address  string              // in the form of address.Normalize
	Verdict  suppression.Verdict // for the account and identity that were asked for
	Entries  []suppression.Entry // on all lists of the account, and on the global one
	Mentions []Mention           // the newest first, at most 100
}

// Mention is a report that names the address, as it was noted when it arrived; reports are kept for Retention. The mail itself stands
// in the stream at Seq.
type Mention struct {
	Arrived
	Recipient ArrivedRecipient // what it says of the address
}

// AskWhy explains a verdict. With an account only reports about that account's mails are shown, without one all, also those that
// matched no mail. The error wraps suppression.ErrInvalid when addr is no address.
func AskWhy(ctx context.Context, db *sql.DB, sender suppression.Sender, addr string, now time.Time) (why Why, err error) {
	if why.Address, err = address.Normalize(addr); err != nil {
		return Why{}, fmt.Errorf("%w: %w", suppression.ErrInvalid, err)
	}
	if why.Verdict, err = suppression.Check(ctx, db, sender, addr, now); err != nil {
		return Why{}, err
	}
	if why.Entries, err = suppression.Everywhere(ctx, db, sender.Account, addr, now); err != nil {
		return Why{}, err
	}
	why.Mentions, err = mentions(ctx, db, sender.Account, why.Address)
	return why, err
}

// mentions finds the reports about an address, in whatever case its letters are. Not every database folds letters beyond ASCII, so that
// the spelling at hand is looked for as well.
func mentions(ctx context.Context, db *sql.DB, owner, normal string) ([]Mention, error) {
	folded, err := address.Key(normal)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", suppression.ErrInvalid, err)
	}
	rows, err := db.QueryContext(ctx, `SELECT f.id, f.seq, f.account, f.kind, f.format, f.trust, f.source, f.received_at, f.message_id, f.reporting_mta,
			f.subject, f.problem, r.address, r.notification_id, r.outcome, r.bounce_type, r.bounce_sub_type, r.scope, r.reason, r.status, r.diagnostic, r.listed
		FROM feedback_recipient r JOIN feedback f ON f.id = r.feedback_id
		WHERE lower(r.address) IN ($1, lower($2)) AND ($3 = '' OR f.account = $3) ORDER BY f.seq DESC LIMIT $4`, folded, normal, owner, maxWhy)
	if err != nil {
		return nil, fmt.Errorf("processor: looking for reports about %s: %w", normal, err)
	}
	defer rows.Close()
	var all []Mention
	for rows.Next() {
		var one Mention
		var received int64
		r := &one.Recipient
		if err := rows.Scan(&one.ID, &one.Seq, &one.Account, &one.Kind, &one.Format, &one.Trust, &one.Source, &received, &one.MessageID, &one.ReportingMTA,
			&one.Subject, &one.Problem, &r.Address, &r.Notification, &r.Outcome, &r.BounceType, &r.BounceSubType, &r.Scope, &r.Reason, &r.Status,
			&r.Diagnostic, &r.Listed); err != nil {
			return nil, fmt.Errorf("processor: looking for reports about %s: %w", normal, err)
		}
		one.Received = time.UnixMilli(received).UTC()
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("processor: looking for reports about %s: %w", normal, err)
	}
	return all, nil
}
