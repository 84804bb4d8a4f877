package registry_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/registry"
)

func TestFileWatch(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(dir, "models.json")
		write(t, path, encode(t, validModel("a")))
		heard := new(complaints)
		file, err := registry.NewFile(path, registry.FileOptions{OnError: heard.hear})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		first, err := file.Watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		second, err := file.Watch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// after lets two intervals pass and checks who is told of them.
		after := func(what string, firstTold, secondTold bool) {
			t.Helper()
			sleep(2 * registry.DefaultFileInterval)
			if got := drain(first) > 0; got != firstTold {
				t.Errorf("%s: the first watcher is told: %t", what, got)
			}
			if got := drain(second) > 0; got != secondTold {
				t.Errorf("%s: the second watcher is told: %t", what, got)
			}
		}

		after("nothing happened", false, false)
		write(t, path, encode(t, validModel("b")))
		sleep(registry.DefaultFileInterval / 2)
		if drain(first) > 0 {
			t.Error("told before the interval was over")
		}
		after("a change", true, true)
		write(t, path, encode(t, validModel("b"))+"\n\n")
		after("other spaces", false, false)
		write(t, path, "{")
		after("bad content", false, false)
		write(t, path, encode(t, validModel("b")))
		after("the same models again", false, false)
		if told := heard.take(); len(told) != 1 {
			t.Errorf("OnError was told %v, want one complaint for all polls of both watchers", told)
		}
		write(t, path, encode(t, validModel("c")))
		list(t, file) // sees the change first, and must not keep it from the watchers
		after("a change that was listed before", true, true)
		write(t, path, encode(t, validModel("d")))
		sleep(2 * registry.DefaultFileInterval)
		write(t, path, encode(t, validModel("e")))
		sleep(2 * registry.DefaultFileInterval)
		if n := drain(first); n != 1 {
			t.Errorf("%d signals after two changes that nobody heard of, want them merged", n)
		}
		drain(second)

		cancel()
		synctest.Wait()
		write(t, path, encode(t, validModel("f")))
		after("its context has ended", false, true)
	}) // fails if a goroutine is left
}

// sleep lets time pass and everything settle that then happened.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// drain counts the signals that wait.
func drain(signals <-chan struct{}) (n int) {
	for {
		select {
		case <-signals:
			n++
		default:
			return n
		}
	}
}
