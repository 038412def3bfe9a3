package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// rounds is how often each contender of a contest has its turn. They take turns because the machine may be shared: what slows one down
// slows the others down as well, and the median leaves out a round that was disturbed.
const rounds = 3

// contender is something whose speed is measured beside that of others.
type contender struct {
	name    string
	callers int                                         // how many call at once
	many    int                                         // mails that a call carries
	call    func(ctx context.Context, caller int) error // one call; each caller has a goroutine
}

// sample is the speed of a contender.
type sample struct {
	rate     float64 // mails a second
	cpu      float64 // processor time of this process for a mail, in seconds
	p50, p99 float64 // of a call, in seconds
}

// contest lets each contender run for budget in each round and returns the medians.
func contest(ctx context.Context, budget time.Duration, contenders []contender) ([]sample, error) {
	samples := make([][]sample, len(contenders))
	for range rounds {
		for i, c := range contenders {
			measured, err := c.drive(ctx, budget)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			samples[i] = append(samples[i], measured)
		}
	}
	medians := make([]sample, len(contenders))
	for i, of := range samples {
		medians[i] = sample{
			rate: median(of, func(s sample) float64 { return s.rate }),
			cpu:  median(of, func(s sample) float64 { return s.cpu }),
			p50:  median(of, func(s sample) float64 { return s.p50 }),
			p99:  median(of, func(s sample) float64 { return s.p99 }),
		}
	}
	return medians, nil
}

// drive calls until budget has passed.
func (c contender) drive(ctx context.Context, budget time.Duration) (sample, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([][]time.Duration, c.callers)
	var callers sync.WaitGroup
	used, err := processorTime()
	if err != nil {
		return sample{}, err
	}
	started := time.Now()
	for caller := range c.callers {
		callers.Go(func() {
			for ctx.Err() == nil && time.Since(started) < budget {
				begun := time.Now()
				if err := c.call(ctx, caller); err != nil {
					cancel(err)
					return
				}
				took[caller] = append(took[caller], time.Since(begun))
			}
		})
	}
	callers.Wait()
	elapsed := time.Since(started)
	if err := context.Cause(ctx); err != nil {
		return sample{}, err
	}
	usedThen, err := processorTime()
	if err != nil {
		return sample{}, err
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	mails := float64(len(all) * c.many)
	return sample{rate: mails / elapsed.Seconds(), cpu: (usedThen - used).Seconds() / mails, p50: quantile(all, 0.5), p99: quantile(all, 0.99)}, nil
}

// quantile is in seconds; took is sorted and not empty.
func quantile(took []time.Duration, q float64) float64 {
	return took[min(int(q*float64(len(took))), len(took)-1)].Seconds()
}

func median[T any](of []T, value func(T) float64) float64 {
	values := make([]float64, len(of))
	for i, one := range of {
		values[i] = value(one)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
