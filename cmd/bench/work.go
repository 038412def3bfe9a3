package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"
)

// workTime is how much processor time each work takes in a round.
const workTime = 250 * time.Millisecond

// work is something that one goroutine does again and again.
type work struct {
	name  string
	calls int // in a pass
	bytes int // of the mails that a pass reads; 0 when it reads none
	pass  func() error
}

// cost is what one call of a work takes. The processor time is that of the whole process, so that collecting garbage counts.
type cost struct{ cpu, allocations, bytes float64 }

// measureWorks lets each work do passes for budget in each of the rounds, in turn, and returns the medians.
func measureWorks(works []work, budget time.Duration) ([]cost, error) {
	costs := make([][]cost, len(works))
	for range rounds {
		for i, w := range works {
			c, err := w.measure(budget)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			costs[i] = append(costs[i], c)
		}
	}
	medians := make([]cost, len(works))
	for i, of := range costs {
		medians[i] = cost{
			cpu:         median(of, func(c cost) float64 { return c.cpu }),
			allocations: median(of, func(c cost) float64 { return c.allocations }),
			bytes:       median(of, func(c cost) float64 { return c.bytes }),
		}
	}
	return medians, nil
}

func (w work) measure(budget time.Duration) (cost, error) {
	if err := w.pass(); err != nil { // the first pass warms up
		return cost{}, err
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started, err := processorTime()
	if err != nil {
		return cost{}, err
	}
	var used time.Duration
	calls := 0
	for used < budget {
		if err := w.pass(); err != nil {
			return cost{}, err
		}
		calls += w.calls
		now, err := processorTime()
		if err != nil {
			return cost{}, err
		}
		used = now - started
	}
	runtime.ReadMemStats(&after)
	n := float64(calls)
	return cost{used.Seconds() / n, float64(after.Mallocs-before.Mallocs) / n, float64(after.TotalAlloc-before.TotalAlloc) / n}, nil
}

// processorTime is what this process has used.
func processorTime() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}
