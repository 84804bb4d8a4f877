package hybrid

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// Observer learns of the requests to the endpoints while they are served: for
// metrics, traces and access logs. Like httptrace.ClientTrace it is a struct of
// functions, of which any may be nil.
//
// For each request Begun is called first, and exactly one of Finished and Failed
// last. Several observers are called in the order given, and at the end in
// reverse, so that what one opened around another is closed around it.
//
// Hooks are called concurrently for different requests, one after the other for
// one request, and hold it up: they must not block. One that does I/O hands over
// to a queue of its own. A panic is contained and logged. No hook is shown an answer
// or an upstream's words, and none but Prompted a prompt.
type Observer struct {
	// Begun is called before anybody is authenticated. The context that it returns
	// is that of the rest of the request: the backend's too, so that a transport
	// can pass a trace on. Nil keeps the one it got.
	Begun func(ctx context.Context, e RequestBegun) context.Context

	// Decided is called when it is known where the request runs: for routing, and
	// for generating, which asks whether the server may.
	Decided func(ctx context.Context, e RequestDecided)

	// Prompted is shown the prompt of a generating request that is permitted: the
	// array "messages" in OpenAI's form. Whoever sets it has opted in to prompts in
	// whatever it writes; nil, as all else, keeps them out. It must not keep or
	// change the bytes.
	Prompted func(ctx context.Context, messages json.RawMessage)

	// FirstByte is called when the first piece of a generated answer has been
	// handed to the client.
	FirstByte func(ctx context.Context, e RequestFirstByte)

	// Reported is called with what a page reported of the answers that it generated
	// itself.
	Reported func(ctx context.Context, e RequestReported)

	// Finished is called after a request that was answered as it should be.
	Finished func(ctx context.Context, e RequestFinished)

	// Failed is called after a request that was refused, failed, or was left by its
	// client.
	Failed func(ctx context.Context, e RequestFailed)
}

// RequestBegun is a request that has just come.
type RequestBegun struct {
	Endpoint string // "/chat/completions"; "" for a path where nothing is
	Method   string
	Path     string // as it was asked for
	Time     time.Time
}

// RequestDecided is what was decided about a request.
type RequestDecided struct {
	Target   policy.Target
	Reason   policy.Reason // empty where a generating request is permitted
	Fallback policy.Target
	Model    string // the browser's, if it runs there or could; the server's is in the Entry
	Revision string // of the policies
}

// RequestFirstByte is the beginning of an answer.
type RequestFirstByte struct {
	SinceBegun time.Duration
	Stream     bool // more is to come; otherwise the whole answer was handed over at once
}

// RequestReported are the reports that a page sent at once. They are claims, and some
// may be marked as late or suspect. The ledger may know some of them already, and
// doesn't say which, only how many: counted here they are counted twice.
type RequestReported struct {
	Entries []ledger.Entry // must not be kept or changed
	Receipt ledger.Receipt
}

// RequestFinished is a request that was answered, with a status of 200, 202 or 304.
type RequestFinished struct {
	Identity policy.Identity // zero for reports, which bring a grant instead
	Duration time.Duration

	// Entry is what the ledger got, nil if nothing was generated. It must not be
	// changed.
	Entry *ledger.Entry
}

// RequestFailed is a request that was not answered as it should be.
type RequestFailed struct {
	Identity policy.Identity // zero if nobody was authenticated
	Duration time.Duration
	Status   int    // 200 if the answer had begun: then the error was told in the stream
	Code     string // of the error: a [backend.Code], a [policy.Reason] or one of this package

	// Entry is what the ledger got, nil if nothing reached the backend. It must not
	// be changed.
	Entry *ledger.Entry
}

// observed is one request as its observers see it. A nil one has none.
type observed struct {
	router *Router
	ctx    context.Context
	began  time.Time
	who    policy.Identity
	entry  *ledger.Entry
	first  bool // byte told
	ended  bool
}

type observedKey struct{}

// observe begins to observe a request, and returns it with its new context.
func (r *Router) observe(req *http.Request, endpoint string) (*observed, *http.Request) {
	if len(r.opts.Observers) == 0 {
		return nil, req
	}
	o := &observed{router: r, ctx: req.Context(), began: r.opts.Now()}
	e := RequestBegun{Endpoint: endpoint, Method: req.Method, Path: req.URL.Path, Time: o.began}
	for i := range r.opts.Observers {
		if hook := r.opts.Observers[i].Begun; hook != nil {
			o.call("Begun", func() {
				if ctx := hook(o.ctx, e); ctx != nil {
					o.ctx = ctx
				}
			})
		}
	}
	o.ctx = context.WithValue(o.ctx, observedKey{}, o)
	return o, req.WithContext(o.ctx)
}

// observing returns the request that a context belongs to, nil if nobody looks.
func (r *Router) observing(ctx context.Context) *observed {
	if len(r.opts.Observers) == 0 {
		return nil
	}
	o, _ := ctx.Value(observedKey{}).(*observed)
	return o
}

func (o *observed) authenticated(who policy.Identity) {
	if o != nil {
		o.who = who
	}
}

func (o *observed) decided(e RequestDecided) {
	if o == nil {
		return
	}
	for i := range o.router.opts.Observers {
		if hook := o.router.opts.Observers[i].Decided; hook != nil {
			o.call("Decided", func() { hook(o.ctx, e) })
		}
	}
}

// prompted shows the prompt to those who asked for it.
func (o *observed) prompted(messages func() json.RawMessage) {
	if o == nil {
		return
	}
	var shown json.RawMessage
	for i := range o.router.opts.Observers {
		if hook := o.router.opts.Observers[i].Prompted; hook != nil {
			if shown == nil {
				shown = messages()
			}
			o.call("Prompted", func() { hook(o.ctx, shown) })
		}
	}
}

func (o *observed) reported(entries []ledger.Entry, receipt ledger.Receipt) {
	if o == nil {
		return
	}
	for i := range o.router.opts.Observers {
		if hook := o.router.opts.Observers[i].Reported; hook != nil {
			o.call("Reported", func() { hook(o.ctx, RequestReported{entries, receipt}) })
		}
	}
}

// firstByte is called for every answer that has begun; the first time counts.
func (o *observed) firstByte(at time.Time, stream bool) {
	if o == nil || o.first {
		return
	}
	o.first = true
	e := RequestFirstByte{SinceBegun: at.Sub(o.began), Stream: stream}
	for i := range o.router.opts.Observers {
		if hook := o.router.opts.Observers[i].FirstByte; hook != nil {
			o.call("FirstByte", func() { hook(o.ctx, e) })
		}
	}
}

// account keeps what the ledger got.
func (o *observed) account(e ledger.Entry) {
	if o != nil {
		o.entry = &e
	}
}

// end tells how the request ended: with what status and code, if it failed before
// an answer; else as its entry says.
func (o *observed) end(status int, code string) {
	if o == nil || o.ended {
		return
	}
	o.ended = true
	if code == "" && o.entry != nil && !o.entry.Success {
		status, code = http.StatusOK, o.entry.ErrorCode
	}
	duration := o.router.opts.Now().Sub(o.began)
	for i := len(o.router.opts.Observers) - 1; i >= 0; i-- {
		observer := &o.router.opts.Observers[i]
		switch {
		case code == "" && observer.Finished != nil:
			o.call("Finished", func() { observer.Finished(o.ctx, RequestFinished{o.who, duration, o.entry}) })
		case code != "" && observer.Failed != nil:
			o.call("Failed", func() { observer.Failed(o.ctx, RequestFailed{o.who, duration, status, code, o.entry}) })
		}
	}
}

// call contains a hook.
func (o *observed) call(hook string, f func()) {
	err := contain(func() error {
		f()
		return nil
	})
	if err != nil {
		o.router.complaints.hear("an observer's "+hook, "", err)
	}
}
