package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

const (
	// DefaultFileInterval is the default of [FileOptions.Interval]. A kubelet takes
	// up to a minute to bring a changed config map to its mount, so five seconds
	// more are hardly noticed, and looking at 500 models that often takes less than
	// a thousandth of a core.
	DefaultFileInterval = 5 * time.Second

	// MaxFileBytes is the largest file that [File] reads: tens of thousands of
	// models, and little enough to hold while it is decoded.
	MaxFileBytes = 64 << 20
)

// File is a [ModelRegistry] that is read from a JSON file, such as a mounted config
// map: {"models":[…]}, the form in which GET /browser/models answers. A "revision"
// in it is ignored, for the models make their own, the same as in [Memory].
//
// ListAll and Watch read the file anew and compare its content, because a
// modification time says little and a mount swaps symbolic links. GetModel answers
// from what the last of them found. Content that is missing or bad is never served:
// the last good listing stays, and [FileOptions.OnError] is told. Who writes the
// file should write another and rename it, but half a file is bad content too.
//
// ListAll fails only when its context ends, GetModel only for a model that is not
// there. A read that hangs, as on a network mount, holds up no call beyond its
// context. A File needs no closing: nothing runs between calls but what Watch began.
// It is safe for concurrent use. [NewFile] makes it.
type File struct {
	path     string
	interval time.Duration
	onError  func(error)

	reading chan struct{}           // holds a token while the file is read: one reader at a time
	found   string                  // by the last read: a hash or an error; the reader's
	listing atomic.Pointer[Listing] // the last good one; the reader's to write
}

var (
	_ ModelRegistry = (*File)(nil)
	_ Watcher       = (*File)(nil)
)

// FileOptions configures [NewFile]. The zero value is useful.
type FileOptions struct {
	// Interval is how often a watched file is read. Defaults to
	// [DefaultFileInterval].
	Interval time.Duration

	// OnError is told why the file's content is not served, once for each distinct
	// content and not at every read. The error names file and line, and wraps a
	// [*FieldError] if one model is wrong. OnError is called by one goroutine at a
	// time, and must neither block nor call ListAll. A panic in it is contained, for
	// no caller could recover it. Defaults to nil, silence.
	OnError func(error)
}

// NewFile reads the file and returns a registry that goes on reading it. It fails
// if that first content can't be served.
func NewFile(path string, opts FileOptions) (*File, error) {
	if opts.Interval < 0 {
		return nil, fmt.Errorf("registry: FileOptions.Interval is %v: want 0 (the default, %v) or more", opts.Interval, DefaultFileInterval)
	}
	f := &File{path: path, interval: opts.Interval, onError: opts.OnError, reading: make(chan struct{}, 1)}
	if f.interval == 0 {
		f.interval = DefaultFileInterval
	}
	if err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// ListAll implements [ModelRegistry].
func (f *File) ListAll(ctx context.Context) (Listing, error) {
	l, err := f.current(ctx)
	if err != nil {
		return Listing{}, err
	}
	return *l, nil
}

// GetModel implements [ModelRegistry].
func (f *File) GetModel(_ context.Context, id string) (Model, error) {
	return f.listing.Load().get(id)
}

// Watch implements [Watcher]: until ctx ends it reads the file at every interval,
// and signals when it serves other models than before.
func (f *File) Watch(ctx context.Context) (<-chan struct{}, error) {
	changed := make(chan struct{}, 1)
	seen := f.listing.Load().Revision
	go func() {
		tick := time.NewTicker(f.interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			l, err := f.current(ctx)
			if err != nil {
				return // ctx has ended
			}
			if l.Revision != seen {
				seen = l.Revision
				signal(changed)
			}
		}
	}()
	return changed, nil
}

// current reads the file and returns the last good listing. Reads take turns, so
// that an older content never replaces a newer one; each has a goroutine of its
// own, because reading a file can't be interrupted.
func (f *File) current(ctx context.Context) (*Listing, error) {
	if err := ctx.Err(); err != nil {
		return nil, f.gaveUp(err)
	}
	select {
	case f.reading <- struct{}{}:
	case <-ctx.Done():
		return nil, f.gaveUp(ctx.Err())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { <-f.reading }()
		if err := f.read(); err != nil {
			f.tell(err)
		}
	}()
	select {
	case <-done:
		return f.listing.Load(), nil
	case <-ctx.Done():
		return nil, f.gaveUp(ctx.Err())
	}
}

// tell runs on the reading goroutine, where a panic would end the process.
func (f *File) tell(err error) {
	defer func() { _ = recover() }()
	if f.onError != nil {
		f.onError(err)
	}
}

func (f *File) gaveUp(err error) error {
	return fmt.Errorf("registry: reading %s: %w", f.path, err)
}

// read serves the file's content if it is new and good, and returns an error if it
// is new and bad.
func (f *File) read() error {
	content, err := readBounded(f.path)
	found := ""
	if err != nil {
		found = err.Error()
	} else {
		sum := sha256.Sum256(content)
		found = string(sum[:])
	}
	if found == f.found {
		return nil
	}
	f.found = found
	if err != nil {
		return fmt.Errorf("registry: %w: want a readable file of at most %d MiB that holds %s", err, MaxFileBytes>>20, fileForm)
	}
	listing, err := decodeFile(f.path, content)
	if err != nil {
		return err
	}
	f.listing.Store(listing)
	return nil
}

// readBounded reads up to MaxFileBytes, whatever size the file claims to have.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written that closing could lose
	content, err := io.ReadAll(io.LimitReader(file, MaxFileBytes+1))
	if err == nil && len(content) > MaxFileBytes {
		err = &os.PathError{Op: "read", Path: path, Err: errors.New("too large")}
	}
	return content, err
}
