package backend

import (
	"encoding/json"
	"strings"
	"testing"
)

// validSamples are valid or nearly so.
var validSamples = []string{
	``, ` `, `{}`, ` { } `, `[]`, `[1,]`, `[,1]`, `{"a":1}`, `{"a":1,}`, `{"a"}`, `{a:1}`, `{"a":1 "b":2}`, `{"a" : [ true , false , null ] }`,
	`tru`, `truee`, `nul`, `"`, `"a`, `"a"`, `"a"b`, `"\""`, `"\`, `"\x"`, `"\u12G4"`, `"\u12a4"`, `"\u12a"`, `"\ud800"`, "\"\x1f\"", "\"\x7f\"", "\"\xff\"",
	`0`, `00`, `01`, `-`, `-0`, `-01`, `1.`, `.1`, `1.5`, `1e5`, `1e`, `1E+5`, `1e-`, `1.e5`, `+1`, `1 2`, `0x1`, `1e999`, `[1}`, `{"a":1]`, "\ufeff{}", `{}{}`, `1,`,
	`"exactly8"`, `"seven77\n"`, `"` + strings.Repeat("long text ", 100) + "\x1f" + `"`, `"` + strings.Repeat("é😀", 50) + `\n"`,
	strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
}

func TestValidJSON(t *testing.T) {
	for _, text := range validSamples {
		if got := validJSON([]byte(text)); got != json.Valid([]byte(text)) {
			t.Errorf("%.60q: %v", text, got)
		}
	}
}

func FuzzValidJSON(f *testing.F) {
	for _, text := range validSamples[:len(validSamples)-2] {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if got := validJSON(text); got != json.Valid(text) {
			t.Fatalf("%q: %v", text, got)
		}
	})
}

// BenchmarkValidJSON compares with encoding/json, on a request of 4 KB.
func BenchmarkValidJSON(b *testing.B) {
	text := []byte(`{"messages":[{"role":"user","content":"` + strings.Repeat(`Some words, a \"quote\" and a line.\n`, 110) + `"}],"stream":true}`)
	for name, valid := range map[string]func([]byte) bool{"ours": validJSON, "encoding": json.Valid} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if !valid(text) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
