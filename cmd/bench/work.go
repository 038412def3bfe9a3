package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Each work has many short turns, since the works that are compared take little time and the machine may be slow for a second.
const (
	workTurns = 21
	workTime  = 50 * time.Millisecond
)

// work is something that goroutines do again and again.
type work struct {
	name       string
	goroutines int // 0 is one
	calls      int // in a pass
	bytes      int // of the mails that a pass reads; 0 when it reads none
	pass       func() error
}

// cost is what one call of a work takes. The processor time is that of the whole process, so that collecting garbage counts; elapsed is the
// time that goes by for a call, which goroutines share.
type cost struct{ cpu, elapsed, allocations, bytes float64 }

// measureWorks lets each work do passes for budget in each of its turns, and returns the medians.
func measureWorks(works []work, budget time.Duration) ([]cost, error) {
	costs := make([][]cost, len(works))
	for range workTurns {
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
			elapsed:     median(of, func(c cost) float64 { return c.elapsed }),
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
	began := time.Now()
	calls, err := w.repeat(budget)
	if err != nil {
		return cost{}, err
	}
	elapsed := time.Since(began)
	ended, err := processorTime()
	if err != nil {
		return cost{}, err
	}
	runtime.ReadMemStats(&after)
	n := float64(calls)
	return cost{(ended - started).Seconds() / n, elapsed.Seconds() / n, float64(after.Mallocs-before.Mallocs) / n, float64(after.TotalAlloc-before.TotalAlloc) / n}, nil
}

// repeat makes passes for budget in each goroutine and returns how many calls they were.
func (w work) repeat(budget time.Duration) (int, error) {
	var calls atomic.Int64
	var together errgroup.Group
	for range max(w.goroutines, 1) {
		together.Go(func() error {
			for began := time.Now(); time.Since(began) < budget; calls.Add(int64(w.calls)) {
				if err := w.pass(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := together.Wait()
	return int(calls.Load()), err
}

// processorTime is what this process has used.
func processorTime() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}
