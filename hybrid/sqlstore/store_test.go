package sqlstore_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

func TestNewRefuses(t *testing.T) {
	db := (&fakeDB{}).open(t)
	for _, test := range []struct {
		name    string
		db      *sql.DB
		dialect sqlstore.Dialect
		opts    sqlstore.Options
		want    string
	}{
		{"no database", nil, sqlstore.SQLite, sqlstore.Options{}, "database is nil"},
		{"no dialect", db, sqlstore.Dialect{}, sqlstore.Options{}, "want SQLite or PostgreSQL"},
		{"too short a retention", db, sqlstore.SQLite, sqlstore.Options{Retention: sqlstore.MinRetention - 1}, "Retention"},
		{"a retention in the wrong unit", db, sqlstore.SQLite, sqlstore.Options{Retention: 400}, "Retention"},
	} {
		if _, err := sqlstore.New(t.Context(), test.db, test.dialect, test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want something about %q", test.name, err, test.want)
		}
	}
	for _, retention := range []time.Duration{0, sqlstore.MinRetention, -1} {
		if _, err := sqlstore.New(t.Context(), db, sqlstore.SQLite, sqlstore.Options{Retention: retention}); err != nil {
			t.Errorf("a retention of %v: %v", retention, err)
		}
	}
}
