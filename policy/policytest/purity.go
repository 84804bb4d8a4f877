package policytest

import (
	"context"
	"reflect"

	"golang.org/x/sync/errgroup"

	"github.com/edgewise-ai/edgewise/policy"
)

// findChange looks for a policy that modifies its input.
func findChange(ctx context.Context, p policy.Policy) *finding {
	inputs, copies := newSource(), newSource()
	for range some {
		in, before := inputs.next(), copies.next()
		if _, bad := evaluate(ctx, p, in); bad != nil {
			return bad
		}
		if field := changed(before, in); field != "" {
			return found("Other policies and other goroutines read the same input: change a copy.",
				"Evaluate modifies Input.%s", field)
		}
	}
	return nil
}

// changed names the first field in which two inputs differ, or "".
func changed(before, after *policy.Input) string {
	a, b := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			return a.Type().Field(i).Name
		}
	}
	return ""
}

// findWhim looks for a policy that says now this and now that about one input, or
// about a copy of it.
func findWhim(ctx context.Context, p policy.Policy) *finding {
	inputs, copies := newSource(), newSource()
	for range some {
		in, same := inputs.next(), copies.next()
		first, bad := evaluate(ctx, p, in)
		if bad != nil {
			return bad
		}
		for _, again := range []*policy.Input{in, same} {
			second, bad := evaluate(ctx, p, again)
			if bad != nil {
				return bad
			}
			if second != first {
				return found("Let the verdict follow from what the input holds: not from a clock, a counter, "+
					"chance, the order of a map, or the address of anything.",
					"Asked again with an equal input, Evaluate says %+v after %+v", second, first)
			}
		}
	}
	return nil
}

// findRace looks for a policy that says something else when several goroutines
// ask it at once.
func findRace(ctx context.Context, p policy.Policy) *finding {
	const goroutines = 8
	inputs := newSource().take(some)
	alone := make([]policy.Verdict, len(inputs))
	for i, in := range inputs {
		var bad *finding
		if alone[i], bad = evaluate(ctx, p, in); bad != nil {
			return bad
		}
	}
	findings := make(chan *finding, goroutines)
	var group errgroup.Group
	for range goroutines {
		group.Go(func() error {
			for i, in := range inputs {
				v, bad := evaluate(ctx, p, in)
				if bad == nil && v != alone[i] {
					bad = found("Guard what the policy keeps between calls, or keep nothing. The race detector says where: go test -race.",
						"Asked by %d goroutines at once, Evaluate says %+v; asked by one, %+v", goroutines, v, alone[i])
				}
				if bad != nil {
					findings <- bad
					return nil
				}
			}
			return nil
		})
	}
	_ = group.Wait() // the findings say it all
	close(findings)
	return <-findings
}
