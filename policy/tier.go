package policy

import (
	"context"
	"fmt"
	"maps"
)

// Tier gives each tier of identities its place: browser only, server only, or a
// preference for either. The tier comes from the app's authentication and is none
// of the page's business; a device's tier is another thing.
type Tier struct {
	// Rules are by [Identity.Tier]. The empty tier may have one too.
	// Defaults to none.
	Rules map[string]TierRule `json:"rules,omitempty"`

	// Otherwise is the rule of every tier that Rules does not name.
	// Defaults to no rule.
	Otherwise TierRule `json:"otherwise,omitempty"`
}

// TierRule says where a tier of identities runs. The empty rule says nothing.
type TierRule string

// The rules, each with the reason it gives.
const (
	BrowserOnly   TierRule = "browser-only"   // forbids the server: tier_browser_only
	ServerOnly    TierRule = "server-only"    // forbids the browser: tier_server_only
	PreferBrowser TierRule = "prefer-browser" // tier_prefers_browser
	PreferServer  TierRule = "prefer-server"  // tier_prefers_server
)

// Name implements [Namer].
func (Tier) Name() string { return NameTier }

// Validate reports a rule that does not exist.
func (p Tier) Validate() error {
	for tier, rule := range p.Rules {
		if !rule.known() {
			return fmt.Errorf("option Rules[%q] is %q: want %s", tier, rule, tierRules)
		}
	}
	if !p.Otherwise.known() {
		return fmt.Errorf("option Otherwise is %q: want %s", p.Otherwise, tierRules)
	}
	return nil
}

const tierRules = "browser-only, server-only, prefer-browser, prefer-server or nothing"

func (r TierRule) known() bool {
	return oneOf(r, "", BrowserOnly, ServerOnly, PreferBrowser, PreferServer)
}

func (p Tier) settled() portable {
	p.Rules = maps.Clone(p.Rules)
	return p
}

// Evaluate implements [Policy].
func (p Tier) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	rule, ok := p.Rules[in.Subject.Tier]
	if !ok {
		rule = p.Otherwise
	}
	switch rule {
	case BrowserOnly:
		return Verdict{Forbid: SetOf(Server), Reason: TierBrowserOnly}, nil
	case ServerOnly:
		return Verdict{Forbid: SetOf(Browser), Reason: TierServerOnly}, nil
	case PreferBrowser:
		return Verdict{Prefer: Browser, Reason: TierPrefersBrowser}, nil
	case PreferServer:
		return Verdict{Prefer: Server, Reason: TierPrefersServer}, nil
	}
	return Verdict{}, nil
}
