package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// TestDefaultsGolden writes down what every default is. The client holds its own
// against the same file: a snapshot from Go never leaves one to it.
func TestDefaultsGolden(t *testing.T) {
	snapshot := newDecider(t, policy.Options{}).Snapshot()
	golden, err := json.MarshalIndent(struct {
		Policies []policy.Spec   `json:"policies"`
		Limits   registry.Limits `json:"limits"`
	}{snapshot.Policies, snapshot.Limits}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	goldenFile(t, "testdata/defaults.json", append(golden, '\n'))
}
