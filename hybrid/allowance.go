package hybrid

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

// Allowance is what one identity may ask of the backend, and take from it. The zero
// Allowance is no limit.
//
// Users without a name share one account of each kind, together. To limit visitors one
// by one, let Authenticate give each a Subject: a session's ID, say.
type Allowance struct {
	// Models may be asked for, by the names that the backend serves. GET /models
	// lists no others, and any other is refused with 404 model_not_found; OpenRouter's
	// list of "models" to try is taken out of requests. One that names none gets the
	// default model if it is among these, else the first of them. Empty, but not nil,
	// allows none. Defaults to nil: all.
	Models []string

	// MaxPromptTokens is the longest prompt, estimated at four characters a token,
	// tools and schemas included and media not; a longer one is refused with 413
	// prompt_too_long. Defaults to 0: no limit but Options.MaxBodyBytes.
	MaxPromptTokens int64

	// MaxOutputTokens is the most completion tokens of one request, its n choices
	// together. A request that asks for more, or for no number, gets this one. An
	// upstream that doesn't know the limit by the name that the client used heeds
	// none: see LimitName in package backend/openai. Defaults to 0: no limit but the
	// backend's.
	MaxOutputTokens int64

	// MaxChoices is the largest n; a request for more is refused with 400. Defaults
	// to 0: no limit.
	MaxChoices int64

	// Requests bounds how often generating endpoints are asked. Requests that are
	// refused don't count. Defaults to no limit.
	Requests limit.Rate

	// Tokens bounds prompt and completion tokens together. Before a request its
	// prompt is estimated, and its completion taken as what it asks for,
	// MaxOutputTokens at most; or 256 where neither names a number. Afterwards the
	// upstream's count holds, or the estimate where the client left before a whole
	// answer came, for nobody knows how far the backend got. Defaults to no limit.
	Tokens limit.Rate

	// Reports bounds how many answers an identity's pages may report. Its capacity
	// must be 50 or more, as the client reports so many at once. Defaults to no limit
	// but the grants' own, a thousand each.
	Reports limit.Rate

	// Budget is the money for one identity, TierBudget that for all of its tier
	// together, at Options.Prices. A spent one makes policies prefer the browser, or
	// if it is hard, refuses to generate: with 429 budget_exhausted. What a request
	// may cost is taken before, as of Tokens, and corrected after: so a hard budget is
	// overdrawn only by what was estimated too low. Set MaxOutputTokens beside it, or
	// a request that names no number is estimated at 256, and may become longer. A
	// model whose price nobody knows is refused. Defaults to no limit.
	Budget     limit.Budget
	TierBudget limit.Budget
}

// clientBatch is how many answers the client reports at once.
const clientBatch = 50

// validate reports the first field that makes no sense. name is what the allowance is
// called.
func (a *Allowance) validate(name string) error {
	for _, most := range []struct {
		field string
		value int64
	}{
		{"MaxPromptTokens", a.MaxPromptTokens},
		{"MaxOutputTokens", a.MaxOutputTokens},
		{"MaxChoices", a.MaxChoices},
	} {
		if most.value < 0 || most.value > capability.MaxCount {
			return fmt.Errorf("hybrid: %s.%s is %d: want 0 (no limit) or more, below 2^53", name, most.field, most.value)
		}
	}
	for _, part := range []struct {
		field string
		err   error
	}{
		{"Requests", a.Requests.Validate()},
		{"Tokens", a.Tokens.Validate()},
		{"Reports", a.Reports.Validate()},
		{"Budget", a.Budget.Validate()},
		{"TierBudget", a.TierBudget.Validate()},
	} {
		if part.err != nil {
			return fmt.Errorf("hybrid: %s.%s: %w", name, part.field, part.err)
		}
	}
	if account, limited := a.Reports.Account(""); limited && account.Capacity < clientBatch {
		return fmt.Errorf("hybrid: %s.Reports holds %d at most: want %d or more, which the client reports at once", name, account.Capacity, clientBatch)
	}
	if slices.Contains(a.Models, "") || slices.Contains(a.Models, autoModel) {
		return fmt.Errorf("hybrid: %s.Models has %q: want the names that the backend serves", name, autoModel)
	}
	return nil
}

func (a *Allowance) hasBudget() bool { return a.Budget.MicroUSD > 0 || a.TierBudget.MicroUSD > 0 }

// allows reports whether a model may be asked for.
func (a *Allowance) allows(model string) bool {
	return a.Models == nil || slices.Contains(a.Models, model)
}

// preset is the model for requests that name none, given the default model.
func (a *Allowance) preset(model string) string {
	if a.allows(model) || len(a.Models) == 0 {
		return model
	}
	return a.Models[0]
}

// limits reports whether anything is counted against the allowance. Then every request
// states its size in one way: see chatRequest.bound.
func (a *Allowance) limits() bool {
	return a.MaxOutputTokens > 0 || a.MaxChoices > 0 || a.staked()
}

// staked reports whether a request takes from an account.
func (a *Allowance) staked() bool {
	return a.Requests.Amount > 0 || a.Tokens.Amount > 0 || a.hasBudget()
}

// hard reports whether a budget refuses what it can't pay.
func (a *Allowance) hard() bool {
	return a.Budget.MicroUSD > 0 && a.Budget.Hard || a.TierBudget.MicroUSD > 0 && a.TierBudget.Hard
}

// priced reports whether every model that may be asked for has a price.
func (a *Allowance) priced(prices map[string]policy.Prices) bool {
	if _, all := prices[""]; all {
		return true
	}
	return a.Models != nil && !slices.ContainsFunc(a.Models, func(model string) bool {
		_, ok := prices[model]
		return !ok
	})
}

// clone copies what the caller may change.
func (a Allowance) clone() Allowance {
	a.Models = slices.Clone(a.Models)
	return a
}

// check refuses a request that asks for more at once than is allowed. field is where
// its prompt stands.
func (a *Allowance) check(request *policy.Request, choices int64, field string) error {
	if most, tokens := a.MaxPromptTokens, request.Tokens(); most > 0 && tokens > most {
		return problem(http.StatusRequestEntityTooLarge, codePromptTooLong, field,
			"the prompt has about %d tokens: at most %d are allowed", tokens, most)
	}
	if most := a.MaxChoices; most > 0 && choices > most {
		return &policy.FieldError{Field: "n", Problem: fmt.Sprintf("must be %d or less", most)}
	}
	return nil
}

// allowance is what holds for a tier.
func (r *Router) allowance(tier string) *Allowance {
	if own, ok := r.tiers[tier]; ok {
		return own
	}
	return &r.opts.Allowance
}
