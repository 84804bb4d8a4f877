package contract_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi/datamodel/high/base"
)

// golden is an exchange as package hybrid's tests keep it.
type golden struct {
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Request  any               `json:"request"`
	Status   int               `json:"status"`
	Response json.RawMessage   `json:"response"`
	Events   []json.RawMessage `json:"events"`
}

// Golden files have no headers, so bodies alone are checked: all that the document
// says of them, and that it lists every member.
func TestGoldenExchangesAreAsDocumented(t *testing.T) {
	files, err := filepath.Glob("../../hybrid/testdata/golden/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	d := contract(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var g golden
			if err := json.Unmarshal(text, &g); err != nil {
				t.Fatal(err)
			}
			path, _, _ := strings.Cut(g.Path, "?")
			if schema := bodyOf(d.operations()[g.Method+" "+path]); schema != nil && g.Status < http.StatusBadRequest {
				d.checkGolden(t, "request", schema, g.Request)
			}
			kind, values := "application/json", []json.RawMessage{g.Response}
			if g.Events != nil {
				kind, values = "text/event-stream", g.Events
			}
			schema := d.errorBody()
			if !outside(g.Status, codeOf(string(g.Response))) {
				answer, _ := d.answer(g.Method, path, g.Status)
				if answer == nil {
					t.Fatalf("%s %s has no answer of status %d", g.Method, path, g.Status)
				}
				schema = answer.Content.GetOrZero(kind).Schema.Schema()
			}
			for _, raw := range values {
				var value any
				if err := json.Unmarshal(raw, &value); err != nil {
					t.Fatal(err)
				}
				d.checkGolden(t, "response", schema, value)
			}
		})
	}
}

func (d *document) checkGolden(t *testing.T, what string, schema *base.Schema, value any) {
	t.Helper()
	for _, problem := range append(d.checkValue(schema, value), unlisted(schema, value, "$")...) {
		t.Errorf("%s: %s", what, problem)
	}
}
