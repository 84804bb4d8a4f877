package openai

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// minSecret is the shortest key, in bytes, that is looked for in answers. Shorter ones guard nothing: they are words
// like "ollama", put there because a client asks for a key, and answers may hold them by chance.
const minSecret = 16

// secretName recognises headers that hold credentials, such as Authorization, Api-Key and X-Goog-Api-Key.
var secretName = regexp.MustCompile(`(?i)auth|key|secret|token|cookie`)

// secretNames are the names of the headers that hold credentials, of all that we send.
func secretNames(configured http.Header) []string {
	names := []string{"Authorization"}
	for name := range configured {
		if name = http.CanonicalHeaderKey(name); secretName.MatchString(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// secrets are what a request was sent with, under those names, that nobody may see.
func secrets(sent http.Header, names []string) []string {
	var all []string
	for _, name := range names {
		for _, value := range sent[name] {
			if _, token, ok := strings.Cut(value, " "); ok { // a scheme comes first
				value = token
			}
			if len(value) >= minSecret {
				all = append(all, value)
			}
		}
	}
	return all
}

// redact overwrites a key wherever text quotes it.
func redact(text []byte, key string) {
	for i := bytes.Index(text, []byte(key)); i >= 0; i = bytes.Index(text, []byte(key)) {
		text = text[i+copy(text[i:], strings.Repeat("*", len(key))):]
	}
}

// redactor reads on, with a key overwritten wherever the upstream quotes it, as it may in an error event. Reads may
// cut the key anywhere, so what could be its beginning waits for the next one.
type redactor struct {
	io.ReadCloser
	key  string
	held []byte // may be the beginning of the key
	rest []byte // had no room
	err  error  // comes after rest
}

// newRedactor returns body itself if there is no key to look for.
func newRedactor(body io.ReadCloser, keys []string) io.ReadCloser {
	for _, key := range keys {
		body = &redactor{ReadCloser: body, key: key}
	}
	return body
}

func (r *redactor) Read(p []byte) (int, error) {
	if len(r.rest) > 0 || r.err != nil {
		return r.deliver(p, r.rest, r.err)
	}
	buf := p
	if len(p) < 2*len(r.key) {
		buf = make([]byte, 4<<10)
	}
	for {
		n := copy(buf, r.held)
		m, err := r.ReadCloser.Read(buf[n:])
		n += m
		redact(buf[:n], r.key)
		held := 0
		if err == nil {
			held = beginning(buf[:n], r.key)
		}
		r.held = append(r.held[:0], buf[n-held:n]...)
		if n -= held; n > 0 || err != nil || m == 0 {
			return r.deliver(p, buf[:n], err)
		}
	}
}

// deliver copies as much as there is room for, which is all if buf is p.
func (r *redactor) deliver(p, buf []byte, err error) (int, error) {
	n := copy(p, buf)
	if r.rest, r.err = buf[n:], nil; len(r.rest) > 0 {
		r.err, err = err, nil
	}
	return n, err
}

// beginning returns the length of the longest end of text that the key begins with, short of all of it.
func beginning(text []byte, key string) int {
	for n := min(len(text), len(key)-1); n > 0; n-- {
		end := text[len(text)-n:]
		if end[0] == key[0] && string(end) == key[:n] {
			return n
		}
	}
	return 0
}
