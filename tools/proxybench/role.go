//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
)

// The roles of child processes.
const (
	roleMock         = "mock"
	roleReverseProxy = "reverseproxy"
	rolePooled       = "reverseproxy-pooled"
	roleEdgewise     = "edgewise"
)

// handler is what a role answers with.
func (o *options) handler() (http.Handler, error) {
	switch o.role {
	case roleMock:
		return newMock(), nil
	case roleReverseProxy, rolePooled:
		return newReverseProxy(o.upstream, o.role == rolePooled)
	case roleEdgewise:
		return newEdgewise(o.upstream)
	default:
		return nil, fmt.Errorf("there is no -role %q", o.role)
	}
}

// serve is a child's life: it says on out where it listens, and serves until in
// ends, as it does when the parent closes it and however the parent itself ends.
func (o *options) serve(in io.Reader, out io.Writer) (err error) {
	signal.Ignore(os.Interrupt) // ^C goes to parent and children; the parent decides
	h, err := o.handler()
	if err != nil {
		return err
	}
	stop, err := o.startProfile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(l) }() // until it is closed
	fmt.Fprintln(out, l.Addr())
	_, _ = io.Copy(io.Discard, in)
	return server.Close()
}
