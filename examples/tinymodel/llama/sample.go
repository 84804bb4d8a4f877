package llama

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// sampler picks tokens. It is not safe for concurrent use.
type sampler struct {
	temperature, topP float64
	topK              int
	random            *rand.Rand
	candidates        []choice // scratch
	weights           []float32
}

// choice is a token that may be picked.
type choice struct {
	id    int
	logit float32
}

func newSampler(req Request) *sampler {
	return &sampler{
		temperature: req.Temperature,
		topP:        req.TopP,
		topK:        req.TopK,
		random:      rand.New(rand.NewPCG(req.Seed, 0)),
	}
}

// pick returns the next token. With a temperature it draws from softmax(logits / temperature), cut first to the topK
// likeliest tokens and then to the fewest of those that have topP of the probability; that order is that of Hugging
// Face's generate.
func (s *sampler) pick(logits []float32) int {
	if s.temperature == 0 {
		return argMax(logits)
	}
	// Measured from the largest logit, which softmax cancels: so no temperature, however small, divides to infinity.
	top := logits[argMax(logits)]
	s.candidates = s.candidates[:0]
	for id, logit := range logits {
		s.candidates = append(s.candidates, choice{id, float32(float64(logit-top) / s.temperature)})
	}
	if s.topK > 0 || s.topP > 0 && s.topP < 1 {
		// Ids decide among equals, so that a seed gives the same answer everywhere.
		slices.SortFunc(s.candidates, func(a, b choice) int {
			return cmp.Or(cmp.Compare(b.logit, a.logit), cmp.Compare(a.id, b.id))
		})
	}
	if s.topK > 0 && s.topK < len(s.candidates) {
		s.candidates = s.candidates[:s.topK]
	}

	s.weights = s.weights[:0]
	for _, c := range s.candidates {
		s.weights = append(s.weights, c.logit)
	}
	softmax(s.weights)
	total := 1.0
	if s.topP > 0 && s.topP < 1 {
		total = 0
		for i, w := range s.weights {
			total += float64(w)
			if total >= s.topP {
				s.weights = s.weights[:i+1]
				break
			}
		}
	}

	// Rounding can leave the draw just above the last sum: then it is the last token.
	last := len(s.weights) - 1
	draw := s.random.Float64() * total
	for i, w := range s.weights[:last] {
		if draw -= float64(w); draw < 0 {
			return s.candidates[i].id
		}
	}
	return s.candidates[last].id
}

// argMax returns the index of the largest number, the first of equals.
func argMax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}
