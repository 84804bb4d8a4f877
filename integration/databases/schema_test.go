package databases_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid/ledger/ledgertest"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

func TestTablesAreCreatedOnce(t *testing.T) {
	each(t, func(t *testing.T, dialect sqlstore.Dialect, at address) {
		db := at.open(t)
		add(t, newStore(t, db, dialect, keepAll), ledgertest.Random(1, 3)...)
		add(t, newStore(t, db, dialect, keepAll), ledgertest.Random(2, 4)...)
		if n := count(t, db, "edgewise_entries"); n != 7 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestReplicasMayStartAtOnce(t *testing.T) {
	each(t, func(t *testing.T, dialect sqlstore.Dialect, at address) {
		const replicas = 8
		var started sync.WaitGroup
		var errs [replicas]error
		for i := range replicas {
			db := at.open(t)
			started.Go(func() { _, errs[i] = sqlstore.New(t.Context(), db, dialect, keepAll) })
		}
		started.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			t.Error(err)
		}
	})
}

// A program must not write into tables that it doesn't know.
func TestNewerTablesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, dialect sqlstore.Dialect, at address) {
		db := at.open(t)
		newStore(t, db, dialect, keepAll)
		exec(t, db, `INSERT INTO edgewise_schema (version) VALUES (1000)`)
		_, err := sqlstore.New(t.Context(), db, dialect, keepAll)
		if err == nil || !strings.Contains(err.Error(), "1000") {
			t.Errorf("got %v", err)
		}
	})
}

// What is in the way of one table keeps the others from being made, and once it is
// gone all is well.
func TestMigrationIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, dialect sqlstore.Dialect, at address) {
		db := at.open(t)
		exec(t, db, `CREATE TABLE edgewise_limits (n bigint)`)
		if _, err := sqlstore.New(t.Context(), db, dialect, keepAll); err == nil {
			t.Error("no error with a table in the way")
		}
		exec(t, db, `DROP TABLE edgewise_limits`)
		add(t, newStore(t, db, dialect, keepAll), ledgertest.Random(1, 1)...)
	})
}

func TestWrongDialectIsRefused(t *testing.T) {
	for _, wrong := range []struct {
		dialect sqlstore.Dialect
		create  func(testing.TB) address
	}{
		{sqlstore.SQLite, newPostgreSQL},
		{sqlstore.PostgreSQL, newSQLite},
	} {
		if _, err := sqlstore.New(t.Context(), wrong.create(t).open(t), wrong.dialect, keepAll); err == nil {
			t.Error("no error")
		}
	}
}

// Once the tables are there, the service needs no right to make any.
func TestPostgreSQLRoleWithoutDDL(t *testing.T) {
	at := newPostgreSQL(t)
	owner := at.open(t)
	newStore(t, owner, sqlstore.PostgreSQL, keepAll)
	role := "service_" + strings.ToLower(rand.Text())
	exec(t, owner, `CREATE ROLE `+role+` LOGIN`)
	exec(t, owner, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO `+role)

	at.dsn = strings.Replace(at.dsn, "edgewise@", role+"@", 1)
	db := at.open(t)
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE another (n bigint)`); err == nil {
		t.Fatal("the role may create tables")
	}
	store := newStore(t, db, sqlstore.PostgreSQL, sqlstore.Options{})
	add(t, store, ledgertest.Random(1, 3)...)
	if n := count(t, db, "edgewise_savings"); n != 3 {
		t.Errorf("%d entries", n)
	}

	exec(t, owner, `INSERT INTO edgewise_schema (version) VALUES (1000)`)
	if _, err := sqlstore.New(t.Context(), db, sqlstore.PostgreSQL, keepAll); err == nil || !strings.Contains(err.Error(), "1000") {
		t.Errorf("got %v for tables that a newer program has changed", err)
	}
}
