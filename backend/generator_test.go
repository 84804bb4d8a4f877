package backend_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
)

var hi = backend.Request{Body: []byte(`{"messages":[{"role":"user","content":"hi"}]}`)}

// says is a generator that says words and then ends as told.
func says(words []string, completion backend.Completion, err error) backend.GeneratorFunc {
	return func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		for _, word := range words {
			if err := emit(backend.Delta{Text: word}); err != nil {
				return backend.Completion{}, err
			}
		}
		return completion, err
	}
}

var (
	clock   = func() time.Time { return time.Unix(1700000000, 0) }
	counted = backend.Completion{FinishReason: "length", Usage: backend.Usage{PromptTokens: 1, CompletionTokens: 2, TotalTokens: 3, Known: true}}
	idRE    = regexp.MustCompile(`chatcmpl-[A-Z2-7]{26}`)
)

func TestFromGenerator(t *testing.T) {
	chunk := func(rest string) string {
		return `data: {"id":"ID","object":"chat.completion.chunk","created":1700000000,"model":"in-process","choices":[` + rest + "}\n\n"
	}
	choice := func(delta, finish string) string {
		return `{"index":0,"delta":` + delta + `,"logprobs":null,"finish_reason":` + finish + `}]`
	}
	const null = `,"usage":null`
	const tokens = `,"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}`
	first, a, b := choice(`{"role":"assistant","content":""}`, "null"), choice(`{"content":"a<"}`, "null"), choice(`{"content":"b"}`, "null")
	whole := `{"id":"ID","object":"chat.completion","created":1700000000,"model":"in-process","choices":[{"index":0,` +
		`"message":{"role":"assistant","content":"a<b","refusal":null},"logprobs":null,"finish_reason":`
	words := []string{"a<", "", "b"}
	tests := []struct {
		name         string
		generator    backend.Generator
		stream, asks bool
		want         string
	}{
		{"whole", says(words, counted, nil), false, false, whole + `"length"}]` + tokens + "}\n"},
		{"whole without usage", says(words, backend.Completion{}, nil), false, false, whole + `"stop"}]` + "}\n"},
		{"stream", says(words, counted, nil), true, false, chunk(first) + chunk(a) + chunk(b) + chunk(choice("{}", `"length"`)) + chunk("]"+tokens) + done},
		{"stream with usage asked", says(words, counted, nil), true, true, chunk(first+null) + chunk(a+null) + chunk(b+null) + chunk(choice("{}", `"length"`)+null) + chunk("]"+tokens) + done},
		{"stream of nothing", says(nil, backend.Completion{}, nil), true, false, chunk(first) + chunk(choice("{}", `"stop"`)) + done},
		{"stream that fails", says([]string{"b"}, backend.Completion{}, errors.New("out of memory")), true, false, chunk(first) + chunk(b) + inBand("internal_error", "the model failed")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := hi
			req.Stream, req.IncludeUsage = test.stream, test.asks
			resp, err := backend.FromGenerator(test.generator, backend.GeneratorOptions{Now: clock}).Generate(t.Context(), &req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, idRE.ReplaceAllString(string(body), "ID")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFromGeneratorFailsEarly(t *testing.T) {
	panics := func(context.Context, *backend.Prompt, func(backend.Delta) error) (backend.Completion, error) {
		panic("bug")
	}
	tests := []struct {
		name      string
		generator backend.Generator
		code      backend.Code
	}{
		{"plain error", says(nil, backend.Completion{}, errors.New("no memory")), backend.CodeInternal},
		{"own error", says(nil, backend.Completion{}, backend.Unsupported("seed", "no seeds here")), backend.CodeUnsupported},
		{"panic", backend.GeneratorFunc(panics), backend.CodeInternal},
	}
	for _, test := range tests {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", test.name, stream), func(t *testing.T) {
				req := hi
				req.Stream = stream
				_, err := backend.FromGenerator(test.generator, backend.GeneratorOptions{}).Generate(t.Context(), &req)
				if !errors.Is(err, test.code) {
					t.Errorf("error is %v, want %s", err, test.code)
				}
			})
		}
	}
}

// TestFromGeneratorStops ends an answer in each way there is.
func TestFromGeneratorStops(t *testing.T) {
	// One word, a second from now, and then nothing that could notice that nobody reads.
	var ended bool
	endless := func(ctx context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		ended = false
		defer func() { ended = true }()
		select {
		case <-ctx.Done():
			return backend.Completion{}, ctx.Err()
		case <-time.After(time.Second):
		}
		if err := emit(backend.Delta{Text: "Well"}); err != nil {
			return backend.Completion{}, err
		}
		<-ctx.Done()
		return backend.Completion{}, ctx.Err()
	}
	b := backend.FromGenerator(backend.GeneratorFunc(endless), backend.GeneratorOptions{})
	req := hi
	req.Stream = true
	for name, end := range map[string]func(cancel func(), body io.Closer) error{
		"cancel": func(cancel func(), _ io.Closer) error { cancel(); return nil },
		"close":  func(_ func(), body io.Closer) error { return body.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				resp, err := b.Generate(ctx, &req)
				if err != nil {
					t.Fatal(err)
				}
				for range 2 { // the role, the word
					if _, err := resp.Body.Read(make([]byte, 1000)); err != nil {
						t.Fatal(err)
					}
				}
				if err := end(cancel, resp.Body); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if !ended {
					t.Error("the generator goes on")
				}
				if _, err := io.ReadAll(resp.Body); err == nil {
					t.Error("the answer has an end")
				}
			})
		})
	}
	t.Run("deadline before the first word", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if _, err := b.Generate(ctx, &req); !errors.Is(err, backend.CodeTimeout) {
				t.Errorf("error is %v", err)
			}
		})
	})
}

// TestFromGeneratorCanceledWhileRead: whoever reads just then must not take it for a failure of the model.
func TestFromGeneratorCanceledWhileRead(t *testing.T) {
	b := backend.FromGenerator(backend.GeneratorFunc(func(ctx context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		err := emit(backend.Delta{Text: "Well"})
		<-ctx.Done()
		return backend.Completion{}, errors.Join(err, ctx.Err())
	}), backend.GeneratorOptions{})
	req := hi
	req.Stream = true
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := b.Generate(ctx, &req)
		if err != nil {
			t.Fatal(err)
		}
		go cancel()
		if _, err := backend.Relay(io.Discard, nil, resp.Body, backend.RelayOptions{}); !errors.Is(err, backend.CodeCanceled) {
			t.Fatalf("error is %v", err)
		}
		resp.Body.Close()
	}
}

func TestFromGeneratorContinuation(t *testing.T) {
	var got *backend.Prompt
	generator := backend.GeneratorFunc(func(_ context.Context, p *backend.Prompt, _ func(backend.Delta) error) (backend.Completion, error) {
		got = p
		return backend.Completion{}, nil
	})
	req := &backend.Request{Body: []byte(`{"messages":[{"role":"assistant","content":"Once"}],"continue_final_message":true,"add_generation_prompt":false}`)}
	for _, ability := range []backend.Continuation{backend.ContinuationNone, backend.ContinuationNative} {
		b := backend.FromGenerator(generator, backend.GeneratorOptions{Continuation: ability})
		if c := b.(backend.Continuer).Continuation(); c != ability {
			t.Errorf("continuation is %s, want %s", c, ability)
		}
		_, err := b.Generate(t.Context(), req)
		if (err == nil) != (ability == backend.ContinuationNative) {
			t.Errorf("%s: error is %v", ability, err)
		}
	}
	if got == nil || !got.Continue {
		t.Errorf("prompt is %+v", got)
	}
}

// A backend of one's own takes a function.
func ExampleFromGenerator() {
	shout := func(_ context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		last := p.Messages[len(p.Messages)-1].Content
		for word := range strings.FieldsSeq(last) {
			if err := emit(backend.Delta{Text: strings.ToUpper(word) + "! "}); err != nil {
				return backend.Completion{}, err
			}
		}
		return backend.Completion{FinishReason: "stop"}, nil
	}
	b := backend.FromGenerator(backend.GeneratorFunc(shout), backend.GeneratorOptions{Models: []backend.Model{{ID: "shout"}}})

	resp, err := b.Generate(context.Background(), &backend.Request{Body: []byte(`{"messages":[{"role":"user","content":"good morning"}]}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := backend.ReadAnswer(body)
	fmt.Println(out.Model, out.FinishReason, out.Chars, err)

	_, err = b.Generate(context.Background(), &backend.Request{Body: []byte(`{"messages":[{"role":"user","content":"hi"}],"n":2}`)})
	fmt.Println(err)
	// Output:
	// shout stop 15 <nil>
	// backend: unsupported_parameter: this model does not support "n"
}
