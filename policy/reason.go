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
	TooSlow                  Reason = "too_slow"                         // measured under the floor
	UserDisabledBrowser      Reason = "user_disabled_browser"            // the user's switch stands on "never"
)

// Reasons why the server was preferred.
const (
	ModelNotReady     Reason = "model_not_ready"     // a download or a long load stands before the answer
	RequestTooComplex Reason = "request_too_complex" // long, or declared complex
)

// Reasons why nothing was possible, or a target was out of reach.
const (
	Offline              Reason = "offline"                // the page has no connection
	LocalOnlyUnavailable Reason = "local_only_unavailable" // must stay here, and here cannot
	NoPermittedTarget    Reason = "no_permitted_target"    // everything was forbidden
)
