package hybrid_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/internal/race"
	"github.com/edgewise-ai/edgewise/policy"
)

// custom makes an app's policy.
func custom(name string, f policy.PolicyFunc) policy.Policy { return policy.Named(name, f) }

func panics(context.Context, *policy.Input) (policy.Verdict, error) { panic("no idea") }

// blocks is a policy that waits for its context.
func blocks(ctx context.Context, _ *policy.Input) (policy.Verdict, error) {
	<-ctx.Done()
	return policy.Verdict{}, ctx.Err()
}

// What fails in a shadow is logged as the shadow's, and the next decision is asked
// for.
func TestShadowFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		told := 0
		r, err := hybrid.New(t.Context(), hybrid.Options{
			Authenticate: hybrid.AllowAnonymous,
			Logger:       slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
			Shadow: &hybrid.Shadow{
				Policies: policy.Defaults(custom("test.panics", panics), custom("test.blocks", blocks)),
				OnDecision: func(_, shadow policy.Decision) {
					if told++; shadow.Target != policy.Browser {
						t.Errorf("it decided %+v", shadow)
					}
					panic("no metrics")
				},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if got := candidate(t, r); got == "" { // no time passes
				t.Error("no decision")
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if told != 3 {
			t.Errorf("told %d times, want 3", told)
		}
		for _, want := range []string{
			`msg="hybrid: a shadow policy failed" policy=test.panics error="it panicked: no idea"`,
			`msg="hybrid: a shadow policy failed" policy=test.blocks error="context deadline exceeded"`,
			`msg="hybrid: the shadow failed" error="it panicked: no metrics"`,
		} {
			if strings.Count(log.String(), want) != 1 {
				t.Errorf("want once: %s\n%s", want, &log)
			}
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A shadow that is slower than the requests is left behind, and holds up neither
// them nor the end.
func TestShadowIsLeftBehindAndAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		stuck := make(chan struct{})
		r, err := hybrid.New(t.Context(), hybrid.Options{
			Authenticate: hybrid.AllowAnonymous,
			Logger:       slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
			Shadow:       &hybrid.Shadow{OnDecision: func(policy.Decision, policy.Decision) { <-stuck }},
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if candidate(t, r) == "" {
				t.Fatal("no decision")
			}
			synctest.Wait() // so it is stuck at the first
		}
		if n := strings.Count(log.String(), "keeping up with the shadow failed"); n != 1 {
			t.Errorf("logged %d times: %s", n, &log)
		}
		in := newPopulation().inputs(1, 2)[0]
		if n := testing.AllocsPerRun(20, func() { _, _ = r.Route(context.Background(), in) }); n != 0 && !race.Enabled {
			t.Errorf("%v allocations for what is left behind", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "shadow") {
			t.Errorf("Close while it is stuck: %v", err)
		}
		close(stuck)
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Close cuts a waiting policy short, and nobody is told of it.
func TestShadowEndsWithTheRouter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := hybrid.New(t.Context(), hybrid.Options{
			Authenticate: hybrid.AllowAnonymous,
			Shadow: &hybrid.Shadow{
				Policies:   policy.Defaults(custom("test.blocks", blocks)),
				OnDecision: func(policy.Decision, policy.Decision) { t.Error("told after the end") },
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		candidate(t, r)
		synctest.Wait()
		began := time.Now()
		if err := r.Close(t.Context()); err != nil || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// Requests that still come after the end pass the shadow by, which is no failure.
func TestShadowRestsAfterTheEnd(t *testing.T) {
	var log bytes.Buffer
	r, err := hybrid.New(t.Context(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
		Logger:       slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Shadow:       &hybrid.Shadow{OnDecision: func(policy.Decision, policy.Decision) { t.Error("told after the end") }},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 1000 { // more than may wait
		if candidate(t, r) == "" {
			t.Fatal("no decision")
		}
	}
	if log.Len() != 0 {
		t.Errorf("logged: %s", &log)
	}
}
