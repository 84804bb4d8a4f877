package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
)

// These checks are about what is asked: what a backend must honour, refuse and leave alone.

// checkContinue has the backend carry on its own answer from the middle, or refuse to.
func (k kit) checkContinue(ctx context.Context) error {
	if !k.continues() {
		var problems []error
		for _, stream := range []bool{false, true} {
			_, err := k.generate(ctx, askToContinue("Hel", stream))
			problems = append(problems, wantCode(err, backend.CodeUnsupported))
		}
		return errors.Join(problems...)
	}
	whole, err := k.generate(ctx, ask(false))
	if err != nil {
		return err
	}
	half := []rune(whole.text)
	half = half[:(len(half)+1)/2]
	partial := string(half)
	rest := whole.text[len(partial):]
	var problems []error
	for _, stream := range []bool{false, true} {
		a, err := k.generate(ctx, askToContinue(partial, stream))
		switch {
		case err != nil:
			problems = append(problems, err)
		case !a.Done:
			problems = append(problems, fmt.Errorf("the answer has no end: %+v", a.Outcome))
		case a.text != rest && strings.HasPrefix(a.text, partial): // a rest may begin so in earnest
			problems = append(problems, fmt.Errorf("asked to carry on %q it says %q: the text is doubled", partial, a.text))
		}
	}
	return errors.Join(problems...)
}

func (k kit) continues() bool {
	c, ok := k.Backend.(backend.Continuer)
	return ok && c.Continuation() == backend.ContinuationNative
}

// askToContinue makes a request to carry on an answer that begins with partial.
func askToContinue(partial string, stream bool) *backend.Request {
	messages := `[{"role":"system","content":"Answer briefly."},{"role":"user","content":"Say hello."},` +
		`{"role":"assistant","content":` + quoted(partial) + `}]`
	body, _ := backend.SetMembers([]byte(prompt), // which is an object
		backend.Member{Name: "messages", Value: json.RawMessage(messages)},
		backend.Member{Name: "continue_final_message", Value: json.RawMessage("true")},
		backend.Member{Name: "add_generation_prompt", Value: json.RawMessage("false")})
	return &backend.Request{Body: body, Stream: stream, Continue: true}
}

func (k kit) checkRequestUntouched(ctx context.Context) error {
	var problems []error
	for _, req := range []*backend.Request{ask(false), ask(true), askToContinue("Hel", false), askToContinue("Hel", true)} {
		spare := append(bytes.Clone(req.Body), make([]byte, 64)...) // what an append in place would write to
		before := bytes.Clone(spare)
		req.Body = spare[:len(req.Body)]
		asked := *req
		if resp, err := k.Generate(ctx, req); err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			problems = append(problems, err)
			resp.Body.Close()
		} else if !req.Continue {
			problems = append(problems, err)
		}
		if !bytes.Equal(spare, before) || !same(req, &asked) {
			problems = append(problems, fmt.Errorf("the request was modified: model %q, %q", req.Model, spare))
		}
	}
	return errors.Join(problems...)
}

func same(a, b *backend.Request) bool {
	return bytes.Equal(a.Body, b.Body) && a.Model == b.Model && a.Stream == b.Stream && a.IncludeUsage == b.IncludeUsage &&
		a.Continue == b.Continue && a.Conversation == b.Conversation
}

func (k kit) checkModelNotFound(ctx context.Context) error {
	var problems []error
	for _, stream := range []bool{false, true} {
		req := ask(stream)
		req.Model = "no-such-model"
		_, err := k.Generate(ctx, req)
		problems = append(problems, wantCode(err, backend.CodeModelNotFound))
	}
	return errors.Join(problems...)
}

func (k kit) checkNotJSON(ctx context.Context) error {
	var problems []error
	for _, body := range []string{"", "[]", `{"messages":`} {
		for _, stream := range []bool{false, true} {
			_, err := k.Generate(ctx, &backend.Request{Body: []byte(body), Stream: stream})
			problems = append(problems, wantCode(err, backend.CodeInvalidRequest))
		}
	}
	return errors.Join(problems...)
}
