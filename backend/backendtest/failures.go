package backendtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

var errBegun = errors.New("Generate returned before the answer began")

// checkCase has the backend meet a fault, which s has in store.
func (k kit) checkCase(ctx context.Context, c *Case, s *Server) error {
	var a answer
	var failed error
	if err := k.promptly("the answer", func() error {
		a, failed = k.generate(ctx, ask(c.Stream))
		return nil
	}); err != nil {
		return err
	}
	problems := []error{
		a.checkKey(failed, s.questions()),
		k.eventually("the request goes on upstream", func() bool { return s.Active() == 0 }),
	}
	if n := len(s.questions()); n != 1 || a.attempts > 1 {
		problems = append(problems, fmt.Errorf("%d requests came, and Response.Attempts is %d, want 1 and at most 1", n, a.attempts))
	}
	switch {
	case c.Code == "" && failed != nil:
		problems = append(problems, a.wantWhole(failed))
	case c.Code == "":
		problems = append(problems, a.checkWhole())
	case wantCode(a.stage, failed, c.Code) != nil:
		problems = append(problems, wantCode(a.stage, failed, c.Code))
	case a.begun && !c.Begun:
		problems = append(problems, errBegun)
	case c.Begun:
		problems = append(problems, a.checkBrokenOff(c))
	default:
		problems = append(problems, c.Fault.checkError(failed, s))
	}
	return errors.Join(problems...)
}

// checkWhole says how an answer differs from Answer.
func (a *answer) checkWhole() error {
	usage := backend.Usage{
		PromptTokens: PromptTokens, CompletionTokens: CompletionTokens, TotalTokens: PromptTokens + CompletionTokens, Known: true,
	}
	if a.text != Answer || a.Usage != usage {
		return fmt.Errorf("%s is %q with usage %+v, want %q with %+v", a.stage, a.text, a.Usage, Answer, usage)
	}
	return a.check()
}

// checkKey looks for the key in all that may reach a page or a log.
func (a *answer) checkKey(err error, requests []Request) error {
	if len(requests) == 0 || requests[0].Key() == "" {
		return errors.New("no request came, or none with a key")
	}
	shown := []string{string(a.events), a.text, fmt.Sprint(a.header)}
	var e *backend.Error
	if errors.As(err, &e) {
		page, _ := json.Marshal(e)
		shown = append(shown, e.Error(), e.Message, e.Type, e.Param, string(e.Body), string(page), fmt.Sprint(e.Header))
	}
	for _, text := range shown {
		if strings.Contains(text, requests[0].Key()) {
			return fmt.Errorf("the key shows in %s", text)
		}
	}
	return nil
}

// checkBrokenOff says what is wrong with a stream that failed after it began.
func (a *answer) checkBrokenOff(c *Case) error {
	if a.Deltas != c.Delivered {
		return fmt.Errorf("%d events with output were delivered, want %d", a.Deltas, c.Delivered)
	}
	text := strings.ReplaceAll(string(a.events), "\r\n", "\n")
	events := strings.Split(strings.TrimSuffix(text, "\n\n"), "\n\n")
	is := func(event string) bool { return strings.HasPrefix(event, `data: {"error":`) }
	last := len(events) - 1
	if slices.IndexFunc(events, is) != last || strings.Contains(text, "[DONE]") {
		return fmt.Errorf("the stream doesn't end in one error and without a [DONE]: %s", text)
	}
	got := errorObject(events[last])
	if want := c.Fault.tells(); want != nil && c.Code != backend.CodeUpstreamAuth {
		return sameError(got, want)
	}
	var wire struct{ Code backend.Code }
	if json.Unmarshal(got, &wire) != nil || wire.Code != c.Code {
		return fmt.Errorf("the stream ends in another error than %s: %s", string(c.Code), events[last])
	}
	return nil
}

// checkError says how an error differs from what a fault says, before the answer began.
func (f *Fault) checkError(err error, s *Server) error {
	var e *backend.Error
	if !errors.As(err, &e) {
		return err
	}
	var problems []error
	wrong := func(what string, got, want any) {
		problems = append(problems, fmt.Errorf("%s is %v, want %v", what, got, want))
	}
	status := cmp.Or(f.Status, 200)
	if f.beheads() {
		status = 0
	}
	if e.Status != status {
		wrong("the status", e.Status, status)
	}
	if e.Attempts > 1 {
		wrong("the number of attempts", e.Attempts, 1)
	}
	if want := f.retryAfter(); e.RetryAfter != want {
		wrong("the time to wait", e.RetryAfter, want)
	}
	if status != 0 && e.Header.Get("X-Request-Id") == "" {
		wrong("X-Request-Id", "empty", "the upstream's")
	}
	for name, values := range backend.PublicHeader(f.Header) {
		if got := e.Header.Values(name); !slices.Equal(got, values) {
			wrong(name, got, values)
		}
	}
	problems = append(problems, checkPublic(e.Header))
	switch want := f.tells(); {
	case e.Code == backend.CodeUpstreamAuth && e.Body != nil:
		wrong("the error's body", string(e.Body), "empty: pages would take the refusal for their own")
	case e.Code != backend.CodeUpstreamAuth && want != nil:
		problems = append(problems, sameError(e.Body, want))
	}
	if page, err := json.Marshal(e); err != nil || bytes.Contains(page, []byte(s.address)) {
		wrong("what a page learns", string(page), "anything but the address")
	}
	return errors.Join(problems...)
}

// retryAfter is how long f asks to wait.
func (f *Fault) retryAfter() time.Duration {
	if ms, err := strconv.Atoi(f.Header.Get("Retry-After-Ms")); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	s, _ := strconv.Atoi(f.Header.Get("Retry-After"))
	return time.Duration(s) * time.Second
}

// tells is the error object that f sends, nil if it sends none.
func (f *Fault) tells() json.RawMessage {
	return errorObject(cmp.Or(f.Body, f.Say))
}

func errorObject(event string) json.RawMessage {
	var wire struct{ Error json.RawMessage }
	_ = json.Unmarshal([]byte(strings.TrimPrefix(event, "data: ")), &wire)
	return wire.Error
}

// sameError compares error objects byte for byte, but for a key, in whose place anything may stand.
func sameError(got, want json.RawMessage) error {
	head, tail, quotes := strings.Cut(string(want), KeyQuoted)
	same := string(got) == string(want)
	if quotes {
		same = json.Valid(got) && strings.HasPrefix(string(got), head) && strings.HasSuffix(string(got), tail)
	}
	if !same {
		return fmt.Errorf("the upstream's error arrives as %s, want %s", got, want)
	}
	return nil
}

// checkLeftWaiting leaves before the answer begins.
func (k kit) checkLeftWaiting(ctx context.Context, s *Server) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_ = k.eventually("", func() bool { return s.Active() > 0 })
		cancel()
	}()
	if err := k.promptly("an answer that was canceled", func() error {
		a, err := k.generate(ctx, ask(true))
		if a.begun {
			return errBegun
		}
		return wantCode("waiting for an answer after the context ended", err, backend.CodeCanceled)
	}); err != nil {
		return err
	}
	return k.eventually("the request goes on upstream", func() bool { return s.Active() == 0 })
}

// checkLeftReading leaves an answer that has begun.
func (k kit) checkLeftReading(ctx context.Context, s *Server) error {
	problems := []error{k.leave(ctx, false), k.eventually("a closed request goes on upstream", func() bool { return s.Active() == 0 })}
	s.SetFaults(func(Request) Fault { return Fault{At: late, Do: Stall} })
	return errors.Join(append(problems,
		k.leave(ctx, true), k.eventually("a canceled request goes on upstream", func() bool { return s.Active() == 0 }))...)
}

// checkDown asks a server that is down, and again when it is back.
func (k kit) checkDown(ctx context.Context, s *Server) error {
	s.Down()
	var problems []error
	for _, stream := range []bool{false, true} {
		a, err := k.generate(ctx, ask(stream))
		if wrong := wantCode(a.stage, err, backend.CodeUnavailable); wrong != nil {
			problems = append(problems, wrong)
			continue
		}
		problems = append(problems, (&Fault{Do: Reset}).checkError(err, s))
	}
	_, err := k.Models(ctx)
	problems = append(problems, wantCode("Models", err, backend.CodeUnavailable))
	s.Up()
	a, err := k.whole(ctx, ask(true))
	if err != nil {
		return errors.Join(append(problems, err)...)
	}
	return errors.Join(append(problems, a.checkWhole())...)
}
