package strictjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/internal/strictjson"
)

type embedded struct {
	Inner string `json:"inner"`
}

// itself decodes itself, from anything.
type itself struct{ text string }

func (s *itself) UnmarshalJSON(data []byte) error { s.text = string(data); return nil }

func (s itself) Equal(other itself) bool { return s == other }

type document struct {
	embedded
	Count  int                 `json:"count,omitempty"`
	Plain  string              // named by its Go name
	Hidden string              `json:"-"`
	Deep   []*document         `json:"deep"`
	Named  map[string]embedded `json:"named"`
	Raw    json.RawMessage     `json:"raw"`
	Itself itself              `json:"itself"`
	Any    any                 `json:"any"`
}

func TestDecodeReadsLikeUnmarshal(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`null`,
		" {\"inner\": \"i\", \"count\": 1, \"Plain\": \"p\"}\n",
		`{"deep": [{"count": 1, "deep": []}, null, {"count": 2}]}`,
		`{"named": {"a": {"inner": "1"}, "A": {"inner": "2"}}}`,            // names of something, not slips
		`{"raw": {"a": 1, "a": 2}}`,                                        // for whoever decodes it
		`{"itself": {"Count": 1, "count": 2}, "any": {"b": [1], "B": {}}}`, // no fields to be like
	} {
		var got, want document
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := strictjson.Decode([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(document{}, embedded{})); diff != "" {
			t.Errorf("%s (-Unmarshal +Decode):\n%s", text, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, test := range []struct {
		name, text string
		key        string // of the KeyError, if it is one
		says       string
	}{
		{"an unknown key", `{"counts": 1}`, "", `"counts"`},
		{"an unknown key within", `{"deep": [{"named": {"a": {"outer": ""}}}]}`, "", `"outer"`},
		{"a hidden field", `{"Hidden": ""}`, "", `"Hidden"`},
		{"another case", `{"COUNT": 1}`, "COUNT", `"count"`},
		{"another case of a Go name", `{"plain": ""}`, "plain", `"Plain"`},
		{"another case of an embedded field", `{"Inner": ""}`, "Inner", `"inner"`},
		{"another case by Unicode", "{\"it\u017felf\": 1}", "it\u017felf", `"itself"`},
		{"another case beside the right one", `{"count": 1, "Count": 2}`, "Count", `"count"`},
		{"another case within", `{"deep": [{"named": {"a": {"INNER": ""}}}]}`, "INNER", `"inner"`},
		{"a key twice", `{"count": 1, "Plain": "", "count": 2}`, "count", "twice"},
		{"a key twice, once escaped", `{"count": 1, "\u0063ount": 2}`, "count", "twice"},
		{"a key twice within", `{"deep": [{}, {"deep": [], "deep": []}]}`, "deep", "twice"},
		{"a name twice", `{"named": {"a": {}, "b": {}, "a": {}}}`, "a", "twice"},
		{"a key twice in what decodes itself", `{"itself": [{"x": 1, "x": 2}]}`, "x", "twice"},
		{"a key twice in anything", `{"any": {"x": {"y": 1, "y": 1}}}`, "y", "twice"},
		{"a wrong type", `{"count": "1"}`, "", "count"},
		{"an object for a list", `{"deep": {"count": 1}}`, "", "deep"},
		{"a list for an object", `[{"count": 1}]`, "", "array"},
		{"no JSON", `{"count": 1`, "", "unexpected end"},
		{"nothing", ``, "", "unexpected end"},
		{"a second value", `{} {}`, "", "after top-level value"},
		{"trailing bytes", `{}x`, "", "after top-level value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := strictjson.Decode([]byte(test.text), new(document))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, want an error that says %s", err, test.says)
			}
			var keyErr *strictjson.KeyError
			if errors.As(err, &keyErr) != (test.key != "") || keyErr != nil && keyErr.Key != test.key {
				t.Errorf("got %v, want a KeyError about %q", err, test.key)
			}
		})
	}
}

// Whatever is taken, Unmarshal takes too, for the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"count":1}`, `{"COUNT":1}`, `{"named":{"a":{"inner":"x"}}}`, `{"deep":[{"count":1,"count":2}]}`, `{}1`, `1e999`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want document
		err, lenient := strictjson.Decode(data, &got), json.Unmarshal(data, &want)
		switch {
		case err == nil && lenient != nil:
			t.Fatalf("taken, though Unmarshal refuses it: %v", lenient)
		case err == nil && !cmp.Equal(got, want, cmp.AllowUnexported(document{}, embedded{})):
			t.Fatalf("read as %+v, by Unmarshal as %+v", got, want)
		}
	})
}
