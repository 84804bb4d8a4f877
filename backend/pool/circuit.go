package pool

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// probesMissed is how many probes in a row must fail to mark an endpoint unhealthy. One may be lost, or find a model
// server busy with a long prompt.
const probesMissed = 2

// circuit decides from what became of earlier requests and probes whether an endpoint may be asked. It has no lock, no
// clock and no opinion on who else there is.
//
// Its states follow from three things that are independent of each other: the circuit proper, which is closed, broken
// until a time, or broken and open to one trial; how long the endpoint wants to be left alone; and what probes say.
type circuit struct {
	opts *Options

	failures int           // in a row, while closed
	pause    time.Duration // the last one, before jitter; 0 after a whole answer
	broken   bool
	until    instant // if broken: when a trial may begin
	trial    bool    // if broken: one is under way
	epoch    uint    // counts the times it broke

	limited backend.Code // why it is to be left alone
	limit   instant      // and until when

	missed int  // probes in a row
	heard  bool // since the last probe a request showed that somebody is there
}

// never is when an endpoint may be asked while that depends on an answer or a probe.
const never = instant(math.MaxInt64)

// ticket is a request's leave to ask an endpoint.
type ticket struct {
	epoch uint // what becomes of the request says nothing about a later one
	trial bool
}

// from is when the endpoint may be asked, which may have passed, or never.
func (c *circuit) from() instant {
	switch {
	case c.missed >= probesMissed, c.trial:
		return never
	case c.broken:
		return max(c.until, c.limit)
	default:
		return c.limit
	}
}

// state says what keeps requests away, the gravest first.
func (c *circuit) state(now instant) State {
	switch {
	case c.missed >= probesMissed:
		return StateUnhealthy
	case c.broken && now < c.until:
		return StateOpen
	case now < c.limit:
		return StateLimited
	case c.broken:
		return StateHalfOpen
	default:
		return StateClosed
	}
}

// admit lets a request through; from has passed.
func (c *circuit) admit() ticket {
	c.trial = c.broken
	return ticket{c.epoch, c.trial}
}

// began notes that an answer has begun. It ends a trial, for the answer may take minutes; but only to put the endpoint
// on probation, since one that cuts off every answer begins them all.
func (c *circuit) began(t ticket) {
	c.heard = true
	if t.trial {
		c.broken, c.trial = false, false
		c.failures = c.opts.Failures - 1
	}
}

// settle notes what became of a request, once, and the verdict on it. Failed is nil for a whole answer.
func (c *circuit) settle(t ticket, v verdict, failed *backend.Error, now instant) {
	switch {
	case v == verdictLimited, v == verdictFailed && failed.RetryAfter > 0:
		c.leaveAlone(failed.Code, failed.RetryAfter, now)
	case v == verdictAlive:
		c.heard = true
	}
	if t.epoch != c.epoch {
		return
	}
	if t.trial {
		c.trial = false
	}
	switch v {
	case verdictAlive:
		c.broken, c.failures, c.pause = false, 0, 0
	case verdictFailed, verdictRefused:
		c.failures++
		if c.broken || v == verdictRefused || c.failures >= c.opts.Failures {
			c.open(now)
		}
	}
}

func (c *circuit) open(now instant) {
	c.pause = min(max(2*c.pause, c.opts.MinPause), c.opts.MaxPause)
	c.until = now + instant(jittered(c.pause))
	c.broken = true
	c.epoch++
}

// leaveAlone heeds an endpoint that asks for it.
func (c *circuit) leaveAlone(code backend.Code, wait time.Duration, now instant) {
	switch {
	case code == backend.CodeQuotaExceeded:
		wait = c.opts.MaxPause
	case wait <= 0:
		wait = c.opts.MinPause
	}
	if until := now + instant(min(wait, c.opts.MaxPause)); until > c.limit {
		c.limited, c.limit = code, until
	}
}

// probed notes what a probe found, "" for success. A failing one counts for nothing where a request proves the
// contrary.
func (c *circuit) probed(code backend.Code, now instant) {
	heard := c.heard && c.missed < probesMissed
	c.heard = false
	if !noAnswer(code) || heard {
		c.missed = 0
	} else {
		c.missed++
	}
	if code == "" {
		c.until = min(c.until, now)
	}
}

// jittered takes up to a quarter off, so that many don't come back at once.
func jittered(d time.Duration) time.Duration { return d - rand.N(d/4+1) }
