package sqlstore

import (
	"errors"
	"strings"
)

// verdict is what an error says about trying the same again.
type verdict int

const (
	unknown  verdict = iota // whoever called may try later
	passing                 // a conflict with another transaction: the next try may well succeed
	rejected                // no row like that will ever be taken
)

// judgePostgreSQL goes by the SQLSTATE, which pgx and lib/pq both tell. 54000 is a value
// too long for an index.
func judgePostgreSQL(err error) verdict {
	var e interface{ SQLState() string }
	if !errors.As(err, &e) {
		return unknown
	}
	switch state := e.SQLState(); {
	case state == "40001" || state == "40P01": // serialization failure, deadlock
		return passing
	case strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23") || state == "54000":
		return rejected
	}
	return unknown
}

// judgeSQLite goes by the result code, the low byte of which is the primary one.
func judgeSQLite(err error) verdict {
	var e interface{ Code() int }
	if !errors.As(err, &e) {
		return unknown
	}
	switch e.Code() & 0xff {
	case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
		return passing
	case 18, 19: // SQLITE_TOOBIG, SQLITE_CONSTRAINT
		return rejected
	}
	return unknown
}
