// Package backend is server-side generation behind one interface.
//
// A [Backend] takes an OpenAI chat-completions request as bytes and gives the answer back as bytes: one JSON object,
// or a stream of server-sent events. Bytes, because a relay that decodes and re-encodes every chunk costs several
// times the CPU of one that doesn't, and loses every field it has no name for. What must be known about an answer
// (tokens, finish reason, whether it was cut short) is read on the way by [Relay] and [ReadAnswer].
//
// Package backend/openai adapts any OpenAI-compatible API, [FromGenerator] any model that runs in this process, package
// backend/pool makes one backend of several, and package backend/backendtest checks any of them. This package needs the
// standard library only.
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
	// Generate sends one request, and returns once its answer has begun: a whole one if it isn't streamed, else the first
	// event with generated output, or the end. What fails before that is an *Error, which can still be made good
	// elsewhere; a later failure is an error of Response.Body's Read, or an error event in the stream. [Await] does the
	// waiting. On success the caller must close Response.Body.
	//
	// A stream should carry a usage chunk before its [DONE] whether or not Request.IncludeUsage is set, for the server
	// counts tokens even where the client doesn't: Relay withholds it.
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

	// Continue says that the last message is an assistant's, to be carried on as if it had not ended, as Body says in the
	// terms of [ContinuationNative]. A backend that can't must refuse with CodeUnsupported: an answer that began anew
	// would double the text.
	Continue bool

	// Conversation names what the request belongs to, so that a pool can send it where earlier ones left their prefix
	// in a cache. It says nothing else, and means nothing upstream. Empty means none.
	Conversation string
}

// Response is an answer that has begun.
type Response struct {
	// Header holds only what may reach a page: Content-Type, Retry-After, Retry-After-Ms, X-Should-Retry, X-Request-Id,
	// X-Ratelimit-* and Openai-Processing-Ms.
	Header http.Header

	// Body is one JSON object, or server-sent events if Request.Stream was set. The caller must close it, which stops
	// the work upstream. Its Read may wait as long as the model thinks. It may be a Judger and a Holder.
	Body io.ReadCloser

	// Endpoint names the endpoint of a pool that answers; empty without one.
	Endpoint string

	// Attempts is how many requests the answer took, failed ones included; 0 means that nobody counted, which is one.
	Attempts int
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

// Continuer is an optional ability of a Backend; one without it counts as ContinuationNone. Continuation is called for
// every decision, so it answers from memory.
type Continuer interface {
	Continuation() Continuation
}

// Readier is an optional ability of a Backend that knows whether it can answer for now; one without it always counts as
// able to. Ready is called for every decision, so it answers from memory.
type Readier interface {
	Ready() bool
}

// Defaulter is an optional ability of a Backend that knows its default by name, or whose upstream lists models in an
// order that means nothing. It is looked for once, when a router is made; for a backend without it the first model
// of the list is the default.
type Defaulter interface {
	// DefaultModel names the model that answers where the request names none. Empty means that nobody chose one: then
	// only a model that is listed alone is the default.
	DefaultModel() string
}
