package contract_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
)

// exchange is a request and its answer.
type exchange struct {
	method, path string // without the prefix, with the query
	header       http.Header
	body         string

	status       int
	answerHeader http.Header
	answer       string
}

func (e *exchange) request() *http.Request {
	target, _ := url.Parse(e.path)
	return &http.Request{
		Method: e.method, URL: target, Header: e.header,
		Body: io.NopCloser(strings.NewReader(e.body)), ContentLength: int64(len(e.body)),
	}
}

// endpoint is the path without its query.
func (e *exchange) endpoint() string {
	path, _, _ := strings.Cut(e.path, "?")
	return path
}

// kind is the media type of the answer, "" for one without content.
func (e *exchange) kind() string {
	kind, _, _ := strings.Cut(e.answerHeader.Get("Content-Type"), ";")
	return kind
}

// checkRequest says what the document has against a request.
func (d *document) checkRequest(e *exchange) []string {
	request := e.request()
	if kind, _, _ := strings.Cut(e.header.Get("Content-Type"), ";"); kind == "text/plain" && d.takes(e, kind) {
		// The validator looks into JSON by that name alone; the schema is the same.
		request.Header = e.header.Clone()
		request.Header.Set("Content-Type", "application/json")
	}
	_, problems := d.exchanges.ValidateHttpRequestSync(request)
	said := words(problems)
	// It checks no pattern of a header.
	if version := e.header.Get("X-Edgewise-Version"); version != "" {
		schema := d.model.Components.Parameters.GetOrZero("Version").Schema.Schema()
		said = append(said, d.checkValue(schema, version)...)
	}
	return said
}

// takes reports whether the document lists a media type for a request.
func (d *document) takes(e *exchange, kind string) bool {
	op := d.operations()[e.method+" "+e.endpoint()]
	return op.RequestBody.Content.GetOrZero(kind) != nil
}

// checkResponse says what the document has against an answer: its status, its headers
// and its body. It has nothing against members and headers that it doesn't list, but
// whoever adds one is to describe it, so they are said too.
func (d *document) checkResponse(e *exchange) []string {
	response, _ := d.answer(e.method, e.endpoint(), e.status)
	if response == nil {
		return []string{fmt.Sprintf("%s %s has no answer of status %d", e.method, e.endpoint(), e.status)}
	}
	problems := d.checkHeaders(response, e.answerHeader)
	if orderedmap.Len(response.Content) == 0 {
		return problems
	}
	media := response.Content.GetOrZero(e.kind())
	if media == nil {
		return append(problems, fmt.Sprintf("the media type %q is not listed", e.kind()))
	}
	values, err := e.values()
	if err != nil {
		return append(problems, err.Error())
	}
	for _, value := range values {
		problems = append(problems, d.checkValue(media.Schema.Schema(), value)...)
		if e.endpoint() != "/chat/completions" { // where all else passes as it comes
			problems = append(problems, unlisted(media.Schema.Schema(), value, "$")...)
		}
	}
	return problems
}

// checkHeaders does what the validator would, but that it takes "1.1" for a number.
func (d *document) checkHeaders(response *v3.Response, header http.Header) (problems []string) {
	for name, listed := range response.Headers.FromOldest() {
		text := header.Get(name)
		if text == "" {
			if listed.Required {
				problems = append(problems, "the header "+name+" is missing")
			}
			continue
		}
		var value any = text
		if schema := listed.Schema.Schema(); slices.Contains(schema.Type, "integer") {
			value, _ = strconv.Atoi(text)
		}
		for _, problem := range d.checkValue(listed.Schema.Schema(), value) {
			problems = append(problems, name+": "+problem)
		}
	}
	isListed := func(name string) bool {
		for listed := range response.Headers.KeysFromOldest() {
			if strings.EqualFold(listed, name) {
				return true
			}
		}
		return isOrdinary(name)
	}
	for name := range header {
		if !isListed(name) {
			problems = append(problems, "the header "+name+" is not listed")
		}
	}
	return problems
}

// ordinary headers are HTTP's own, or an upstream's.
var ordinary = []string{
	"Content-Length", "Content-Type", "Date", "X-Accel-Buffering", "X-Content-Type-Options",
	"Openai-Processing-Ms", "Retry-After-Ms", "X-Request-Id",
}

func isOrdinary(header string) bool {
	return slices.Contains(ordinary, header) || strings.HasPrefix(header, "X-Ratelimit-")
}

// values are the JSON values of an answer: of a stream, one for each event.
func (e *exchange) values() ([]any, error) {
	texts := []string{e.answer}
	switch e.kind() {
	case "application/yaml":
		return nil, nil
	case "text/event-stream":
		texts = nil
		for event := range strings.SplitSeq(strings.TrimSuffix(e.answer, "\n\n"), "\n\n") {
			data, ok := strings.CutPrefix(event, "data: ")
			if !ok {
				return nil, fmt.Errorf("the event %q has no data", event)
			}
			if data != "[DONE]" {
				texts = append(texts, data)
			}
		}
	}
	values := make([]any, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &values[i]); err != nil {
			return nil, fmt.Errorf("%w in %s", err, text)
		}
	}
	return values, nil
}

// checkValue says what a schema has against a value.
func (d *document) checkValue(schema *base.Schema, value any) []string {
	text, err := json.Marshal(value)
	if err != nil {
		return []string{err.Error()}
	}
	_, problems := d.schemas.ValidateSchemaBytes(schema, text)
	return words(problems)
}

// unlisted are the members of a value that its schema lets pass without knowing them.
func unlisted(schema *base.Schema, value any, at string) (found []string) {
	switch value := value.(type) {
	case []any:
		if schema.Items == nil || schema.Items.A == nil {
			return nil
		}
		for i, item := range value {
			found = append(found, unlisted(schema.Items.A.Schema(), item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case map[string]any:
		members, others := membersOf(schema)
		for name, inner := range value {
			where := at + "." + name
			switch known := members[name]; {
			case known != nil:
				found = append(found, unlisted(known, inner, where)...)
			case others != nil && others.IsA():
				found = append(found, unlisted(others.A.Schema(), inner, where)...)
			case others == nil || !others.B:
				found = append(found, where+" is not listed")
			}
		}
	}
	return found
}

// membersOf are all members that a schema or a part of it lists, and what it says of
// others.
func membersOf(schema *base.Schema) (members map[string]*base.Schema, others *base.DynamicValue[*base.SchemaProxy, bool]) {
	members, others = make(map[string]*base.Schema), schema.AdditionalProperties
	for name, member := range schema.Properties.FromOldest() {
		members[name] = member.Schema()
	}
	for _, part := range slices.Concat(schema.AllOf, schema.AnyOf, schema.OneOf) {
		inner, _ := membersOf(part.Schema())
		for name, member := range inner {
			if members[name] == nil {
				members[name] = member
			}
		}
	}
	return members, others
}

// bodyOf is the schema of a request's body, nil if it has none.
func bodyOf(op *v3.Operation) *base.Schema {
	if op == nil || op.RequestBody == nil {
		return nil
	}
	return op.RequestBody.Content.GetOrZero("application/json").Schema.Schema()
}

// codeOf is the code of an error, "" of anything else.
func codeOf(answer string) string {
	var body struct {
		Error struct {
			Code any `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal([]byte(answer), &body) != nil || body.Error.Code == nil {
		return ""
	}
	return fmt.Sprint(body.Error.Code)
}
