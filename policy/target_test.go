package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
)

func TestTargetsTravelAsWords(t *testing.T) {
	for text, target := range map[string]policy.Target{`"none"`: none, `"browser"`: browser, `"server"`: server} {
		if got := encoded(t, target); got != text {
			t.Errorf("%v is written as %s, want %s", target, got, text)
		}
		var again policy.Target
		if err := json.Unmarshal([]byte(text), &again); err != nil || again != target {
			t.Errorf("%s became %v (%v)", text, again, err)
		}
	}
	target := browser
	if err := json.Unmarshal([]byte(`""`), &target); err != nil || target != none {
		t.Errorf("the empty word became %v (%v), want none", target, err)
	}
	wantErrorAbout(t, json.Unmarshal([]byte(`"moon"`), &target), "moon", "browser")
}

func TestTargetSet(t *testing.T) {
	set := policy.SetOf(server)
	if !set.Has(server) || set.Has(browser) || set.Has(none) {
		t.Errorf("the set of the server holds something else: %b", set)
	}
	if got := policy.SetOf(browser, server).String(); got != "{browser server}" {
		t.Errorf("both are called %s", got)
	}
	if got := policy.Target(7).String(); got != "Target(7)" {
		t.Errorf("a target that does not exist is called %s", got)
	}
}
