package delivery

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// DeadLetter is an entry as a consumer of SNS's dead-letter queue reads it: the body is the signed envelope that the subscriber did not
// get, or the message alone when the subscription is raw.
type DeadLetter struct {
	Body       string
	Attributes map[string]schemas.MessageAttribute // RequestID, ErrorCode and ErrorMessage, besides those of a raw message
}

// Get returns the entry whole, or ErrNotFound.
func Get(ctx context.Context, db *sql.DB, id int64) (Entry, error) {
	e, err := scanEntry(db.QueryRowContext(ctx, selectWhole, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, fmt.Errorf("delivery: entry %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("delivery: get entry %d: %w", id, err)
	}
	return e, nil
}

// DeadLetterOf writes a failed notification of a subscription, also of one that has ended since. Ok is false for every other entry.
func DeadLetterOf(ctx context.Context, db *sql.DB, signer *topic.Signer, publicURL string, e Entry) (letter DeadLetter, ok bool, err error) {
	if e.State != Failed || e.Kind != KindNotification || e.SubscriptionARN == "" {
		return DeadLetter{}, false, nil
	}
	to, err := lookUp(ctx, db, e)
	switch {
	case errors.Is(err, errTopicDeleted), errors.Is(err, errUnsubscribed):
		to.Topic.ARN, to.Subscription.ARN = e.TopicARN, e.SubscriptionARN
		if to.Topic.SignatureVersion == "" {
			to.Topic.SignatureVersion = topic.SignatureSHA1
		}
	case err != nil:
		return DeadLetter{}, false, fmt.Errorf("delivery: dead letter %d: %w", e.ID, err)
	}
	body, _, err := e.sealed(signer, to, publicURL)
	if err != nil {
		return DeadLetter{}, false, fmt.Errorf("delivery: dead letter %d: %w", e.ID, err)
	}
	letter = DeadLetter{Body: string(body), Attributes: map[string]schemas.MessageAttribute{}}
	if to.Subscription.Raw {
		maps.Copy(letter.Attributes, e.Attributes)
	}
	letter.Attributes["RequestID"] = schemas.MessageAttribute{Type: "String", Value: requestID(e)}
	letter.Attributes["ErrorCode"] = schemas.MessageAttribute{Type: "Number", Value: strconv.Itoa(e.LastStatus)}
	letter.Attributes["ErrorMessage"] = schemas.MessageAttribute{Type: "String", Value: e.LastError}
	return letter, true, nil
}

// requestID is a UUID (RFC 9562, version 8) that stays the same as long as the entry does.
func requestID(e Entry) string {
	sum := sha256.Sum256([]byte(e.MessageID + " " + strconv.FormatInt(e.ID, 10)))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
