package processor

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/topic"
)

// rows counts what the tables hold that are purged.
func (g *ground) rows() map[string]int {
	g.t.Helper()
	found := map[string]int{}
	for name, query := range map[string]string{
		"global list": `SELECT count(*) FROM suppression_entry WHERE list = 0`, "account list": `SELECT count(*) FROM suppression_entry WHERE list > 0`,
		"reports": `SELECT count(*) FROM feedback`, "their recipients": `SELECT count(*) FROM feedback_recipient`,
		"statistics": `SELECT count(*) FROM statistics`, "outbox": `SELECT count(*) FROM outbox_entry`, "messages": `SELECT count(*) FROM outbox_message`,
		"sent mails": `SELECT count(*) FROM sent_mails`, "subscriptions": `SELECT count(*) FROM subscription`,
	} {
		var n int
		if err := g.store.Read.QueryRowContext(g.t.Context(), query).Scan(&n); err != nil {
			g.t.Fatal(err)
		}
		if n > 0 {
			found[name] = n
		}
	}
	return found
}

func (g *ground) purges(clock *time.Time) *Purges {
	return &Purges{Store: g.store, Keys: g.keys, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return *clock }}
}

func TestWhatHasExpiredGoesAndNothingBefore(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	sent := w.send("<m1@sender.example>", "jane@example.net")
	w.publish(bounceMail{id: "r1", recipients: []string{"jane@example.net"}, original: "<m1@sender.example>"}.String(), w.returnPath(sent, "jane@example.net"))
	w.turn(1)
	w.transact(func(tx *sql.Tx) error {
		_, err := topic.Subscribe(t.Context(), tx, topic.Subscription{TopicARN: w.topic, Protocol: topic.HTTP, Endpoint: "http://127.0.0.1:9/silent"}, now)
		return err
	})
	clock := now
	purges := w.purges(&clock)
	for _, test := range []struct {
		name string
		at   time.Time
		want map[string]int
	}{
		{"at once", now, map[string]int{"global list": 1, "account list": 1, "reports": 1, "their recipients": 1, "statistics": 2, "outbox": 1, "messages": 1,
			"sent mails": 1, "subscriptions": 2}},
		{"when the unconfirmed subscription ends", now.Add(topic.TokenLife + time.Minute), map[string]int{"global list": 1, "account list": 1, "reports": 1,
			"their recipients": 1, "statistics": 2, "outbox": 1, "messages": 1, "sent mails": 1, "subscriptions": 1}},
		{"just before 14 days", now.Add(Retention - time.Minute), map[string]int{"global list": 1, "account list": 1, "reports": 1, "their recipients": 1,
			"statistics": 1, "outbox": 1, "messages": 1, "sent mails": 1, "subscriptions": 1}},
		{"14 days and a bit", now.Add(Retention + time.Minute), map[string]int{"account list": 1, "sent mails": 1, "subscriptions": 1}},
		{"when no return path is valid any more", now.Add(returnpath.Lifetime + time.Minute), map[string]int{"account list": 1, "subscriptions": 1}},
	} {
		clock = test.at
		purges.Purge(t.Context())
		if err := purges.Sweep(t.Context(), clock); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(test.want, w.rows()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.name, diff)
		}
	}
}

func TestPurgesDeleteInChunks(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const reports = 2*purgeChunk + 201
	g.transact(func(tx *sql.Tx) error {
		for i := range reports {
			id := fmt.Sprint("report ", i)
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO feedback VALUES ($1, $2, '', 'bounce', '', 'C', 'smtp', $3, 0, '', '', '', '')`,
				id, i, now.UnixMilli()); err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO feedback_recipient VALUES ($1, 0, '', '', '', '', '', '', '', '', '', 0)`, id); err != nil {
				return err
			}
		}
		return nil
	})
	clock := now
	var sizes []int
	err := g.purges(&clock).chunks(t.Context(), func(ctx context.Context, tx *sql.Tx) (int, error) {
		n, err := PurgeFeedback(ctx, tx, now.Add(time.Millisecond), purgeChunk)
		sizes = append(sizes, n)
		return n, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{purgeChunk, purgeChunk, 201}, sizes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"subscriptions": 1}, g.rows()); diff != "" {
		t.Errorf("left: -want +got:\n%s", diff)
	}
}

func TestAPurgeThatFailsDoesNotKeepTheOthersFromWorking(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.send("<m1@sender.example>", "jane@example.net")
	g.transact(func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `DROP TABLE suppression_change`)
		return err
	})
	clock := now.Add(returnpath.Lifetime + time.Minute)
	g.purges(&clock).Purge(t.Context())
	var left int
	if err := g.store.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM sent_mails`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d sent mails are left, %v", left, err)
	}
}

// Start would panic on a schedule that cannot be read.
func TestTheScheduleOfPurgesCanBeRead(t *testing.T) {
	t.Parallel()
	clock := now
	ctx, stop := context.WithCancel(t.Context())
	newGround(t).purges(&clock).Start(ctx)
	stop()
}
