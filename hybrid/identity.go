package hybrid

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// rolloutBuckets is how many buckets identities fall into: hundredths of a
// percent.
const rolloutBuckets = 10_000

// bucketOf returns a subject's rollout bucket, 0..9999: stable, and even over
// subjects. It is FNV-1a with its bits mixed once more, because a decision can't
// spare the time for a hash that resists attacks, and needs none: all there is to
// win is a place in a rollout.
func bucketOf(subject string) int {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(subject) {
		h = (h ^ uint64(subject[i])) * prime
	}
	h = (h ^ h>>32) * prime
	return int((h ^ h>>32) % rolloutBuckets)
}

// identityKey is the hash by which a subject is known in grants and in the ledger.
// Nobody in particular has none: a hash would look like one person.
func identityKey(subject string) string {
	if subject == "" {
		return ""
	}
	hash := sha256.Sum256([]byte(subject))
	return hex.EncodeToString(hash[:16])
}

// idBytes is how much of an identifier is random.
const idBytes = 16

// newID returns an identifier of 128 random bits. It names things and guards
// nothing, so the fast generator will do, which the runtime seeds from the
// system.
func newID() string {
	var b [idBytes]byte
	binary.BigEndian.PutUint64(b[:8], rand.Uint64())
	binary.BigEndian.PutUint64(b[8:], rand.Uint64())
	return base64.RawURLEncoding.EncodeToString(b[:])
}
