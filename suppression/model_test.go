package suppression_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/suppression"
)

// model is what the lists should hold: entries by account and folded address.
type model map[[2]string]suppression.Entry

func (m model) key(account, addr string) [2]string {
	return [2]string{account, strings.ToLower(addr)}
}

func (m model) get(account, addr string, at time.Time) (suppression.Entry, bool) {
	e, found := m[m.key(account, addr)]
	if found && !e.Expires.IsZero() && !e.Expires.After(at) {
		return suppression.Entry{}, false
	}
	return e, found
}

func (m model) put(e suppression.Entry, at time.Time) {
	if !e.Expires.IsZero() && !e.Expires.After(at) {
		return
	}
	e.Created, e.Updated = at, at
	if old, found := m.get(e.Account, e.Address, at); found {
		e.Address, e.Created = old.Address, old.Created
	}
	m[m.key(e.Account, e.Address)] = e
}

func (m model) check(account string, reasons []suppression.Reason, addr string, at time.Time) suppression.Verdict {
	if len(reasons) == 0 {
		if e, found := m.get("", addr, at); found {
			return suppression.Verdict{Suppressed: true, Entry: e, List: suppression.GlobalList}
		}
		return suppression.Verdict{}
	}
	if e, found := m.get(account, addr, at); found && slices.Contains(reasons, e.Reason) {
		return suppression.Verdict{Suppressed: true, Entry: e, List: suppression.AccountList}
	}
	return suppression.Verdict{}
}

func (m model) list(account string, at time.Time) (entries []suppression.Entry) {
	for key := range m {
		if e, found := m.get(key[0], key[1], at); found && key[0] == account {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b suppression.Entry) int {
		return strings.Compare(strings.ToLower(a.Address), strings.ToLower(b.Address))
	})
	return entries
}

// walk does random things to the lists and to the model, and compares what they say.
type walk struct {
	lists
	*rand.Rand
	model model
	at    time.Time
}

func (w *walk) account() string { return []string{ours, theirs}[w.IntN(2)] }

func (w *walk) address() string {
	return []string{"a", "A"}[w.IntN(2)] + fmt.Sprintf("%d@example.net", w.IntN(20))
}

func (w *walk) put() {
	e := suppression.Entry{List: of([]string{"", ours, theirs}[w.IntN(3)]), Address: w.address(), Reason: ownList[w.IntN(2)],
		FeedbackID: fmt.Sprint(w.IntN(100)), MessageID: fmt.Sprint(w.IntN(100))}
	if e.Account == "" || w.IntN(4) == 0 {
		e.Expires = w.at.Add(time.Duration(w.Int64N(int64(15*day))) - day).Truncate(time.Millisecond)
	}
	w.lists.put(e, w.at)
	w.model.put(e, w.at)
}

func (w *walk) delete() {
	account, addr := []string{"", ours, theirs}[w.IntN(3)], w.address()
	_, alive := w.model.get(account, addr, w.at)
	delete(w.model, w.model.key(account, addr))
	if existed := w.removeAt(account, addr, w.at); existed != alive {
		w.Fatalf("delete %s from %q: got %v, want %v", addr, account, existed, alive)
	}
}

func (w *walk) purge() {
	spots, err := suppression.Expired(w.Context(), w.Read, suppression.Spot{}, w.at, 1+w.IntN(5))
	if err != nil || len(spots) > 5 {
		w.Fatalf("got %d expired, want at most 5, error %v", len(spots), err)
	}
	w.lists.purge(spots, w.at)
}

func (w *walk) compare() {
	account, reasons := w.account(), [][]suppression.Reason{nil, ownList, ownList[:1], ownList[1:]}[w.IntN(4)]
	addrs := []string{w.address(), w.address(), w.address()}
	many, err := suppression.CheckMany(w.Context(), w.Read, suppression.Sender{Account: account, Reasons: reasons}, addrs, w.at)
	if err != nil {
		w.Fatal(err)
	}
	for i, addr := range addrs {
		want := w.model.check(account, reasons, addr, w.at)
		for name, got := range map[string]suppression.Verdict{"check": w.check(account, reasons, addr, w.at), "check many": many[i]} {
			if diff := cmp.Diff(want, got); diff != "" {
				w.Fatalf("%s %s for %s with %v at %v:\n%s", name, addr, account, reasons, w.at, diff)
			}
		}
	}
}

func (w *walk) list() {
	account := []string{"", ours, theirs}[w.IntN(3)]
	q := suppression.Query{List: of(account), Limit: 1 + w.IntN(10), Now: w.at}
	var got []suppression.Entry
	for {
		entries, next, err := suppression.Entries(w.Context(), w.Read, q)
		if err != nil {
			w.Fatal(err)
		}
		got = append(got, entries...)
		if q.Cursor = next; next == "" {
			break
		}
	}
	slices.SortFunc(got, func(a, b suppression.Entry) int {
		return strings.Compare(strings.ToLower(a.Address), strings.ToLower(b.Address))
	})
	if diff := cmp.Diff(w.model.list(account, w.at), got); diff != "" {
		w.Fatalf("list %q at %v:\n%s", account, w.at, diff)
	}
}

func TestTheListsFollowTheModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := &walk{lists: open(t), Rand: rand.New(rand.NewPCG(seed, 0)), model: model{}, at: now}
			for range 1000 {
				w.at = w.at.Add(time.Duration(w.Int64N(int64(day))).Truncate(time.Millisecond))
				switch w.IntN(10) {
				case 0, 1, 2, 3:
					w.put()
				case 4:
					w.delete()
				case 5:
					w.purge()
				case 6:
					w.list()
				default:
					w.compare()
				}
			}
		})
	}
}
