package policy_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/internal/vectors"
)

// What snapshots of schema 1 decided when version 1.0 was frozen, they decide for as
// long as the schema is 1. The client reads the same file.
func TestFrozenSnapshotsDecideAsEver(t *testing.T) {
	var frozen vectors.Vectors
	decode(t, compatFile(t, "schema-1.json"), &frozen) // every member is still read
	decideAlike(t, &frozen)
}

// A later minor version may add members, which mean nothing here, and what could
// mean something, which is refused.
func TestSnapshotsOfALaterMinorVersion(t *testing.T) {
	data := []byte(compatFile(t, "later.json"))
	var later struct {
		vectors.Vectors
		Additions []struct {
			Name   string
			Change map[string]json.RawMessage // of the snapshot's members
		}
	}
	var raw struct{ Snapshots []map[string]json.RawMessage }
	if err := errors.Join(json.Unmarshal(data, &later), json.Unmarshal(data, &raw)); err != nil {
		t.Fatal(err)
	}
	decideAlike(t, &later.Vectors)
	for _, added := range later.Additions {
		t.Run(added.Name, func(t *testing.T) {
			changed := maps.Clone(raw.Snapshots[0])
			maps.Copy(changed, added.Change)
			var s policy.Snapshot
			err := json.Unmarshal([]byte(encoded(t, changed)), &s)
			if err == nil {
				_, err = s.Decider()
			}
			if err == nil {
				t.Error("it was taken for something known")
			}
		})
	}
}

func compatFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/compat/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// decideAlike holds decisions against those of the vectors.
func decideAlike(t *testing.T, file *vectors.Vectors) {
	t.Helper()
	if len(file.Vectors) == 0 {
		t.Error("there is nothing to decide")
	}
	for _, v := range file.Vectors {
		d, err := file.Snapshots[v.Snapshot].Decider()
		if err != nil {
			t.Fatalf("snapshot %d: %v", v.Snapshot, err)
		}
		if diff := cmp.Diff(v.Want, vectors.OutcomeOf(d.Decide(t.Context(), v.Input()))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.Name, diff)
		}
	}
}
