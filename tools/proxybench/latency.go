//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// maxAddedLatency is the budget for what ours adds to the time to first token.
const maxAddedLatency = time.Millisecond

// compareLatency measures the time to first token of single streams, one through each
// proxy in turn.
func (b *bench) compareLatency(ctx context.Context) error {
	ex := newExchange(modelDelayed, counted, b.prompt).in(0)
	var conns [len(proxyRoles)]*conn
	for i, proxy := range b.proxies {
		c, err := dial(ctx, proxy.addr)
		if err != nil {
			return err
		}
		defer c.close()
		conns[i] = c
	}
	var first each[time.Duration]
	for pair := range b.pairs {
		for _, i := range turns(pair, len(conns)) {
			took, err := conns[i].do(ex)
			if err != nil {
				if ctx.Err() == nil {
					b.report.add(tally{1, err})
				}
				return fmt.Errorf("%s: %w", b.proxies[i].role, err)
			}
			first[i] = append(first[i], took)
		}
	}
	b.report.difference("first token after 100 ms", first, maxAddedLatency)
	return nil
}
