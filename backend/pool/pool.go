// Package pool puts several backends behind one: [New] makes a [Pool] of endpoints, which knows when an answer has
// begun, and until then takes a request that fails at one endpoint to the next.
//
//	hybrid.Options{Backend: pool} -> pool -> backend/openai -> an API
//	                                      -> backend/openai -> another
//
// An openai.Backend tries its API three times, which takes a second or two, before the pool hears of a failure. Where
// others can answer at once give it MaxRetries: -1, as examples/pool does.
//
// This package needs the standard library only.
package pool

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// Pool is several endpoints behind one [backend.Backend], like a reverse proxy's group of upstreams, but one that knows
// when an answer has begun: until then, a request that fails at one endpoint goes on to the next.
//
// Choice. A request goes to an endpoint that serves its model, can continue a message if that is asked for, and may be
// asked for now. Of those the lowest Priority comes first, and the others only when none of it is left. Within it,
// requests of one backend.Request.Conversation keep to one endpoint, the same for every replica and after a restart,
// since that has their prefix in its cache; but not while it has more than twice its share of what is in flight, and
// one more. All other requests go where least is in flight for the weight. A request is sent to each endpoint at most
// once, and to no other after backend.CodeInvalidRequest and CodeCanceled, which would be said there as well, nor after
// CodeContextLength to one that calls its model the same. To repeat it where it failed is up to the endpoint's own
// Backend.
//
// Circuit. An endpoint that fails Options.Failures times in a row isn't asked for a pause, and then with one request at
// a time, until one of those begins to answer. From there it is on probation: if it fails before it has given one whole
// answer, the next pause is twice as long. A stream that breaks off or ends without [DONE] is a failure, what
// [backend.Relay] finds wrong with it too, and so is a deadline that passes before the answer begins. A client that
// goes away is none. A refusal of the request ends a row if it has an HTTP status, for then the endpoint works; without
// one it came from the endpoint's own Backend, and says nothing. An endpoint that refuses our credentials (401, 407, or
// there are none) gets its pause at once; but a 403, or a refusal inside an answer, may be about one prompt or one
// model, and is a failure like others. One that says when to come back isn't asked before, and to be out of rate or
// quota is no failure.
//
// Health. Endpoints are probed besides: see Options.ProbeInterval.
//
// Pools can be endpoints of pools. A Pool is safe for concurrent use. Make one with [New] and release it with
// Close.
type Pool struct {
	opts      Options
	endpoints []*endpoint // by priority, then as given
	start     time.Time   // of every instant
	stop      context.CancelFunc
	probes    sync.WaitGroup

	mu   sync.Mutex // guards turn, and what endpoints say it does
	turn uint64     // whose it is among equally busy endpoints, as a fraction of 2^64
}

var (
	_ backend.Backend   = (*Pool)(nil)
	_ backend.Continuer = (*Pool)(nil)
	_ backend.Defaulter = (*Pool)(nil)
	_ backend.Readier   = (*Pool)(nil)
)

// New returns a pool of endpoints, and begins to probe them. It fails if the options make no sense.
func New(opts Options) (*Pool, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	p := &Pool{opts: opts, start: opts.Now(), stop: stop, turn: rand.Uint64()} // or else replicas begin at the same one
	for _, given := range opts.Endpoints {
		p.endpoints = append(p.endpoints, newEndpoint(given, &p.opts))
	}
	slices.SortStableFunc(p.endpoints, func(a, b *endpoint) int { return cmp.Compare(a.Priority, b.Priority) })
	if opts.ProbeInterval > 0 {
		for _, e := range p.endpoints {
			p.probes.Go(func() { p.watch(ctx, e) })
		}
	}
	return p, nil
}

// Close ends the probes and waits for those under way. Answers go on; but an endpoint that probes found unhealthy stays
// so, hence close a pool when no more requests come. It may be called more than once, and returns nil.
func (p *Pool) Close() error {
	p.stop()
	p.probes.Wait()
	return nil
}

// Generate implements [backend.Backend]. Endpoint, of the Response or the Error, names who said so, as "outer/inner"
// where the endpoint is a pool; Attempts adds up over all that were asked.
//
// Where all of them failed, the error is the one that leaves most hope: a rate limit; then what may pass, such as
// backend.CodeUnavailable; then what the operator must mend, CodeQuotaExceeded and CodeUpstreamAuth; then what the
// request can't have here. Among equals it is the one with the shortest RetryAfter, else the last. So a client learns
// of a 429 and its Retry-After although a second endpoint is down, and of no 404 while the endpoint that has the model
// is. If it may pass, doesn't say when, and no endpoint may be asked for now, RetryAfter says until when. Error.Err
// tells the operator of the others, as text: errors.Is sees the one alone.
//
// Where none can be asked the error comes at once, with an empty Endpoint and no Attempts. It is CodeRateLimited (or
// CodeQuotaExceeded) if all that serve the model are out of it, else CodeUnavailable; RetryAfter is the time until the
// soonest may be asked again. It is CodeModelNotFound if none serves the model, and CodeUnsupported if none of those
// that do can continue a message.
func (p *Pool) Generate(ctx context.Context, req *backend.Request) (*backend.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, backend.AsError(err, backend.CodeCanceled)
	}
	var room [8]candidate
	able, e := p.candidates(room[:0], req)
	if e != nil {
		return nil, e
	}
	key := affinityOf(req.Conversation)
	var failed failures
	for {
		next, t, ok := p.choose(able, key)
		if !ok {
			return nil, p.giveUp(able, failed)
		}
		resp, e := p.ask(ctx, next, t, req)
		if e == nil {
			resp.Attempts = failed.attempts() + max(resp.Attempts, 1)
			return resp, nil
		}
		failed = append(failed, failure{next.Name, e})
		able = after(able, next, e.Code)
		if len(able) == 0 || ctx.Err() != nil {
			return nil, failed.tell(len(failed) - 1)
		}
		p.logFailure(next.Name, e)
	}
}

// ask sends the request to an endpoint that was chosen for it.
func (p *Pool) ask(
	ctx context.Context, to candidate, t ticket, req *backend.Request,
) (*backend.Response, *backend.Error) {
	asked := *req
	asked.Model = to.model
	resp, err := to.generate(ctx, &asked)
	if err != nil {
		e := backend.AsError(err, backend.CodeInternal)
		// An endpoint may take the end of ctx for something else.
		if ended := backend.AsError(ctx.Err(), backend.CodeCanceled); ended != nil && ended.Code != e.Code {
			ended.Attempts, ended.Err = e.Attempts, errors.Join(ended.Err, e.Err)
			e = ended
		}
		p.settle(to.endpoint, t, verdictOn(e), e)
		p.release(to.endpoint)
		return nil, e
	}
	resp.Endpoint = pathOf(to.Name, resp.Endpoint)
	if req.Stream {
		resp.Body = p.watchStream(ctx, to.endpoint, t, resp.Body)
	} else {
		resp.Body = p.keepWhole(to.endpoint, t, resp.Body)
	}
	return resp, nil
}

// DefaultModel implements [backend.Defaulter]: it returns Options.DefaultModel.
func (p *Pool) DefaultModel() string { return p.opts.DefaultModel }

// Ready implements [backend.Readier]: it reports whether an endpoint could be asked now. It takes no lock.
func (p *Pool) Ready() bool {
	now := p.now()
	return slices.ContainsFunc(p.endpoints, func(e *endpoint) bool { return e.askable(now) })
}

// Continuation implements [backend.Continuer]: it is native if an endpoint that is native could be asked now. It speaks
// of now, and not of what the endpoints declare, because a page that begins anew gets an answer, and one that would
// continue while only others are left gets none. It takes no lock.
func (p *Pool) Continuation() backend.Continuation {
	now := p.now()
	if slices.ContainsFunc(p.endpoints, func(e *endpoint) bool { return e.continues() && e.askable(now) }) {
		return backend.ContinuationNative
	}
	return backend.ContinuationNone
}

// instant is a time as the pool counts it: since its start. It goes by the monotonic clock, so that setting the
// machine's clock ends no pause and lengthens none.
type instant time.Duration

func (p *Pool) now() instant { return instant(p.opts.Now().Sub(p.start)) }
