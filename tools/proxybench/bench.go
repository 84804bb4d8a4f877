//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// The proxies, in the order of all that is measured of them.
const (
	bare = iota
	ours
	pooled
)

var proxyRoles = [...]string{bare: roleReverseProxy, ours: roleEdgewise, pooled: rolePooled}

// each is what was measured of each proxy, round by round.
type each[T any] [len(proxyRoles)][]T

// bench is one run of the measurements.
type bench struct {
	options
	progress io.Writer
	mock     *child
	proxies  [len(proxyRoles)]*child
	report   report
}

// measurement is one part that -run can choose.
type measurement struct {
	name string
	run  func(context.Context) error
}

func (b *bench) measurements() []measurement {
	cpu := func(name string, as form, workers int) measurement {
		ex := newExchange(modelFast, as, b.prompt)
		return measurement{name, func(ctx context.Context) error { return b.compareCPU(ctx, name, ex, workers) }}
	}
	return []measurement{
		cpu("plain c=1", plain, 1),
		cpu("plain c=16", plain, 16),
		cpu("stream c=1", counted, 1),
		cpu("stream c=16", counted, 16),
		cpu("stream c=16, usage not asked", uncounted, 16),
		{"latency", b.compareLatency},
		{"paced", b.comparePaced},
	}
}

// measure starts the children, measures into the report, and stops them.
func (b *bench) measure(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, b.stop()) }()
	if err := b.start(ctx); err != nil {
		return err
	}
	for _, m := range b.measurements() {
		if !b.run.MatchString(m.name) {
			continue
		}
		fmt.Fprintln(b.progress, "measuring", m.name)
		if err := m.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// start starts what all measurements share.
func (b *bench) start(ctx context.Context) (err error) {
	if b.mock, err = start(ctx, roleMock); err != nil {
		return err
	}
	for i, role := range proxyRoles {
		if b.proxies[i], err = start(ctx, role, "-upstream="+b.upstream(), "-profile="+b.profile); err != nil {
			return err
		}
	}
	return nil
}

// stop ends what start has started.
func (b *bench) stop() error {
	var errs []error
	for _, c := range append(b.proxies[:], b.mock) {
		if c != nil {
			errs = append(errs, c.stop())
		}
	}
	return errors.Join(errs...)
}

// upstream is where the mock listens; its API lies under prefix, like the proxies'.
func (b *bench) upstream() string { return "http://" + b.mock.addr }

// turns says in which order the first n proxies have their turns in a round: A B C,
// C B A, A B C …
func turns(round, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if round%2 == 1 {
		slices.Reverse(order)
	}
	return order
}

// contenders is how many proxies take part in a round. The pooled one has no budget to
// be exact for: its first round is enough.
func contenders(round int) int {
	if round == 0 {
		return len(proxyRoles)
	}
	return pooled
}
