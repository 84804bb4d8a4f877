package hybrid

import "github.com/edgewise-ai/edgewise/policy"

// priceList is Options.Prices, in memory of its own that subjects may point to.
type priceList map[string]*policy.Prices

func newPriceList(prices map[string]policy.Prices) priceList {
	list := make(priceList, len(prices))
	for model, price := range prices {
		list[model] = &price
	}
	return list
}

// of returns what a model of the backend costs, nil if nobody knows.
func (l priceList) of(model string) *policy.Prices {
	if price, ok := l[model]; ok {
		return price
	}
	return l[""]
}

// usual returns the prices of the model that an identity gets if it names none: what an
// answer of the server is compared with.
func (r *Router) usual(a *Allowance) *policy.Prices {
	if len(r.prices) == 0 {
		return nil
	}
	return r.prices.of(a.preset(r.served.presumed()))
}

// cost is what tokens cost, 0 if nobody knows their price.
func cost(prices *policy.Prices, promptTokens, completionTokens int64) int64 {
	if prices == nil {
		return 0
	}
	return prices.Tokens(promptTokens, completionTokens)
}
