package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// Options configures a [Decider]. The zero Options are the defaults.
type Options struct {
	// Policies are asked for every request. [Privacy] is always among them: it
	// is a promise, not a choice. Defaults to [Defaults]().
	Policies []Policy

	// First names custom policies whose preference counts before the built-in
	// ones, in this order. Defaults to none: custom preferences count last, in
	// the order of Policies.
	First []string

	// Limits bound the choice of models. Defaults to the zero limits.
	Limits registry.Limits

	// OnError is told when an app's policy fails or panics. It is called within
	// the decision and must not block. Defaults to nothing.
	OnError func(policy string, err error)
}

// Defaults returns the built-in policies with their default options. A policy
// given replaces the built-in one of the same name, or is added.
func Defaults(custom ...Policy) []Policy {
	all := []Policy{
		Enabled{}, Capability{}, Privacy{}, Preference{}, Budget{}, Tier{}, Health{},
		Sticky{}, Readiness{}, Battery{}, Speed{}, Task{}, Complexity{}, Cost{},
	}
	for _, c := range custom {
		same := slices.IndexFunc(all, func(p Policy) bool {
			n, ok := as[Namer](c)
			return ok && p.(Namer).Name() == n.Name()
		})
		if same >= 0 {
			all[same] = c
		} else {
			all = append(all, c)
		}
	}
	return all
}

// Decider applies the decision rule to one index and one set of policies. It is
// immutable and safe for concurrent use.
type Decider struct {
	index   *registry.Index
	limits  registry.Limits
	asked   []asked // in the order of forbids
	specs   []Spec  // the built-in ones in that order, then the others as given
	first   []string
	onError func(string, error)

	revision string
}

// NewDecider returns a decider. It fails if a policy has no valid name, has the
// name of another, or has an option out of range.
func NewDecider(index *registry.Index, opts Options) (*Decider, error) {
	if opts.Policies == nil {
		opts.Policies = Defaults()
	}
	if err := opts.Limits.Validate(); err != nil {
		return nil, err
	}
	isPrivacy := func(p Policy) bool { _, ok := p.(Privacy); return ok }
	if !slices.ContainsFunc(opts.Policies, isPrivacy) {
		opts.Policies = append([]Policy{Privacy{}}, opts.Policies...)
	}
	d := &Decider{
		index: index, limits: opts.Limits, first: slices.Clone(opts.First), onError: opts.OnError,
		specs: make([]Spec, 0, len(opts.Policies)),
	}
	d.limits.DisabledEngines = slices.Clone(d.limits.DisabledEngines)
	d.limits.MaxFailures = cmp.Or(d.limits.MaxFailures, registry.DefaultMaxFailures)
	seen := make(map[string]bool)
	for i, p := range opts.Policies {
		a, err := admit(p, i, opts.First)
		if err != nil {
			return nil, err
		}
		if seen[a.name] {
			return nil, fmt.Errorf("policy: two policies are named %q", a.name)
		}
		seen[a.name] = true
		d.asked = append(d.asked, a)
		d.specs = append(d.specs, a.spec)
	}
	for _, name := range opts.First {
		if !seen[name] {
			return nil, fmt.Errorf("policy: Options.First names %q, which is none of the policies", name)
		}
	}
	slices.SortFunc(d.asked, func(a, b asked) int {
		return cmp.Or(cmp.Compare(a.forbids, b.forbids), strings.Compare(a.name, b.name))
	})
	slices.SortStableFunc(d.specs, func(a, b Spec) int { return cmp.Compare(forbidPlace(a.Name), forbidPlace(b.Name)) })
	var err error
	d.revision, err = d.revisionOf()
	return d, err
}

// Index returns the index the decider chooses models from.
func (d *Decider) Index() *registry.Index { return d.index }

// work is the memory of one decision, reused so that deciding allocates
// nothing.
type work struct {
	in      Input
	device  capability.Device
	request Request
	state   State
	subject Subject
}

var works = sync.Pool{New: func() any { return new(work) }}

// Decide applies the rule. It does not fail: a policy that errs counts as its
// declaration says, and when nothing is permitted the target is [None].
func (d *Decider) Decide(ctx context.Context, in Input) Decision {
	w := works.Get().(*work)
	w.in = in
	w.fill()
	decision := d.decide(ctx, &w.in)
	*w = work{} // keep no request alive in the pool
	works.Put(w)
	return decision
}

// fill puts zero values in the place of what the caller left out.
func (w *work) fill() {
	if w.in.Device == nil {
		w.in.Device = &w.device
	}
	if w.in.Request == nil {
		w.in.Request = &w.request
	}
	if w.in.State == nil {
		w.in.State = &w.state
	}
	if w.in.Subject == nil {
		w.in.Subject = &w.subject
	}
}

func (d *Decider) decide(ctx context.Context, in *Input) Decision {
	query := registry.Query{
		Device:  in.Device,
		Tokens:  in.Request.Tokens() + in.Request.OutputTokens(),
		Task:    in.Request.Task,
		Needs:   in.Request.Needs,
		States:  in.State.Models,
		Network: in.State.Network,
		Limits:  &d.limits,
	}
	selection := d.index.Select(query)
	in.Candidate, in.CandidateState = selection.Model, selection.State

	var t tally
	if in.Trace {
		t.trace = traceFilters(d.index.Remaining(query))
	}
	candidate := Verdict{}
	if selection.Model == nil {
		candidate = Verdict{Forbid: SetOf(Browser), Reason: reasonOf(selection.Emptied)}
	}
	said := false
	for i := range d.asked { // among them privacy, whose place is behind the candidate's
		a := &d.asked[i]
		if !said && a.forbids > candidatePlace {
			t.count(candidateName, 0, candidate)
			said = true
		}
		v, err := a.ask(ctx, in)
		if err != nil && d.onError != nil {
			d.onError(a.name, err)
		}
		if in.Trace {
			t.trace = append(t.trace, a.step(in, v, err))
		}
		t.count(a.name, a.prefers, v)
	}
	return t.outcome(in, selection)
}

// reasonOf is why the browser is forbidden when a filter left no model.
func reasonOf(f registry.Filter) Reason {
	switch f {
	case registry.FilterEnabled:
		return BrowserInferenceDisabled
	case registry.FilterGPU:
		return InsufficientDevice
	case registry.FilterSize:
		return ModelTooLarge
	case registry.FilterContext:
		return ContextWindowExceeded
	case registry.FilterFeatures:
		return FeatureUnsupported
	case registry.FilterMetered:
		return MeteredNetwork
	case registry.FilterOffline:
		return Offline
	case registry.FilterHealth:
		return BrowserUnhealthy
	case registry.FilterSpeed:
		return TooSlow
	default:
		return NoCompatibleModel
	}
}
