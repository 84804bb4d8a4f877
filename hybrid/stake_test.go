package hybrid_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// However a request spells its size, what is taken for it beforehand is what the
// backend gets to read.
func TestStakeIsWhatTheBackendReads(t *testing.T) {
	const hi = `{"messages":[{"role":"user","content":"hi"}]`
	for _, test := range []struct {
		rest, sent string
		tokens     int64 // completion
	}{
		{`}`, `,"max_tokens":100}`, 100},
		{`,"max_tokens":7}`, `,"max_tokens":7}`, 7},
		{`,"max_completion_tokens":1,"max_tokens":90}`, `,"max_completion_tokens":1,"max_tokens":90}`, 90},
		{`,"max_tokens":90,"MAX_TOKENS":1}`, `,"max_tokens":1}`, 1},
		{`,"n_predict":1000,"max_tokens":1}`, `,"max_tokens":1}`, 1},
		{`,"n_cmpl":100,"max_tokens":1}`, `,"max_tokens":1}`, 1},
		{`,"n":4,"max_tokens":9007199254740991}`, `,"n":4,"max_tokens":25}`, 100},
		{`,"n":100,"N":1,"max_tokens":5}`, `,"n":1,"max_tokens":5}`, 5},
	} {
		t.Run(test.rest, func(t *testing.T) {
			var staked int64
			store, options := within(hybrid.Allowance{MaxOutputTokens: 100, Tokens: limit.Rate{Amount: 1000}})
			up := &scripted{body: wholeAnswer}
			s := open(t, up.serve, options, func(o *hybrid.Options) { o.LimitStore = &watching{Store: store, taken: &staked} })
			if a := s.post("/chat/completions", hi+test.rest); a.status != http.StatusOK {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			if staked != 1+test.tokens {
				t.Errorf("%d tokens were taken, want 1 for the prompt and %d", staked, test.tokens)
			}
			if got := string(up.last().Body); !sameMembers(got, hi+test.sent) {
				t.Errorf("the backend got %s, want %s", got, hi+test.sent)
			}
		})
	}
}

// sameMembers compares objects whose members may stand in another order.
func sameMembers(one, other string) bool {
	split := func(s string) map[string]bool {
		members := make(map[string]bool)
		for m := range strings.SplitSeq(strings.TrimSuffix(s, "}"), `,"`) {
			members[m] = true
		}
		return members
	}
	return fmt.Sprint(split(one)) == fmt.Sprint(split(other))
}

// A number of choices counts as the backend reads it, also without any other limit.
func TestMaxChoicesIsWritten(t *testing.T) {
	up := &scripted{body: wholeAnswer}
	s := open(t, up.serve, func(o *hybrid.Options) { o.Allowance.MaxChoices = 1 })
	s.post("/chat/completions", `{"messages":[{"role":"user","content":"hi"}],"n":100,"N":1,"n_cmpl":100}`)
	if got := string(up.last().Body); got != `{"messages":[{"role":"user","content":"hi"}],"n":1}` {
		t.Errorf("the backend got %s", got)
	}
	s.post("/chat/completions", `{"messages":[{"role":"user","content":"hi"}],"n":2}`).
		wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_value", "n")
}

// Numbers whose product nothing can hold are a lot, and not nothing.
func TestStakeDoesNotOverflow(t *testing.T) {
	_, options := within(hybrid.Allowance{Tokens: limit.Rate{Amount: 10}})
	var staked int64
	s := open(t, options, func(o *hybrid.Options) { o.LimitStore = &watching{Store: o.LimitStore, taken: &staked} })
	s.post("/chat/completions", `{"messages":[{"role":"user","content":"hi"}],"n":2048,"max_tokens":9007199254740991}`)
	if staked != 10 { // all that there is
		t.Errorf("%d were taken", staked)
	}
}

// Everything that a model reads is part of the prompt.
func TestPromptOfToolsAndNames(t *testing.T) {
	long := strings.Repeat("long ", 100)
	s := open(t, func(o *hybrid.Options) { o.Allowance.MaxPromptTokens = 50 })
	for _, body := range []string{
		`{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","description":"` + long + `"}}]}`,
		`{"messages":[{"role":"user","content":"hi","name":"` + long + `"}]}`,
		`{"messages":[{"role":"assistant","content":"hi","tool_calls":[{"function":{"arguments":"` + long + `"}}]},{"role":"user","content":"hi"}]}`,
		`{"messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"description":"` + long + `"}}}`,
	} {
		s.post("/chat/completions", body).wantError(t, http.StatusRequestEntityTooLarge, "invalid_request_error", "prompt_too_long", "messages")
	}
}
