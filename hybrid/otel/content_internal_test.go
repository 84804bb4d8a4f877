package otel

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestInputMessages(t *testing.T) {
	const picture = `{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}`
	for _, test := range []struct {
		name, in  string
		limit     int
		want      string
		truncated bool
	}{
		{
			name: "texts",
			in:   `[{"role":"system","content":"Be brief."},{"role":"user","name":"Ann","content":"<Hi> & \"bye\""}]`,
			want: `[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},` +
				`{"role":"user","name":"Ann","parts":[{"type":"text","content":"<Hi> & \"bye\""}]}]`,
		},
		{
			name: "parts",
			in: `[{"role":"user","content":[{"type":"text","text":"See:"},{"type":"image_url","image_url":{"url":"https://a/b.png"}},` +
				picture + `,{"type":"input_audio","input_audio":{"data":"AAAA"}}]}]`,
			want: `[{"role":"user","parts":[{"type":"text","content":"See:"},{"type":"uri","modality":"image","uri":"https://a/b.png"},` +
				`{"type":"image_url"},{"type":"input_audio"}]}]`,
		},
		{
			name: "tools",
			in: `[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"now","arguments":"{\"in\":\"Rome\"}"}}]},` +
				`{"role":"tool","tool_call_id":"c1","content":"noon"}]`,
			want: `[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"now","arguments":"{\"in\":\"Rome\"}"}]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"noon"}]}]`,
		},
		{
			name: "the newest of too many", in: `[{"role":"user","content":"first"},{"role":"user","content":"last"}]`, limit: 2*overhead + 10,
			want: `[{"role":"user","parts":[{"type":"text","content":"last"}]}]`, truncated: true,
		},
		{
			name: "one too long, up to a whole letter", in: `[{"role":"user","content":"ab€"}]`, limit: 2*overhead + 7,
			want: `[{"role":"user","parts":[{"type":"text","content":"ab"}]}]`, truncated: true,
		},
		{name: "a role too long", in: `[{"role":"user"}]`, limit: overhead + 2, want: `[{"role":"us","parts":[]}]`, truncated: true},
		{name: "no room", in: `[{"role":"user","content":"Hi"}]`, limit: 1, truncated: true},
		{name: "one that can't be read", in: `[{"role":7},{"role":"user","content":7}]`, want: `[{"role":"user","parts":[]}]`},
		{name: "none", in: `[]`},
		{name: "no list", in: `{}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.limit == 0 {
				test.limit = DefaultMaxContentBytes
			}
			got, truncated := inputMessages(json.RawMessage(test.in), test.limit)
			if got != test.want || truncated != test.truncated {
				t.Errorf("got %s, truncated %v\nwant %s, truncated %v", got, truncated, test.want, test.truncated)
			}
		})
	}
}

// However a prompt is made up, what is kept of it is bounded: six bytes for one that
// JSON escapes, and some for what stands around it.
func FuzzInputMessages(f *testing.F) {
	f.Add(`[{"role":"user","content":"ab€"}]`, 99)
	f.Add(`[{"role":"user","content":[{"type":"text","text":"\u0000\u2028"},{"type":"image_url","image_url":{"url":"x"}}]},{}]`, 200)
	f.Add(`[`+strings.Repeat(`{"tool_calls":[{},{}]},`, 99)+`{}]`, 999)
	f.Fuzz(func(t *testing.T, in string, limit int) {
		limit = min(max(limit, 0), 1<<12)
		got, _ := inputMessages(json.RawMessage(in), limit)
		if most := 6*limit + 2; len(got) > most {
			t.Errorf("%d bytes of %q, want %d at most", len(got), in, most)
		}
		if got != "" && (!json.Valid([]byte(got)) || !utf8.ValidString(got)) {
			t.Errorf("%q is no JSON", got)
		}
	})
}
