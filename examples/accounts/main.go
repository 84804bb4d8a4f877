// Accounts is a service whose users have plans: what they may take of the server is
// enforced there, whatever their pages decide, and what was generated where is counted
// in a database: a PostgreSQL, which replicas share, or a SQLite file.
//
//	OPENAI_BASE_URL=http://127.0.0.1:11434/v1 DATABASE_URL=accounts.sqlite go run -C examples ./accounts
//	curl --oauth2-bearer token-of-ann --json '{"prompt":"Hello"}' http://127.0.0.1:8080/api/v1/generate
//
// ADDR is the address to listen on, 127.0.0.1:8080 unless it is set.
//
// SIGNING_KEYS are the secrets that sign the pages' right to report, 16 bytes or more
// each, the same for all replicas: the first signs, all verify. Without any, each process
// makes up its own.
package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

const (
	// drainTime is how long answers may go on once the service is told to end.
	drainTime = 20 * time.Second

	// endTime bounds each step after that: handlers whose answers were cut, the account.
	endTime = 5 * time.Second

	// connections to the database, of each replica. All of them together must be fewer
	// than the database allows.
	connections = 16
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s", listener.Addr())
	if err := serve(ctx, listener); err != nil {
		log.Fatal(err)
	}
}

// serve serves until ctx ends.
func serve(ctx context.Context, listener net.Listener) error {
	server, err := openai.New(openai.Options{BaseURL: os.Getenv("OPENAI_BASE_URL"), APIKey: os.Getenv("OPENAI_API_KEY")})
	if err != nil {
		return err
	}
	db, dialect, err := openDatabase(os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections) // or they would be opened anew all the time
	mux := http.NewServeMux()
	end, err := mount(ctx, mux, server, db, dialect, slog.Default())
	if err != nil {
		return errors.Join(err, db.Close())
	}
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	service := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	failed := make(chan error, 1)
	go func() { failed <- service.Serve(listener) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	// Each after those that use it, and each with time of its own.
	drained := within(drainTime, service.Shutdown)
	if drained != nil {
		cut() // what they have said so far is accounted for
		drained = within(endTime, service.Shutdown)
	}
	return errors.Join(err, drained, within(endTime, end), db.Close())
}

func within(d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return f(ctx)
}

// openDatabase opens a postgres:// URL or a SQLite file.
func openDatabase(address string) (*sql.DB, sqlstore.Dialect, error) {
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		db, err := sql.Open("pgx", address)
		return db, sqlstore.PostgreSQL, err
	}
	if address == "" {
		return nil, sqlstore.Dialect{}, errors.New("DATABASE_URL is empty: name a postgres:// URL or a SQLite file")
	}
	db, err := sql.Open("sqlite", address+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	return db, sqlstore.SQLite, err
}
