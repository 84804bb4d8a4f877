package hybrid

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// fingerprint names bytes by their content: 128 bits in hexadecimal.
func fingerprint(content []byte) string {
	hash := sha256.Sum256(content)
	return hex.EncodeToString(hash[:16])
}

// notModified sets the headers of an answer that is its asker's own and must be
// revalidated each time, and answers 304 if the client has it already.
func notModified(w http.ResponseWriter, req *http.Request, etag string) bool {
	h := w.Header()
	h.Set("ETag", etag)
	h.Set("Cache-Control", "private, no-cache")
	// Shared caches keep out of it, but the browser's own must not show one
	// user what another got before logging out.
	h.Add("Vary", "Authorization, Cookie")
	if !hasCopy(req, etag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// hasCopy reports whether the client has what the tag names. A list of tags may come in
// several lines.
func hasCopy(req *http.Request, etag string) bool {
	return hasETag(strings.Join(req.Header.Values("If-None-Match"), ","), etag)
}

// hasETag reports whether an If-None-Match names the tag, by the weak comparison
// that RFC 9110 asks for there. Our tags hold no comma.
func hasETag(ifNoneMatch, etag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}
