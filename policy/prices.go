package policy

import "fmt"

// Prices are what the operator pays, in millionths of a US dollar. A price of 0
// is a real one: weights that a public hub serves cost the operator nothing.
// Prices that nobody knows are left out as a whole.
type Prices struct {
	PromptMicroUSDPerMTok     int64 `json:"promptMicroUSDPerMTok"`     // a million prompt tokens on the server
	CompletionMicroUSDPerMTok int64 `json:"completionMicroUSDPerMTok"` // a million completion tokens on the server
	EgressMicroUSDPerGB       int64 `json:"egressMicroUSDPerGB"`       // 10^9 bytes of a model sent to a page
}

// MaxPrice is the highest price of each kind: a thousand dollars.
const MaxPrice = 1_000_000_000

// Bounds under which no product of a quantity and a price reaches 2^53.
const (
	maxPricedTokens    = 1 << 23 // eight million
	maxPricedMegabytes = 1 << 23 // eight terabytes
)

// Validate reports the first price out of range.
func (p *Prices) Validate() error {
	for _, price := range []struct {
		name  string
		value int64
	}{
		{"PromptMicroUSDPerMTok", p.PromptMicroUSDPerMTok},
		{"CompletionMicroUSDPerMTok", p.CompletionMicroUSDPerMTok},
		{"EgressMicroUSDPerGB", p.EgressMicroUSDPerGB},
	} {
		if price.value < 0 || price.value > MaxPrice {
			return fmt.Errorf("policy: Prices.%s is %d: want 0 to %d", price.name, price.value, MaxPrice)
		}
	}
	return nil
}

// Tokens is what an answer costs on the server: millionths of a US dollar, to the
// nearest whole one. Prompt and completion count to eight million tokens each.
func (p *Prices) Tokens(prompt, completion int64) int64 {
	sum := min(prompt, maxPricedTokens)*p.PromptMicroUSDPerMTok + min(completion, maxPricedTokens)*p.CompletionMicroUSDPerMTok
	return (sum + 500_000) / 1_000_000
}

// tokens is what so many tokens cost.
func (*Prices) tokens(count, perMillion int64) int64 {
	return min(count, maxPricedTokens) * perMillion / 1_000_000
}
