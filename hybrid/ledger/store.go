package ledger

import (
	"context"
	"errors"
)

// Store keeps entries outside the process: a database table, an event stream. One
// [Queue] calls it, one Append at a time; other processes may store into the same
// table meanwhile. One that is a [Reader] as well is read at any time, while an
// Append runs, too. ledgertest.RunStore is its conformance kit.
type Store interface {
	// Append stores one entry or more, all or none, and skips those whose ID it holds
	// already or has met in the batch; each has one. After an error the same entries
	// are appended again, even if the error was unclear and they are stored.
	//
	// An entry that can never be stored, because a text holds what the column can't
	// say, is an error that wraps [ErrRejected]. The entries come in smaller batches
	// then, until the one to blame comes alone; it is dropped. All other errors are
	// taken for passing ones.
	//
	// Append must neither keep nor change the slice, and must return soon after ctx
	// ends.
	Append(ctx context.Context, entries []Entry) error
}

// ErrRejected is what an error of [Store.Append] wraps if one of the entries can
// never be stored.
var ErrRejected = errors.New("ledger: entry rejected")
