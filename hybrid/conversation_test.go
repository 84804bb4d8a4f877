package hybrid_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

const wholeStream = roleChunk + helloChunk + finishChunk + usageChunk + doneChunk

// A conversation is named to the backend, within its user, and not to the
// upstream.
func TestChatConversation(t *testing.T) {
	for member, want := range map[string]string{
		`"conversationId":"c-1"`:                            `"alice"` + "c-1",
		`"prompt_cache_key":"k-1"`:                          `"alice"` + "k-1",
		`"conversationId":"c-1","prompt_cache_key":"k-1"`:   `"alice"` + "c-1",
		`"conversationId":"","prompt_cache_key":"k-1"`:      `"alice"` + "k-1",
		`"conversationId":null`:                             "",
		`"x":1`:                                             "",
		`"ConversationID":"c-2"`:                            `"alice"` + "c-2",
		`"conversationId":"c-1","conversationId":"c-2"`:     `"alice"` + "c-2",
		`"conversationId":"c-1","prompt_cache_key":"other"`: `"alice"` + "c-1",
	} {
		up := &scripted{body: wholeStream}
		s := open(t, up.serve)
		if a := s.post("/chat/completions", `{`+member+`,`+chatHelloStream[1:]); a.status != http.StatusOK {
			t.Errorf("%s: %d: %s", member, a.status, a.body)
		}
		got := up.last()
		if got.Conversation != want {
			t.Errorf("%s: conversation %q, want %q", member, got.Conversation, want)
		}
		if strings.Contains(strings.ToLower(string(got.Body)), "conversation") {
			t.Errorf("%s: the upstream sees it: %s", member, got.Body)
		}
		if cached := strings.Contains(member, "prompt_cache_key"); cached != strings.Contains(string(got.Body), "prompt_cache_key") {
			t.Errorf("%s: OpenAI's own member does not pass: %s", member, got.Body)
		}
	}
	s := open(t)
	long := `{"conversationId":"` + strings.Repeat("x", 201) + `",` + chatHello[1:]
	s.post("/chat/completions", long).wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_value", "conversationId")
	s.post("/chat/completions", `{"conversationId":7,`+chatHello[1:]).wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_type", "conversationId")
}

// able is a backend that can continue a message, for now.
type able struct {
	*scripted
	now backend.Continuation
}

func (a *able) Continuation() backend.Continuation { return a.now }

// A wish to continue that can't be met is refused: an answer that began anew would
// double the text.
func TestChatContinue(t *testing.T) {
	const (
		said   = `"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hel"}]`
		wish   = `,"continue_final_message":true,"add_generation_prompt":false}`
		answer = `{` + said + `}`
	)
	for _, test := range []struct{ name, body, param string }{
		{"continues", `{` + said + wish, ""},
		{"another spelling", `{` + said + `,"Continue_Final_Message":true,"add_generation_prompt":false}`, ""},
		{"generation prompt", `{` + said + `,"continue_final_message":true}`, "add_generation_prompt"},
		{"generation prompt said", `{` + said + `,"continue_final_message":true,"add_generation_prompt":true}`, "add_generation_prompt"},
		{"the user's message", chatHello[:len(chatHello)-1] + wish, "continue_final_message"},
	} {
		t.Run(test.name, func(t *testing.T) {
			up := &able{&scripted{body: wholeStream}, backend.ContinuationNative}
			s := open(t, func(o *hybrid.Options) { o.Backend = up })
			a := s.post("/chat/completions", `{"stream":true,`+test.body[1:])
			if test.param != "" {
				a.wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_value", test.param)
				return
			}
			if a.status != http.StatusOK || !up.last().Continue {
				t.Errorf("%d: %s: %+v", a.status, a.body, up.last())
			}
		})
	}
	plain := &scripted{body: wholeStream}
	s := open(t, plain.serve)
	s.post("/chat/completions", `{`+said+wish).wantError(t, http.StatusBadRequest, "invalid_request_error", "unsupported_parameter", "continue_final_message")
	if n := len(plain.asked); n != 0 {
		t.Errorf("the backend was asked %d times", n)
	}
	s.post("/chat/completions", `{"stream":true,`+answer[1:])
	if plain.last().Continue {
		t.Error("a last message of the assistant's is taken for a wish to continue")
	}
}

// What the page is told follows the backend: a pool may lose the endpoint that
// could continue, or all of them.
func TestServerFactsAreLive(t *testing.T) {
	up := &live{able: able{&scripted{}, backend.ContinuationNative}, ready: true}
	s := open(t, func(o *hybrid.Options) { o.Backend = up })
	told := func() (string, string) {
		var route struct{ Continuation, Target string }
		s.post("/browser/route", `{"promptLength":5000,"capabilities":{"hasWebGPU":true,"deviceType":"desktop","gpuTier":"high","estimatedAvailableRAMGB":8}}`).decode(t, &route)
		return route.Continuation, route.Target
	}
	tag := s.get("/browser/policy").header.Get("ETag")
	if continuation, target := told(); continuation != "native" || target != "server" {
		t.Errorf("told %s, %s", continuation, target)
	}
	up.now, up.ready = backend.ContinuationNone, false
	if continuation, target := told(); continuation != "none" || target != "browser" {
		t.Errorf("with the server out of reach, told %s, %s", continuation, target)
	}
	if a := s.get("/browser/policy", "If-None-Match", tag); a.status != http.StatusOK || !strings.Contains(string(a.body), `"unavailable":true`) {
		t.Errorf("the page's snapshot is still good: %d: %s", a.status, a.body)
	}
}

type live struct {
	able
	ready bool
}

func (l *live) Ready() bool { return l.ready }
