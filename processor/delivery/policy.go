package delivery

import (
	"math"
	"time"
)

// Backoff names how the delays between the retries of the third phase grow from the smallest to the largest.
type Backoff string

// The functions of SNS. All begin at the smallest delay and end at the largest; the others stay below the linear one.
const (
	Linear      Backoff = "linear"
	Arithmetic  Backoff = "arithmetic"
	Geometric   Backoff = "geometric"
	Exponential Backoff = "exponential"
)

// RetryPolicy says when an attempt that failed is repeated, with the members of SNS's healthyRetryPolicy. The retries go through four
// phases: at once, after the smallest delay, after delays that grow, after the largest delay.
type RetryPolicy struct {
	MinDelayTarget     int     `json:"minDelayTarget"` // seconds, at least 1
	MaxDelayTarget     int     `json:"maxDelayTarget"` // seconds
	NumRetries         int     `json:"numRetries"`     // of all phases, after the first attempt
	NumMaxDelayRetries int     `json:"numMaxDelayRetries"`
	NumNoDelayRetries  int     `json:"numNoDelayRetries"`
	NumMinDelayRetries int     `json:"numMinDelayRetries"`
	BackoffFunction    Backoff `json:"backoffFunction"`
}

// DefaultPolicy is what SNS does for HTTP endpoints: three retries, 20 seconds apart.
var DefaultPolicy = RetryPolicy{MinDelayTarget: 20, MaxDelayTarget: 20, NumRetries: 3, BackoffFunction: Linear}

// MailPolicy is what SNS does for mail: 50 retries in six hours.
var MailPolicy = RetryPolicy{
	MinDelayTarget: 10, MaxDelayTarget: 600, NumRetries: 50, NumMaxDelayRetries: 38, NumMinDelayRetries: 2, BackoffFunction: Exponential,
}

// Delay returns how long to wait before the retry of that number, the first being 1. Ok is false when there is no such retry.
func (p RetryPolicy) Delay(retry int) (delay time.Duration, ok bool) {
	if retry < 1 || retry > p.NumRetries {
		return 0, false
	}
	step := retry - 1 - p.NumNoDelayRetries
	if step < 0 {
		return 0, true
	}
	if step < p.NumMinDelayRetries {
		return time.Duration(p.MinDelayTarget) * time.Second, true
	}
	step -= p.NumMinDelayRetries
	growing := p.NumRetries - p.NumNoDelayRetries - p.NumMinDelayRetries - p.NumMaxDelayRetries
	if step >= growing {
		return time.Duration(p.MaxDelayTarget) * time.Second, true
	}
	return time.Duration(p.growth(step, growing) * float64(time.Second)), true
}

// total is how long all retries take, each at its delay.
func (p RetryPolicy) total() time.Duration { return p.after(0) }

// after is how long the retries take that follow the one of that number.
func (p RetryPolicy) after(retry int) (sum time.Duration) {
	for {
		retry++
		delay, ok := p.Delay(retry)
		if !ok {
			return sum
		}
		sum += delay
	}
}

// growth returns the delay in seconds of step i of n. AWS publishes only a graph of these functions.
func (p RetryPolicy) growth(i, n int) float64 {
	smallest, largest := float64(p.MinDelayTarget), float64(p.MaxDelayTarget)
	if n == 1 {
		return smallest
	}
	x := float64(i) / float64(n-1)
	switch p.BackoffFunction {
	case Arithmetic:
		return smallest + (largest-smallest)*float64(i*(i+1))/float64(n*(n-1))
	case Geometric:
		smallest = math.Max(smallest, 1)
		return smallest * math.Pow(largest/smallest, x)
	case Exponential:
		return smallest + (largest-smallest)*(math.Exp2(float64(i))-1)/(math.Exp2(float64(n-1))-1)
	}
	return smallest + (largest-smallest)*x
}
