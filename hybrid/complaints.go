package hybrid

import (
	"log/slog"
	"sync"
	"time"
)

// complaintPause is how long a policy that goes on failing is not heard again: it
// fails for every request.
const complaintPause = time.Minute

// complaints logs the errors of policies, of each policy one a minute at most.
// Policies never see a prompt, so their errors can't repeat one.
type complaints struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	heard map[string]time.Time // by the policy's name
}

func newComplaints(o *Options) *complaints {
	return &complaints{log: o.Logger, now: o.Now, heard: make(map[string]time.Time)}
}

// hear is called for every error.
func (c *complaints) hear(policy string, err error) {
	now := c.now()
	c.mu.Lock()
	last, before := c.heard[policy]
	quiet := before && now.Sub(last) < complaintPause
	if !quiet {
		c.heard[policy] = now
	}
	c.mu.Unlock()
	if !quiet {
		c.log.Warn("hybrid: a policy failed", "policy", policy, "error", err)
	}
}
