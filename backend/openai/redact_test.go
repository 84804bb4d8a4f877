package openai

import (
	"io"
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
	body := io.NopCloser(strings.NewReader(""))
	if newRedactor(body, []string{"ollama"}) != body {
		t.Error("an everyday word is taken for a secret")
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
