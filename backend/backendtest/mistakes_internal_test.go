package backendtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
)

// broken is a backend with a mistake in it.
type broken struct {
	backend.Backend
	mistake mistake
}

// mistake is what becomes of Generate.
type mistake func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error)

func (b broken) Generate(ctx context.Context, req *backend.Request) (*backend.Response, error) {
	return b.mistake(ctx, req, b.Backend)
}

func (b broken) Continuation() backend.Continuation { return backend.ContinuationNative }

// breakResponse is a mistake made with each response.
func breakResponse(f func(*backend.Response)) mistake {
	return func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
		resp, err := b.Generate(ctx, req)
		if err == nil {
			f(resp)
		}
		return resp, err
	}
}

// breakText is a mistake made with the text of each response.
func breakText(f func(string) string) mistake {
	return breakResponse(func(resp *backend.Response) {
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		resp.Body = io.NopCloser(strings.NewReader(f(string(text))))
	})
}

// breakRequest is a mistake made with each request.
func breakRequest(f func(*backend.Request)) mistake {
	return func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
		f(req)
		return b.Generate(ctx, req)
	}
}

// lazy returns at once, before anything is known.
func lazy(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
	pr, pw := io.Pipe()
	go func() {
		resp, err := b.Generate(ctx, req)
		if err == nil {
			_, err = io.Copy(pw, resp.Body)
			resp.Body.Close()
		}
		pw.CloseWithError(err)
	}()
	kind := map[bool]string{false: "application/json", true: "text/event-stream"}[req.Stream]
	return &backend.Response{Header: http.Header{"Content-Type": {kind}}, Body: pr}, nil
}

// body is a response's body with its parts replaced.
type body struct {
	io.Reader
	close func() error
}

func (b body) Close() error { return b.close() }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// breakError is a mistake made with each failure to generate.
func breakError(f func(*backend.Error)) mistake {
	return func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
		resp, err := b.Generate(ctx, req)
		var e *backend.Error
		if errors.As(err, &e) {
			f(e)
		}
		return resp, err
	}
}

// breakStream is a mistake made with each piece of a stream and with its end.
func breakStream(f func(piece []byte, err error) ([]byte, error)) mistake {
	return breakResponse(func(resp *backend.Response) {
		from := resp.Body
		var ready bytes.Buffer
		var ended error
		resp.Body = body{readerFunc(func(p []byte) (int, error) {
			for ready.Len() == 0 && ended == nil {
				piece := make([]byte, 4096)
				n, err := from.Read(piece)
				piece, ended = f(piece[:n], err)
				ready.Write(piece)
			}
			if ready.Len() > 0 {
				return ready.Read(p)
			}
			return 0, ended
		}), from.Close}
	})
}
