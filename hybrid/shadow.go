package hybrid

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// Shadow is a set of policies on trial, as a traffic mirror is for servers: it is
// asked what [Options.Policies] were asked, on the same models, and nobody hears
// its answer but the log. Where it would have decided otherwise, in target,
// reason or model, both decisions are logged at info level, with the request's
// numbers: no text, and not who asked. Each pair of reasons is logged once a minute
// at most; "omitted" is how many alike went before unlogged.
//
// It follows the decisions of [Router.Route] and of the route endpoint; what
// generating requests are checked for is no decision. It is asked beside them, by
// one goroutine that gives each request a second at most, so it changes no answer
// and delays none. Decisions that come faster than it is asked pass it by, and the
// log says so. So it does when a policy of the shadow fails.
type Shadow struct {
	// Policies are on trial.
	// Defaults to [Options.Policies], to try First or Limits alone.
	Policies []policy.Policy

	// First is to them what [Options.First] is to the others. Defaults to that
	// where Policies are unset too, and else to none.
	First []string

	// Limits bound their choice of models. Defaults to [Options.Limits].
	Limits *registry.Limits

	// OnDecision is told of every decision that the shadow was asked for, those
	// where both agree too: a rate needs them. It is never called twice at a
	// time, and decisions pass the shadow by while it lasts. A panic is contained
	// and logged. It must not modify the models it is shown.
	// Defaults to nothing.
	OnDecision func(actual, shadow policy.Decision)
}

// withDefaults returns a copy in which every field but OnDecision is filled in
// from options that are filled in themselves.
func (s *Shadow) withDefaults(o *Options) *Shadow {
	if s == nil {
		return nil
	}
	own := *s
	if own.Policies == nil {
		own.Policies = o.Policies
		if own.First == nil {
			own.First = o.First
		}
	}
	if own.Limits == nil {
		own.Limits = &o.Limits
	}
	limits := own.Limits.WithDefaults()
	own.Policies, own.First, own.Limits = slices.Clone(own.Policies), slices.Clone(own.First), &limits
	return &own
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
	life       context.Context // of the router
	told       func(actual, shadow policy.Decision)
	log        *slog.Logger
	complaints *complaints
	pace       *pace[difference]
	queue      chan shown
	stopped    chan struct{} // closed when run has ended
}

// difference is a kind of them: why either decided as it did.
type difference struct{ actual, shadow policy.Reason }

// shown is a decision that the shadow is to be asked for, with what it was made
// from.
type shown struct {
	ctx    context.Context // its values alone
	view   *view
	in     policy.Input
	actual policy.Decision
}

func newShadow(life context.Context, o *Options, c *complaints) *shadow {
	return &shadow{
		life: life, told: o.Shadow.OnDecision, log: o.Logger, complaints: c, pace: newPace[difference](o.Now),
		queue: make(chan shown, shadowQueue), stopped: make(chan struct{}),
	}
}

// show hands over a decision and does not wait. in remains the caller's, and so
// does what actual points to.
func (s *shadow) show(ctx context.Context, v *view, in policy.Input, actual policy.Decision) {
	if s.life.Err() != nil {
		return
	}
	if len(s.queue) < cap(s.queue) { // worth the copies
		actual.Trace = cloneTrace(actual.Trace)
		select {
		case s.queue <- shown{context.WithoutCancel(ctx), v, cloneInput(in), actual}:
			return
		default: // others came first
		}
	}
	s.complaints.hear("keeping up with the shadow", "", errBehind)
}

// run asks for one decision after the other until the router's life ends.
func (s *shadow) run() {
	defer close(s.stopped)
	for {
		select {
		case <-s.life.Done():
			return
		case one := <-s.queue:
			if err := contain(func() error { s.ask(&one); return nil }); err != nil {
				s.complaints.hear("the shadow", "", err)
			}
		}
	}
}

func (s *shadow) ask(one *shown) {
	ctx, cancel := context.WithTimeout(one.ctx, shadowTime)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	own := one.view.shadow.Decide(ctx, one.in)
	if s.life.Err() != nil {
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
	omitted, due := s.pace.due(difference{one.actual.Reason, own.Reason})
	if !due {
		return
	}
	s.log.LogAttrs(one.ctx, slog.LevelInfo, "hybrid: the shadow decides otherwise",
		decisionAttr("decision", &one.actual, one.view.decider.Revision()),
		decisionAttr("shadow", own, one.view.shadow.Revision()),
		requestAttr(one.in.Request),
		slog.Int64("omitted", omitted),
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
