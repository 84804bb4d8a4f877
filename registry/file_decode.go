package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/internal/strictjson"
)

const fileForm = `{"models":[…]}, the form of GET /browser/models`

// decodeFile reads {"models":[…]} strictly, so that no slip of an operator's pen
// changes nothing in silence.
func decodeFile(path string, content []byte) (*Listing, error) {
	var document struct {
		Revision string            `json:"revision"`
		Models   []json.RawMessage `json:"models"`
	}
	err := strictjson.Decode(content, &document)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return nil, inFile(path, content, int(syntax.Offset)-1, err)
	}
	if err == nil && document.Models == nil {
		err = errors.New("models is missing")
	}
	if err != nil {
		return nil, inFile(path, content, 0, fmt.Errorf("want %s: %w", fileForm, err))
	}
	all := newCollection(len(document.Models))
	at := modelsAt(content)
	for _, raw := range document.Models {
		at += bytes.Index(content[at:], raw)
		m, err := decodeModel(raw)
		if err == nil {
			err = all.add(&m)
		}
		if err != nil {
			return nil, inFile(path, content, at, err)
		}
		at += len(raw)
	}
	return newListing(all.models), nil
}

// modelsAt returns where the value of "models" begins in a document that has been
// decoded.
func modelsAt(content []byte) int {
	tokens := json.NewDecoder(bytes.NewReader(content))
	_, _ = tokens.Token() // the opening brace
	for tokens.More() {
		key, _ := tokens.Token()
		if key == "models" {
			break
		}
		_ = tokens.Decode(new(json.RawMessage))
	}
	return int(tokens.InputOffset())
}

// decodeModel reads one model, or says which of its fields can't be read.
func decodeModel(raw json.RawMessage) (Model, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return Model{}, fmt.Errorf("want a model, got %.40s", raw)
	}
	var m Model
	err := strictjson.Decode(raw, &m)
	if err == nil {
		return m, checkMemory(m.ID, fields)
	}
	var id string
	_ = json.Unmarshal(fields["id"], &id) // without one the place must do
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		alone, _ := json.Marshal(map[string]json.RawMessage{field: fields[field]}) // raw JSON encodes
		if err := strictjson.Decode(alone, new(Model)); err != nil {
			return Model{}, &FieldError{Model: id, Field: field, Problem: "can't be read: " + strings.TrimPrefix(err.Error(), "json: ")}
		}
	}
	// Alone each can be read, so one stands twice.
	if twice := (*strictjson.KeyError)(nil); errors.As(err, &twice) {
		return Model{}, &FieldError{Model: id, Field: twice.Key, Problem: twice.Problem}
	}
	return Model{}, err
}

// checkMemory refuses what decoding a [capability.Memory] would clamp.
func checkMemory(id string, fields map[string]json.RawMessage) error {
	raw, given := fields["minRAMGB"]
	if !given {
		return nil
	}
	if err := capability.CheckMemory(raw); err != nil {
		return &FieldError{Model: id, Field: "minRAMGB", Problem: err.Error()}
	}
	return nil
}

// fileError says where in a file something is wrong, as compilers do.
type fileError struct {
	place string // path:line:column
	err   error
}

func inFile(path string, content []byte, offset int, err error) error {
	before := content[:max(offset, 0)]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n') // -1 in the first line
	return &fileError{fmt.Sprintf("%s:%d:%d", path, line, column), err}
}

func (e *fileError) Error() string {
	return "registry: " + e.place + ": " + strings.TrimPrefix(e.err.Error(), "registry: ")
}

func (e *fileError) Unwrap() error { return e.err }
