package policy

import "github.com/edgewise-ai/edgewise/registry"

// tally collects verdicts in the order of forbids and turns them into a
// decision: steps two and three of the rule.
type tally struct {
	forbidden TargetSet
	why       [targetCount]Reason // the first reason given for each forbidden target
	private   bool                // privacy forbade the server

	prefer      Target
	preferWhy   Reason
	preferPlace int

	trace []Step
}

// count adds one verdict. place is the policy's place among preferences.
func (t *tally) count(name string, place int, v Verdict) {
	if v.Forbid == 0 && v.Prefer == None {
		return
	}
	for _, target := range [...]Target{Browser, Server} {
		if !v.Forbid.Has(target) {
			continue
		}
		if !t.forbidden.Has(target) {
			t.forbidden |= SetOf(target)
			t.why[target] = v.Reason
		}
		if target == Server && name == NamePrivacy {
			t.private = true
		}
	}
	if v.Prefer != None && (t.prefer == None || place < t.preferPlace) {
		t.prefer, t.preferWhy, t.preferPlace = v.Prefer, v.Reason, place
	}
}

func (t *tally) outcome(in *Input, selection registry.Selection) Decision {
	d := Decision{selection: selection, why: t.why}
	browser, server := !t.forbidden.Has(Browser), !t.forbidden.Has(Server)
	switch {
	case browser && server && t.prefer != None:
		d.Target, d.Reason = t.prefer, t.preferWhy
	case browser && server:
		d.Target, d.Reason = Browser, OptimalForBrowser
	case browser:
		d.Target, d.Reason = Browser, t.why[Server]
	case server:
		d.Target, d.Reason = Server, t.why[Browser]
	default:
		d.Reason = t.whyNone(in)
	}
	if browser && server {
		d.Fallback = d.Target.other()
	}
	if browser {
		d.Model = selection.Model
		if selection.State.Status != registry.Loaded {
			d.Preload = selection.Model
		}
	}
	if in.Trace {
		d.Trace = append(t.trace, Step{Step: "outcome", By: "rule", Said: string(d.Reason), Target: d.Target.String()})
	}
	return d
}

// whyNone picks the reason that helps most when nothing is permitted.
func (t *tally) whyNone(in *Input) Reason {
	switch {
	case t.private:
		return LocalOnlyUnavailable
	case in.State.Network.Offline:
		return Offline
	default:
		return t.why[Browser]
	}
}
