package policy

// Subject is what the server knows about the asking identity and about itself.
// It stands in the snapshot, so that the page can decide alone.
type Subject struct {
	Tier          string      `json:"tier,omitempty"`
	RolloutBucket int         `json:"rolloutBucket"`    // 0..9999, stable for one identity
	Budget        *Balance    `json:"budget,omitempty"` // nil means without limit
	Prices        *Prices     `json:"prices,omitempty"` // nil means unknown
	Server        ServerFacts `json:"server"`
}

// Balance is what is left of an identity's budget for the server.
type Balance struct {
	RemainingMicroUSD int64 `json:"remainingMicroUSD"` // millionths of a US dollar; 0 or less is spent
	Hard              bool  `json:"hard,omitempty"`    // nothing is generated once it is spent
}

// ServerFacts is what the server says of its own side.
type ServerFacts struct {
	// Unavailable is true while no backend endpoint takes requests.
	Unavailable bool `json:"unavailable,omitempty"`
	// Continuation says whether the server can go on from a partial answer:
	// "native" or "none".
	Continuation string `json:"continuation,omitempty"`
}
