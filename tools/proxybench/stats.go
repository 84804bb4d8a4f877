//go:build linux

package main

import (
	"math"
	"slices"
	"time"
)

type number interface{ time.Duration | float64 }

// percentile is the least of values that p per cent of them don't exceed. There
// must be a value.
func percentile[T number](values []T, p float64) T {
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// median is the value in the middle, or halfway between the two that are. There
// must be a value.
func median[T number](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ratios are those of b to a, pair by pair as far as there are pairs.
func ratios[T number](a, b []T) []float64 {
	all := make([]float64, min(len(a), len(b)))
	for i := range all {
		all[i] = float64(b[i]) / float64(a[i])
	}
	return all
}

// differences are those of b from a, pair by pair.
func differences[T number](a, b []T) []T {
	all := make([]T, len(a))
	for i := range a {
		all[i] = b[i] - a[i]
	}
	return all
}
