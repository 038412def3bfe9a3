package suppression_test

import (
	"testing"
	"time"

	"github.com/rebound-mail/rebound/suppression"
)

func TestAnImportPutsLessWhenATransactionIsSlowAndSlowlyMoreWhenItIsFast(t *testing.T) {
	var pace suppression.Pace
	for i, step := range []struct {
		took time.Duration
		want int
	}{
		{40 * time.Millisecond, 500}, {10 * time.Millisecond, 625}, {0, 781}, {80 * time.Millisecond, 390}, {time.Minute, 195}, {50 * time.Millisecond, 156},
		{time.Minute, 100}, {time.Minute, 100},
	} {
		if pace.Took(step.took); pace.Next() != step.want {
			t.Errorf("step %d: got %d, want %d", i, pace.Next(), step.want)
		}
	}
	for range 50 {
		pace.Took(time.Millisecond)
	}
	if pace.Next() != 10_000 {
		t.Errorf("got %d at most, want 10000", pace.Next())
	}
}
