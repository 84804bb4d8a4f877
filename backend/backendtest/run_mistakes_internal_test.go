package backendtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// good says a greeting, or the rest of one, so slowly that one can leave.
func good() backend.Backend {
	const text = "Hello there, and welcome!"
	say := func(ctx context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		rest := text
		if p.Continue {
			rest, _ = strings.CutPrefix(text, p.Messages[len(p.Messages)-1].Content)
		}
		for _, word := range words(rest) {
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
				return backend.Completion{}, ctx.Err()
			}
			if err := emit(backend.Delta{Text: word}); err != nil {
				return backend.Completion{}, err
			}
		}
		return backend.Completion{Usage: backend.Usage{PromptTokens: 1, CompletionTokens: 2, TotalTokens: 3, Known: true}}, nil
	}
	return backend.FromGenerator(backend.GeneratorFunc(say), backend.GeneratorOptions{Continuation: backend.ContinuationNative})
}

// TestRunFindsMistakes: a check that no mistake fails is worth nothing.
func TestRunFindsMistakes(t *testing.T) {
	const tokens = `{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}`
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	var underway atomic.Int64
	for _, test := range []struct {
		name    string
		mistake mistake
		fails   string // the checks
	}{
		{"none", breakResponse(func(*backend.Response) {}), ""},
		{"no content type", breakResponse(func(r *backend.Response) { r.Header = nil }), "Plain Stream"},
		{"cookies", breakResponse(func(r *backend.Response) { r.Header.Set("Set-Cookie", "id=1") }), "Plain Stream"},
		{"half an answer", breakText(func(s string) string { return s[:len(s)/2] }), "Plain Stream"},
		{"no text", breakText(func(s string) string { return strings.ReplaceAll(s, `"content"`, `"contents"`) }), "Plain Stream"},
		{"no model", breakText(func(s string) string { return strings.ReplaceAll(s, `"model"`, `"mode"`) }), "Plain Stream"},
		{"no [DONE]", breakText(func(s string) string { return strings.ReplaceAll(s, "data: [DONE]\n\n", "") }), "Stream"},
		{"chunks without an ID", breakText(func(s string) string { return strings.ReplaceAll(s, `"id"`, `"ID of the answer"`) }), "UsageWhenAsked"},
		{"a role in each chunk", breakText(func(s string) string {
			return strings.ReplaceAll(s, `"delta":{"content"`, `"delta":{"role":"assistant","content"`)
		}), "UsageWhenAsked"},
		{"usage first", breakText(func(s string) string {
			return strings.Replace(strings.Replace(s, tokens, "{}", 1), `"usage":null`, `"usage":`+tokens, 1)
		}), "UsageWhenAsked"},
		{"begins anew", breakRequest(func(r *backend.Request) {
			if r.Continue {
				*r = *ask(r.Stream)
			}
		}), "Continue RequestUntouched"},
		{"takes what it can't do", func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
			if req.Continue {
				return nil, backend.Unsupported("continue_final_message", "no")
			}
			return b.Generate(ctx, req)
		}, "Continue"},
		{"changes the body", breakRequest(func(r *backend.Request) { _ = append(r.Body[:0], ' ') }), "RequestUntouched"},
		{"writes behind the body", breakRequest(func(r *backend.Request) { _ = append(r.Body, 'x') }), "RequestUntouched"},
		{"names the model", breakRequest(func(r *backend.Request) { r.Model = "in-process" }), "RequestUntouched ModelNotFound"},
		{"any body will do", breakRequest(func(r *backend.Request) {
			if !bytes.Contains(r.Body, []byte("messages\":[{")) {
				r.Body = []byte(prompt)
			}
		}), "NotJSON"},
		{"returns at once", lazy, "ModelNotFound NotJSON CanceledBefore"},
		{"ignores the context", func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
			return b.Generate(context.WithoutCancel(ctx), req)
		}, "CanceledBefore"},
		{"waits longer than its caller", func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
			<-ctx.Done()
			<-never
			return b.Generate(ctx, req)
		}, "CanceledBefore CanceledWaiting"},
		{"breaks off like a whole answer", breakResponse(func(r *backend.Response) {
			b := r.Body
			r.Body = body{readerFunc(func(p []byte) (int, error) {
				n, err := b.Read(p)
				if err != nil {
					err = io.EOF
				}
				return n, err
			}), b.Close}
		}), "CanceledDuring ClosedEarly"},
		{"hangs when canceled", breakResponse(func(r *backend.Response) {
			b := r.Body
			r.Body = body{readerFunc(func(p []byte) (int, error) {
				n, err := b.Read(p)
				if errors.Is(err, backend.CodeCanceled) {
					<-never
				}
				return n, err
			}), b.Close}
		}), "CanceledDuring"},
		{"hangs when closed", breakResponse(func(r *backend.Response) {
			r.Body = body{r.Body, func() error { <-never; return nil }}
		}), "ClosedEarly"},
		{"panics when closed again", breakResponse(func(r *backend.Response) {
			b, closed := r.Body, make(chan struct{})
			r.Body = body{b, func() error { close(closed); return b.Close() }}
		}), "ClosedTwice"},
		{"leaves goroutines behind", breakResponse(func(*backend.Response) { go func() { <-never }() }), "NothingLeftBehind"},
		{"one at a time", func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
			if underway.Add(1) > 1 {
				underway.Add(-1)
				return nil, &backend.Error{Code: backend.CodeUnavailable}
			}
			resp, err := b.Generate(ctx, req)
			underway.Add(-1)
			return resp, err
		}, "Concurrent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := kit{broken{good(), test.mistake}, 100 * time.Millisecond}
			if test.fails == "" {
				k.patience = patience
			}
			for _, c := range checks {
				if test.fails != "" && !slices.Contains(strings.Fields(test.fails), c.name) {
					continue
				}
				err := c.run(k, t.Context())
				if (err != nil) != (test.fails != "") {
					t.Errorf("%s says: %v", c.name, err)
				}
			}
		})
	}
}

// listing is a backend with models of its own.
type listing struct {
	backend.Backend
	models []backend.Model
	err    error
}

func (l listing) Models(context.Context) ([]backend.Model, error) { return l.models, l.err }

func TestRunFindsMistakesInModels(t *testing.T) {
	for name, l := range map[string]listing{
		"none":     {},
		"nameless": {models: []backend.Model{{OwnedBy: "nobody"}}},
		"twins":    {models: []backend.Model{{ID: "a"}, {ID: "b"}, {ID: "a"}}},
		"failure":  {err: &backend.Error{Code: backend.CodeUnavailable}},
	} {
		if (kit{l, patience}).checkModels(t.Context()) == nil {
			t.Errorf("%s: nothing is found", name)
		}
	}
}

// TestRunSaysWhatIsWrong: whoever writes a first backend has nothing but the message to go by.
func TestRunSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name    string
		mistake mistake
		check   func(kit, context.Context) error
		want    string
	}{
		{
			"an error of its own", func(context.Context, *backend.Request, backend.Backend) (*backend.Response, error) {
				return nil, errors.New("status 404")
			}, kit.checkNotJSON,
			`Generate (plain, no model named) with body "": status 404 (*errors.errorString), want an *Error of code invalid_request
Generate (plain, no model named) with body "[]": status 404 (*errors.errorString), want an *Error of code invalid_request
Generate (plain, no model named) with body "{\"messages\":": status 404 (*errors.errorString), want an *Error of code invalid_request`,
		},
		{
			"no answer", func(_ context.Context, req *backend.Request, _ backend.Backend) (*backend.Response, error) {
				req.Model = "gone"
				return nil, errors.New("status 404")
			}, kit.checkPlain, `Generate (plain, no model named): status 404, want an answer`,
		},
		{
			"names the model", breakRequest(func(r *backend.Request) { r.Model = "in-process" }), kit.checkRequestUntouched,
			`Generate (plain, no model named) changed Request.Model from "" to "in-process"`,
		},
		{
			"writes behind the body", breakRequest(func(r *backend.Request) { _ = append(r.Body, 'x') }), kit.checkRequestUntouched,
			`Generate (plain, no model named) wrote "x" behind the end of Request.Body: clone it before you append to it`,
		},
		{
			"ignores the context", func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
				return b.Generate(context.WithoutCancel(ctx), req)
			}, kit.checkCanceledBefore,
			`Generate (plain, no model named) with a canceled context succeeds, want an *Error of code canceled: pass ctx on to whatever does the work
Generate (streamed, no model named) with a canceled context succeeds, want an *Error of code canceled: pass ctx on to whatever does the work`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.check(kit{broken{good(), test.mistake}, patience}, t.Context()); err == nil || err.Error() != test.want {
				t.Errorf("it says:\n%v\nwant:\n%s", err, test.want)
			}
		})
	}
}
