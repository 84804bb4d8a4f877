package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	// answerTime is how long answers may go on once the program is told to end.
	answerTime = 5 * time.Second

	// endTime bounds each step after that: the handlers of answers that were cut, and
	// the account.
	endTime = 5 * time.Second
)

// serve serves until ctx ends, and returns when every request has been answered, or cut
// because its answer took longer than grace after that.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, grace time.Duration) error {
	// Requests don't descend from ctx: its end is not theirs.
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	err := bounded(grace, server.Shutdown)
	if errors.Is(err, context.DeadlineExceeded) {
		cut() // what they have said so far is accounted for
		err = bounded(endTime, server.Shutdown)
	}
	return err
}

// bounded calls a function that has so much time.
func bounded(d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return f(ctx)
}
