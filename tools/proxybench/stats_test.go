//go:build linux

package main

import (
	"slices"
	"testing"
	"time"
)

func TestMedianIsTheMiddle(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1}, 5},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 9, 1, 2}, 3},
	} {
		given := slices.Clone(tt.values)
		if got := median(tt.values); got != tt.want {
			t.Errorf("median of %v: got %v, want %v", tt.values, got, tt.want)
		}
		if !slices.Equal(tt.values, given) {
			t.Errorf("median changed %v to %v", given, tt.values)
		}
	}
}

func TestPercentileIsAValueThatWasMeasured(t *testing.T) {
	var values []time.Duration
	for ms := range 200 {
		values = append(values, time.Duration(200-ms)*time.Millisecond)
	}
	for _, tt := range []struct {
		p    float64
		want time.Duration
	}{{0, 1}, {25, 50}, {50, 100}, {99, 198}, {99.1, 199}, {100, 200}} {
		if got := percentile(values, tt.p); got != tt.want*time.Millisecond {
			t.Errorf("p%v: got %v, want %v ms", tt.p, got, int64(tt.want))
		}
	}
	if got := percentile([]float64{7}, 99); got != 7 {
		t.Errorf("p99 of a single value: got %v, want 7", got)
	}
}

func TestPairsAreComparedInOrder(t *testing.T) {
	a, b := []time.Duration{10, 20, 40}, []time.Duration{15, 20, 30}
	if got, want := ratios(a, b), []float64{1.5, 1, 0.75}; !slices.Equal(got, want) {
		t.Errorf("ratios: got %v, want %v", got, want)
	}
	if got, want := ratios(a[:1], b), []float64{1.5}; !slices.Equal(got, want) {
		t.Errorf("ratios of fewer rounds: got %v, want %v", got, want)
	}
	if got, want := differences(a, b), []time.Duration{5, 0, -10}; !slices.Equal(got, want) {
		t.Errorf("differences: got %v, want %v", got, want)
	}
}

func TestTurnsAlternate(t *testing.T) {
	for turn, want := range [][]int{{0, 1, 2}, {2, 1, 0}, {0, 1, 2}} {
		if got := turns(turn, len(want)); !slices.Equal(got, want) {
			t.Errorf("turn %d: got %v, want %v", turn, got, want)
		}
	}
}
