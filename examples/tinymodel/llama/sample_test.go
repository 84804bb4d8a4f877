package llama

import (
	"math"
	"testing"
)

// frequencies draws many times from probabilities 0.5, 0.25, 0.125 and 0.125 and returns how often each came.
func frequencies(req Request) [4]float64 {
	logits := []float32{
		float32(math.Log(0.25)), float32(math.Log(0.5)), float32(math.Log(0.125)), float32(math.Log(0.125)),
	}
	const draws = 20_000
	s := newSampler(req)
	var counts [4]float64
	for range draws {
		counts[s.pick(logits)] += 1.0 / draws
	}
	return counts
}

func TestSampler(t *testing.T) {
	tests := []struct {
		name string
		req  Request
		want [4]float64
	}{
		{"greedy", Request{}, [4]float64{0, 1, 0, 0}},
		{"as it is", Request{Temperature: 1}, [4]float64{0.25, 0.5, 0.125, 0.125}},
		{"top-p 1 cuts nothing", Request{Temperature: 1, TopP: 1}, [4]float64{0.25, 0.5, 0.125, 0.125}},
		{"cold", Request{Temperature: 0.5}, [4]float64{2. / 11, 8. / 11, 0.5 / 11, 0.5 / 11}},
		{"freezing", Request{Temperature: 1e-300}, [4]float64{0, 1, 0, 0}},
		{"hot", Request{Temperature: 1e300}, [4]float64{0.25, 0.25, 0.25, 0.25}},
		{"top-k", Request{Temperature: 1, TopK: 2}, [4]float64{1. / 3, 2. / 3, 0, 0}},
		{"top-k breaks a tie by id", Request{Temperature: 1, TopK: 3}, [4]float64{2. / 7, 4. / 7, 1. / 7, 0}},
		{"top-k beyond the vocabulary", Request{Temperature: 1, TopK: 9}, [4]float64{0.25, 0.5, 0.125, 0.125}},
		{"top-p", Request{Temperature: 1, TopP: 0.6}, [4]float64{1. / 3, 2. / 3, 0, 0}},
		{"top-p of less than one token", Request{Temperature: 1, TopP: 1e-9}, [4]float64{0, 1, 0, 0}},
		{"top-p of what top-k left", Request{Temperature: 1, TopK: 2, TopP: 0.6}, [4]float64{0, 1, 0, 0}},
	}
	for _, test := range tests {
		got := frequencies(test.req)
		for i := range got {
			if math.Abs(got[i]-test.want[i]) > 0.015 { // four standard deviations
				t.Errorf("%s: %.3f, want %.3f", test.name, got, test.want)
				break
			}
		}
	}
}

func TestSamplerSeed(t *testing.T) {
	draw := func(seed uint64) (ids [32]int) {
		s := newSampler(Request{Temperature: 1, Seed: seed})
		for i := range ids {
			ids[i] = s.pick(make([]float32, 100))
		}
		return ids
	}
	if first, again := draw(1), draw(1); first != again {
		t.Error("the same seed draws differently")
	}
	if draw(1) == draw(2) || draw(0) == draw(1) {
		t.Error("different seeds draw the same")
	}
}
