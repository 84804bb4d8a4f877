package vectors_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/internal/vectors"
)

// Whatever is random is valid, too, and says the same after its way through a file.
func TestRandomVectorsTravel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var all vectors.Vectors
	for i := range 200 {
		d, err := vectors.RandomDecider(r)
		if err != nil {
			t.Fatal(err)
		}
		all.Snapshots = append(all.Snapshots, d.Snapshot())
		for range 5 {
			in := vectors.RandomInput(r, d.Index().Models())
			if err := in.Request.Validate(); err != nil {
				t.Fatal(err)
			}
			all.Vectors = append(all.Vectors, vectors.Record("random", i, d, in))
		}
	}
	var file bytes.Buffer
	if _, err := all.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	var read vectors.Vectors
	if err := json.Unmarshal(file.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Vectors) != len(all.Vectors) {
		t.Fatalf("%d vectors came back, want %d", len(read.Vectors), len(all.Vectors))
	}
	deciders := make([]*policy.Decider, len(read.Snapshots))
	for i := range read.Snapshots {
		var err error
		if deciders[i], err = read.Snapshots[i].Decider(); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range read.Vectors {
		again := vectors.OutcomeOf(deciders[v.Snapshot].Decide(t.Context(), v.Input()))
		if diff := cmp.Diff(all.Vectors[i].Want, again); diff != "" {
			t.Fatalf("vector %d comes to something else (-before +after):\n%s", i, diff)
		}
	}
}

// Random texts end around the edges of the windows, and some are no UTF-16.
func TestRandomTextsReachTheEdges(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	reached := map[string]bool{}
	for range 2_000 {
		text := vectors.RandomText(r)
		v := vectors.RecordText(text)
		if v.Length != int64(utf8.RuneCountInString(text.String())) || v.Features != policy.Features(text.String()) {
			t.Fatalf("the vector is not of its text: %+v", v)
		}
		for name, is := range map[string]bool{
			"empty": v.Length == 0, "short": v.Length > 0 && v.Length < 200,
			"a window": v.Length == 8_192, "a window and one": v.Length == 8_193,
			"two windows": v.Length == 16_384, "two windows and one": v.Length == 16_385, "more": v.Length > 17_000,
			"lone surrogates": !slices.Equal(vectors.TextOf(text.String()), text),
			"words":           v.Features.QuestionWords > 0 && v.Features.ReasoningVerbs > 0,
			"fences":          v.Features.CodeFences > 0, "CJK": v.Features.CJK > 0,
		} {
			reached[name] = reached[name] || is
		}
	}
	for _, name := range []string{
		"empty", "short", "a window", "a window and one", "two windows", "two windows and one", "more",
		"lone surrogates", "words", "fences", "CJK",
	} {
		if !reached[name] {
			t.Errorf("no text is that: %s", name)
		}
	}
}
