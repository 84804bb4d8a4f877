package hybrid_test

import (
	"context"
	"fmt"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// A limit is tried out on the requests that come before anybody feels it.
func ExampleShadow() {
	told := make(chan bool, 100)
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
		Shadow: &hybrid.Shadow{
			Policies: policy.Defaults(policy.Complexity{MaxPromptLength: 1000}),
			OnDecision: func(actual, shadow policy.Decision) { // a counter of the app's metrics
				told <- actual.Target != shadow.Target
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = router.Close(context.Background()) }()

	for _, length := range []int64{20, 400, 1500, 3000} {
		d, err := router.Route(context.Background(), policy.Input{Request: &policy.Request{PromptLength: length}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(length, d.Target, "moves:", <-told)
	}
	// Output:
	// 20 browser moves: false
	// 400 browser moves: false
	// 1500 browser moves: true
	// 3000 server moves: false
}
