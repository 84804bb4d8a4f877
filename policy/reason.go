package policy

// Reason says in one word why a request runs where it runs. The constants are
// the reasons of the decision rule and the built-in policies; an app's own
// policies add theirs, which match ^[a-z][a-z0-9_.]{0,63}$ as names do.
type Reason string

// Reasons why the browser was chosen, or the server could not be.
const (
	OptimalForBrowser  Reason = "optimal_for_browser"  // permitted, and nobody objected
	LocalOnly          Reason = "local_only"           // the request must not leave the device
	UserPrefersBrowser Reason = "user_prefers_browser" // the user's switch stands on "always"
	BudgetExhausted    Reason = "budget_exhausted"     // the identity's budget for the server is spent
	TierBrowserOnly    Reason = "tier_browser_only"    // the identity's tier has no server
	TierPrefersBrowser Reason = "tier_prefers_browser" // the identity's tier goes to the browser first
	ServerUnavailable  Reason = "server_unavailable"   // no backend takes requests
	TaskPrefersBrowser Reason = "task_prefers_browser" // a task that small models do well
	CheaperInBrowser   Reason = "cheaper_in_browser"   // it saves enough
)

// Reasons why the browser could not be chosen.
const (
	BrowserInferenceDisabled Reason = "browser_inference_disabled"       // switched off, or outside the rollout
	InsufficientDevice       Reason = "insufficient_device_capabilities" // no GPU at all, too little memory
	NoCompatibleModel        Reason = "no_compatible_browser_model"      // no model suits device and engines
	ModelTooLarge            Reason = "model_too_large"                  // storage or the operator's cap
	ContextWindowExceeded    Reason = "context_window_exceeded"          // prompt and output do not fit
	FeatureUnsupported       Reason = "feature_unsupported"              // the engine cannot honour the request
	MeteredNetwork           Reason = "metered_network"                  // a download the connection should not carry
	BrowserUnhealthy         Reason = "browser_unhealthy"                // failed too often on this device
	TooSlow                  Reason = "too_slow"                         // measured under the floor, or past the deadline
	UserDisabledBrowser      Reason = "user_disabled_browser"            // the user's switch stands on "never"
	TierServerOnly           Reason = "tier_server_only"                 // the identity's tier has no browser
)

// Reasons why the server was preferred.
const (
	ModelNotReady     Reason = "model_not_ready"     // a download or a long load stands before the answer
	RequestTooComplex Reason = "request_too_complex" // long, or complex by declaration or score
	LowBattery        Reason = "low_battery"         // low, and not charging
	TierPrefersServer Reason = "tier_prefers_server" // the identity's tier goes to the server first
	CheaperOnServer   Reason = "cheaper_on_server"   // the download would cost more than it saves
)

// KeptInPlace is why a request follows the one before it to the same target.
const KeptInPlace Reason = "sticky"

// Reasons why nothing was possible, or a target was out of reach.
const (
	Offline              Reason = "offline"                // the page has no connection
	LocalOnlyUnavailable Reason = "local_only_unavailable" // must stay here, and here cannot
)

// PolicyUnreachable is the reason when a policy that declared
// [ForbidWhenUnreachable] failed, or could not be asked.
const PolicyUnreachable Reason = "policy_unreachable"

// BuiltIn reports whether it is a reason of the decision rule or of a built-in policy.
// A page can give no others by itself: an app's own policies are asked on the server.
func (r Reason) BuiltIn() bool {
	switch r {
	case OptimalForBrowser, LocalOnly, UserPrefersBrowser, BudgetExhausted, TierBrowserOnly,
		TierPrefersBrowser, ServerUnavailable, TaskPrefersBrowser, CheaperInBrowser,
		BrowserInferenceDisabled, InsufficientDevice, NoCompatibleModel, ModelTooLarge,
		ContextWindowExceeded, FeatureUnsupported, MeteredNetwork, BrowserUnhealthy, TooSlow,
		UserDisabledBrowser, TierServerOnly, ModelNotReady, RequestTooComplex, LowBattery,
		TierPrefersServer, CheaperOnServer, KeptInPlace, Offline, LocalOnlyUnavailable,
		PolicyUnreachable:
		return true
	}
	return false
}
