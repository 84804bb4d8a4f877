// Package backend is server-side generation behind one interface.
//
// A [Backend] takes an OpenAI chat-completions request as bytes and gives the answer back as bytes: one JSON object,
// or a stream of server-sent events. Bytes, because a relay that decodes and re-encodes every chunk costs several
// times the CPU of one that doesn't, and loses every field it has no name for. What must be known about an answer
// (tokens, finish reason, whether it was cut short) is read on the way by [Relay] and [ReadAnswer].
//
// Package backend/openai adapts any OpenAI-compatible API, [FromGenerator] any model that runs in this process, and
// package backend/backendtest checks either. This package needs the standard library only.
package backend

import (
	"context"
	"io"
	"net/http"
)

// Backend generates answers on the server side. It is like an http.RoundTripper for chat completions.
//
// Implementations must be safe for concurrent use, and should pass backendtest.Run.
type Backend interface {
	// Generate sends one request. On success the caller must close Response.Body.
	//
	// A failure before the first byte of the answer must be an *Error. A later one is an error of Response.Body's Read,
	// or an error event in the stream. A stream should carry a usage chunk before its [DONE] whether or not
	// Request.IncludeUsage is set, for the server counts tokens even where the client doesn't: Relay withholds it.
	//
	// When ctx ends, and when Response.Body is closed, the work upstream must stop at once.
	Generate(ctx context.Context, req *Request) (*Response, error)

	// Models lists what the backend serves, the default first; a Defaulter's may come in any order. Its failures must
	// be *Errors. It must return soon after ctx ends.
	Models(ctx context.Context) ([]Model, error)
}

// Request is one chat-completions request: the client's own JSON and the few facts about it that its handler has read
// already. A Backend must not modify it, nor keep it after the answer's body is closed.
type Request struct {
	// Body is the client's JSON object, whole.
	Body []byte

	// Model is the model to ask for. It replaces Body's "model". Empty means the backend's default.
	Model string

	// Stream says whether the answer is to be server-sent events. It replaces Body's "stream".
	Stream bool

	// IncludeUsage says that the client itself asked for usage in its stream_options.
	IncludeUsage bool
}

// Response is an answer whose first byte may yet have to come.
type Response struct {
	// Header holds only what may reach a page: Content-Type, Retry-After, X-Request-Id, X-Ratelimit-* and
	// Openai-Processing-Ms.
	Header http.Header

	// Body is one JSON object, or server-sent events if Request.Stream was set. The caller must close it, which stops
	// the work upstream. Its Read may wait as long as the model thinks.
	Body io.ReadCloser
}

// Model is one model that a backend serves, as GET /models lists it.
type Model struct {
	ID      string
	OwnedBy string
	Created int64 // Unix seconds; 0 means unknown
}

// Continuation says how a backend takes up an answer that another one began.
type Continuation string

const (
	// ContinuationNone means the backend can only begin anew.
	ContinuationNone Continuation = "none"

	// ContinuationNative means the backend carries on the last assistant message when the request says
	// "continue_final_message": true and "add_generation_prompt": false, as vLLM names them.
	ContinuationNative Continuation = "native"
)

// Continuer is an optional ability of a Backend. It is looked for once, when a router is made; a backend without it
// counts as ContinuationNone.
type Continuer interface {
	Continuation() Continuation
}

// Defaulter is an optional ability of a Backend that knows its default by name, or whose upstream lists models in an
// order that means nothing. It is looked for once, when a router is made; for a backend without it the first model
// of the list is the default.
type Defaulter interface {
	// DefaultModel names the model that answers where the request names none. Empty means that nobody chose one: then
	// only a model that is listed alone is the default.
	DefaultModel() string
}
