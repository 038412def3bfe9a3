package processor

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// changesOnBus reads the stream of changes: subjects, and numbers as they stand in the JSON.
func (w *workshop) changesOnBus() (subjects []string, sequences []int64) {
	w.t.Helper()
	stream, err := w.jetstream().Stream(w.t.Context(), "SUPPRESSION")
	if err != nil {
		w.t.Fatal(err)
	}
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		message, err := stream.GetMsg(w.t.Context(), seq)
		if err == jetstream.ErrMsgNotFound {
			continue
		}
		if err != nil {
			w.t.Fatal(err)
		}
		if err := schemas.Validate(schemas.SuppressionChangeSchema, message.Data); err != nil {
			w.t.Error(err)
		}
		var change schemas.SuppressionChangeNotification
		if err := json.Unmarshal(message.Data, &change); err != nil {
			w.t.Fatal(err)
		}
		subjects, sequences = append(subjects, message.Subject), append(sequences, change.SuppressionChange.Sequence)
	}
	return subjects, sequences
}

func (w *workshop) putMany(from, to int, list suppression.List) {
	w.t.Helper()
	var entries []suppression.Entry
	for n := from; n < to; n++ {
		entries = append(entries, suppression.Entry{List: list, Address: fmt.Sprintf("a%d@example.net", n), Reason: suppression.Bounce, Expires: now.Add(24 * time.Hour)})
	}
	w.transact(func(tx *sql.Tx) error { return suppression.PutMany(w.t.Context(), tx, entries, now) })
}

func TestEachChangeOfAListIsPublishedOnceAndInOrder(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	arn := w.listen("lists", "")
	w.transact(func(tx *sql.Tx) error {
		return account.Put(t.Context(), tx, account.Account{ID: account.DefaultID, SuppressedReasons: suppression.Reasons(), SuppressionTopic: arn})
	})
	own := suppression.List{Account: account.DefaultID}
	w.putMany(0, 1200, own)
	w.putMany(0, 3, suppression.List{})
	woken := 0
	for range 2 { // as after a new start
		follower := NewFollower(w.store, w.bus, func() { woken++ }, w.worker.Log)
		if err := follower.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.transact(func(tx *sql.Tx) error {
		_, err := suppression.Delete(t.Context(), tx, own, "a7@example.net", now)
		return err
	})
	if err := NewFollower(w.store, w.bus, func() {}, w.worker.Log).Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	subjects, sequences := w.changesOnBus()
	for i, seq := range sequences {
		if seq != int64(i+1) {
			t.Fatalf("change %d comes at place %d", seq, i+1)
		}
	}
	if len(sequences) != 1204 || subjects[0] != "suppression.changed.000000000000" || subjects[1202] != "suppression.changed.global" || woken != 1 {
		t.Errorf("%d changes, woken %d times: %s, %s", len(sequences), woken, subjects[0], subjects[1202])
	}
	// The global list is nobody's own: the topic gets the account's changes alone.
	messages := w.published(arn)
	if len(messages) != 1201 {
		t.Errorf("%d changes for the topic", len(messages))
	}
	if entries, err := delivery.List(t.Context(), w.store.Read, delivery.Filter{}, 0, 1); err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v", entries, err)
	}
}

func TestChangesThatAreGoneStopNobody(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.putMany(0, 5, suppression.List{Account: account.DefaultID})
	w.transact(func(tx *sql.Tx) error {
		_, err := suppression.PurgeChanges(t.Context(), tx, now.Add(time.Hour), 3)
		return err
	})
	if err := NewFollower(w.store, w.bus, func() {}, w.worker.Log).Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, sequences := w.changesOnBus(); len(sequences) != 2 || sequences[0] != 4 {
		t.Errorf("got %v", sequences)
	}
}
