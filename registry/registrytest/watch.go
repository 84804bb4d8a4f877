package registrytest

import (
	"context"
	"fmt"
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
)

func watch(t *testing.T, ctx context.Context, r registry.ModelRegistry) <-chan struct{} {
	t.Helper()
	signals, err := r.(registry.Watcher).Watch(ctx)
	if err != nil {
		t.Fatalf("Watch: %v", err)
	}
	if signals == nil {
		t.Fatal("Watch returned a nil channel, which never receives")
	}
	return signals
}

// Every watcher hears of a change, and what it lists then has the change in it.
func checkSignals(t *testing.T, r registry.ModelRegistry) {
	w := r.(registry.Writer)
	first, second := watch(t, t.Context(), r), watch(t, t.Context(), r)
	for i := range 3 {
		m := sample(fmt.Sprintf("registrytest-%d", i))
		put(t, w, m)
		for name, signals := range map[string]<-chan struct{}{"first": first, "second": second} {
			if !await(t, signals) {
				t.Fatalf("the %s watcher received nothing after change %d", name, i+1)
			}
		}
		if find(list(t, r), m.ID) == nil {
			t.Fatalf("the signal of change %d came before ListAll shows it", i+1)
		}
	}
	if err := w.DeleteModel(t.Context(), "registrytest-0"); err != nil {
		t.Fatalf("DeleteModel: %v", err)
	}
	if !await(t, first) {
		t.Error("a deletion is not signalled")
	}
}

// Nobody reads the channel, and then its context ends: writers must not notice.
func checkSlowReader(t *testing.T, r registry.ModelRegistry) {
	w := r.(registry.Writer)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	signals := watch(t, ctx, r)
	write := func() {
		t.Helper()
		bounded, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		done := make(chan error, 1)
		go func() {
			var err error
			for i := 0; i < 50 && err == nil; i++ {
				m := sample("registrytest-a")
				m.SizeBytes = int64(i)
				err = w.PutModel(bounded, m)
			}
			done <- err
		}()
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("PutModel: %v", err)
			}
		case <-bounded.Done():
			t.Fatal("writers block on a watcher that does not read")
		}
	}
	write()
	if !await(t, signals) {
		t.Error("fifty changes that nobody read left no signal")
	}
	cancel()
	write()
}
