package backend_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
)

func TestSetMembers(t *testing.T) {
	model := backend.Member{Name: "model", Value: json.RawMessage(`"m"`)}
	tests := []struct {
		name, body, want string
		members          []backend.Member
	}{
		{"nothing to do", ` { "a" : 1 } `, ` { "a" : 1 } `, nil},
		{"empty object", `{}`, `{"model":"m"}`, []backend.Member{model}},
		{"new goes last", `{"a":1}`, `{"a":1,"model":"m"}`, []backend.Member{model}},
		{"old keeps its place", `{"a":1, "model" : {"x":[1,2]} ,"b":2}`, `{"a":1, "model" : "m" ,"b":2}`, []backend.Member{model}},
		{"unknown bytes stay", `{"x":1e999,"y":12345678901234567890,"z":"\u00e9é"}`, `{"x":1e999,"y":12345678901234567890,"z":"\u00e9é","model":"m"}`, []backend.Member{model}},
		{"repeats go", `{"model":1,"a":1,"model":2}`, `{"model":"m","a":1}`, []backend.Member{model}},
		{"other cases go", `{"MODEL":1,"a":1,"modeL":2}`, `{"a":1,"model":"m"}`, []backend.Member{model}},
		{"escaped names count", `{"mod\u0065l":1}`, `{"mod\u0065l":"m"}`, []backend.Member{model}},
		{"folded like encoding/json", `{"ſtream":true}`, `{"stream":false}`, []backend.Member{{Name: "stream", Value: json.RawMessage("false")}}},
		{"nil removes", `{"a":1,"privacy":"local-only","b":2}`, `{"a":1,"b":2}`, []backend.Member{{Name: "privacy"}}},
		{"nil removes the only one", `{"privacy":1}`, `{}`, []backend.Member{{Name: "privacy"}}},
		{"nested names are others'", `{"a":{"model":1}}`, `{"a":{"model":1},"model":"m"}`, []backend.Member{model}},
		{"braces in strings", `{"a":"}\\\"{","model":1}`, `{"a":"}\\\"{","model":"m"}`, []backend.Member{model}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := backend.SetMembers([]byte(test.body), test.members...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSetMembersRefuses(t *testing.T) {
	for _, body := range []string{"", "null", "[]", `"x"`, "{", `{"a":1}x`, `{"a":1,}`, `{'a':1}`, `{"a":NaN}`} {
		if _, err := backend.SetMembers([]byte(body)); !errors.Is(err, backend.CodeInvalidRequest) {
			t.Errorf("%s: error is %v", body, err)
		}
	}
}

func TestUpstreamBody(t *testing.T) {
	tests := []struct {
		name, want string
		req        backend.Request
	}{
		{"plain", `{"messages":[],"model":"m","stream":false}`, backend.Request{Body: []byte(`{"messages":[]}`), Model: "m"}},
		{"model left alone", `{"model":"theirs","stream":false}`, backend.Request{Body: []byte(`{"model":"theirs"}`)}},
		{"usage injected", `{"stream":true,"stream_options":{"include_usage":true}}`, backend.Request{Body: []byte(`{"stream":true}`), Stream: true}},
		{"options merged", `{"stream_options":{"include_usage":true,"include_obfuscation":false},"stream":true}`,
			backend.Request{Body: []byte(`{"stream_options":{"include_usage":false,"include_obfuscation":false}}`), Stream: true}},
		{"null options", `{"stream_options":{"include_usage":true},"stream":true}`, backend.Request{Body: []byte(`{"stream_options":null}`), Stream: true}},
		{"odd options are the upstream's to refuse", `{"stream_options":7,"stream":true}`, backend.Request{Body: []byte(`{"stream_options":7}`), Stream: true}},
		{"model is quoted", `{"model":"a\"b","stream":false}`, backend.Request{Body: []byte(`{}`), Model: `a"b`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := backend.UpstreamBody(&test.req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzSetMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `{"model":1,"MODEL":2,"a":[{"model":3}]}`, ` {"a" : "\"}" , "m\u006fdel":null } `, `[1]`, `{"a":1,"a":2}`} {
		f.Add([]byte(seed), "model", "gone")
	}
	f.Fuzz(func(t *testing.T, body []byte, set, gone string) {
		if strings.EqualFold(set, gone) || set != strings.ToValidUTF8(set, "") || gone != strings.ToValidUTF8(gone, "") {
			t.Skip("the names must differ, and be text")
		}
		var before map[string]json.RawMessage
		isObject := json.Unmarshal(body, &before) == nil && before != nil
		got, err := backend.SetMembers(body, backend.Member{Name: set, Value: json.RawMessage(`["new"]`)}, backend.Member{Name: gone})
		if isObject != (err == nil) {
			t.Fatalf("object: %v, error: %v", isObject, err)
		}
		if err != nil {
			return
		}
		want := map[string]string{set: `["new"]`}
		for name, value := range before {
			if !strings.EqualFold(name, set) && !strings.EqualFold(name, gone) {
				want[name] = string(value)
			}
		}
		var after map[string]json.RawMessage
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		have := map[string]string{}
		for name, value := range after {
			have[name] = string(value)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s became %s: %s", body, got, diff)
		}
	})
}

func BenchmarkUpstreamBody(b *testing.B) {
	body := `{"model":"auto","messages":[{"role":"user","content":"` + strings.Repeat("lorem ipsum ", 341) + `"}],"stream":true}`
	req := &backend.Request{Body: []byte(body), Model: "gpt-4o-mini", Stream: true}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := backend.UpstreamBody(req); err != nil {
			b.Fatal(err)
		}
	}
}
