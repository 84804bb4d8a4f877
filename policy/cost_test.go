package policy_test

import (
	"slices"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// The default completion of 256 tokens at 39,063 millionths a million tokens
// costs 10 millionths, the default saving, and at 39,062 it costs 9. The model that
// a capable desktop is given has 2,300 MB: at 1,305 a GB its download costs 10 for
// each of 300 requests, and at 1,304 it costs 9.
func costCases() []testCase {
	priced := func(status registry.Status, p policy.Prices) policy.Input {
		return policy.Input{
			Request: &policy.Request{},
			State:   ptr(every(registry.ModelState{Status: status})),
			Subject: &policy.Subject{Prices: &p},
		}
	}
	tokens := func(perMillion int64) policy.Prices { return policy.Prices{CompletionMicroUSDPerMTok: perMillion} }
	egress := func(perGB int64) policy.Prices { return policy.Prices{EgressMicroUSDPerGB: perGB} }
	free := goes(browser, policy.OptimalForBrowser)
	here := goes(browser, policy.CheaperInBrowser)
	there := goes(server, policy.CheaperOnServer)

	cases := both("cost", policy.Cost{},
		row{"unknown prices", asks(policy.Request{}), free},
		row{"all for nothing", priced("", policy.Prices{}), free},
		row{"just not worth it in the browser", priced(registry.Loaded, tokens(39_062)), free},
		row{"just worth it in the browser", priced(registry.Loaded, tokens(39_063)), here},
		row{"cached is there already", priced(registry.Cached, policy.Prices{CompletionMicroUSDPerMTok: 39_063, EgressMicroUSDPerGB: policy.MaxPrice}), here},
		row{"weights that a hub serves", priced("", tokens(39_063)), here},
		row{"just not worth it on the server", priced("", egress(1_304)), free},
		row{"just worth it on the server", priced("", egress(1_305)), there},
		row{"even", priced("", policy.Prices{CompletionMicroUSDPerMTok: 39_063, EgressMicroUSDPerGB: 1_305}), free},
		row{"just worth it in the browser, downloaded", priced("", policy.Prices{CompletionMicroUSDPerMTok: 78_125, EgressMicroUSDPerGB: 1_305}), here},
		row{"just not worth it in the browser, downloaded", priced("", policy.Prices{CompletionMicroUSDPerMTok: 78_124, EgressMicroUSDPerGB: 1_305}), free},
		row{"as dear as prices go, on the server", priced(registry.Loaded, tokens(policy.MaxPrice)), here},
		row{"as dear as prices go, in the browser", priced("", egress(policy.MaxPrice)), there},
		row{"as dear as prices go, on both sides", priced("", policy.Prices{
			PromptMicroUSDPerMTok: policy.MaxPrice, CompletionMicroUSDPerMTok: policy.MaxPrice, EgressMicroUSDPerGB: policy.MaxPrice,
		}), there},
		row{
			"a prompt costs too",
			policy.Input{
				Request: &policy.Request{PromptTokens: 67}, State: ptr(every(registry.ModelState{Status: registry.Loaded})),
				Subject: &policy.Subject{Prices: &policy.Prices{PromptMicroUSDPerMTok: 150_000}},
			},
			here,
		},
		row{
			"a short prompt does not cost enough",
			policy.Input{
				Request: &policy.Request{PromptTokens: 66}, State: ptr(every(registry.ModelState{Status: registry.Loaded})),
				Subject: &policy.Subject{Prices: &policy.Prices{PromptMicroUSDPerMTok: 150_000}},
			},
			free,
		},
	)
	cases = append(cases, by("cost, alone", alone(policy.Cost{}),
		row{"absent", priced(registry.Absent, egress(1_305)), there},
	)...)
	cases = append(cases, both("cost of a single request", policy.Cost{ExpectedRequests: 1, MinSavingMicroUSD: 1},
		row{"a millionth on the server", priced(registry.Loaded, tokens(3_907)), here},
		row{"less than a millionth on the server", priced(registry.Loaded, tokens(3_906)), free},
		row{"two millionths for the download", priced("", egress(1)), there},
		row{"as many on the server", priced("", policy.Prices{CompletionMicroUSDPerMTok: 7_813, EgressMicroUSDPerGB: 1}), free},
	)...)
	// Quantities are bounded, so that no product reaches 2^53.
	prompt := func(tokens int64) policy.Input {
		return policy.Input{
			Request: &policy.Request{PromptTokens: tokens, MaxTokens: 1},
			State:   &policy.State{Models: map[string]registry.ModelState{"giant": {Status: registry.Loaded}}},
			Subject: &policy.Subject{Prices: &policy.Prices{PromptMicroUSDPerMTok: policy.MaxPrice}},
		}
	}
	download := policy.Input{
		Device:  &capability.Device{},
		Subject: &policy.Subject{Prices: &policy.Prices{EgressMicroUSDPerGB: policy.MaxPrice}},
	}
	counting := func(name string, leastSaving int64, rows ...row) []testCase {
		return over(giant(), by(name, alone(policy.Cost{MinSavingMicroUSD: leastSaving, ExpectedRequests: 1}), rows...)...)
	}
	return slices.Concat(cases,
		counting("cost of eight million tokens", 8_388_608_000,
			row{"one fewer", prompt(1<<23 - 1), free},
			row{"just as many", prompt(1 << 23), here}),
		counting("cost of more than eight million tokens", 8_388_608_001,
			row{"does not count", prompt(1<<30 - 1), free}),
		counting("cost of eight terabytes", 8_388_608_000_000,
			row{"is all that counts of the largest model", download, there.with("giant")}),
		counting("cost of more than eight terabytes", 8_388_608_000_001,
			row{"does not count", download, free}),
	)
}

func TestPricesValidate(t *testing.T) {
	for name, bad := range map[string]policy.Prices{
		"PromptMicroUSDPerMTok":     {PromptMicroUSDPerMTok: -1},
		"CompletionMicroUSDPerMTok": {CompletionMicroUSDPerMTok: policy.MaxPrice + 1},
		"EgressMicroUSDPerGB":       {EgressMicroUSDPerGB: -1},
	} {
		wantErrorAbout(t, bad.Validate(), name)
	}
	for _, good := range []policy.Prices{{}, {policy.MaxPrice, policy.MaxPrice, policy.MaxPrice}} {
		if err := good.Validate(); err != nil {
			t.Errorf("%+v is refused: %v", good, err)
		}
	}
}
