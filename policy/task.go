package policy

import (
	"context"
	"errors"
	"slices"
)

// Task prefers the browser, with task_prefers_browser, for tasks that small
// models do well. It goes by the task that the app declares: no text can tell as
// much.
type Task struct {
	// Tasks are the tasks to prefer the browser for, spelt as the app declares
	// them. Defaults to [DefaultTasks]; empty means the default. Leave the
	// policy out to have none.
	Tasks []string `json:"tasks,omitempty"`
}

// DefaultTasks returns the default of [Task.Tasks]: the two that the book's router
// names (chapter 5.5.6, "PreferBrowserFor"), and the other simple tasks of its
// chapter 5.5.1, "High-Volume, Simple Tasks".
func DefaultTasks() []string { return slices.Clone(defaultTasks) }

var defaultTasks = []string{"classification", "autocomplete", "sentiment_analysis", "proofreading", "keyword_extraction"}

// Name implements [Namer].
func (Task) Name() string { return NameTask }

// Validate reports a task that no request could declare.
func (p Task) Validate() error {
	if slices.Contains(p.Tasks, "") {
		return errors.New("option Tasks has an empty name, which would match a request without a task")
	}
	return nil
}

func (p Task) withDefaults() Task {
	if len(p.Tasks) == 0 {
		p.Tasks = defaultTasks
	}
	return p
}

func (p Task) settled() portable {
	p.Tasks = slices.Clone(p.withDefaults().Tasks)
	return p
}

// Evaluate implements [Policy].
func (p Task) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	if slices.Contains(p.withDefaults().Tasks, in.Request.Task) {
		return Verdict{Prefer: Browser, Reason: TaskPrefersBrowser}, nil
	}
	return Verdict{}, nil
}
