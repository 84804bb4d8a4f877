//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// turnCPU is how much CPU time a proxy uses before it is the other's turn: little
	// enough that what else the machine does comes over both alike.
	turnCPU = 500 * time.Millisecond

	// pollEvery is how often the CPU time of a proxy is looked at.
	pollEvery = 20 * time.Millisecond

	// maxCPURatio is the budget for CPU.
	maxCPURatio = 1.3
)

// compareCPU measures the CPU time of one request, in rounds.
func (b *bench) compareCPU(ctx context.Context, name string, ex *exchange, workers int) error {
	var all each[time.Duration]
	for round := range b.rounds {
		used := make([]usage, contenders(round))
		for turn := 0; slices.MinFunc(used, usage.compare).cpu < b.cpu; turn++ {
			for _, i := range turns(turn, len(used)) {
				if err := b.spend(ctx, b.proxies[i], ex, workers, &used[i]); err != nil {
					return err
				}
			}
		}
		for i := range used {
			all[i] = append(all[i], used[i].each())
		}
	}
	b.report.cpu("CPU, "+name, all, maxCPURatio)
	return nil
}

// usage is CPU time, and the whole answers that it made.
type usage struct {
	cpu     time.Duration
	answers int
}

func (u usage) each() time.Duration     { return u.cpu / time.Duration(u.answers) }
func (u usage) compare(other usage) int { return cmp.Compare(u.cpu, other.cpu) }

// spend puts a proxy under load until it has used the CPU time of a turn, and adds to used.
func (b *bench) spend(ctx context.Context, proxy *child, ex *exchange, workers int, used *usage) error {
	before, err := proxy.cpu()
	if err != nil {
		return err
	}
	l := startLoad(ctx, proxy.addr, ex, workers)
	for after := before; after-before < min(turnCPU, b.cpu) && err == nil && ctx.Err() == nil && !l.broken(); {
		time.Sleep(pollEvery)
		after, err = proxy.cpu()
	}
	whole, failed := l.stop()
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	b.report.add(failed)
	if whole == 0 {
		return fmt.Errorf("%s gave no whole answer: %w", proxy.role, failed.failure)
	}
	after, err := proxy.cpu()
	used.cpu += after - before
	used.answers += whole
	return err
}
