package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// DefaultRetention is the default of [Options.Retention]: a year and a month.
const DefaultRetention = 400 * 24 * time.Hour

// MinRetention is the least [Options.Retention]. A report may come 8 days after its
// grant was signed, and would count twice if its ID were forgotten by then.
const MinRetention = 9 * 24 * time.Hour

// Options are the options of [New]. The zero value is useful.
type Options struct {
	// Retention is how long entries are kept, by their time. Older ones are deleted
	// from time to time, after an Append. Defaults to [DefaultRetention]; the least
	// is [MinRetention], and below 0 they are kept for ever.
	Retention time.Duration

	// Logger learns of deletions that failed; nothing else does, for the next are
	// tried an hour later. Defaults to silence.
	Logger *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Retention > 0 && o.Retention < MinRetention {
		return o, fmt.Errorf("sqlstore: Options.Retention is %v: want 0 (%v), %v or more, or below 0 (for ever)",
			o.Retention, DefaultRetention, MinRetention)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Store keeps entries and accounts in a database. It is the store behind a
// [ledger.Queue], reads what it holds, and keeps limits; several stores, in one
// process or many, may share a database.
//
// Make a Store with [New]; there is nothing to release but the database, which stays
// the caller's. It is safe for concurrent use.
type Store struct {
	db      *sql.DB
	dialect Dialect
	opts    Options
	inserts map[int]string // of entries, by how many

	writer chan struct{} // holds whoever writes, if the dialect has one writer only
	clock  atomic.Int64  // the time that limits were last changed at, in Unix nanoseconds

	pruning   sync.Mutex
	nextPrune time.Time
}

var (
	_ ledger.Store  = (*Store)(nil)
	_ ledger.Reader = (*Store)(nil)
	_ limit.Store   = (*Store)(nil)
)

// New returns the store in a database, once its tables are there: it creates what is
// missing and brings older ones up to date, also while other replicas do the same.
// The error is one of the arguments, of the database, or that a newer version of this
// package has changed the tables.
func New(ctx context.Context, db *sql.DB, dialect Dialect, opts Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: the database is nil")
	}
	if dialect.name == "" {
		return nil, errors.New("sqlstore: the dialect is unknown: want SQLite or PostgreSQL")
	}
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, dialect: dialect, opts: opts, inserts: insertEntries(&dialect)}
	if dialect.oneWriter {
		s.writer = make(chan struct{}, 1)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, fmt.Errorf("sqlstore: the tables of %s: %w", dialect.name, err)
	}
	return s, nil
}
