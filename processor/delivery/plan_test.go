package delivery

import (
	"strings"
	"testing"
)

// TestWhatTheEngineAsksOftenUsesAnIndex holds that no statement of the hot path reads a whole table, whatever number of entries wait.
func TestWhatTheEngineAsksOftenUsesAnIndex(t *testing.T) {
	f := newFixture(t)
	failed, failedArgs := Filter{State: Failed, SubscriptionARN: "s"}.list(0, 10)
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"what is due":                  {selectDue, []any{1}},
		"a claim":                      {claimEntries, []any{1, "o", 1, 1, 8}},
		"an entry":                     {selectMessage, []any{1, "o"}},
		"an entry in hand":             {selectOwned, []any{1, "o"}},
		"a delivery":                   {settleDelivered, []any{1, 1}},
		"a failed attempt":             {settleAttempted, []any{1, 1, 1, 1, 1, "e", "a", "q", 1, 1, 1}},
		"a message nobody waits for":   {deleteMessage, []any{1}},
		"an attempt":                   {insertAttempt, []any{1, 1, 1, 1, "e", "a"}},
		"old attempts":                 {forgetAttempts, []any{1, 20}},
		"what a subscription lost":     {countLost, []any{"s"}},
		"the list of what it lost":     {failed, failedArgs},
		"entries of an old message":    {deleteEntriesOf, []any{1}},
		"attempts of an old message":   {deleteAttemptsOf, []any{1}},
		"a new entry":                  {insertEntry, []any{1, "s", 1, "http", "http://a.example/"}},
		"the subscriptions in trouble": {endTrouble, []any{"s"}},
	} {
		rows, err := f.store.Write.Query("EXPLAIN QUERY PLAN "+q.query, q.args...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			for _, table := range []string{"outbox_entry", "outbox_message", "outbox_endpoint", "outbox_attempt", "outbox_trouble", "o", "m", "e"} {
				if step == "SCAN "+table || strings.HasPrefix(step, "SCAN "+table+" ") {
					t.Errorf("%s reads all of %s: %s", name, table, step)
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
}
