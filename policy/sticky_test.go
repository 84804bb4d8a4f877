package policy_test

import "github.com/edgewise-ai/edgewise/policy"

func stickyCases() []testCase {
	follows := func(loop, last policy.Target) policy.Input {
		return asks(policy.Request{ConversationID: "c-1", InToolLoop: loop, LastTarget: last})
	}
	free := goes(browser, policy.OptimalForBrowser)

	cases := both("sticky", policy.Sticky{},
		row{"follows on nothing", follows(none, none), free},
		row{"a loop in the browser", follows(browser, none), goes(browser, policy.KeptInPlace)},
		row{"a loop on the server", follows(server, none), goes(server, policy.KeptInPlace)},
		row{"a loop counts before the last answer", follows(server, browser), goes(server, policy.KeptInPlace)},
		row{"a conversation on the server may move over", follows(none, server), free},
	)
	return append(cases, both("sticky conversations", policy.Sticky{Conversations: true},
		row{"follows on nothing", follows(none, none), free},
		row{"a conversation in the browser", follows(none, browser), goes(browser, policy.KeptInPlace)},
		row{"a conversation on the server", follows(none, server), goes(server, policy.KeptInPlace)},
		row{"a loop counts before the last answer", follows(browser, server), goes(browser, policy.KeptInPlace)},
	)...)
}
