package hybrid

import "github.com/edgewise-ai/edgewise/policy"

// priceOf returns what a model of the backend costs, nil if nobody knows.
func (o *Options) priceOf(model string) *policy.Prices {
	for _, name := range []string{model, ""} {
		if price, ok := o.Prices[name]; ok {
			return &price
		}
	}
	return nil
}

// cost is what tokens cost, 0 if nobody knows their price.
func cost(prices *policy.Prices, promptTokens, completionTokens int64) int64 {
	if prices == nil {
		return 0
	}
	return prices.Tokens(promptTokens, completionTokens)
}
