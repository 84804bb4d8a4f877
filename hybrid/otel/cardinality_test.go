package otel_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever strangers and pages make up adds no attributes to metrics.
func TestMetricsDontMultiply(t *testing.T) {
	series := func(n int) (names []string) {
		r := open(t, nil)
		for i := range n {
			who := fmt.Sprintf("user%d/tier%d", i, i)
			r.do(who, http.MethodGet, fmt.Sprintf("/nowhere/%d", i), "")
			r.do(who, fmt.Sprintf("VERB%d", i), "/models", "")
			r.do(who, http.MethodPost, "/generate", fmt.Sprintf(`{"prompt":"Hi","model":"model%d"}`, i))
			r.do(who, http.MethodPost, "/generate", fmt.Sprintf(`{"prompt":"Hi","edgewise":{"reason":"reason%d","fallback":true}}`, i))
			r.do(who, http.MethodPost, "/browser/route", fmt.Sprintf(`{"promptLength":5000,"task":"task%d","capabilities":{}}`, i))
			r.report(fmt.Sprintf(`{"id":"%%s","modelId":"model%d","framework":"acme/engine%d","reason":"reason%d","promptTokens":1,`+
				`"completionTokens":1,"latencyMs":100,"success":false,"errorCode":"error%d"}`, i, i, i, i))
		}
		for _, m := range r.collect() {
			for _, p := range points(m) {
				name, _, _ := strings.Cut(p, "} ")
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	if diff := cmp.Diff(series(1), series(20)); diff != "" {
		t.Error(diff)
	}
}
