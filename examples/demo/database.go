package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite", which needs no C compiler

	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// inMemory is the -db of an account that ends with the demo.
const inMemory = "memory"

// startTime is how long a database may take to be there.
const startTime = 10 * time.Second

// maxConnections bounds what one demo takes of a database, which others use too.
const maxConnections = 8

// kind is a kind of database.
type kind struct {
	dialect sqlstore.Dialect
	place   string
	open    func(name string) (*sql.DB, error)
}

// kindOf tells databases apart by their names. It returns nil for no database.
func kindOf(name string) *kind {
	switch {
	case name == inMemory:
		return nil
	case isPostgreSQL(name):
		return &kind{sqlstore.PostgreSQL, "in PostgreSQL, which outlives the demo", openPostgreSQL}
	default:
		return &kind{sqlstore.SQLite, "in a SQLite file, which outlives the demo", openSQLite}
	}
}

func isPostgreSQL(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// checkDatabase refuses what can be no database's name, without repeating a password.
func checkDatabase(name string) error {
	scheme, _, found := strings.Cut(name, "://")
	switch {
	case name == "":
		return errors.New("-db is empty: name a file or a postgres:// URL, or " + inMemory)
	case found && !isPostgreSQL(name):
		return fmt.Errorf("-db begins with %s://: name a file or a postgres:// URL, or %s", scheme, inMemory)
	}
	return nil
}

func openPostgreSQL(name string) (*sql.DB, error) {
	return pooled(sql.Open("pgx", name))
}

// openSQLite makes the file's folder, if only that is missing. Package sqlstore says
// what the pragmas are for.
func openSQLite(name string) (*sql.DB, error) {
	file, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	if err := makeFolder(file); err != nil {
		return nil, err
	}
	address := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(file)}
	address.RawQuery = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"
	return pooled(sql.Open("sqlite", address.String()))
}

// pooled keeps what connections there are.
func pooled(db *sql.DB, err error) (*sql.DB, error) {
	if err == nil {
		db.SetMaxOpenConns(maxConnections)
		db.SetMaxIdleConns(maxConnections)
	}
	return db, err
}

// makeFolder makes the folder of a file, but not those above: a path that is wrong
// altogether should be an error.
func makeFolder(file string) error {
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// unusable says what to do about a database that can't be used. Drivers leave passwords
// out of their errors.
func unusable(name string, err error) error {
	if isPostgreSQL(name) {
		return fmt.Errorf("the database of -db can't be used: %w\nStart it, name another, or keep the account in memory: -db %s", err, inMemory)
	}
	return fmt.Errorf("the database %s can't be used: %w\nName another file with -db, or keep the account in memory: -db %s", name, err, inMemory)
}
