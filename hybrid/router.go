package hybrid

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// HybridRouter decides where a request runs. [*Router] implements it; code that
// only needs decisions takes the interface, so that a test can bring its own.
type HybridRouter interface {
	Route(ctx context.Context, in policy.Input) (policy.Decision, error)
}

// Router is a [HybridRouter] with the HTTP endpoints that a page talks to. Make
// one with [New] and release it with Close.
//
// It decides by an immutable view of policies and models. A goroutine lists the
// registry in the background and replaces the view when the models changed; a
// registry that fails leaves the last good view in place. A Router is safe for
// concurrent use.
type Router struct {
	opts   Options
	base   string // the prefix, "" at the root
	keys   keyring
	served *served
	view   atomic.Pointer[view]
	tiers  map[string]*Allowance
	prices priceList
	uses   *uses // of decisions, by reports

	// What the backend can do besides, nil if it can't.
	continuer backend.Continuer
	readier   backend.Readier

	complaints *complaints
	shadow     *shadow // nil without one

	stop    context.CancelFunc
	stopped chan struct{} // closed when the refresher has ended
}

var _ HybridRouter = (*Router)(nil)

// New returns a router. It lists the registry once, which ctx bounds; and fails
// if that fails, if an option makes no sense, or if a policy has no valid name.
func New(ctx context.Context, opts Options) (*Router, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	r := &Router{
		opts:    opts,
		base:    strings.TrimSuffix(opts.Prefix, "/"),
		keys:    newKeyring(opts.SigningKeys),
		uses:    newUses(),
		stopped: make(chan struct{}),
	}
	if len(opts.SigningKeys) == 0 {
		opts.Logger.Info("hybrid: no SigningKeys: grants are signed with a random key of this process, which suits one replica only")
	}
	r.continuer, _ = opts.Backend.(backend.Continuer)
	r.readier, _ = opts.Backend.(backend.Readier)

	// The refresher outlives ctx, which may be a start-up deadline. Watching
	// begins before the listing, so that no change falls between them.
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.served = newServed(life, &r.opts)
	r.complaints = newComplaints(&r.opts)
	if r.prices = newPriceList(opts.Prices); len(r.prices) > 0 {
		r.served.warm()
	}
	r.tiers = make(map[string]*Allowance, len(opts.Tiers))
	for tier, own := range opts.Tiers {
		r.tiers[tier] = &own
	}
	changed := r.watch(life)
	if err := r.begin(ctx); err != nil {
		stop()
		return nil, err
	}
	if opts.Shadow != nil {
		r.shadow = newShadow(life, &r.opts, r.complaints)
		go r.shadow.run()
	}
	go r.refresh(life, changed)
	return r, nil
}

// begin makes the first view.
func (r *Router) begin(ctx context.Context) error {
	listing, err := r.opts.Registry.ListAll(ctx)
	if err != nil {
		return fmt.Errorf("hybrid: list the registry: %w", err)
	}
	v, err := newView(listing, &r.opts, r.complaints)
	if err != nil {
		return fmt.Errorf("hybrid: %w", err)
	}
	r.view.Store(v)
	return nil
}

// Route decides where a request runs. It does no I/O of its own, allocates
// nothing and does not block, unless a policy, [Options.Facts] or, where there are
// budgets, the [Options.LimitStore] does; a [Shadow] gets a copy of in. A nil in.Subject is filled in from in.Identity and by Facts;
// one that is given stands.
//
// The error is a [*policy.FieldError] if in.Request makes no sense; nothing else
// fails. Device and State are claims: who decodes them from outside calls their
// Clamp first, as the endpoint does. The decision's models lack their Origin,
// which the registry has.
func (r *Router) Route(ctx context.Context, in policy.Input) (policy.Decision, error) {
	if in.Request != nil {
		if err := in.Request.Validate(); err != nil {
			return policy.Decision{}, err
		}
	}
	if in.Subject == nil {
		k := r.know(ctx, in.Identity)
		defer k.release()
		in.Subject = &k.subject
	}
	v := r.view.Load()
	d := v.decider.Decide(ctx, in)
	if r.shadow != nil {
		r.shadow.show(ctx, v, in, d)
	}
	return d, nil
}

// Close stops listing the registry and asking the shadow, and flushes the ledger,
// or returns an error if ctx ends first. Requests that still come are served by
// the last view. Shut the HTTP server down first, so that what its handlers record
// is flushed too. Close may be called again.
func (r *Router) Close(ctx context.Context) error {
	r.stop()
	select {
	case <-r.stopped:
	case <-ctx.Done():
		return fmt.Errorf("hybrid: the registry is still being listed: %w", context.Cause(ctx))
	}
	if err := r.opts.Ledger.Flush(ctx); err != nil {
		return fmt.Errorf("hybrid: flush the ledger: %w", err)
	}
	if r.shadow == nil {
		return nil
	}
	select {
	case <-r.shadow.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hybrid: the shadow is still being asked: %w", context.Cause(ctx))
	}
}

// record puts entries into the ledger and says so if some found no room.
func (r *Router) record(entries []ledger.Entry) ledger.Receipt {
	receipt := r.opts.Ledger.Record(entries)
	if receipt.Dropped > 0 {
		r.opts.Logger.Debug("hybrid: the ledger dropped entries", slog.Int("dropped", receipt.Dropped))
	}
	return receipt
}

// sinceMs returns the whole milliseconds from start to end.
func sinceMs(start, end time.Time) int64 { return max(0, end.Sub(start).Milliseconds()) }
