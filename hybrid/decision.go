package hybrid

import (
	"crypto/hmac"
	"encoding/base64"
	"hash/fnv"
	"slices"
	"sync"

	"github.com/edgewise-ai/edgewise/internal/lately"
)

const (
	decisionLabel = "edgewise decision v1\n"

	// signatureBytes of a decision's ID: 64 bits. All there is to win by a guess is
	// one entry in the ledger that says the server decided.
	signatureBytes = 8
)

// decisionID names a decision made for an identity, and why, so that a page can prove
// that there was one: 22 random characters, and 11 of a signature.
func (k keyring) decisionID(identity, reason string) string {
	id := newID()
	return id + base64.RawURLEncoding.EncodeToString(decisionSum(k[0], id, identity, reason))
}

// decided reports whether an ID names a decision that was made for an identity, for
// that reason.
func (k keyring) decided(id, identity, reason string) bool {
	random := base64.RawURLEncoding.EncodedLen(idBytes)
	if len(id) != random+base64.RawURLEncoding.EncodedLen(signatureBytes) {
		return false
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(id[random:])
	if err != nil {
		return false
	}
	good := false
	for _, key := range k {
		good = hmac.Equal(signature, decisionSum(key, id[:random], identity, reason)) || good
	}
	return good
}

func decisionSum(key []byte, id, identity, reason string) []byte {
	return sum(key, decisionLabel, id+"\n"+identity+"\n"+reason)[:signatureBytes]
}

// maxUses is how many reports one decision is good for: each of its models can be
// tried once, the candidate and three alternates.
const maxUses = 4

// usesHeld is how many decisions are remembered at least: 8 MB with as many more.
const usesHeld = 50_000

// uses remembers which reports named a decision. It is a process's own and forgets the
// oldest: enough to notice a page that makes up reports by the thousand.
type uses struct {
	mu    sync.Mutex
	named lately.Map[[]uint32]
}

func newUses() *uses { return &uses{named: lately.Map[[]uint32]{Size: usesHeld}} }

// take reports whether a decision is good for one more report. The same report may
// come again.
func (u *uses) take(decision, report string) bool {
	hash := fnv.New32a()
	hash.Write([]byte(report))
	name := hash.Sum32()

	u.mu.Lock()
	defer u.mu.Unlock()
	named, _ := u.named.Get(decision)
	switch {
	case slices.Contains(named, name):
		return true
	case len(named) >= maxUses:
		return false
	}
	u.named.Put(decision, append(named, name))
	return true
}
