package delivery

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// delays returns the delays of all retries in seconds, rounded to tenths.
func delays(t *testing.T, p RetryPolicy) (list []float64) {
	t.Helper()
	for retry := 1; ; retry++ {
		delay, ok := p.Delay(retry)
		if !ok {
			return list
		}
		list = append(list, delay.Round(100*time.Millisecond).Seconds())
	}
}

func TestRetriesGoThroughTheFourPhases(t *testing.T) {
	tests := []struct {
		name   string
		policy RetryPolicy
		want   []float64
	}{
		{"the default", DefaultPolicy, []float64{20, 20, 20}},
		{"none", RetryPolicy{MinDelayTarget: 20, MaxDelayTarget: 20}, nil},
		{"all four", RetryPolicy{MinDelayTarget: 1, MaxDelayTarget: 60, NumRetries: 10, NumNoDelayRetries: 3, NumMinDelayRetries: 2,
			NumMaxDelayRetries: 2, BackoffFunction: Linear}, []float64{0, 0, 0, 1, 1, 1, 30.5, 60, 60, 60}},
		{"linear", RetryPolicy{MinDelayTarget: 10, MaxDelayTarget: 50, NumRetries: 5, BackoffFunction: Linear}, []float64{10, 20, 30, 40, 50}},
		{"no function is linear", RetryPolicy{MinDelayTarget: 10, MaxDelayTarget: 50, NumRetries: 3}, []float64{10, 30, 50}},
		{"arithmetic", RetryPolicy{MinDelayTarget: 10, MaxDelayTarget: 50, NumRetries: 5, BackoffFunction: Arithmetic},
			[]float64{10, 14, 22, 34, 50}},
		{"geometric", RetryPolicy{MinDelayTarget: 10, MaxDelayTarget: 160, NumRetries: 5, BackoffFunction: Geometric},
			[]float64{10, 20, 40, 80, 160}},
		{"exponential", RetryPolicy{MinDelayTarget: 10, MaxDelayTarget: 160, NumRetries: 5, BackoffFunction: Exponential},
			[]float64{10, 20, 40, 80, 160}},
		{"a single step of growth", RetryPolicy{MinDelayTarget: 5, MaxDelayTarget: 50, NumRetries: 2, NumMaxDelayRetries: 1,
			BackoffFunction: Exponential}, []float64{5, 50}},
		{"geometric from nothing", RetryPolicy{MaxDelayTarget: 100, NumRetries: 3, BackoffFunction: Geometric}, []float64{1, 10, 100}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, delays(t, test.policy)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBackoffFunctionsBeginAndEndAtTheLimitsAndNeverPassTheLinearOne(t *testing.T) {
	for _, function := range []Backoff{Linear, Arithmetic, Geometric, Exponential} {
		p := RetryPolicy{MinDelayTarget: 1, MaxDelayTarget: 3600, NumRetries: 100, BackoffFunction: function}
		linear := p
		linear.BackoffFunction = Linear
		got, straight := delays(t, p), delays(t, linear)
		if got[0] != 1 || got[99] != 3600 {
			t.Errorf("%s: from %v to %v", function, got[0], got[99])
		}
		for i := range got {
			if got[i] > straight[i] || i > 0 && got[i] < got[i-1] {
				t.Errorf("%s: retry %d waits %v after %v, linear %v", function, i+1, got[i], got[max(0, i-1)], straight[i])
			}
		}
	}
}

func TestMailIsRetriedForSixHours(t *testing.T) {
	list := delays(t, MailPolicy)
	var sum float64
	for _, each := range list {
		sum += each
	}
	if len(list) != 50 || sum < 6*3600 || sum > 7*3600 {
		t.Errorf("%d retries in %v seconds", len(list), sum)
	}
	if diff := cmp.Diff([]float64{10, 10, 10}, list[:3]); diff != "" {
		t.Error(diff)
	}
}

func TestThePolicyIsWrittenAsSNSDoes(t *testing.T) {
	got, err := json.Marshal(DefaultPolicy)
	want := `{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, error %v, want %s", got, err, want)
	}
}
