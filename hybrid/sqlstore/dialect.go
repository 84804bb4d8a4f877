package sqlstore

import (
	"database/sql"
	"strconv"
	"strings"
)

// Dialect is what one kind of database does in its own way. The zero Dialect is none.
type Dialect struct {
	name      string
	text      string             // the type of a text that is compared byte by byte
	numbered  bool               // parameters are $1, $2, … and not ?
	chunk     int                // rows in one INSERT at most, a power of two
	oneWriter bool               // whoever comes second waits, and is better off waiting here
	lock      string             // makes a transaction the only one that migrates; empty if none is needed
	skip      string             // ends a SELECT that locks its rows, less those that are locked already; empty if none can be
	isolation sql.IsolationLevel // that row locks make sufficient
	judge     func(error) verdict
}

// The dialects.
var (
	// SQLite takes every value and sorts by bytes. One transaction writes at a time,
	// and those of this package begin with a write, so none finds its snapshot
	// outdated when it comes to write. A row costs it no round trip, while drivers
	// have been seen to take quadratic time over the parameters of a statement.
	SQLite = Dialect{
		name:      "SQLite",
		text:      `text`,
		chunk:     16,
		oneWriter: true,
		judge:     judgeSQLite,
	}

	// PostgreSQL would sort by the collation of the database if not told otherwise.
	// The number of the lock is this package's own.
	PostgreSQL = Dialect{
		name:      "PostgreSQL",
		text:      `text COLLATE "C"`,
		numbered:  true,
		chunk:     256,
		lock:      `SELECT pg_advisory_xact_lock(7308323368034693)`,
		skip:      `FOR UPDATE SKIP LOCKED`,
		isolation: sql.LevelReadCommitted,
		judge:     judgePostgreSQL,
	}
)

// bind writes the parameters of a statement, each a ?, in the way of the dialect.
func (d *Dialect) bind(statement string) string {
	if !d.numbered {
		return statement
	}
	var b strings.Builder
	parts := strings.Split(statement, "?")
	for n, part := range parts[:len(parts)-1] {
		b.WriteString(part)
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n + 1))
	}
	b.WriteString(parts[len(parts)-1])
	return b.String()
}

// rows returns a tuple for a VALUES list as often as said.
func rows(tuple string, n int) string {
	return strings.TrimSuffix(strings.Repeat(tuple+", ", n), ", ")
}
