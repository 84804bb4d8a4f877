package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/edgewise-ai/edgewise/policy"
)

// report is what a calibration says.
type report struct {
	Requests    int               `json:"requests"`
	Declared    declaredCount     `json:"declared"`
	TargetShare float64           `json:"targetShare"`
	Quantile    quantile          `json:"quantile"`
	Options     policy.Complexity `json:"options"` // of the policy "complexity"
	Server      counts            `json:"server"`  // requests that go there
	Tasks       []taskCount       `json:"tasks"`
	Rated       *rated            `json:"rated,omitempty"`
	Notes       []string          `json:"notes,omitempty"`
}

// declaredCount counts the requests that thresholds don't move, by where they go.
type declaredCount struct {
	Browser int `json:"browser"`
	Server  int `json:"server"`
}

// quantile is a rank among the requests that declare nothing.
type quantile struct {
	Rank int `json:"rank"`
	Of   int `json:"of"`
}

// counts are of requests with the default thresholds and with the calibrated ones.
type counts struct {
	Defaults   int `json:"defaults"`
	Calibrated int `json:"calibrated"`
}

// taskCount is one task's part.
type taskCount struct {
	Task     string `json:"task"`
	Requests int    `json:"requests"`
	Declared int    `json:"declared"`
	Server   counts `json:"server"`
}

// rated is about the requests whose local answers were rated.
type rated struct {
	Requests     int    `json:"requests"`
	Server       counts `json:"server"`
	Insufficient int    `json:"insufficient"`
	Caught       counts `json:"caught"` // insufficient ones that go to the server
}

func newReport(h *history, s setting, share float64) *report {
	r := &report{
		Requests: len(h.requests), TargetShare: share,
		Quantile: quantile{s.rank, s.of}, Options: s.thresholds,
		Tasks: make([]taskCount, len(h.tasks)),
	}
	for place, task := range h.tasks {
		r.Tasks[place].Task = task
	}
	var ratings rated
	for i := range h.requests {
		request := &h.requests[i]
		calibrated := request.target(s.thresholds)
		task := &r.Tasks[request.task]
		task.Requests++
		switch request.declared {
		case policy.Browser:
			r.Declared.Browser++
			task.Declared++
		case policy.Server:
			r.Declared.Server++
			task.Declared++
		}
		r.Server.add(request.defaults, calibrated)
		task.Server.add(request.defaults, calibrated)
		if request.sufficient != unrated {
			ratings.Requests++
			ratings.Server.add(request.defaults, calibrated)
		}
		if request.sufficient == insufficient {
			ratings.Insufficient++
			ratings.Caught.add(request.defaults, calibrated)
		}
	}
	if ratings.Requests > 0 {
		r.Rated = &ratings
	}
	slices.SortFunc(r.Tasks, func(a, b taskCount) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Task, b.Task))
	})
	r.Notes = notes(r, h, s)
	return r
}

func (c *counts) add(defaults, calibrated policy.Target) {
	if defaults == policy.Server {
		c.Defaults++
	}
	if calibrated == policy.Server {
		c.Calibrated++
	}
}

// fewRequests is how many requests are too few to set a threshold by.
const fewRequests = 100

// near is how far from the target a share may be without a word, as a share.
const near = 0.01

// notes say where the outcome is less than was asked for.
func notes(r *report, h *history, s setting) (notes []string) {
	say := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if r.Requests < fewRequests {
		say("Only %d logged: a handful of others would give other thresholds. Take %d or more.", r.Requests, fewRequests)
	}
	want := r.TargetShare * float64(r.Requests)
	switch {
	case float64(r.Declared.Server) > want:
		say("The target is out of reach: declared complex, which goes to the server whatever the thresholds, are %s.",
			part(r.Declared.Server, r.Requests))
	case float64(r.Requests-r.Declared.Browser) < want:
		say("The target is out of reach: declared simple or medium, which stays in the browser whatever the thresholds, are %s.",
			part(r.Declared.Browser, r.Requests))
	case math.Abs(float64(s.sent)-want) > near*float64(r.Requests):
		say("No quantile comes closer to the target, because many requests have the same numbers: the next one would send %s.",
			part(s.beyond, r.Requests))
	}
	for _, t := range r.Tasks {
		if t.Declared < t.Requests && slices.Contains(policy.DefaultTasks(), t.Task) {
			say("policy.Task, by default, keeps %s in the browser before complexity is asked: count it so with -tasks %[1]s=simple.", t.Task)
		}
	}
	if s.of > 0 && !s.scored {
		say("No undeclared request has features, so maxScore is the default and was not calibrated.")
	}
	if tokens, same := h.sameOutput(); same && s.of > 1 {
		say("Every undeclared request plans for %d output tokens, so the log does not tell what maxOutputTokens should be.", tokens)
	}
	return notes
}

// sameOutput reports whether all undeclared requests plan for as many tokens.
func (h *history) sameOutput() (tokens int64, same bool) {
	for i := range h.requests {
		switch r := &h.requests[i]; {
		case r.declared != policy.None:
		case tokens == 0:
			tokens = r.outputTokens
		case r.outputTokens != tokens:
			return 0, false
		}
	}
	return tokens, true
}
