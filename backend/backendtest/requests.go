package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
)

// These checks are about what is asked: what a backend must honour, refuse and leave alone.

// checkContinue has the backend carry on its own answer from the middle, or refuse to.
func (k kit) checkContinue(ctx context.Context) error {
	if !k.continues() {
		var problems []error
		for _, stream := range []bool{false, true} {
			req := askToContinue("Hel", stream)
			what := call(req) + ", by a backend that isn't a Continuer of ContinuationNative"
			problems = append(problems, k.refused(ctx, what, req, backend.CodeUnsupported))
		}
		return errors.Join(problems...)
	}
	whole, err := k.whole(ctx, ask(false))
	if err != nil {
		return err
	}
	half := []rune(whole.text)
	half = half[:(len(half)+1)/2]
	partial := string(half)
	rest := whole.text[len(partial):]
	var problems []error
	for _, stream := range []bool{false, true} {
		a, err := k.whole(ctx, askToContinue(partial, stream))
		switch {
		case err != nil:
			problems = append(problems, err)
		case !a.Done:
			problems = append(problems, fmt.Errorf("%s has %+v, want an end", a.stage, a.Outcome))
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
	for _, req := range []*backend.Request{ask(false), ask(true), askToContinue("Hel", false), askToContinue("Hel", true)} {
		if err := k.checkUntouched(ctx, req); err != nil {
			return err // the others would say the same
		}
	}
	return nil
}

func (k kit) checkUntouched(ctx context.Context, req *backend.Request) error {
	what, before := call(req), *req
	spare := make([]byte, 64) // what an append in place would write to
	room := append(bytes.Clone(before.Body), spare...)
	req.Body = room[:len(before.Body)]
	var problems []error
	if resp, err := k.begin(ctx, req); err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		problems = append(problems, err)
		resp.Body.Close()
	} else if !before.Continue {
		problems = append(problems, err)
	}
	was, is := reflect.ValueOf(before), reflect.ValueOf(*req)
	for i := range was.NumField() {
		if from, to := show(was.Field(i)), show(is.Field(i)); from != to {
			problems = append(problems, fmt.Errorf("%s changed Request.%s from %s to %s", what, was.Type().Field(i).Name, from, to))
		}
	}
	if got := room[len(before.Body):]; !bytes.Equal(got, spare) {
		problems = append(problems, fmt.Errorf("%s wrote %q behind the end of Request.Body: clone it before you append to it", what, bytes.TrimRight(got, "\x00")))
	}
	return errors.Join(problems...)
}

// show returns a value as Go writes it, but bytes as text.
func show(v reflect.Value) string {
	if text, ok := v.Interface().([]byte); ok {
		return strconv.Quote(string(text))
	}
	return fmt.Sprintf("%#v", v)
}

func (k kit) checkModelNotFound(ctx context.Context) error {
	var problems []error
	for _, stream := range []bool{false, true} {
		req := ask(stream)
		req.Model = "no-such-model"
		problems = append(problems, k.refused(ctx, call(req), req, backend.CodeModelNotFound))
	}
	return errors.Join(problems...)
}

func (k kit) checkNotJSON(ctx context.Context) error {
	var problems []error
	for _, body := range []string{"", "[]", `{"messages":`} {
		for _, stream := range []bool{false, true} {
			req := &backend.Request{Body: []byte(body), Stream: stream}
			what := fmt.Sprintf("%s with body %q", call(req), body)
			if err := k.refused(ctx, what, req, backend.CodeInvalidRequest); err != nil {
				problems = append(problems, err)
				break // the other will say the same
			}
		}
	}
	return errors.Join(problems...)
}
