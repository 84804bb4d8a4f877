package main

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
)

var priors = map[string]policy.Level{"legal": policy.Complex, "tagging": policy.Simple, "chat": policy.Auto}

// randomRequests are requests of which many have numbers in common, and a log of them.
func randomRequests(t *testing.T, random *rand.Rand) ([]policy.Request, *history) {
	t.Helper()
	pick := func(numbers ...int64) int64 { return numbers[random.IntN(len(numbers))] }
	spread := pick(3, 100, 5000)
	var requests []policy.Request
	var lines bytes.Buffer
	for range 1 + random.IntN(60) {
		r := policy.Request{
			PromptLength: random.Int64N(spread),
			PromptTokens: pick(0, 0, random.Int64N(spread)),
			MaxTokens:    pick(0, 0, 1, 500, 501, random.Int64N(2000)),
			Task:         []string{"", "legal", "tagging", "chat", "other"}[random.IntN(5)],
		}
		if random.IntN(5) == 0 {
			r.Complexity = []policy.Level{policy.Auto, policy.Simple, policy.Medium, policy.Complex}[random.IntN(4)]
		}
		if random.IntN(3) > 0 {
			r.Features = &policy.TextFeatures{
				CodePoints: r.PromptLength, Messages: random.Int64N(30), CodeFences: pick(0, 0, 1, 2), Digits: random.Int64N(spread),
				Operators: pick(0, 3), QuestionWords: random.Int64N(5), ReasoningVerbs: random.Int64N(5), CJK: pick(0, 0, r.PromptLength),
			}
		}
		requests = append(requests, r)
		if err := json.NewEncoder(&lines).Encode(&r); err != nil {
			t.Fatal(err)
		}
	}
	h, err := readHistory(&lines, priors)
	if err != nil {
		t.Fatal(err)
	}
	return requests, h
}

// What is kept of a line gets from the policy the verdict that the whole line gets.
func TestKeptNumbersDecideAlike(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		requests, h := randomRequests(t, random)
		q := newQuantiles(h)
		for range 20 {
			p := q.thresholds(random.IntN(q.of+1), priors)
			for i := range requests {
				if got, want := h.requests[i].target(p), targetOf(p, &requests[i]); got != want {
					t.Fatalf("%+v with %+v goes to the %v, not the %v", requests[i], p, got, want)
				}
			}
		}
		for i := range requests {
			if got, want := h.requests[i].defaults, targetOf(policy.Complexity{}, &requests[i]); got != want {
				t.Fatalf("%+v goes by default to the %v, not the %v", requests[i], got, want)
			}
		}
	}
}

// The share falls as the quantile rises, and none comes closer than the chosen one.
func TestClosestQuantile(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		_, h := randomRequests(t, random)
		q := newQuantiles(h)
		var sent []int
		for rank := range q.of + 1 {
			p := q.thresholds(rank, priors)
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			if p.MaxPromptLength == 0 || p.MaxOutputTokens == 0 || p.MaxScore == 0 {
				t.Fatalf("rank %d of %d: an option is 0, which means its default: %+v", rank, q.of, p)
			}
			if sent = append(sent, h.sent(p)); rank > 0 && sent[rank] > sent[rank-1] {
				t.Fatalf("rank %d sends %d, rank %d sends %d", rank-1, sent[rank-1], rank, sent[rank])
			}
		}
		for _, share := range []float64{0, 1, random.Float64(), random.Float64()} {
			s := calibrate(h, share)
			distance := func(sent int) float64 { return math.Abs(float64(sent) - share*float64(len(h.requests))) }
			if s.sent != h.sent(s.thresholds) || s.sent != sent[s.rank] {
				t.Fatalf("says that it sends %d, and sends %d", s.sent, h.sent(s.thresholds))
			}
			for rank, other := range sent {
				if distance(other) < distance(s.sent) {
					t.Fatalf("share %v of %d: rank %d sends %d, rank %d would send %d", share, len(h.requests), s.rank, s.sent, rank, other)
				}
			}
		}
	}
}

// A target of nothing keeps all that may stay in the browser there.
func TestNothingToTheServer(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		_, h := randomRequests(t, random)
		r := newReport(h, calibrate(h, 0), 0)
		if r.Server.Calibrated != r.Declared.Server {
			t.Fatalf("%d go to the server, %d of them by declaration", r.Server.Calibrated, r.Declared.Server)
		}
	}
}

func BenchmarkCalibrate(b *testing.B) {
	log := bytes.Repeat([]byte(`{"promptLength":1200,"maxTokens":300,"task":"chat","features":{"codePoints":1200,"digits":9},"prompt":"Why?"}`+"\n"), 10_000)
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		h, err := readHistory(bytes.NewReader(log), nil)
		if err != nil {
			b.Fatal(err)
		}
		calibrate(h, 0.3)
	}
}
