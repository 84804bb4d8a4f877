package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// proxyRoles are what is compared, in the order of all pairs here.
var proxyRoles = [2]string{roleReverseProxy, roleEdgewise}

// bench is one run of the measurements.
type bench struct {
	options
	progress io.Writer
	mock     *child
	proxies  [2]*child
	report   report
}

// measurement is one part that -run can choose.
type measurement struct {
	name string
	run  func(context.Context) error
}

func (b *bench) measurements() []measurement {
	cpu := func(name string, stream bool, workers int) measurement {
		ex := newExchange(modelFast, stream, b.prompt)
		return measurement{name, func(ctx context.Context) error { return b.compareCPU(ctx, name, ex, workers) }}
	}
	return []measurement{
		cpu("plain c=1", false, 1),
		cpu("plain c=16", false, 16),
		cpu("stream c=1", true, 1),
		cpu("stream c=16", true, 16),
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
		if b.proxies[i], err = start(ctx, role, append(b.proxyFlags(b.upstream()), "-profile="+b.profile)...); err != nil {
			return err
		}
	}
	return nil
}

// stop ends what start has started.
func (b *bench) stop() error {
	var errs []error
	for _, c := range []*child{b.proxies[0], b.proxies[1], b.mock} {
		if c != nil {
			errs = append(errs, c.stop())
		}
	}
	return errors.Join(errs...)
}

// upstream is where the mock listens; its API lies under prefix, like the proxies'.
func (b *bench) upstream() string { return "http://" + b.mock.addr }

// turns says who is first in a round: A B, B A, A B …
func turns(round int) [2]int { return [2]int{round % 2, 1 - round%2} }
