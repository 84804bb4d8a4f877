package hybrid

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// Options configure a [Router]. Authenticate must be set; the zero value of
// everything else is useful.
type Options struct {
	// Authenticate says who asks, from the app's own session or token: the
	// page's body has no say in it. An error refuses the request; its text goes
	// to the log at debug level and not to the page. The status is 401 with
	// "WWW-Authenticate: Bearer" (unless middleware has set another), 503 where
	// a context ended, as when the session store does not answer, or what the
	// error's own HTTPStatus() int says, from 400 to 599. It is called
	// concurrently, once for every request but analytics reports.
	// Defaults to nothing: [New] refuses nil, for a service that was meant to
	// have users must not be open by oversight. See [AllowAnonymous].
	Authenticate func(*http.Request) (policy.Identity, error)

	// Registry lists the models that browsers could run.
	// Defaults to [registry.Catalogue] in memory.
	Registry registry.ModelRegistry

	// Backend generates on the server. Defaults to nil: the generating
	// endpoints are not mounted, and the app has its own.
	Backend backend.Backend

	// Policies are asked for every decision.
	// Defaults to [policy.Defaults]() with their default options.
	Policies []policy.Policy

	// First names policies whose preference counts before that of all others, in
	// this order. Defaults to none.
	First []string

	// Limits bound the choice of models. Defaults to the zero limits.
	Limits registry.Limits

	// Facts says what the app knows of an identity. It is called concurrently,
	// once for every decision, snapshot and generating request, all of which wait
	// for it, so it answers from memory. An error, or a panic, counts as nothing
	// known and is logged: where a budget must hold even then, answer with a
	// spent one. Defaults to nothing known.
	Facts func(ctx context.Context, who policy.Identity) (Facts, error)

	// Allowance is what identities may ask of the backend and take from it, whatever
	// the page decided. Defaults to no limit.
	Allowance Allowance

	// Tiers are allowances of their own for some tiers, in place of Allowance, by
	// [policy.Identity.Tier]. Defaults to none.
	Tiers map[string]Allowance

	// LimitStore counts what was taken of the allowances. Replicas that enforce them
	// together share one. It is asked before and after every generating request that
	// has a limit, and where there are budgets, for every decision too; a second is
	// all the time it gets. Where it fails, requests with a limit are refused with
	// 503; where it fails after an answer, or the process is killed within one, what
	// was estimated stays taken. Defaults to a [limit.Memory].
	LimitStore limit.Store

	// Prices are what the operator pays for a model's tokens, by the name that the
	// backend serves it under; "" for all others. Budgets, and the costs in the
	// ledger, are counted at them; routing compares by those of the default model.
	// Facts may know better for an identity. Defaults to nothing known.
	Prices map[string]policy.Prices

	// Auditor says who may see what everybody's answers cost and saved, by GET
	// /browser/savings. Their own, people with a name always may. Defaults to
	// nobody.
	Auditor func(policy.Identity) bool

	// Shadow is a second set of policies, on trial: it is asked what Policies
	// are, logged where it differs, and changes nothing. Defaults to none.
	Shadow *Shadow

	// Prefix is where the endpoints are mounted. Defaults to "/api/v1";
	// "/" mounts them at the root.
	Prefix string

	// SigningKeys sign the grants by which pages report: the first signs, all
	// verify, so a key is rotated by putting a new one in front. Each must have
	// 16 bytes or more, and replicas must share them. Defaults to a random key
	// of this process, which suits a single replica: reports of pages that were
	// loaded before a restart are refused.
	SigningKeys [][]byte

	// Ledger keeps account of what was generated where. Close flushes it and
	// leaves releasing it to whoever made it. Defaults to a [ledger.Memory].
	Ledger ledger.Ledger

	// Observers learn of requests while they are served, in this order. Defaults to
	// none.
	Observers []Observer

	// Logger learns of what fails behind the endpoints, and of each distinct error
	// of a policy or of Facts once a minute, with how often it was omitted since.
	// It never gets a prompt, an answer or an upstream's words.
	// Defaults to silence.
	Logger *slog.Logger

	// Now is the clock of grants, ledger entries and measurements, and of what
	// is remembered for a while. It is called concurrently.
	// Defaults to [time.Now].
	Now func() time.Time

	// RefreshInterval is how often the registry is listed again, and the
	// backend's models while they are asked for. A registry that is a
	// [registry.Watcher] is listed when it signals instead, and at this
	// interval only after a failure. Defaults to 30 seconds.
	RefreshInterval time.Duration

	// MaxAge is how long a page may decide by a snapshot before it asks for a
	// new one, in whole seconds. Defaults to 5 minutes.
	MaxAge time.Duration

	// StaleIfUnreachable is how long a page may go on with its snapshot while
	// the server can't be reached, in whole seconds: MaxAge or longer. Defaults to
	// 30 days.
	StaleIfUnreachable time.Duration

	// DefaultModel answers requests for the model "auto" and for none.
	// Defaults to the one that a [backend.Defaulter] names, and for other
	// backends to the first they list. Where a Defaulter names none and lists
	// several, such requests are refused with 400.
	DefaultModel string

	// KeepAlive is how long a client that asked for a stream waits without a sign
	// of life before the answer has begun: then, and again each time, it gets an SSE
	// comment, lest a proxy between take the silence for the end. The first of them
	// settles status and headers: a failure after it is told in the stream, and the
	// upstream's headers are lost. Negative means never. Defaults to 15 seconds; proxies usually wait for 60.
	KeepAlive time.Duration

	// MaxBodyBytes is the longest body of a generating request. Routing
	// requests and reports have bounds of their own, which are lower, and keep
	// to this one if it is lower still. Defaults to 1 MiB.
	MaxBodyBytes int64
}

// Defaults of [Options].
const (
	DefaultPrefix             = "/api/v1"
	DefaultRefreshInterval    = 30 * time.Second
	DefaultMaxAge             = 5 * time.Minute
	DefaultStaleIfUnreachable = 30 * 24 * time.Hour
	DefaultKeepAlive          = 15 * time.Second
	DefaultMaxBodyBytes       = 1 << 20
)

// minKeyBytes is the shortest signing key: 128 bits.
const minKeyBytes = 16

// AllowAnonymous lets everyone in without a name, for [Options.Authenticate].
// All anonymous users share one rollout bucket: a gradual rollout either reaches
// them all or none.
func AllowAnonymous(*http.Request) (policy.Identity, error) { return policy.Identity{}, nil }

// withDefaults returns a copy in which every field is filled in.
func (o Options) withDefaults() Options {
	if o.Registry == nil {
		// The catalogue is part of this module, and its tests put it into a
		// registry.
		o.Registry, _ = registry.NewMemory(registry.Catalogue()...)
	}
	if o.Ledger == nil {
		o.Ledger = ledger.NewMemory(ledger.MemoryOptions{})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	keys := make([][]byte, 0, len(o.SigningKeys))
	for _, key := range o.SigningKeys {
		keys = append(keys, bytes.Clone(key)) // the caller may wipe its own
	}
	o.SigningKeys = keys
	// Every listing reads these.
	o.Policies, o.First, o.Limits = slices.Clone(o.Policies), slices.Clone(o.First), o.Limits.WithDefaults()
	o.Shadow = o.Shadow.withDefaults(&o)
	o.Allowance, o.Tiers, o.Prices = o.Allowance.clone(), maps.Clone(o.Tiers), maps.Clone(o.Prices)
	for tier, own := range o.Tiers {
		o.Tiers[tier] = own.clone()
	}
	if o.LimitStore == nil {
		o.LimitStore = limit.NewMemory(limit.MemoryOptions{})
	}
	if o.Auditor == nil {
		o.Auditor = func(policy.Identity) bool { return false }
	}
	o.Prefix = cmp.Or(o.Prefix, DefaultPrefix)
	o.RefreshInterval = cmp.Or(o.RefreshInterval, DefaultRefreshInterval)
	o.MaxAge = cmp.Or(o.MaxAge, DefaultMaxAge)
	o.StaleIfUnreachable = cmp.Or(o.StaleIfUnreachable, DefaultStaleIfUnreachable)
	o.KeepAlive = cmp.Or(o.KeepAlive, DefaultKeepAlive)
	o.Observers = slices.Clone(o.Observers)
	o.MaxBodyBytes = cmp.Or(o.MaxBodyBytes, DefaultMaxBodyBytes)
	return o
}

// validate reports the first option that makes no sense. The policies and limits
// are checked by the decider that gets them.
func (o *Options) validate() error {
	if o.Authenticate == nil {
		return errors.New("hybrid: Options.Authenticate is nil: say who asks, or let everyone in with hybrid.AllowAnonymous")
	}
	if o.Prefix[0] != '/' || path.Clean(o.Prefix) != o.Prefix || strings.ContainsAny(o.Prefix, "{}?#% ") {
		return fmt.Errorf("hybrid: Options.Prefix is %q: want a plain path such as %s, without a slash at its end", o.Prefix, DefaultPrefix)
	}
	for i, key := range o.SigningKeys {
		if len(key) < minKeyBytes {
			return fmt.Errorf("hybrid: Options.SigningKeys[%d] has %d bytes: want %d or more", i, len(key), minKeyBytes)
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{
		{"RefreshInterval", o.RefreshInterval, 1},
		{"MaxAge", o.MaxAge, time.Second},
		{"StaleIfUnreachable", o.StaleIfUnreachable, time.Second},
	} {
		if d.value < d.least {
			return fmt.Errorf("hybrid: Options.%s is %v: want 0 (the default) or at least %v", d.name, d.value, d.least)
		}
	}
	if o.StaleIfUnreachable < o.MaxAge {
		return fmt.Errorf("hybrid: Options.StaleIfUnreachable is %v: want at least Options.MaxAge, which is %v", o.StaleIfUnreachable, o.MaxAge)
	}
	if o.MaxBodyBytes < 0 {
		return fmt.Errorf("hybrid: Options.MaxBodyBytes is %d: want 0 (the default, %d) or more", o.MaxBodyBytes, DefaultMaxBodyBytes)
	}
	if err := o.validateAllowance(&o.Allowance, "Options.Allowance"); err != nil {
		return err
	}
	for tier, own := range o.Tiers {
		if err := o.validateAllowance(&own, fmt.Sprintf("Options.Tiers[%q]", tier)); err != nil {
			return err
		}
	}
	for model, prices := range o.Prices {
		if err := prices.Validate(); err != nil {
			return fmt.Errorf("hybrid: Options.Prices[%q]: %w", model, err)
		}
	}
	return nil
}

// validateAllowance reports the first thing that makes no sense in an allowance of that
// name. What Facts knows can't be told beforehand.
func (o *Options) validateAllowance(a *Allowance, name string) error {
	if err := a.validate(name); err != nil {
		return err
	}
	if a.hasBudget() && o.Facts == nil && !a.priced(o.Prices) {
		return fmt.Errorf("hybrid: %s has a budget, and Options.Prices lacks a price: want one for each of its Models, or one for \"\", all others", name)
	}
	return nil
}
