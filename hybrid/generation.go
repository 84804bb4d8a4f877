package hybrid

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// generation is one request on its way through the backend.
type generation struct {
	router  *Router
	who     policy.Identity
	key     string // the hash of who
	request backend.Request
	prompt  policy.Request // what is known of the prompt; for estimates
	said    saidField      // what the page says of how it came to ask
	began   time.Time

	allowance *Allowance
	prices    *policy.Prices // of the model, for the identity; nil if unknown
	expected  int64          // completion tokens, of all choices
	claim     claim
	accounted bool

	messages func() json.RawMessage // the prompt, for who may see it

	observed *observed
	endpoint string // of a pool, as the backend says
	attempts int    // that the backend made
}

// generation begins one for an identity.
func (r *Router) generation(who policy.Identity, said saidField) *generation {
	return &generation{router: r, who: who, key: identityKey(who.Subject), said: said, allowance: r.allowance(who.Tier), began: r.opts.Now()}
}

// admit asks whether the server may answer, and this much, and finds the model that
// does. field is where the prompt stands.
func (g *generation) admit(ctx context.Context, h http.Header, model string, choices int64, field string) error {
	r := g.router
	own, err := r.permit(ctx, h, g.who, &g.prompt)
	if err != nil {
		return err
	}
	if err := g.allowance.check(&g.prompt, choices, field); err != nil {
		return err
	}
	if g.request.Model, err = r.served.model(ctx, model, g.allowance); err != nil {
		return backend.AsError(err, backend.CodeUnavailable)
	}
	if g.prices = own; own == nil {
		g.prices = r.prices.of(g.request.Model)
	}
	return nil
}

// generate hands the request to the backend and gives the answer to serve, then
// keeps account. serve reports what became known of the answer. The error is for
// the caller to answer, unless the answer has begun.
func (g *generation) generate(req *http.Request, a *answerWriter, serve func(*backend.Response) (backend.Outcome, error)) error {
	ctx := req.Context()
	if err := g.stake(ctx); err != nil {
		return err
	}
	defer g.abort(ctx)
	g.observed = g.router.observing(ctx)
	g.observed.prompted(g.messages)
	if a.fixed {
		g.router.complaints.hear("lifting the server's WriteTimeout for an answer", "", errFixedTimeout)
	}
	resp, err := g.begin(ctx, a)
	if err != nil {
		e := backend.AsError(gone(ctx, err), backend.CodeUnavailable)
		g.endpoint, g.attempts = e.Endpoint, e.Attempts
		a.fail(e)
		g.account(ctx, a, backend.Outcome{}, e)
		return g.settle(a, e)
	}
	defer resp.Body.Close()
	g.endpoint, g.attempts = resp.Endpoint, resp.Attempts
	out, err := serve(resp)
	g.account(ctx, a, out, err)
	return g.settle(a, err)
}

// abort accounts for a request that a panic ended.
func (g *generation) abort(ctx context.Context) {
	if !g.accounted {
		g.account(ctx, nil, backend.Outcome{}, &backend.Error{Code: backend.CodeInternal})
	}
}

// begin waits for the answer to begin.
func (g *generation) begin(ctx context.Context, a *answerWriter) (*backend.Response, error) {
	if g.request.Stream {
		defer a.keepAlive(g.router.opts.KeepAlive)()
	}
	return g.router.opts.Backend.Generate(ctx, &g.request)
}

var errFixedTimeout = errors.New("some middleware's response writer has no Unwrap: longer answers are cut")

// gone returns the error of an answer that has not begun as what it is once the
// client has left: whatever failed then, failed because of that. (A client that was
// told of a failure leaves, too, and that failure stands.)
func gone(ctx context.Context, err error) error {
	if err == nil || !errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	return &backend.Error{Code: backend.CodeCanceled, Err: err}
}

// write sends a whole answer.
func (g *generation) write(a *answerWriter, resp *backend.Response, body []byte) {
	answerHeader(a.w.Header(), resp.Header)
	a.whole(body)
	if g.observed != nil {
		g.observed.firstByte(g.router.opts.Now(), false)
	}
}

// relayOptions are the options of a stream.
func (g *generation) relayOptions() backend.RelayOptions {
	opts := backend.RelayOptions{IncludeUsage: g.request.IncludeUsage, Now: g.router.opts.Now}
	if g.observed != nil {
		opts.OnFirstContent = func(at time.Time) { g.observed.firstByte(at, true) }
	}
	return opts
}

// usage returns the answer's tokens, estimated where nobody counted. left says that
// the client went before the end.
func (g *generation) usage(out *backend.Outcome, left bool) (prompt, completion int64, estimated bool) {
	// What was counted before the end, as some gateways do in every event, may be less than was delivered.
	if out.Usage.Known && (out.Done || out.Usage.CompletionTokens >= out.Deltas) {
		return int64(out.Usage.PromptTokens), int64(out.Usage.CompletionTokens), false
	}
	if out.Deltas == 0 && !left {
		return 0, 0, false
	}
	prompt = g.prompt.Tokens()
	if out.Usage.Known {
		prompt = int64(out.Usage.PromptTokens)
	}
	text := policy.Request{PromptLength: int64(out.Chars)}
	return prompt, max(text.Tokens(), int64(out.Deltas)), true // an event holds a token or more
}

// account puts the request into the ledger, and settles what it took. The answer goes
// out between the two, for it should not wait for the limit store; a is nil if there is
// none.
func (g *generation) account(ctx context.Context, a *answerWriter, out backend.Outcome, err error) {
	g.accounted = true
	left := errors.Is(err, backend.CodeCanceled)
	e := ledger.Entry{
		ID:        newID(),
		Time:      g.began.UTC(),
		Identity:  g.key,
		Tier:      g.who.Tier,
		Source:    ledger.Server,
		Model:     g.request.Model,
		Fallback:  g.said.Fallback,
		LatencyMs: sinceMs(g.began, g.router.opts.Now()),
		Success:   err == nil,
		Endpoint:  g.endpoint,
		Attempts:  max(g.attempts, 1),
	}
	e.Reason, e.DecidedBy = g.router.decided(g.said.DecisionID, e.Identity, g.said.Reason)
	if codeWord.MatchString(out.FinishReason) { // an upstream's own may be anything
		e.FinishReason = out.FinishReason
	}
	e.PromptTokens, e.CompletionTokens, e.Estimated = g.usage(&out, left)
	e.CostMicroUSD = cost(g.prices, e.PromptTokens, e.CompletionTokens)
	if !out.FirstContent.IsZero() {
		e.TTFTMs = sinceMs(g.began, out.FirstContent)
	}
	if decoding := e.LatencyMs - e.TTFTMs; e.CompletionTokens > 0 && decoding > 0 {
		e.TokensPerSecondMilli = e.CompletionTokens * 1_000_000 / decoding
	}
	if err != nil {
		e.ErrorCode = string(backend.AsError(err, backend.CodeInternal).Code)
	}
	g.router.record([]ledger.Entry{e})
	g.observed.account(e)
	if len(g.claim.shares) == 0 {
		return
	}
	if a != nil {
		a.release()
	}
	// How far a backend comes with an answer that nobody waits for, nobody knows.
	known := !left || g.request.Stream
	g.claim.settle(ctx, g.router, known, e.PromptTokens+e.CompletionTokens, e.CostMicroUSD)
}

// settle returns the error of a stream that has yet to be answered. One that broke
// off has told its client already, in the stream.
func (g *generation) settle(a *answerWriter, err error) error {
	if !a.begun {
		return err
	}
	if err != nil && !errors.Is(err, backend.CodeCanceled) {
		broken := *backend.AsError(err, backend.CodeInternal)
		broken.Endpoint = g.endpoint
		g.router.opts.Logger.Warn("hybrid: a stream broke off", "model", g.request.Model, causeOf(&broken))
	}
	return nil
}

// answerHeader sets what all generated answers have in common.
func answerHeader(h http.Header, upstream http.Header) {
	copyHeader(h, upstream)
	h.Set("Cache-Control", "no-store")
	h.Set(headerTarget, policy.Server.String())
}
