package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"os"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// A service whose replicas share one ledger, and what their users may take. It imports
// a driver, github.com/jackc/pgx/v5/stdlib here.
func ExampleNew() {
	ctx := context.Background()
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxIdleConns(10) // for each request takes from the limits; the default of 2 is few
	store, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL, sqlstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	queue := ledger.NewQueue(store, ledger.QueueOptions{})
	router, err := hybrid.New(ctx, hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
		Ledger:       queue,
		LimitStore:   store,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { // in this order: each hands its last entries to the next
		if err := errors.Join(router.Close(ctx), queue.Close(ctx), db.Close()); err != nil {
			log.Print(err)
		}
	}()
}
