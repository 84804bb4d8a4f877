package databases_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
	"github.com/edgewise-ai/edgewise/internal/postgrestest"
)

// shared is the PostgreSQL of all tests that don't stop it; the first starts it.
var shared struct {
	once   sync.Once
	server *postgrestest.Server
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		if err := shared.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

type database struct {
	name    string
	dialect sqlstore.Dialect
	create  func(testing.TB) address // an empty one
}

// databases are what every test here runs on.
var databases = []database{
	{"SQLite", sqlstore.SQLite, newSQLite},
	{"PostgreSQL", sqlstore.PostgreSQL, newPostgreSQL},
}

// address is where a database is.
type address struct{ driver, dsn string }

func newSQLite(t testing.TB) address {
	file := filepath.Join(t.TempDir(), "edgewise.db")
	return address{"sqlite", file + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"}
}

func newPostgreSQL(t testing.TB) address {
	shared.once.Do(func() { shared.server, shared.err = postgrestest.New(postgrestest.Options{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return address{"pgx", shared.server.Database(t)}
}

// open connects to a database, as a process would.
func (a address) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(a.driver, a.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// each runs a test on every database, each time on an empty one.
func each(t *testing.T, test func(*testing.T, sqlstore.Dialect, address)) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) { test(t, d.dialect, d.create(t)) })
	}
}

// keepAll has nothing deleted, however old a test's entries are.
var keepAll = sqlstore.Options{Retention: -1}

func newStore(t testing.TB, db *sql.DB, dialect sqlstore.Dialect, opts sqlstore.Options) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.New(t.Context(), db, dialect, opts)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func exec(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t testing.TB, db *sql.DB, from string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+from).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func add(t testing.TB, store ledger.Store, entries ...ledger.Entry) {
	t.Helper()
	if err := store.Append(context.WithoutCancel(t.Context()), entries); err != nil {
		t.Fatal(err)
	}
}
