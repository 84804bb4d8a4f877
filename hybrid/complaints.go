package hybrid

import (
	"log/slog"
	"sync"
	"time"
)

// complaintPause is how long code of the app that goes on failing is not heard
// again: it fails for every request.
const complaintPause = time.Minute

// complaints logs what the app's code does wrong within decisions: its policies,
// its facts, its shadow. Of each it logs one complaint a minute at most. None of
// them sees a prompt, so their errors can't repeat one.
type complaints struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	heard map[culprit]time.Time
}

// culprit is what failed: "a policy", and which, "" for what there is one of.
type culprit struct{ what, policy string }

func newComplaints(o *Options) *complaints {
	return &complaints{log: o.Logger, now: o.Now, heard: make(map[culprit]time.Time)}
}

// hear is called for every error.
func (c *complaints) hear(what, policy string, err error) {
	now, who := c.now(), culprit{what, policy}
	c.mu.Lock()
	last, before := c.heard[who]
	quiet := before && now.Sub(last) < complaintPause
	if !quiet {
		c.heard[who] = now
	}
	c.mu.Unlock()
	switch {
	case quiet:
	case policy != "":
		c.log.Warn("hybrid: "+what+" failed", "policy", policy, "error", err)
	default:
		c.log.Warn("hybrid: "+what+" failed", "error", err)
	}
}
