package databases_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/internal/postgrestest"
)

func TestServerKeepsWhatWasCommitted(t *testing.T) {
	server := postgrestest.Start(t, postgrestest.Options{Fsync: true})
	at := address{"pgx", server.Database(t)}
	db := at.open(t)
	exec(t, db, `CREATE TABLE numbers (n bigint)`)
	exec(t, db, `INSERT INTO numbers VALUES (1), (2)`)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := at.open(t).PingContext(t.Context()); err == nil {
		t.Error("a server that was stopped answers")
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, at.open(t), "numbers"); n != 2 {
		t.Errorf("%d rows after a restart", n)
	}
	if at.dsn == server.Database(t) {
		t.Error("two databases have one address")
	}
}
