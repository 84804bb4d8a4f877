package policy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/internal/vectors"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

// goldenVectors are the cases that people wrote, and a crowd of random ones. A
// snapshot that decides several of them is there once.
func goldenVectors(t *testing.T) vectors.Vectors {
	t.Helper()
	var golden vectors.Vectors
	places := make(map[string]int) // by revision
	add := func(name string, d *policy.Decider, in policy.Input) {
		place, there := places[d.Revision()]
		if !there {
			place = len(golden.Snapshots)
			places[d.Revision()] = place
			golden.Snapshots = append(golden.Snapshots, d.Snapshot())
		}
		golden.Vectors = append(golden.Vectors, vectors.Record(name, place, d, in))
	}
	for _, c := range allCases() {
		add(c.name, newDeciderOver(t, c.listed(), c.opts), complete(c.in))
	}
	r := rand.New(rand.NewPCG(5, 15))
	for i := range 24 {
		d, err := vectors.RandomDecider(r)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 16 {
			add(fmt.Sprintf("random %d.%d", i, n), d, vectors.RandomInput(r, d.Index().Models()))
		}
	}
	return golden
}

// TestVectors holds the golden file against what Go decides now, and the file
// against the way through JSON, which is the page's.
func TestVectors(t *testing.T) {
	golden := goldenVectors(t)
	var want bytes.Buffer
	if _, err := golden.WriteTo(&want); err != nil {
		t.Fatal(err)
	}
	data := goldenFile(t, "testdata/vectors.json", want.Bytes())

	var read vectors.Vectors
	decode(t, string(data), &read)
	deciders := make([]*policy.Decider, len(read.Snapshots))
	for i := range read.Snapshots {
		d, err := read.Snapshots[i].Decider()
		if err != nil {
			t.Fatalf("snapshot %d: %v", i, err)
		}
		deciders[i] = d
	}
	for _, v := range read.Vectors {
		got := vectors.OutcomeOf(deciders[v.Snapshot].Decide(t.Context(), v.Input()))
		if diff := cmp.Diff(v.Want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.Name, diff)
		}
	}
}

// goldenFile returns what a golden file holds, after writing it if that is asked
// for. It must hold what is wanted.
func goldenFile(t *testing.T, name string, want []byte) []byte {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, want) {
		t.Errorf("%s is not what Go decides now: look at what changed after `go test ./policy -update`", name)
	}
	return data
}

// decode reads JSON and refuses fields that nobody reads.
func decode(t *testing.T, data string, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader([]byte(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Fatal(err)
	}
}
