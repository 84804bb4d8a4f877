package hybrid

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

const grantLabel = "edgewise grant v1\n"

// lateness is how long after a grant's expiry reports are still taken: a laptop
// may be closed for days.
const lateness = 7 * 24 * time.Hour

// maxTokenBytes bounds a grant's token. Only the tier's length varies, and that
// is the app's.
const maxTokenBytes = 4 << 10

// grant is what a token says. It is signed, not secret: the page may read it.
type grant struct {
	ID       string `json:"id"`
	Identity string `json:"identity"` // hash of the subject
	Tier     string `json:"tier,omitempty"`
	Revision string `json:"revision"`
	Expires  int64  `json:"expires"` // Unix seconds
	Max      int    `json:"max"`     // reports

	// What the server would have taken, so that savings are counted at the prices of
	// the time: millionths of a US dollar a million tokens, 0 if unknown.
	PromptPrice     int64 `json:"promptPrice,omitempty"`
	CompletionPrice int64 `json:"completionPrice,omitempty"`
}

// grantError says why a token is refused. It is an error itself.
type grantError string

const (
	errGrantMalformed grantError = "the grant is malformed"
	errGrantForged    grantError = "the grant is not signed by this service"
	errGrantExpired   grantError = "the grant has expired too long ago"
)

// Error implements error.
func (e grantError) Error() string { return string(e) }

// keyring signs with its first key and verifies with all.
type keyring [][]byte

// newKeyring takes the given keys, or makes one up.
func newKeyring(keys [][]byte) keyring {
	if len(keys) > 0 {
		return keys
	}
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // documented never to fail
	return keyring{key}
}

// id names the signing key without telling it.
func (k keyring) id() string { return fingerprint(sum(k[0], grantLabel, "id")) }

// issue returns the grant as a snapshot carries it.
func (k keyring) issue(g grant) *policy.Grant {
	return &policy.Grant{ID: g.ID, Token: k.sign(g), Expires: g.Expires, MaxReports: g.Max}
}

// sign returns the token base64url(payload) "." base64url(HMAC-SHA256).
func (k keyring) sign(g grant) string {
	payload, _ := json.Marshal(g) // strings and numbers always encode
	text := base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(sum(k[0], grantLabel, text))
}

// verify returns what a token says and whether it comes late. Nothing of the
// payload is read before its signature has been found good. The error is a
// [grantError].
func (k keyring) verify(token string, now time.Time) (g grant, late bool, err error) {
	text, signature, ok := strings.Cut(token, ".")
	if !ok || len(token) > maxTokenBytes || strings.ContainsAny(token, "\r\n") { // base64 would skip line breaks
		return grant{}, false, errGrantMalformed
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil {
		return grant{}, false, errGrantMalformed
	}
	good := false
	for _, key := range k {
		good = hmac.Equal(mac, sum(key, grantLabel, text)) || good
	}
	if !good {
		return grant{}, false, errGrantForged
	}
	payload, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(payload, &g) != nil {
		return grant{}, false, errGrantMalformed // signed by a version to come
	}
	expires := time.Unix(g.Expires, 0)
	if now.After(expires.Add(lateness)) {
		return grant{}, false, errGrantExpired
	}
	return g, now.After(expires), nil
}

// sum signs a text. The label keeps it apart from whatever else is signed with the key.
func sum(key []byte, label, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(label))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
