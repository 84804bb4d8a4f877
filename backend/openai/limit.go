package openai

import (
	"encoding/json"

	"github.com/edgewise-ai/edgewise/backend"
)

// limitNames are what APIs call the limit on an answer's tokens.
var limitNames = []string{"max_tokens", "max_completion_tokens"}

// renameLimit gives a request's limit the one name that the upstream knows. What is no number passes under it, for the
// upstream to refuse.
func renameLimit(body []byte, name string) ([]byte, error) {
	var said struct {
		MaxTokens           json.RawMessage `json:"max_tokens"`
		MaxCompletionTokens json.RawMessage `json:"max_completion_tokens"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return nil, &backend.Error{Code: backend.CodeInvalidRequest, Message: "the body is not valid JSON", Err: err}
	}
	limit := lower(said.MaxTokens, said.MaxCompletionTokens)
	members := make([]backend.Member, len(limitNames))
	for i, known := range limitNames {
		members[i].Name = known
		if known == name {
			members[i].Value = limit
		}
	}
	return backend.SetMembers(body, members...)
}

// lower returns the lower one of two limits, of which either may be absent or null.
func lower(a, b json.RawMessage) json.RawMessage {
	var x, y float64
	switch {
	case isNull(a) && isNull(b):
		return nil
	case isNull(a):
		return b
	case isNull(b) || json.Unmarshal(a, &x) != nil:
		return a
	case json.Unmarshal(b, &y) != nil || y < x:
		return b
	default:
		return a
	}
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
