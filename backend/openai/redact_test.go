package openai

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// The key is found however the text is cut and however it is read; nothing else is touched.
func TestRedactor(t *testing.T) {
	const key = "sk-sk-secret-0123"
	stars := strings.Repeat("*", len(key))
	for text, want := range map[string]string{
		"":                                  "",
		"nothing to hide":                   "nothing to hide",
		"it is " + key + ".":                "it is " + stars + ".",
		key + key + "sk-":                   stars + stars + "sk-",
		"sk-" + key:                         "sk-" + stars,
		key[:len(key)-1]:                    key[:len(key)-1],
		strings.Repeat("x", 5000) + key:     strings.Repeat("x", 5000) + stars,
		"a" + key[:5] + "b" + key[:9] + "c": "a" + key[:5] + "b" + key[:9] + "c",
	} {
		for name, cut := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader,
			"halves": iotest.HalfReader, "error with data": iotest.DataErrReader,
		} {
			for _, read := range []func(io.Reader) io.Reader{
				func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader,
			} {
				r := newRedactor(io.NopCloser(cut(strings.NewReader(text))), []string{key})
				got, err := io.ReadAll(read(r))
				if err != nil || string(got) != want {
					t.Errorf("%s, %.40q: %v, got %.40q", name, text, err, got)
				}
			}
		}
	}
}

func TestSecrets(t *testing.T) {
	configured := http.Header{
		"x-goog-api-key": {"goog-0123456789abcdef"},
		"Api-Key":        {"ollama"}, // an everyday word, which answers may hold
		"Http-Referer":   {"https://app.example.com/chat"},
	}
	sent := http.Header{"Authorization": {"Bearer sk-0123456789abcdef"}}
	for name, values := range configured {
		sent[http.CanonicalHeaderKey(name)] = values
	}
	got := secrets(sent, secretNames(configured))
	slices.Sort(got)
	if want := []string{"goog-0123456789abcdef", "sk-0123456789abcdef"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzRedactor(f *testing.F) {
	f.Add("it is sk-sk-secret-0123, isn't it", "sk-sk-secret-0123", 3)
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaab", 7)
	f.Fuzz(func(t *testing.T, text, key string, size int) {
		if len(key) < minSecret || size < 1 || strings.Contains(key, "*") {
			t.Skip()
		}
		want := []byte(text)
		redact(want, key)
		r := newRedactor(io.NopCloser(&pieces{text, size}), []string{key})
		got, err := io.ReadAll(r)
		if err != nil || string(got) != string(want) {
			t.Fatalf("%v: got %q, want %q", err, got, want)
		}
	})
}

// pieces reads size bytes at a time.
type pieces struct {
	text string
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size)], p.text)
	p.text = p.text[n:]
	return n, nil
}
