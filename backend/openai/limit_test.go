package openai_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

func TestLimitName(t *testing.T) {
	const m = `"messages":[{"role":"user","content":"hi"}]`
	for _, test := range []struct{ name, said, want string }{
		{"", `"max_completion_tokens":9`, `"max_completion_tokens":9`},
		{"max_tokens", `"max_completion_tokens":9,"x":1`, `"x":1,"max_tokens":9`},
		{"max_tokens", `"max_tokens":9`, `"max_tokens":9`},
		{"max_tokens", `"max_tokens":9,"max_completion_tokens":7`, `"max_tokens":7`},
		{"max_tokens", `"max_tokens":7,"Max_Tokens":null,"max_completion_tokens":9`, `"max_tokens":9`}, // the last of a name counts
		{"max_tokens", `"max_completion_tokens":null`, ""},
		{"max_tokens", `"max_completion_tokens":"many"`, `"max_tokens":"many"`},
		{"max_completion_tokens", `"max_tokens":9`, `"max_completion_tokens":9`},
		{"max_completion_tokens", `"x":1`, `"x":1`},
	} {
		b, s := open(t, openai.Options{LimitName: test.name})
		resp, err := b.Generate(t.Context(), &backend.Request{Body: []byte(`{` + m + `,` + test.said + `}`)})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		want := m
		if test.want != "" {
			want += "," + test.want
		}
		if diff := cmp.Diff(decoded(`{`+want+`,"model":"mock-model","stream":false}`), decoded(string(s.Requests()[0].Body))); diff != "" {
			t.Errorf("%s, %s: %s", test.name, test.said, diff)
		}
	}
	if _, err := openai.New(openai.Options{BaseURL: "http://upstream", LimitName: "max"}); err == nil {
		t.Error("a name that nobody knows is accepted")
	}
}

// decoded decodes JSON: the order of members means nothing.
func decoded(text string) (v map[string]any) {
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return v
}
