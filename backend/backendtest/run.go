// Package backendtest checks backends: [Run] is what every backend.Backend must pass, [RunFaults] what an adapter of
// OpenAI-compatible APIs must pass besides, and [Server] an upstream to test adapters and all above them against. [Cases]
// lists all that can go wrong with one.
package backendtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// patience is how long anything that must be prompt may take on a busy machine.
const patience = 10 * time.Second

// Run checks a backend against the contract of backend.Backend. It calls open for each subtest, to which cleanup can
// be tied. Its requests name no model, but for one that asks for a model that isn't there: the backend needs a default,
// like openai.Options.DefaultModel, and must answer a plain question with at least one token of text. What leaves
// goroutines behind shows in their number, so nothing else should start many meanwhile.
func Run(t *testing.T, open func(t *testing.T) backend.Backend) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			err := c.run(kit{open(t), patience}, t.Context())
			var why skip
			switch {
			case errors.As(err, &why):
				t.Skip(why)
			case err != nil:
				t.Error(err)
			}
		})
	}
}

// kit is a backend under examination.
type kit struct {
	backend.Backend
	patience time.Duration
}

// checks are what Run looks at. They return what is wrong, so that they can be tested themselves.
var checks = []struct {
	name string
	run  func(kit, context.Context) error
}{
	{"Models", kit.checkModels},
	{"Plain", kit.checkPlain},
	{"Stream", kit.checkStream},
	{"UsageWhenAsked", kit.checkUsage},
	{"Continue", kit.checkContinue},
	{"RequestUntouched", kit.checkRequestUntouched},
	{"ModelNotFound", kit.checkModelNotFound},
	{"NotJSON", kit.checkNotJSON},
	{"CanceledBefore", kit.checkCanceledBefore},
	{"CanceledWaiting", kit.checkCanceledWaiting},
	{"CanceledDuring", kit.checkCanceledDuring},
	{"ClosedEarly", kit.checkClosedEarly},
	{"ClosedTwice", kit.checkClosedTwice},
	{"NothingLeftBehind", kit.checkNothingLeftBehind},
	{"Concurrent", kit.checkConcurrent},
}

// skip is why a check can't be made.
type skip string

func (s skip) Error() string { return string(s) }

// promptly calls f, which must neither panic nor wait for what may never come.
func (k kit) promptly(what string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("%s panics: %v", what, v)
			}
		}()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(k.patience):
		return fmt.Errorf("%s hangs: it takes more than %s", what, k.patience)
	}
}

// eventually waits until what was said is true.
func (k kit) eventually(what string, is func() bool) error {
	for deadline := time.Now().Add(k.patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New(what)
		}
	}
	return nil
}
