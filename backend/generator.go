package backend

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Generator is a model that runs in this process. It is to [FromGenerator] what an http.Handler is to a server: it
// sees a decoded prompt and says text, and knows nothing of JSON or SSE.
//
// Implementations must be safe for concurrent use.
type Generator interface {
	// Generate answers p, calling emit with each piece of text in turn, from this goroutine. Emit waits for the reader.
	//
	// It must honour every field of p, and return Unsupported(param, …) before the first emit where it can't. It must
	// return soon after ctx ends or emit fails. An error that is no *Error becomes one of CodeInternal.
	Generate(ctx context.Context, p *Prompt, emit func(Delta) error) (Completion, error)
}

// GeneratorFunc makes a function a Generator.
type GeneratorFunc func(ctx context.Context, p *Prompt, emit func(Delta) error) (Completion, error)

// Generate calls f.
func (f GeneratorFunc) Generate(ctx context.Context, p *Prompt, emit func(Delta) error) (Completion, error) {
	return f(ctx, p, emit)
}

// Delta is a piece of an answer. An empty one is dropped.
type Delta struct {
	Text string
}

// Completion is how an answer ended.
type Completion struct {
	FinishReason string // "stop" or "length"; empty means "stop"
	Usage        Usage  // not sent unless Known
}

// GeneratorOptions are the options of [FromGenerator]. The zero value is useful.
type GeneratorOptions struct {
	// Models lists what the generator serves, the default first. A request for another one fails with
	// CodeModelNotFound. Defaults to one model, "in-process".
	Models []Model

	// Continuation says whether the generator honours Prompt.Continue. Requests for it are refused unless it is
	// ContinuationNative. Defaults to ContinuationNone.
	Continuation Continuation

	// Now is the clock behind the answers' "created". Defaults to time.Now.
	Now func() time.Time
}

func (o GeneratorOptions) withDefaults() GeneratorOptions {
	if len(o.Models) == 0 {
		o.Models = []Model{{ID: "in-process", OwnedBy: "edgewise"}}
	}
	o.Models = slices.Clone(o.Models)
	if o.Continuation == "" {
		o.Continuation = ContinuationNone
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// FromGenerator makes a Backend of a model that runs in this process. It decodes requests, refuses by name what it
// can't honour (tools, JSON schemas, images, logprobs, n above 1), ignores fields it doesn't know, and writes what OpenAI
// would: a chat.completion, or chunks that end with usage and [DONE]. The Backend is also a [Continuer].
//
// Generate returns once the generator has said something or failed, so that early failures are *Errors and not
// streams. A panic of the generator becomes a CodeInternal *Error. A generator that ignores its ctx goes on in the background.
func FromGenerator(g Generator, opts GeneratorOptions) Backend {
	return &inProcess{g, opts.withDefaults()}
}

type inProcess struct {
	generator Generator
	opts      GeneratorOptions
}

func (b *inProcess) Models(context.Context) ([]Model, error) { return slices.Clone(b.opts.Models), nil }

func (b *inProcess) Continuation() Continuation { return b.opts.Continuation }

func (b *inProcess) Generate(ctx context.Context, req *Request) (*Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, AsError(err, CodeCanceled)
	}
	p, e := decodePrompt(req.Body)
	if e != nil {
		return nil, e
	}
	if p.Continue && b.opts.Continuation != ContinuationNative {
		return nil, Unsupported("continue_final_message", "this model can't continue a message")
	}
	if p.Model, e = b.model(req.Model); e != nil {
		return nil, e
	}
	a := newAnswer(p.Model, b.opts.Now().Unix())
	if req.Stream {
		return b.stream(ctx, p, a, req.IncludeUsage)
	}
	return b.whole(ctx, p, a)
}

func (b *inProcess) model(asked string) (string, *Error) {
	if asked == "" {
		return b.opts.Models[0].ID, nil
	}
	if !slices.ContainsFunc(b.opts.Models, func(m Model) bool { return m.ID == asked }) {
		return "", &Error{Code: CodeModelNotFound, Param: "model"}
	}
	return asked, nil
}

func (b *inProcess) whole(ctx context.Context, p *Prompt, a answer) (*Response, error) {
	var text strings.Builder
	completion, err := b.run(ctx, p, func(d Delta) error {
		text.WriteString(d.Text)
		return ctx.Err()
	})
	if err == nil {
		err = ctx.Err() // half an answer is none
	}
	if err != nil {
		return nil, AsError(err, CodeInternal)
	}
	body := io.NopCloser(strings.NewReader(a.whole(text.String(), completion)))
	return &Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, nil
}

func (b *inProcess) stream(ctx context.Context, p *Prompt, a answer, includeUsage bool) (*Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	pr, pw := io.Pipe()
	context.AfterFunc(ctx, func() { pw.CloseWithError(AsError(ctx.Err(), CodeCanceled)) })

	started := make(chan *Error, 1) // nil once there is something to read
	w := chunkWriter{answer: a, w: pw, includeUsage: includeUsage}
	go func() {
		defer cancel() // after the pipe was closed for another reason, if it was
		begun := false
		begin := func() {
			if !begun {
				begun = true
				started <- nil
			}
		}
		completion, err := b.run(ctx, p, func(d Delta) error {
			if d.Text == "" {
				return ctx.Err()
			}
			begin()
			return w.delta(d.Text)
		})
		switch e := AsError(err, CodeInternal); {
		case e != nil && !begun:
			started <- e
		case e != nil && ctx.Err() != nil: // AfterFunc may come too late to say so
			pw.CloseWithError(AsError(ctx.Err(), CodeCanceled))
		case e != nil:
			w.fail(e)
		default:
			begin()
			w.finish(completion)
		}
		pw.Close()
	}()

	select {
	case e := <-started:
		if e != nil {
			return nil, e
		}
	case <-ctx.Done():
		// The generator may have ended and canceled just now.
		select {
		case e := <-started:
			if e != nil {
				return nil, e
			}
		default:
			return nil, AsError(ctx.Err(), CodeCanceled)
		}
	}
	header := http.Header{"Content-Type": {"text/event-stream"}}
	return &Response{Header: header, Body: streamBody{pr, cancel}}, nil
}

// run calls the generator and turns a panic into an error: on a goroutine of ours it would end the process.
func (b *inProcess) run(ctx context.Context, p *Prompt, emit func(Delta) error) (c Completion, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Error{Code: CodeInternal, Err: fmt.Errorf("generator panicked: %v", v)}
		}
	}()
	return b.generator.Generate(ctx, p, emit)
}

// streamBody stops the generator when it is closed.
type streamBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b streamBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
