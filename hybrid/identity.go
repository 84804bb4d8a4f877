package hybrid

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"

	"github.com/edgewise-ai/edgewise/policy"
)

// rolloutBuckets is how many buckets identities fall into: hundredths of a
// percent.
const rolloutBuckets = 10_000

// hashOf returns the hash by which a subject is known outside Authenticate: in
// grants, in the ledger and as the source of its rollout bucket.
func hashOf(subject string) [sha256.Size]byte {
	// Usual subjects fit on the stack, where a conversion would allocate.
	var buf [128]byte
	return sha256.Sum256(append(buf[:0], subject...))
}

// bucketOf returns a subject's rollout bucket, 0..9999: stable, and even over
// subjects.
func bucketOf(subject string) int {
	hash := hashOf(subject)
	return int(binary.BigEndian.Uint64(hash[:8]) % rolloutBuckets)
}

// identityKey is the hash of a subject as text, for grants and ledger. Nobody in
// particular has none: a hash would look like one person.
func identityKey(subject string) string {
	if subject == "" {
		return ""
	}
	hash := hashOf(subject)
	return hex.EncodeToString(hash[:16])
}

// subject returns what the server knows about an identity and about itself.
func (r *Router) subject(who policy.Identity) policy.Subject {
	return policy.Subject{
		Tier:          who.Tier,
		RolloutBucket: bucketOf(who.Subject),
		Server:        r.server,
	}
}

// newID returns an identifier of 128 random bits. It names things and guards
// nothing, so the fast generator will do, which the runtime seeds from the
// system.
func newID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], rand.Uint64())
	binary.BigEndian.PutUint64(b[8:], rand.Uint64())
	return base64.RawURLEncoding.EncodeToString(b[:])
}
