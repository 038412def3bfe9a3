package topic

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// TokenLife is how long a subscription waits for its confirmation, as in SNS.
const TokenLife = 48 * time.Hour

var validToken = regexp.MustCompile(`^[0-9a-fA-F]{256}$`)

// newToken makes the secret in a confirmation link: who has it has read what was sent to the endpoint.
func newToken() string {
	var random [128]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	return hex.EncodeToString(random[:])
}

// Confirm confirms the subscription that the token was sent to and returns it. A token that has confirmed does so again, however late,
// because links are visited twice, and one that has ended is restored. With authenticated, only the owner can end the subscription. Errors: ErrMalformedToken, ErrToken.
func Confirm(ctx context.Context, tx *sql.Tx, token string, authenticated bool, now time.Time) (Subscription, error) {
	if !validToken.MatchString(token) {
		return Subscription{}, fmt.Errorf("topic: confirm: %w", ErrMalformedToken)
	}
	s, err := scanSubscription(tx.QueryRowContext(ctx, selectSubscriptionByToken, token))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !s.Confirmed && !now.Before(s.TokenExpires) {
		return Subscription{}, fmt.Errorf("topic: confirm: %w", ErrToken)
	}
	if err != nil {
		return Subscription{}, fmt.Errorf("topic: confirm: %w", err)
	}
	s.Confirmed, s.Ended = true, time.Time{}
	s.ConfirmationWasAuthenticated = s.ConfirmationWasAuthenticated || authenticated
	if _, err := tx.ExecContext(ctx, confirmSubscription, integer(s.ConfirmationWasAuthenticated), s.ARN); err != nil {
		return Subscription{}, fmt.Errorf("topic: confirm %s: %w", s.ARN, err)
	}
	return s, nil
}

// PurgePending deletes at most limit subscriptions that nobody confirmed, or restored, in time, and tells how many it deleted.
func PurgePending(ctx context.Context, tx *sql.Tx, now time.Time, limit int) (int, error) {
	n, err := affected(tx.ExecContext(ctx, deletePending, now.UnixMilli(), limit))
	if err != nil {
		return 0, fmt.Errorf("topic: purge pending subscriptions: %w", err)
	}
	return int(n), nil
}
