package hybrid

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// Shadow is a set of policies on trial, as a traffic mirror is for servers: it is
// asked what [Options.Policies] were asked, on the same models, and nobody hears
// its answer but the log. Where it would have decided otherwise, in target,
// reason or model, both decisions are logged at info level, with the request's
// numbers: no text, and not who asked.
//
// It follows the decisions of [Router.Route] and of the route endpoint; what
// generating requests are checked for is no decision. It is asked beside them, by
// one goroutine that gives each request a second at most, so it changes no answer
// and delays none. Decisions that come faster than it is asked pass it by, and the
// log says so. So it does when a policy of the shadow fails.
type Shadow struct {
	// Policies are on trial.
	// Defaults to [policy.Defaults]() with their default options.
	Policies []policy.Policy

	// First is to them what [Options.First] is to the others. Defaults to none.
	First []string

	// Limits bound their choice of models. Defaults to the zero limits.
	Limits registry.Limits

	// OnDecision is told of every decision that the shadow was asked for, those
	// where both agree too: a rate needs them. It is never called twice at a
	// time, and decisions pass the shadow by while it lasts. A panic is contained
	// and logged. It must not modify the models it is shown.
	// Defaults to nothing.
	OnDecision func(actual, shadow policy.Decision)
}

const (
	// shadowTime bounds what one request may take the shadow: all wait for it.
	shadowTime = time.Second

	// shadowQueue is how many decisions may wait for the shadow: some megabytes
	// of requests at the most, and usually one.
	shadowQueue = 256
)

var errBehind = errors.New("decisions pass it by")

// shadow asks a [Shadow] in the background.
type shadow struct {
	told       func(actual, shadow policy.Decision)
	log        *slog.Logger
	complaints *complaints
	queue      chan shown
	stopped    chan struct{} // closed when run has ended
}

// shown is a decision that the shadow is to be asked for, with what it was made
// from.
type shown struct {
	ctx    context.Context // its values alone
	view   *view
	in     policy.Input
	actual policy.Decision
}

func newShadow(o *Options, c *complaints) *shadow {
	return &shadow{
		told: o.Shadow.OnDecision, log: o.Logger, complaints: c,
		queue: make(chan shown, shadowQueue), stopped: make(chan struct{}),
	}
}

// show hands over a decision and does not wait. in remains the caller's.
func (s *shadow) show(ctx context.Context, v *view, in policy.Input, actual policy.Decision) {
	select {
	case s.queue <- shown{context.WithoutCancel(ctx), v, cloneInput(in), actual}:
	default:
		s.complaints.hear("keeping up with the shadow", "", errBehind)
	}
}

// run asks for one decision after the other until life ends.
func (s *shadow) run(life context.Context) {
	defer close(s.stopped)
	for {
		select {
		case <-life.Done():
			return
		case one := <-s.queue:
			if err := contain(func() error { s.ask(life, &one); return nil }); err != nil {
				s.complaints.hear("the shadow", "", err)
			}
		}
	}
}

func (s *shadow) ask(life context.Context, one *shown) {
	ctx, cancel := context.WithTimeout(one.ctx, shadowTime)
	defer cancel()
	defer context.AfterFunc(life, cancel)()
	own := one.view.shadow.Decide(ctx, one.in)
	if life.Err() != nil {
		return // it was cut short
	}
	if own.Target != one.actual.Target || own.Reason != one.actual.Reason || own.Model != one.actual.Model {
		s.logDifference(one, &own)
	}
	if s.told != nil {
		s.told(one.actual, own)
	}
}

func (s *shadow) logDifference(one *shown, own *policy.Decision) {
	s.log.LogAttrs(one.ctx, slog.LevelInfo, "hybrid: the shadow decides otherwise",
		decisionAttr("decision", &one.actual, one.view.decider.Revision()),
		decisionAttr("shadow", own, one.view.shadow.Revision()),
		requestAttr(one.in.Request),
	)
}

func decisionAttr(key string, d *policy.Decision, revision string) slog.Attr {
	model := ""
	if d.Model != nil {
		model = d.Model.ID
	}
	return slog.Group(key,
		slog.String("target", d.Target.String()),
		slog.String("reason", string(d.Reason)),
		slog.String("model", model),
		slog.String("revision", revision),
	)
}

// requestAttr is what a log may hold of a request. A task is a word of the app's,
// which a page could fill with anything.
func requestAttr(r *policy.Request) slog.Attr {
	if r == nil {
		r = new(policy.Request)
	}
	task := r.Task
	if !codeWord.MatchString(task) {
		task = ""
	}
	return slog.Group("request",
		slog.String("task", task),
		slog.String("complexity", string(r.Complexity)),
		slog.Int64("promptLength", r.PromptLength),
		slog.Int64("promptTokens", r.Tokens()),
		slog.Int64("maxTokens", r.MaxTokens),
	)
}
