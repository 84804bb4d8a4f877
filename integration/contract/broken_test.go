package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
)

// A test of the tests: each answer is good but for one thing, which must be found.
func TestBrokenAnswersAreFound(t *testing.T) {
	d := contract(t)
	s := serve(t, nil)
	for _, b := range []struct {
		name  string
		good  exchange
		spoil func(*exchange)
		found string
	}{
		{"a member is missing", s.post("/browser/route", route), swap(`"decisionId"`, `"decision"`), "missing property 'decisionId'"},
		{"a member is new", s.post("/browser/route", route), swap(`"target"`, `"mood":"good","target"`), "$.mood is not listed"},
		{"a member deep inside is new", s.get("/browser/models"), swap(`"framework"`, `"engine":"x","framework"`), "$.models[0].engine is not listed"},
		{"a type is wrong", s.get("/browser/models"), swap(`"sizeBytes":`, `"sizeBytes":"1","was":`), "got string, want integer"},
		{"a number is too large", s.get("/browser/policy"), swap(`"maxAge":300`, `"maxAge":9007199254740993`), "maximum"},
		{"a word is not of its set", s.post("/browser/route", route), swap(`"continuation":"none"`, `"continuation":"some"`), "value must be one of"},
		{"an error lacks its param", s.get("/browser/savings?scope=mine"), swap(`,"param":"scope"`, ``), "missing property 'param'"},
		{"an event is no chunk", s.post("/chat/completions", `{"stream":true,`+chat[1:]), swap(`"object":"chat.completion.chunk"`, `"object":"text"`), "value must be 'chat.completion.chunk'"},
		{"the last event lacks its text", s.post("/generate", `{"stream":true,`+generate[1:]), swap(`"text":`, `"words":`), "missing property 'text'"},
		{"a header is missing", s.get("/models"), func(e *exchange) { e.answerHeader.Del("X-Edgewise-Version") }, "X-Edgewise-Version is missing"},
		{"a header is of a wrong form", s.get("/models"), func(e *exchange) { e.answerHeader.Set("X-Edgewise-Version", "v1") }, "does not match pattern"},
		{"a header is new", s.get("/models"), func(e *exchange) { e.answerHeader.Set("X-Edgewise-Mood", "good") }, "X-Edgewise-Mood is not listed"},
		{"the media type is another", s.get("/models"), func(e *exchange) { e.answerHeader.Set("Content-Type", "text/html") }, `"text/html" is not listed`},
		{"the status is another", s.get("/openapi.yaml"), func(e *exchange) { e.status = http.StatusConflict }, "no answer of status 409"},
	} {
		t.Run(b.name, func(t *testing.T) {
			if problems := d.checkResponse(&b.good); len(problems) > 0 {
				t.Fatalf("it is bad already: %s", strings.Join(problems, "\n"))
			}
			b.spoil(&b.good)
			if problems := strings.Join(d.checkResponse(&b.good), "\n"); !strings.Contains(problems, b.found) {
				t.Errorf("want %q among what is found:\n%s\nin %.1000s", b.found, problems, b.good.answer)
			}
		})
	}
}

func swap(old, new string) func(*exchange) {
	return func(e *exchange) { e.answer = strings.ReplaceAll(e.answer, old, new) }
}

func TestBrokenRequestsAreFound(t *testing.T) {
	d := contract(t)
	good := exchange{method: http.MethodPost, path: "/browser/route", body: route, header: http.Header{
		"Authorization":      {"Bearer alice"},
		"Content-Type":       {"application/json"},
		"X-Edgewise-Version": {hybrid.WireVersion},
	}}
	if problems := d.checkRequest(&good); len(problems) > 0 {
		t.Fatal(strings.Join(problems, "\n"))
	}
	for name, spoil := range map[string]func(*exchange){
		"it names no one":            func(e *exchange) { e.header.Del("Authorization") },
		"it has no type":             func(e *exchange) { e.header.Del("Content-Type") },
		"it is of another version":   func(e *exchange) { e.header.Set("X-Edgewise-Version", "2.0") },
		"it lacks a member":          func(e *exchange) { e.body = `{"promptLength":1}` },
		"a count is below its least": func(e *exchange) { e.body = `{"capabilities":{},"promptLength":-1}` },
		"its path is unknown":        func(e *exchange) { e.path = "/browser/rout" },
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			bad.header = good.header.Clone()
			spoil(&bad)
			if len(d.checkRequest(&bad)) == 0 {
				t.Error("nothing is found")
			}
		})
	}
}
