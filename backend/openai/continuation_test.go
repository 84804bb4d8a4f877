package openai_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

func TestContinuation(t *testing.T) {
	const asked = `{"messages":[{"role":"user","content":"hi"}, {"role":"assistant","content":"The "}],` +
		`"continue_final_message":true,"add_generation_prompt":false,"x":1e2}`
	tests := []struct {
		way  openai.Continuation
		want string // sent upstream; empty means that the request is refused
	}{
		{openai.ContinueNever, ""},
		{openai.ContinueFinalMessage, `{"messages":[{"role":"user","content":"hi"}, {"role":"assistant","content":"The "}],` +
			`"continue_final_message":true,"add_generation_prompt":false,"x":1e2,"model":"mock-model","stream":false}`},
		{openai.ContinuePrefill, `{"messages":[{"role":"user","content":"hi"}, {"role":"assistant","content":"The "}],` +
			`"x":1e2,"model":"mock-model","stream":false}`},
		{openai.ContinuePrefix, `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"The ","prefix":true}],` +
			`"x":1e2,"model":"mock-model","stream":false}`},
	}
	for _, test := range tests {
		t.Run(string(test.way), func(t *testing.T) {
			b, s := open(t, openai.Options{Continuation: test.way})
			resp, err := b.Generate(t.Context(), &backend.Request{Body: []byte(asked), Continue: true})
			if test.want == "" {
				if !errors.Is(err, backend.CodeUnsupported) || b.Continuation() != backend.ContinuationNone || len(s.Requests()) > 0 {
					t.Errorf("declared %s, %d requests, error %v", b.Continuation(), len(s.Requests()), err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if b.Continuation() != backend.ContinuationNative {
				t.Errorf("declared %s", b.Continuation())
			}
			if diff := cmp.Diff(test.want, string(s.Requests()[0].Body)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := openai.New(openai.Options{BaseURL: "http://upstream", Continuation: "prefx"}); err == nil {
		t.Error("a way that nobody knows is accepted")
	}
}
