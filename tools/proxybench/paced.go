//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxMemoryRatio is the budget for memory.
const maxMemoryRatio = 1.5

// comparePaced measures memory and the time to first token where many streams run at
// once. Memory is that of a fresh process, for Go returns little of it.
func (b *bench) comparePaced(ctx context.Context) error {
	var (
		first each[time.Duration]
		peaks each[float64]
	)
	for round := range b.rounds {
		for _, i := range turns(round, contenders(round)) {
			took, peak, err := b.crowd(ctx, proxyRoles[i])
			if err != nil {
				return err
			}
			first[i] = append(first[i], took...)
			peaks[i] = append(peaks[i], peak)
		}
	}
	name := fmt.Sprintf("%d paced streams", b.streams)
	b.report.memory(name+", peak memory", peaks, maxMemoryRatio)
	b.report.percentile(name+", first token", first, 50)
	b.report.percentile(name+", first token", first, 99)
	return nil
}

// crowd has all streams run at once through a fresh proxy. It returns the times to
// first token, and the peak memory in KiB.
func (b *bench) crowd(ctx context.Context, role string) (first []time.Duration, peak float64, err error) {
	proxy, err := start(ctx, role, "-upstream="+b.upstream())
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, proxy.stop()) }()
	ex := newExchange(modelPaced, counted, b.prompt)
	conns := make([]*conn, b.streams)
	for i := range conns {
		if conns[i], err = dial(ctx, proxy.addr); err != nil {
			return nil, 0, err
		}
		defer conns[i].close()
	}
	var (
		streams sync.WaitGroup
		mu      sync.Mutex
	)
	for i, c := range conns {
		streams.Go(func() {
			took, err := c.do(ex.in(i))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				first = append(first, took)
			} else if ctx.Err() == nil {
				b.report.add(tally{1, err})
			}
		})
	}
	streams.Wait()
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	if len(first) == 0 {
		return nil, 0, fmt.Errorf("%s gave no whole answer: %w", role, b.report.failure)
	}
	kib, err := proxy.peak()
	return first, float64(kib), err
}
