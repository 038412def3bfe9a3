package suppression

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sender is who wants to send.
type Sender struct {
	Account  string
	Identity string // that the mail is sent with; empty when it is none
	// Reasons are those for which the account's own list counts: the account's, or those of the mail's configuration set where
	// that has some of its own. Without any the global list counts instead.
	Reasons []Reason
}

// Verdict tells whether mail to an address is suppressed, and by which entry. An entry that allows is shown as well: then
// Suppressed is false and List is AllowList.
type Verdict struct {
	Suppressed bool
	Entry      Entry  // the zero value when there is none that decides
	List       string // AccountList, GlobalList or AllowList; empty when no entry decides
}

// BounceSubType returns SES's word for the hard bounce that a suppressed mail becomes instead of being sent; empty when the
// mail may go.
func (v Verdict) BounceSubType() string {
	switch {
	case !v.Suppressed:
		return ""
	case v.List == GlobalList:
		return "Suppressed"
	}
	return "OnAccountSuppressionList"
}

// chunk is how many addresses one query of CheckMany asks for.
const chunk = 1000

// Get returns the entry of an address on one list. The error wraps ErrInvalid when addr is no address.
func Get(ctx context.Context, db *sql.DB, on List, addr string, now time.Time) (Entry, bool, error) {
	at, err := placeOf(addr)
	if err != nil {
		return Entry{}, false, err
	}
	id, known, err := numberOf(ctx, db, on)
	if err != nil || !known {
		return Entry{}, false, err
	}
	e, err := scan(db.QueryRowContext(ctx, selectEntry, id, at.hash[:]))
	if errors.Is(err, sql.ErrNoRows) || err == nil && (expired(e.Expires, now) || !at.holds(e.Address)) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("suppression: get %s: %w", at.key, err)
	}
	e.List = on
	return e, true, nil
}

// Check tells whether a mail of the sender to addr is suppressed; the package comment has the rules. The error wraps
// ErrInvalid when addr is no address.
func Check(ctx context.Context, db *sql.DB, sender Sender, addr string, now time.Time) (Verdict, error) {
	verdicts, err := CheckMany(ctx, db, sender, []string{addr}, now)
	if err != nil {
		return Verdict{}, err
	}
	return verdicts[0], nil
}

// CheckMany is Check for many addresses; the verdicts stand in the order of the addresses. It asks for 1000 addresses with
// one query.
func CheckMany(ctx context.Context, db *sql.DB, sender Sender, addrs []string, now time.Time) ([]Verdict, error) {
	places, err := placesOf(addrs)
	if err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(addrs))
	return verdicts, lookAll(ctx, db, sender, places, verdicts, now)
}

func placesOf(addrs []string) ([]place, error) {
	places := make([]place, len(addrs))
	for i, addr := range addrs {
		var err error
		if places[i], err = placeOf(addr); err != nil {
			return nil, err
		}
	}
	return places, nil
}

// lookAll asks the tables about all places and notes the verdicts.
func lookAll(ctx context.Context, db *sql.DB, sender Sender, places []place, verdicts []Verdict, now time.Time) error {
	lists, err := listsOf(ctx, db, sender.Account, sender.Identity)
	if err != nil {
		return err
	}
	undecided := make([]int, len(places))
	for i := range undecided {
		undecided[i] = i
	}
	return sender.look(ctx, db, sender.deciding(lists), places, undecided, verdicts, now)
}

// numbered is a list with its number.
type numbered struct {
	List
	id int64
}

// deciding returns those lists that decide about the sender's mail, the first that has an entry before the others. A list
// without a number has no entries.
func (s Sender) deciding(numbers map[List]int64) []numbered {
	own := List{Account: s.Account, Allow: s.Account == "" || len(s.Reasons) == 0}
	lists := make([]numbered, 0, 3)
	add := func(l List) {
		if id, known := numbers[l]; known {
			lists = append(lists, numbered{l, id})
		}
	}
	add(own)
	if s.Identity != "" {
		add(List{Account: own.Account, Identity: strings.ToLower(s.Identity), Allow: own.Allow})
	}
	if own.Allow {
		add(List{})
	}
	return lists
}

// decides tells whether an entry of one of the deciding lists counts.
func (s Sender) decides(e Entry) bool {
	return e.Account == "" || e.Allow || e.Reason == Manual || slices.Contains(s.Reasons, e.Reason)
}

func verdictOf(e Entry) Verdict {
	return Verdict{Suppressed: !e.Allow, Entry: e, List: e.List.Name()}
}

// look asks the deciding lists for the places that are undecided, one list after the other, and notes the verdicts.
func (s Sender) look(ctx context.Context, db *sql.DB, deciding []numbered, places []place, undecided []int, verdicts []Verdict, now time.Time) error {
	for _, on := range deciding {
		for part := range slices.Chunk(undecided, chunk) {
			err := getMany(ctx, db, on.id, places, part, func(i int, e Entry) {
				if e.List = on.List; !expired(e.Expires, now) && s.decides(e) {
					verdicts[i] = verdictOf(e)
				}
			})
			if err != nil {
				return err
			}
		}
		undecided = slices.DeleteFunc(undecided, func(i int) bool { return verdicts[i].List != "" })
	}
	return nil
}

// getMany calls found for each of the asked places that has an entry on the list, expired or not.
func getMany(ctx context.Context, db *sql.DB, list int64, places []place, asked []int, found func(i int, e Entry)) error {
	indexes := make(map[string][]int, len(asked)) // by key
	args := append(make([]any, 0, len(asked)+1), list)
	for _, i := range asked {
		if indexes[places[i].key] == nil {
			args = append(args, places[i].hash[:])
		}
		indexes[places[i].key] = append(indexes[places[i].key], i)
	}
	rows, err := db.QueryContext(ctx, selectEntries+parameters(2, len(args))+")", args...)
	if err != nil {
		return fmt.Errorf("suppression: check %d addresses: %w", len(asked), err)
	}
	err = scanAll(rows, func(r row) error {
		e, err := scan(r)
		if err != nil {
			return err
		}
		// The key of what is stored, not the hash that was asked for: see place.holds.
		if at, err := placeOf(e.Address); err == nil {
			for _, i := range indexes[at.key] {
				found(i, e)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("suppression: check %d addresses: %w", len(asked), err)
	}
	return nil
}
