package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// acceptCase is a part of a snapshot that both languages take, or both refuse. The
// client reads the same file: what one side let pass and the other did not would
// leave a page without a policy.
type acceptCase struct {
	Name     string
	Policy   *policy.Spec
	Limits   json.RawMessage
	Model    json.RawMessage
	Accepted bool
}

func TestAccepts(t *testing.T) {
	data, err := os.ReadFile("testdata/accepts.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []acceptCase
	decode(t, string(data), &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.problem(t); (err == nil) != c.Accepted {
				t.Errorf("got %v, want it accepted: %t", err, c.Accepted)
			}
		})
	}
}

// problem is why Go refuses the case, nil if it takes it.
func (c *acceptCase) problem(t *testing.T) error {
	t.Helper()
	switch {
	case c.Policy != nil:
		p, err := policy.FromSpec(*c.Policy)
		if err != nil {
			return err
		}
		return refusal(p)
	case c.Limits != nil:
		var limits registry.Limits
		if err := json.Unmarshal(c.Limits, &limits); err != nil {
			return err
		}
		return limits.Validate()
	case c.Model != nil:
		file := filepath.Join(t.TempDir(), "models.json")
		if err := os.WriteFile(file, []byte(`{"models":[`+string(c.Model)+`]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := registry.NewFile(file, registry.FileOptions{})
		return err
	}
	t.Fatal("there is nothing to accept")
	return nil
}
