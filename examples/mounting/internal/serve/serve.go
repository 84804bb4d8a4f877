// Package serve has an example listen where its -addr flag says.
package serve

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// Forever answers with h at the address of the -addr flag, until the program is ended or
// something fails.
func Forever(h http.Handler) error {
	listener, err := Listen(context.Background(), os.Args[1:])
	if err != nil {
		return err
	}
	return NewServer(h).Serve(listener)
}

// Listen listens at the address of the -addr flag in args, 127.0.0.1:8080 unless it is
// given, and says so on stderr.
func Listen(ctx context.Context, args []string) (net.Listener, error) {
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any that is free")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *addr)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "listening on http://%s\n", listener.Addr())
	return listener, nil
}

// NewServer returns a server that waits for a request's header for a while and not for
// ever, as http.ListenAndServe would. It has no WriteTimeout: that would be the time for
// a whole stream.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
}
