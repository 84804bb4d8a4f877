package hybrid

import (
	"fmt"
	"testing"
)

// Changing these would reshuffle every running rollout.
func TestBucketsStay(t *testing.T) {
	for subject, want := range map[string]int{"": 3744, "alice": 5583, "user-1@example.com": 4324, "größer": 4448} {
		if got := bucketOf(subject); got != want {
			t.Errorf("%q is in bucket %d, want %d", subject, got, want)
		}
	}
}

// A share of the buckets is that share of the identities, however they are named.
func TestBucketsAreEven(t *testing.T) {
	const subjects, parts = 200_000, 20
	for _, format := range []string{"%d", "user-%d@example.com", "%08x", "%d/0000000000000000"} {
		var count [parts]int
		for i := range subjects {
			count[bucketOf(fmt.Sprintf(format, i))*parts/rolloutBuckets]++
		}
		for part, n := range count {
			// Five standard deviations of an even draw.
			if want := subjects / parts; n < want-490 || n > want+490 {
				t.Errorf("%s: %d subjects in part %d, want about %d", format, n, part, want)
			}
		}
	}
}
