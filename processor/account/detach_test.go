package account_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
)

func (a accounts) detach(identity, arn string) (changed bool) {
	a.Helper()
	a.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		changed, err = account.DetachTopic(ctx, tx, ours, identity, arn, now.Add(time.Hour))
		return err
	})
	return changed
}

func TestATopicIsDetachedFromAllKindsAndForwardingComesBack(t *testing.T) {
	a := open(t)
	a.createIdentity(ours, "example.org")
	for kind, arn := range map[schemas.NotificationType]string{schemas.TypeBounce: feedbackTopic, schemas.TypeComplaint: feedbackTopic, schemas.TypeDelivery: feedbackTopic + "2"} {
		a.setTopic("example.org", kind, arn)
	}
	if err := a.setForwarding("example.org", false); err != nil {
		t.Fatal(err)
	}
	if changed := []bool{a.detach("example.org", feedbackTopic), a.detach("example.org", feedbackTopic), a.detach("gone.example", feedbackTopic)}; !cmp.Equal(changed, []bool{true, false, false}) {
		t.Errorf("changed %v, want the first time alone", changed)
	}
	got := a.get("example.org")
	if got.BounceTopic+got.ComplaintTopic != "" || got.DeliveryTopic != feedbackTopic+"2" || !got.ForwardingEnabled || got.DetachedTopic != feedbackTopic || !got.Detached.Equal(now.Add(time.Hour)) {
		t.Errorf("got %+v", got)
	}
	a.setTopic("example.org", schemas.TypeBounce, "")
	if a.get("example.org").DetachedTopic != feedbackTopic {
		t.Error("clearing a topic mends nothing, and the note is gone")
	}
	a.setTopic("example.org", schemas.TypeBounce, feedbackTopic)
	if got := a.get("example.org"); got.DetachedTopic != "" || !got.Detached.IsZero() {
		t.Errorf("a topic is set again, and the note says %s at %s", got.DetachedTopic, got.Detached)
	}
}

func TestAnEventDestinationIsDisabledOnceForTheTopicThatItHas(t *testing.T) {
	a := withSet(t)
	if err := a.createDestination(destination("hook")); err != nil {
		t.Fatal(err)
	}
	disable := func(arn string) (changed bool) {
		a.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
			changed, err = account.DisableEventDestination(ctx, tx, ours, "news", "hook", arn, now)
			return err
		})
		return changed
	}
	if changed := []bool{disable("arn:of:another"), disable(feedbackTopic), disable(feedbackTopic)}; !cmp.Equal(changed, []bool{false, true, false}) {
		t.Errorf("changed %v", changed)
	}
	got, err := account.EventDestinations(t.Context(), a.Read, ours, "news")
	if err != nil || got[0].Enabled || !got[0].Detached.Equal(now) || got[0].TopicARN != feedbackTopic {
		t.Errorf("got %+v, %v", got, err)
	}
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		return account.PutEventDestination(ctx, tx, destination("hook"))
	})
	if got, err = account.EventDestinations(t.Context(), a.Read, ours, "news"); err != nil || !got[0].Enabled || !got[0].Detached.IsZero() {
		t.Errorf("put anew: got %+v, %v", got, err)
	}
}

func TestOwnersOfATopicAreThoseWhoPublishToItOrDid(t *testing.T) {
	a := withSet(t)
	for _, identity := range []string{"jane@example.org", "b.example", "detached.example", "other.example"} {
		a.createIdentity(ours, identity)
	}
	a.setTopic("jane@example.org", schemas.TypeDelivery, feedbackTopic)
	a.setTopic("b.example", schemas.TypeComplaint, feedbackTopic)
	a.setTopic("detached.example", schemas.TypeBounce, feedbackTopic)
	a.detach("detached.example", feedbackTopic)
	a.setTopic("other.example", schemas.TypeBounce, feedbackTopic+"2")
	if err := a.createDestination(destination("hook")); err != nil {
		t.Fatal(err)
	}
	check := func(want ...string) {
		t.Helper()
		got, err := account.TopicOwners(t.Context(), a.Read, feedbackTopic)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
	}
	check("jane@example.org", "postmaster@b.example", "postmaster@detached.example")
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		return account.Put(ctx, tx, account.Account{ID: ours, Contact: "ops@example.org"})
	})
	check("jane@example.org", "ops@example.org")
}

func TestTheContactOfAnAccountIsAnAddress(t *testing.T) {
	a := open(t)
	for _, contact := range []string{"nobody", "Ops <ops@example.org>", "a@b.example\r\nBcc: c@d.example"} {
		err := a.try(func(ctx context.Context, tx *sql.Tx) error {
			return account.Put(ctx, tx, account.Account{ID: ours, Contact: contact})
		})
		if !errors.Is(err, account.ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", contact, err)
		}
	}
}
