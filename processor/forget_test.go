package processor

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// dump writes each value of each table as text.
func (g *ground) dump() string {
	g.t.Helper()
	tables := g.strings(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	var all strings.Builder
	for _, table := range tables {
		for _, column := range g.strings(`SELECT name FROM pragma_table_info('` + table + `')`) {
			for _, value := range g.strings(`SELECT CAST("` + column + `" AS TEXT) FROM "` + table + `" WHERE "` + column + `" IS NOT NULL`) {
				fmt.Fprintf(&all, "%s.%s %s\n", table, column, value)
			}
		}
	}
	return all.String()
}

func (g *ground) strings(query string) (values []string) {
	g.t.Helper()
	rows, err := g.store.Read.QueryContext(g.t.Context(), query)
	if err != nil {
		g.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var value []byte
		if err := rows.Scan(&value); err != nil {
			g.t.Fatal(err)
		}
		values = append(values, string(value))
	}
	return values
}

// kept writes all that the streams hold.
func (w *workshop) kept() string {
	w.t.Helper()
	var all strings.Builder
	js := w.jetstream()
	for _, name := range []string{"FEEDBACK", "LARGE", "EVENTS", "NOTIFICATIONS", "SUPPRESSION"} {
		stream, err := js.Stream(w.t.Context(), name)
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
			fmt.Fprintf(&all, "%s %d %v %s\n", name, seq, message.Header, message.Data)
		}
	}
	return all.String()
}

func TestNoByteOfAForgottenAddressIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	folder := t.TempDir()
	const jane, joan = "Jane.Doe@example.net", "mary-jane.doe@example.net"
	w.send("<m1@sender.example>", jane)
	w.registerOnBus("<m2@sender.example>", jane, "joe@example.net")
	w.send("<m3@sender.example>", joan)
	header := sentmail.Registration{MessageID: "<m4@sender.example>", Source: "news@sender.example", Destination: []string{"joe@example.net"},
		Headers: []schemas.Header{{Name: "Cc", Value: "Jane <JANE.DOE@example.net>, Joe <joe@example.net>"}, {Name: "X-For", Value: "jane.doe@example.net"}, {Name: "Subject", Value: "Hi"}},
		Tags:    map[string][]string{"for": {"jane.doe@example.net"}}}
	mail, err := header.Mail(now)
	if err != nil {
		t.Fatal(err)
	}
	w.transact(func(tx *sql.Tx) error { _, err := sentmail.Record(t.Context(), tx, &mail); return err })

	w.publish(bounceMail{id: "r1", recipients: []string{jane}, original: "<m1@sender.example>"}.String())
	w.publish(bounceMail{id: "r2", recipients: []string{"joe@example.net", jane}, original: "<m2@sender.example>"}.String())
	w.publish(bounceMail{id: "r3", recipients: []string{joan}, original: "<m3@sender.example>"}.String())
	w.publish(bounceMail{id: "r4", recipients: []string{jane}, original: "<nobody@sender.example>", pad: 2 << 20}.String()) // a large one of strangers
	w.publish("Subject: no report\r\n\r\nwritten to jane.d=\r\noe@example.net\r\n", "bounces+jane.doe=example.net@sender.example")
	w.turn(5)
	follower := NewFollower(w.store, w.bus, func() {}, w.worker.Log)
	if err := follower.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.transact(func(tx *sql.Tx) error {
		message := delivery.Message{ID: schemas.NewUUID(), Kind: delivery.KindFeedbackForward, Body: "bounce", Targets: []delivery.Target{{Protocol: delivery.SMTP, Endpoint: jane}}}
		return delivery.Enqueue(t.Context(), tx, message, now)
	})

	got, err := Forget(t.Context(), w.store, w.bus, "jane.doe@EXAMPLE.net", now)
	want := Forgotten{Entries: 1, Changes: 2, Reports: 3, RawMails: 4, SentMails: 1, CutOut: 2, Outbox: 4, Notifications: 3, Events: 1}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n-want +got:\n%s", err, diff)
	}
	for name, text := range map[string]string{"the database": w.dump(), "the streams": w.kept()} {
		for _, line := range strings.Split(strings.ToLower(text), "\n") {
			if strings.Contains(strings.ReplaceAll(line, joan, ""), "jane.doe") {
				t.Errorf("%s: %.300s", name, line)
			}
		}
		if !strings.Contains(text, joan) || !strings.Contains(text, "joe@example.net") && name == "the database" {
			t.Errorf("%s: others were forgotten with her", name)
		}
	}
	if w.lists("joe@example.net") != "account" || w.lists(joan) != "account" {
		t.Error("others are off the list")
	}
	kept, err := sentmail.ByMessageID(t.Context(), w.store.Read, []string{"<m4@sender.example>"})
	wantHeader := []schemas.Header{{Name: "Cc", Value: "Joe <joe@example.net>"}, {Name: "Subject", Value: "Hi"}}
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if diff := cmp.Diff(wantHeader, kept[0].Header); diff != "" || len(kept[0].Tags["for"]) != 0 {
		t.Errorf("%s %v", diff, kept[0].Tags)
	}
	// A copy of the file as it is: nothing lies in what was deleted either.
	if _, err := w.store.Write.ExecContext(t.Context(), "VACUUM INTO '"+filepath.Join(folder, "copy.db")+"'"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "copy.db"))
	if err != nil || bytes.Contains(bytes.ReplaceAll(bytes.ToLower(text), []byte(joan), nil), []byte("jane.doe@")) {
		t.Errorf("the copy holds the address, error %v", err)
	}
	changes, _, err := suppression.Changes(t.Context(), w.store.Read, suppression.ChangeQuery{Account: account.DefaultID, After: 3})
	hash, _ := suppression.HashOf(jane)
	if err != nil || len(changes) != 1 || changes[0].Hash != hash || changes[0].Action != suppression.ActionDelete {
		t.Errorf("followers are told %+v, %v", changes, err)
	}
	body, err := ListChange(changes[0])
	if err == nil {
		err = schemas.Validate(schemas.SuppressionChangeSchema, body)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestAPersonIsFoundHoweverTheAddressIsWrittenAndNobodyElse(t *testing.T) {
	t.Parallel()
	who, err := newPerson(`Jane@Example.NET`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"jane@example.net": true, "<JANE@example.net>": true, "rfc822;jane@example.net.": true, "mailto:jane%40example.net": true,
		"bounce=jane=example.net@x": true, `{"a":"\njane@example.net\u003e"}`: true, `\u003cjane@example.net`: true, "%3Cjane@example.net%3E": true,
		"=3Cjane@exa=\r\nmple.net": true, "jane@example.net.\r\nBye": true, "jane@example.net, x": true,
		"mary.jane@example.net": false, "sjane@example.net": false, "x+jane@example.net": false, "x-jane@example.net": false,
		"jane@example.network": false, "jane@example.net.au": false, "jane@example.ne": false, "": false,
	} {
		if got := who.mentions(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}
