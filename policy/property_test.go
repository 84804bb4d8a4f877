package policy_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/internal/vectors"
	"github.com/edgewise-ai/edgewise/registry"
)

// setup is a random decider, and what makes another like it.
type setup struct {
	*rand.Rand
	models  []registry.Model
	opts    policy.Options
	decider *policy.Decider
}

// inSetups calls f with a few hundred random deciders, of built-in policies alone
// or of hostile ones too.
func inSetups(t *testing.T, seed uint64, hostile bool, f func(t *testing.T, s setup)) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 6))
	for range 300 {
		s := setup{Rand: r, models: vectors.RandomModels(r), opts: vectors.RandomOptions(r)}
		if s.opts.Policies == nil {
			s.opts.Policies = policy.Defaults()
		}
		if hostile {
			for i := range 1 + r.IntN(3) {
				s.opts.Policies = append(s.opts.Policies, s.hostile(fmt.Sprintf("acme.p%d", i)))
			}
		}
		s.decider = newDeciderOver(t, s.models, s.opts)
		f(t, s)
		if t.Failed() {
			t.Logf("the policies were %+v", s.opts.Policies)
			return
		}
	}
}

// each calls f with random inputs.
func (s *setup) each(f func(in policy.Input)) {
	for range 20 {
		f(vectors.RandomInput(s.Rand, s.models))
	}
}

// hostile is a policy of an app that says anything, or fails in any way.
func (s *setup) hostile(name string) policy.Policy {
	v := policy.Verdict{Reason: policy.Reason(name)}
	if s.IntN(2) == 0 {
		v.Forbid = policy.TargetSet(s.IntN(9)) // beyond what there is, too
	} else {
		v.Prefer = policy.Target(s.IntN(4))
	}
	p := always(v)
	switch s.IntN(6) {
	case 0:
		p = func(context.Context, *policy.Input) (policy.Verdict, error) { return v, errors.New("it is down") }
	case 1:
		p = panics(0)
	}
	var said policy.Declaration
	if s.IntN(3) == 0 {
		said.WhenUnreachable = policy.ForbidWhenUnreachable
	}
	if s.IntN(3) == 0 {
		target := policy.Target(1 + s.IntN(2))
		said.Effects = &policy.Effects{Forbid: []policy.Target{target}, Prefer: []policy.Target{browser, server}}
	}
	return policy.Named(name, policy.Declared(p, said))
}

// shuffled is the same setup with its policies in another order.
func (s *setup) shuffled(t *testing.T) *policy.Decider {
	t.Helper()
	opts := s.opts
	opts.Policies = slices.Clone(opts.Policies)
	s.Shuffle(len(opts.Policies), func(i, j int) { opts.Policies[i], opts.Policies[j] = opts.Policies[j], opts.Policies[i] })
	return newDeciderOver(t, s.models, opts)
}

// told is all that a decision says, but for its trace.
type told struct {
	vectors.Outcome
	Browser, Server policy.Reason // why forbidden
}

func tell(d policy.Decision) told {
	return told{vectors.OutcomeOf(d), d.Forbidden(browser), d.Forbidden(server)}
}

func wantSame(t *testing.T, what string, in policy.Input, got, want policy.Decision) {
	t.Helper()
	if diff := cmp.Diff(tell(want), tell(got)); diff != "" {
		t.Errorf("%s changes the decision about %s (-before +after):\n%s", what, encoded(t, in), diff)
	}
}

func TestTheOrderOfBuiltInPoliciesNeverMatters(t *testing.T) {
	inSetups(t, 1, false, func(t *testing.T, s setup) {
		other := s.shuffled(t)
		s.each(func(in policy.Input) {
			wantSame(t, "another order", in, other.Decide(t.Context(), in), s.decider.Decide(t.Context(), in))
		})
		if other.Revision() != s.decider.Revision() {
			t.Error("another order has another revision")
		}
	})
}

func TestTheOrderOfPoliciesNeverMattersToAForbid(t *testing.T) {
	inSetups(t, 2, true, func(t *testing.T, s setup) {
		other := s.shuffled(t)
		s.each(func(in policy.Input) {
			got, want := tell(other.Decide(t.Context(), in)), tell(s.decider.Decide(t.Context(), in))
			if got.Browser != want.Browser || got.Server != want.Server {
				t.Errorf("another order changes who forbids about %s: %+v, before %+v", encoded(t, in), got, want)
			}
			if got.Fallback == none && cmp.Diff(got, want) != "" {
				t.Errorf("one target was left, and another order changes why: %+v, before %+v", got, want)
			}
		})
	})
}

func TestAPolicyThatAbstainsChangesNothing(t *testing.T) {
	inSetups(t, 3, true, func(t *testing.T, s setup) {
		opts := s.opts
		opts.Policies = slices.Insert(slices.Clone(opts.Policies), s.IntN(len(opts.Policies)), says("acme.silent", policy.Verdict{}))
		other := newDeciderOver(t, s.models, opts)
		s.each(func(in policy.Input) {
			wantSame(t, "a policy that abstains", in, other.Decide(t.Context(), in), s.decider.Decide(t.Context(), in))
		})
	})
}

func TestATraceChangesNothing(t *testing.T) {
	inSetups(t, 4, true, func(t *testing.T, s setup) {
		s.each(func(in policy.Input) {
			want := s.decider.Decide(t.Context(), in)
			in.Trace = true
			wantSame(t, "a trace", in, s.decider.Decide(t.Context(), in), want)
		})
	})
}

func TestASnapshotDecidesTheSame(t *testing.T) {
	inSetups(t, 5, false, func(t *testing.T, s setup) {
		there := travelled(t, s.decider)
		if there.Revision() != s.decider.Revision() {
			t.Errorf("revision %s became %s", s.decider.Revision(), there.Revision())
		}
		s.each(func(in policy.Input) {
			wantSame(t, "the way through a snapshot", in, there.Decide(t.Context(), in), s.decider.Decide(t.Context(), in))
		})
	})
}

func TestLocalOnlyNeverYieldsTheServer(t *testing.T) {
	inSetups(t, 6, true, func(t *testing.T, s setup) {
		s.each(func(in policy.Input) {
			in.Request.Privacy = policy.PrivacyLocalOnly
			got := s.decider.Decide(t.Context(), in)
			if got.Target == server || got.Fallback == server || got.Forbidden(server) == "" {
				t.Errorf("local-only may go to the server: %+v about %s", tell(got), encoded(t, in))
			}
		})
	})
}

func TestADeciderIsSafeForConcurrentUse(t *testing.T) {
	d := newDecider(t, everyone())
	r := rand.New(rand.NewPCG(8, 6))
	inputs := make([]policy.Input, 300)
	alone := make([]told, len(inputs))
	for i := range inputs {
		inputs[i] = vectors.RandomInput(r, models())
		alone[i] = tell(d.Decide(t.Context(), inputs[i]))
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i, in := range inputs {
				if diff := cmp.Diff(alone[i], tell(d.Decide(t.Context(), in))); diff != "" {
					t.Errorf("company changes the decision about %s (-before +after):\n%s", encoded(t, in), diff)
					return
				}
			}
		})
	}
	group.Wait()
}

var reasonForm = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,63}$`)

// Whatever anybody says, a decision offers what is permitted, and nothing else.
func TestOnlyWhatIsPermittedIsOffered(t *testing.T) {
	inSetups(t, 7, true, func(t *testing.T, s setup) {
		s.each(func(in policy.Input) {
			d := s.decider.Decide(t.Context(), in)
			permitted := func(target policy.Target) bool { return target != none && d.Forbidden(target) == "" }
			toBrowser, toServer := permitted(browser), permitted(server)
			for _, broken := range []struct {
				rule string
				is   bool
			}{
				{"the target is permitted", d.Target != none && !permitted(d.Target)},
				{"nothing is the target only if nothing is permitted", d.Target == none && (toBrowser || toServer)},
				{"the fallback is permitted", d.Fallback != none && !permitted(d.Fallback)},
				{"the fallback is not the target", d.Fallback != none && d.Fallback == d.Target},
				{"there is a fallback if both are permitted", (d.Fallback != none) != (toBrowser && toServer)},
				{"there is a model if the browser is permitted", (d.Model != nil) != toBrowser},
				{"what is preloaded is the model", d.Preload != nil && d.Preload != d.Model},
				{"what is loaded is not preloaded", toBrowser && (d.Preload == nil) != (in.State.Models[d.Model.ID].Status == registry.Loaded)},
				{"alternates are for the browser", len(d.Alternates()) > 0 && !toBrowser},
				{"alternates are few", len(d.Alternates()) > registry.MaxAlternates},
				{"the model is not its own alternate", d.Model != nil && slices.Contains(d.Alternates(), d.Model)},
				{"a decision has a reason", !reasonForm.MatchString(string(d.Reason))},
				{"without an alternative the reason is a forbid's", d.Target == server && !toBrowser && d.Reason != d.Forbidden(browser)},
			} {
				if broken.is {
					t.Errorf("it does not hold that %s: %+v about %s", broken.rule, tell(d), encoded(t, in))
				}
			}
		})
	})
}

// travelled is the decider that a page would build.
func travelled(t *testing.T, d *policy.Decider) *policy.Decider {
	t.Helper()
	var read policy.Snapshot
	decode(t, encoded(t, d.Snapshot()), &read)
	there, err := read.Decider()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Snapshot().Policies, there.Snapshot().Policies); diff != "" {
		t.Errorf("policies changed on the way (-before +after):\n%s", diff)
	}
	return there
}
