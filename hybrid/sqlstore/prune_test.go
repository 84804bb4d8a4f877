package sqlstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// Entries that are stored are stored, whatever became of the deletions that follow;
// those are tried once an hour.
func TestFailingDeletions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deletions := 0
		fake := &fakeDB{fail: func(_ context.Context, statement string) error {
			if strings.Contains(statement, "DELETE") {
				deletions++
				return errors.New("no right to delete")
			}
			return nil
		}}
		var log bytes.Buffer
		store, err := sqlstore.New(t.Context(), fake.open(t), sqlstore.PostgreSQL, sqlstore.Options{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{1, 1, 2} {
			if err := store.Append(t.Context(), []ledger.Entry{{ID: "a"}}); err != nil {
				t.Error(err)
			}
			if deletions != want {
				t.Errorf("append %d: %d deletions, want %d", i, deletions, want)
			}
			time.Sleep(40 * time.Minute)
		}
		if n := strings.Count(log.String(), "no right to delete"); n != 2 {
			t.Errorf("logged %d times:\n%s", n, &log)
		}
	})
}
