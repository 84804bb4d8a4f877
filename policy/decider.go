package policy

import (
	"cmp"
	"context"
	"errors"
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

	// First names policies, built-in or custom, whose preferences count before
	// all others, in this order. Defaults to none: the built-in preferences count
	// in their fixed order, and the custom ones after them in that of Policies.
	First []string

	// Limits bound the choice of models. Defaults to the zero limits.
	Limits registry.Limits

	// OnError is told when an app's policy fails or panics. It is called within
	// the decision and must not block. Defaults to nothing.
	OnError func(policy string, err error)
}

// Defaults returns the built-in policies with their default options. A policy
// given replaces the built-in one of the same name, or is added. To leave one out,
// delete it from the result.
func Defaults(custom ...Policy) []Policy {
	all := []Policy{
		Enabled{}, Capability{}, Privacy{}, Preference{}, Budget{}, Tier{}, Health{},
		Sticky{}, Readiness{}, Battery{}, Speed{}, Task{}, Complexity{}, Cost{},
	}
	builtin := all
	for _, c := range custom {
		name := nameIn(c)
		if same := slices.IndexFunc(builtin, func(p Policy) bool { return nameIn(p) == name }); same >= 0 {
			all[same] = c
		} else {
			all = append(all, c) // NewDecider sees to it that no two have one name
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

// NewDecider returns a decider. It fails if there is no index; if a policy is nil,
// has no valid name, has the name of another, has an option out of range, or
// declares or counts as what makes no sense; if First names a policy twice, or one
// that is not there; and if a limit is out of range.
func NewDecider(index *registry.Index, opts Options) (*Decider, error) {
	if index == nil {
		return nil, errors.New("policy: a decider needs an index: registry.NewIndex makes one, of no models too")
	}
	if err := opts.Limits.Validate(); err != nil {
		return nil, err
	}
	d := &Decider{
		index: index, limits: opts.Limits.WithDefaults(), first: slices.Clone(opts.First), onError: opts.OnError,
		asked: []asked{{name: candidateName, policy: candidate{}, forbids: forbidPlace(candidateName)}},
	}
	if err := d.admitAll(opts.Policies); err != nil {
		return nil, err
	}
	var err error
	if d.revision, err = d.revisionOf(); err != nil {
		return nil, err
	}
	return d, nil
}

// admitAll takes the policies in, or the default ones, and puts them in order.
func (d *Decider) admitAll(policies []Policy) error {
	if policies == nil {
		policies = Defaults()
	}
	if !slices.ContainsFunc(policies, func(p Policy) bool { return nameIn(p) == NamePrivacy }) {
		policies = append(slices.Clip(policies), Privacy{})
	}
	known := make(map[string]bool)
	for i, p := range policies {
		a, err := admit(p, i, d.first)
		if err != nil {
			return err
		}
		if known[a.name] {
			return fmt.Errorf("policy: two policies are named %q", a.name)
		}
		known[a.name] = true
		d.asked = append(d.asked, a)
		d.specs = append(d.specs, a.spec)
	}
	for i, name := range d.first {
		if !known[name] {
			return fmt.Errorf("policy: Options.First names %q, which is none of the policies", name)
		}
		if slices.Contains(d.first[:i], name) {
			return fmt.Errorf("policy: Options.First names %q twice", name)
		}
	}
	slices.SortFunc(d.asked, func(a, b asked) int {
		return cmp.Or(cmp.Compare(a.forbids, b.forbids), strings.Compare(a.name, b.name))
	})
	slices.SortStableFunc(d.specs, func(a, b Spec) int { return cmp.Compare(forbidPlace(a.Name), forbidPlace(b.Name)) })
	return nil
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
		Engines: in.Request.Engines,
		States:  in.State.Models,
		Network: in.State.Network,
		Limits:  &d.limits,
	}
	selection := d.choose(in, &query)
	var t tally
	if in.Trace {
		t.trace = traceFilters(d.index.Remaining(query))
	}
	for i := range d.asked {
		a := &d.asked[i]
		v, err := a.ask(ctx, in)
		if err != nil && d.onError != nil {
			d.onError(a.name, err)
		}
		if in.Trace {
			t.trace = a.trace(t.trace, in, v, err)
		}
		t.count(a.name, a.prefers, v)
	}
	return t.outcome(in, selection)
}
