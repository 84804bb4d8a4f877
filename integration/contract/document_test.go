package contract_test

import (
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"

	"github.com/edgewise-ai/edgewise/hybrid"
)

// document is openapi.yaml, ready to hold exchanges against.
type document struct {
	model     *v3.Document
	exchanges validator.Validator
	schemas   schema_validation.SchemaValidator
}

var load = sync.OnceValues(func() (*document, error) {
	text, err := os.ReadFile("../../hybrid/openapi.yaml")
	if err != nil {
		return nil, err
	}
	parsed, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, err
	}
	built, err := parsed.BuildV3Model()
	if err != nil {
		return nil, err
	}
	exchanges := validator.NewValidatorFromV3Model(&built.Model, config.WithFormatAssertions())
	exchanges.SetDocument(parsed)
	return &document{
		model:     &built.Model,
		exchanges: exchanges,
		schemas: schema_validation.NewSchemaValidatorWithLogger(
			slog.New(slog.DiscardHandler), config.WithFormatAssertions()),
	}, nil
})

func contract(t *testing.T) *document {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocumentIsOpenAPI(t *testing.T) {
	d := contract(t)
	if d.model.Version != "3.1.0" {
		t.Errorf("it says OpenAPI %s, want 3.1.0", d.model.Version)
	}
	if ok, problems := d.exchanges.ValidateDocument(); !ok {
		t.Error(strings.Join(words(problems), "\n"))
	}
}

func TestDocumentIsOfTheVersionThatIsServed(t *testing.T) {
	if got := contract(t).model.Info.Version; got != hybrid.WireVersion {
		t.Errorf("info.version is %s, and the handlers speak %s", got, hybrid.WireVersion)
	}
}

func TestEveryComponentIsUsed(t *testing.T) {
	text, err := os.ReadFile("../../hybrid/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	components := contract(t).model.Components
	for kind, names := range map[string][]string{
		"schemas":    slices.Collect(components.Schemas.KeysFromOldest()),
		"responses":  slices.Collect(components.Responses.KeysFromOldest()),
		"headers":    slices.Collect(components.Headers.KeysFromOldest()),
		"parameters": slices.Collect(components.Parameters.KeysFromOldest()),
	} {
		for _, name := range names {
			if !strings.Contains(string(text), `"#/components/`+kind+`/`+name+`"`) {
				t.Errorf("nothing refers to %s/%s", kind, name)
			}
		}
	}
}

func TestEveryExampleIsValid(t *testing.T) {
	d := contract(t)
	count := 0
	for name, op := range d.operations() {
		if op.RequestBody != nil {
			count += d.checkExamples(t, name+" request", op.RequestBody.Content)
		}
		for status, response := range answersOf(op) {
			count += d.checkExamples(t, name+" "+status, response.Content)
		}
	}
	if count < 20 {
		t.Errorf("there are %d examples, want 20 or more", count)
	}
}

func (d *document) checkExamples(t *testing.T, where string, content *orderedmap.Map[string, *v3.MediaType]) (count int) {
	t.Helper()
	for kind, media := range content.FromOldest() {
		for name, example := range media.Examples.FromOldest() {
			count++
			var value any
			if err := example.Value.Decode(&value); err != nil {
				t.Fatal(err)
			}
			for _, problem := range d.checkValue(media.Schema.Schema(), value) {
				t.Errorf("%s %s, example %s: %s", where, kind, name, problem)
			}
		}
	}
	return count
}

// operations are all operations by method and path: "GET /models".
func (d *document) operations() map[string]*v3.Operation {
	all := make(map[string]*v3.Operation)
	for path, item := range d.model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			all[strings.ToUpper(method)+" "+path] = op
		}
	}
	return all
}

// rest is the key of the answer for all statuses that have none of their own.
const rest = "default"

// answersOf are an operation's answers by status.
func answersOf(op *v3.Operation) map[string]*v3.Response {
	all := make(map[string]*v3.Response)
	for status, response := range op.Responses.Codes.FromOldest() {
		all[status] = response
	}
	if op.Responses.Default != nil {
		all[rest] = op.Responses.Default
	}
	return all
}

// answer is what the document says of a status, nil if it says nothing, and the key
// that it says it under.
func (d *document) answer(method, path string, status int) (response *v3.Response, key string) {
	op := d.operations()[method+" "+path]
	if op == nil {
		return nil, ""
	}
	answers := answersOf(op)
	if response := answers[strconv.Itoa(status)]; response != nil {
		return response, strconv.Itoa(status)
	}
	return answers[rest], rest
}

// errorBody is the schema of errors that belong to no operation.
func (d *document) errorBody() *base.Schema {
	return d.model.Components.Schemas.GetOrZero("ErrorBody").Schema()
}

// outside reports whether an answer belongs to no operation: of a path or a method that
// is not listed.
func outside(status int, code string) bool {
	return status == http.StatusMethodNotAllowed || status == http.StatusNotFound && code == "not_found"
}

// words are what the validator has to say.
func words(problems []*errors.ValidationError) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Message+": "+p.Reason)
		for _, detail := range p.SchemaValidationErrors {
			all = append(all, "  "+detail.FieldPath+": "+detail.Reason)
		}
	}
	return all
}
