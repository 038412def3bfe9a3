package statistics_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/processor/store"
)

const account = "123456789012"

var now = time.Date(2026, 1, 27, 14, 59, 38, 237e6, time.UTC)

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func transact(t *testing.T, s *store.Store, f func(tx *sql.Tx) error) {
	t.Helper()
	if err := s.Transact(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, s *store.Store, account string, at time.Time, c statistics.Counts) {
	t.Helper()
	transact(t, s, func(tx *sql.Tx) error { return statistics.Add(t.Context(), tx, account, at, c) })
}

func points(t *testing.T, s *store.Store, account string, since time.Time) []statistics.Point {
	t.Helper()
	got, err := statistics.Points(t.Context(), s.Read, account, since)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCountsOfAQuarterHourAddUp(t *testing.T) {
	s := open(t)
	add(t, s, account, now, statistics.Counts{DeliveryAttempts: 1, Bounces: 2, Complaints: 3, Rejects: 4, Deliveries: 5})
	add(t, s, account, now.Add(-10*time.Minute), statistics.Counts{DeliveryAttempts: 10, Bounces: 20, Complaints: 30, Rejects: 40, Deliveries: 50})
	want := []statistics.Point{{At: time.Date(2026, 1, 27, 14, 45, 0, 0, time.UTC),
		Counts: statistics.Counts{DeliveryAttempts: 11, Bounces: 22, Complaints: 33, Rejects: 44, Deliveries: 55}}}
	if diff := cmp.Diff(want, points(t, s, account, now)); diff != "" {
		t.Error(diff)
	}
}

func TestPointsAreSortedAndNeverEmpty(t *testing.T) {
	s := open(t)
	one := statistics.Counts{Deliveries: 1}
	for _, minutes := range []int{75, 15, 45} {
		add(t, s, account, now.Add(time.Duration(-minutes)*time.Minute), one)
	}
	add(t, s, account, now, statistics.Counts{})
	add(t, s, "000000000000", now, one)
	var want []statistics.Point
	for _, quarters := range []time.Duration{5, 3, 1} {
		want = append(want, statistics.Point{At: now.Truncate(statistics.Interval).Add(-quarters * statistics.Interval), Counts: one})
	}
	if diff := cmp.Diff(want, points(t, s, account, now.AddDate(0, 0, -14))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[1:], points(t, s, account, now.Add(-45*time.Minute))); diff != "" {
		t.Errorf("from the point that the time falls into:\n%s", diff)
	}
}

func TestAPointStartsOnTheQuarterHourOfUTC(t *testing.T) {
	s := open(t)
	kathmandu := time.FixedZone("+0545", (5*60+45)*60)
	add(t, s, account, now.In(kathmandu), statistics.Counts{Rejects: 1})
	got := points(t, s, account, now.In(kathmandu))
	if len(got) != 1 || !got[0].At.Equal(now.Truncate(15*time.Minute)) || got[0].At.Location() != time.UTC {
		t.Errorf("got %v", got)
	}
}

func TestPurgeDeletesTheOldestPointsInPortions(t *testing.T) {
	s := open(t)
	for i := range 5 {
		add(t, s, account, now.Add(time.Duration(-i)*statistics.Interval), statistics.Counts{Bounces: 1})
	}
	before := now.Truncate(statistics.Interval).Add(-statistics.Interval)
	for _, want := range []int{2, 1, 0} {
		transact(t, s, func(tx *sql.Tx) error {
			got, err := statistics.Purge(t.Context(), tx, before, 2)
			if got != want {
				t.Errorf("got %d deleted, want %d", got, want)
			}
			return err
		})
	}
	if got := points(t, s, account, time.UnixMilli(0)); len(got) != 2 || got[0].At.Before(before) {
		t.Errorf("got %v left, want the two newest", got)
	}
}

func TestRatesAreSharesOfTheAttempts(t *testing.T) {
	sum := statistics.Sum([]statistics.Point{
		{Counts: statistics.Counts{DeliveryAttempts: 150, Bounces: 9}}, {Counts: statistics.Counts{DeliveryAttempts: 50, Bounces: 1, Complaints: 1}}})
	for name, test := range map[string]struct{ got, want float64 }{
		"bounces":             {sum.BounceRate(), 0.05},
		"complaints":          {sum.ComplaintRate(), 0.005},
		"no attempts":         {statistics.Counts{Bounces: 1}.BounceRate(), 0},
		"attempts lie before": {statistics.Counts{Bounces: 3, DeliveryAttempts: 2}.BounceRate(), 1},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", name, test.got, test.want)
		}
	}
}
