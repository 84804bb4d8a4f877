package llama

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// Fuzz with -fuzzminimizetime 20x: at the default the workers spend their time on making the long inputs shorter.

func FuzzReadGGUF(f *testing.F) {
	tiny := shape{context: 8, layers: 1, width: 4, hidden: 2, heads: 2, keyHeads: 1, headSize: 2, kind: TensorF32}
	f.Add(syntheticModel(tiny).bytes())
	tiny.kind, tiny.untied = TensorF16, true
	f.Add(syntheticModel(tiny).bytes())
	quantized := shape{context: 8, layers: 1, width: 32, hidden: 32, heads: 1, keyHeads: 1, headSize: 32, kind: TensorQ80}
	f.Add(syntheticModel(quantized).bytes())
	f.Add([]byte(ggufMagic))

	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Load(file)
		if err != nil {
			if !errors.Is(err, ErrFile) {
				t.Fatalf("error %v, want ErrFile", err)
			}
			return
		}
		// What loads must also run.
		req := Request{Messages: []Message{{RoleAssistant, ""}}, Continue: true, MaxTokens: 3, Temperature: 1, TopP: 0.9}
		if _, err := m.Generate(context.Background(), req, nil); err != nil && !errors.Is(err, ErrContextWindow) {
			t.Fatal(err)
		}
	})
}

func FuzzEncode(f *testing.F) {
	for _, text := range []string{"hello world", " \n\n a", "<|im_start|>", "it's 2²", "día\xff", "日本語 👩‍💻"} {
		f.Add(text)
	}
	tokenizer := load(f, syntheticModel(small)).Tokenizer()
	f.Fuzz(func(t *testing.T, text string) {
		ids := tokenizer.Encode(text)
		for _, id := range ids {
			if tokenizer.IsControl(id) {
				t.Fatalf("%q encodes to control token %d", text, id)
			}
		}
		if got := tokenizer.Decode(ids...); got != text {
			t.Fatalf("%q comes back as %q", text, got)
		}

		// Shown token by token, it is the same text, but for bytes that are not.
		var s textStream
		var b strings.Builder
		for _, id := range ids {
			piece, _ := s.write(tokenizer.Decode(id))
			b.WriteString(piece)
		}
		b.WriteString(s.flush())
		shown := b.String()
		if !utf8.ValidString(shown) || utf8.ValidString(text) && shown != text {
			t.Fatalf("%q is shown as %q", text, shown)
		}
	})
}
