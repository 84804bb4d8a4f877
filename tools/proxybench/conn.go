//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// answerTimeout bounds one exchange; the slowest takes less than a second.
const answerTimeout = 30 * time.Second

// conn is a keep-alive connection that speaks as much HTTP/1.1 as Go's server
// answers in, so that the load costs little beside the proxy.
type conn struct {
	net  net.Conn
	in   *bufio.Reader
	head []byte // of requests, up to the value of Content-Length
	out  []byte
	stop func() bool
}

// dial connects; the connection breaks when ctx ends.
func dial(ctx context.Context, addr string) (*conn, error) {
	n, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{
		net: n,
		in:  bufio.NewReaderSize(n, 16<<10),
		head: fmt.Appendf(nil, "POST %s/chat/completions HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
			"Content-Type: application/json\r\nAccept: */*\r\nUser-Agent: proxybench\r\nContent-Length: ", prefix, addr, bearer),
		stop: context.AfterFunc(ctx, func() { _ = n.Close() }),
	}, nil
}

func (c *conn) close() {
	c.stop()
	_ = c.net.Close()
}

// do has one exchange and returns how long the first token took to come. Any
// difference from the answer that must come is an error; the connection is of no
// use after it.
func (c *conn) do(ex *exchange) (firstToken time.Duration, err error) {
	c.out = append(c.out[:0], c.head...)
	c.out = strconv.AppendInt(c.out, int64(len(ex.request)), 10)
	c.out = append(append(c.out, "\r\n\r\n"...), ex.request...)
	sent := time.Now()
	if err := c.net.SetDeadline(sent.Add(answerTimeout)); err != nil {
		return 0, err
	}
	if _, err := c.net.Write(c.out); err != nil {
		return 0, err
	}
	length, err := c.readHead()
	if err != nil {
		return 0, err
	}
	check := checker{exchange: ex, sent: sent}
	if length >= 0 {
		err = check.read(c.in, length)
	} else {
		err = check.readChunks(c.in)
	}
	if err == nil && check.at != len(ex.answer) {
		err = fmt.Errorf("the answer ended after %d of %d bytes", check.at, len(ex.answer))
	}
	return check.first, err
}

// readHead reads up to the body and returns its length, -1 if it comes in chunks.
func (c *conn) readHead() (length int, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return 0, fmt.Errorf("the status is %q", bytes.TrimSpace(line))
	}
	length = -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return length, nil
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
	}
}

// checker compares an answer with what it must be while it comes.
type checker struct {
	*exchange
	sent  time.Time
	at    int           // as much has come
	first time.Duration // until the first token came
}

// read reads and compares n bytes.
func (c *checker) read(in *bufio.Reader, n int) error {
	if n > len(c.answer)-c.at {
		return errors.New("the answer is longer than the mock's")
	}
	for n > 0 {
		if _, err := in.Peek(1); err != nil {
			return err
		}
		got, _ := in.Peek(min(n, in.Buffered()))
		if !bytes.Equal(got, c.answer[c.at:c.at+len(got)]) {
			return fmt.Errorf("the answer differs from the mock's: %.200q", got)
		}
		_, _ = in.Discard(len(got))
		c.at += len(got)
		n -= len(got)
		if c.first == 0 && c.at > c.firstToken {
			c.first = time.Since(c.sent)
		}
	}
	return nil
}

// readChunks reads a body in chunked coding.
func (c *checker) readChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil {
			return err
		}
		if err := c.read(in, int(size)); err != nil {
			return err
		}
		if line, err = in.ReadSlice('\n'); err != nil || len(line) != len("\r\n") {
			return fmt.Errorf("%w after a chunk: %q", errors.Join(err, errChunk), line)
		}
		if size == 0 {
			return nil
		}
	}
}

var errChunk = errors.New("want an empty line")
