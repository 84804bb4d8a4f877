package hybrid

import "log/slog"

// complaints logs what the app's code does wrong within decisions: its policies,
// its facts, its shadow. Of each it logs one complaint a minute at most. None of
// them sees a prompt, so their errors can't repeat one.
type complaints struct {
	log  *slog.Logger
	pace *pace[culprit]
}

// culprit is what failed: "a policy", and which, "" for what there is one of.
type culprit struct{ what, policy string }

func newComplaints(o *Options) *complaints {
	return &complaints{log: o.Logger, pace: newPace[culprit](o.Now)}
}

// hear is called for every error.
func (c *complaints) hear(what, policy string, err error) {
	if _, due := c.pace.due(culprit{what, policy}); !due {
		return
	}
	if policy != "" {
		c.log.Warn("hybrid: "+what+" failed", "policy", policy, "error", err)
	} else {
		c.log.Warn("hybrid: "+what+" failed", "error", err)
	}
}
