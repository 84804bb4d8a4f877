package backendtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/edgewise-ai/edgewise/backend"
)

// These checks are about callers that leave.

func (k kit) checkCanceledBefore(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	var problems []error
	for _, stream := range []bool{false, true} {
		req := ask(stream)
		what := call(req) + " with a canceled context"
		problems = append(problems, k.promptly(what, func() error {
			if err := k.refused(ctx, what, req, backend.CodeCanceled); err != nil {
				return fmt.Errorf("%w: pass ctx on to whatever does the work", err)
			}
			return nil
		}))
	}
	return errors.Join(problems...)
}

// checkCanceledWaiting cancels at some time while the answer is waited for, or just after.
func (k kit) checkCanceledWaiting(ctx context.Context) error {
	var problems []error
	for _, stream := range []bool{false, true} {
		ctx, cancel := context.WithCancel(ctx)
		req := ask(stream)
		what := call(req) + " canceled meanwhile"
		problems = append(problems, k.promptly(what, func() error {
			go cancel()
			_, err := k.generate(ctx, req)
			return wantWholeOr(what, err, backend.CodeCanceled)
		}))
		cancel()
	}
	return errors.Join(problems...)
}

func (k kit) checkCanceledDuring(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := k.begin(ctx, ask(true))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		return fmt.Errorf("reading the first byte of a stream: %w", err)
	}
	cancel()
	const what = "reading on after the context ended"
	return k.promptly(what, func() error {
		err := new(answer).relay(io.MultiReader(bytes.NewReader(first), resp.Body), false)
		return wantWholeOr(what, err, backend.CodeCanceled) // a short answer may have been there already
	})
}

func (k kit) checkClosedEarly(ctx context.Context) error {
	resp, err := k.begin(ctx, ask(true))
	if err != nil {
		return err
	}
	if err := k.promptly("Close", resp.Body.Close); err != nil {
		return err
	}
	return k.promptly("reading a closed body", func() error {
		if _, err := io.Copy(io.Discard, resp.Body); err == nil {
			return errors.New("a closed body can be read to its end, want an error of Read")
		}
		return nil
	})
}

// checkClosedTwice closes bodies that were read, and bodies that weren't, once more than needed.
func (k kit) checkClosedTwice(ctx context.Context) error {
	var problems []error
	for _, stream := range []bool{false, true} {
		for _, read := range []bool{false, true} {
			resp, err := k.begin(ctx, ask(stream))
			if err != nil {
				return err
			}
			if read {
				_, err := io.Copy(io.Discard, resp.Body)
				problems = append(problems, err)
			}
			for _, what := range []string{"Close", "a second Close"} {
				problems = append(problems, k.promptly(what, resp.Body.Close))
			}
		}
	}
	return errors.Join(problems...)
}

// checkNothingLeftBehind counts goroutines. There may be a few more than before: a connection that is kept has three, one
// of them the server's.
func (k kit) checkNothingLeftBehind(ctx context.Context) error {
	const rounds, few = 16, 8
	before := runtime.NumGoroutine()
	for i := range rounds {
		if err := k.leave(ctx, i%2 == 0); err != nil {
			return err
		}
	}
	return k.eventually(fmt.Sprintf("%d streams were left, and goroutines with them", rounds), func() bool {
		return runtime.NumGoroutine() <= before+few
	})
}

// leave goes away from a stream that has begun.
func (k kit) leave(ctx context.Context, byCancel bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := k.begin(ctx, ask(true))
	if err != nil {
		return err
	}
	if byCancel {
		cancel()
	}
	return k.promptly("Close", resp.Body.Close)
}
