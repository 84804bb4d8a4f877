package hybrid

import "log/slog"

// complaints logs what the app's code does wrong within decisions: its policies,
// its facts, its shadow. Each distinct error is logged once a minute at most. None
// of them sees a prompt, so their errors can't repeat one.
type complaints struct {
	log  *slog.Logger
	pace *pace[complaint]
}

// complaint is what failed, "a policy", which, "" for what there is one of, and
// how.
type complaint struct{ what, policy, how string }

func newComplaints(o *Options) *complaints {
	return &complaints{log: o.Logger, pace: newPace[complaint](o.Now)}
}

// hear is called for every error.
func (c *complaints) hear(what, policy string, err error) {
	omitted, due := c.pace.due(complaint{what, policy, err.Error()})
	if !due {
		return
	}
	args := []any{"error", err, "omitted", omitted}
	if policy != "" {
		args = append([]any{"policy", policy}, args...)
	}
	c.log.Warn("hybrid: "+what+" failed", args...)
}
