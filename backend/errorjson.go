package backend

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// maxErrorText bounds what is kept of an upstream's message, and maxErrorBody what of all it says, in bytes.
const (
	maxErrorText = 2048
	maxErrorBody = 16 << 10
)

// errorJSON is what upstreams put under "error". OpenAI: an object whose code is a string, a number or null. Some send
// a list of messages, Ollama's native API a bare string.
type errorJSON struct {
	Message string
	Type    string
	Param   string
	Code    string
	raw     json.RawMessage // if it is an object
}

// UnmarshalJSON takes any of those forms. Members of an unexpected type are left empty: an error about an error helps nobody.
func (e *errorJSON) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &e.Message) == nil {
		return nil
	}
	var raw struct{ Message, Type, Param, Code json.RawMessage }
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	e.Message, e.Type, e.Param, e.Code = flat(raw.Message), flat(raw.Type), flat(raw.Param), flat(raw.Code)
	e.raw = bytes.Clone(b)
	return nil
}

// flat returns a JSON string's text, a list of strings joined, a number as written, else nothing.
func flat(raw json.RawMessage) string {
	var text string
	var list []string
	var number json.Number
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &list) == nil:
		return strings.Join(list, ", ")
	case json.Unmarshal(raw, &number) == nil:
		return number.String()
	default:
		return ""
	}
}

// ParseError reads the JSON that an OpenAI-compatible API sends in place of an answer. It returns an *Error for any
// body, an empty or foreign one too. Status is the HTTP status; 0 means an error event inside a stream.
//
// An object with a message becomes Error.Body, unless it refuses credentials: OpenAI quotes the key then, shortened, and
// the client would take it for its own. That message goes into Err alone, as do those of 5xx answers in any other shape,
// which are about the upstream's insides.
func ParseError(status int, body []byte) *Error {
	var wire struct {
		Error  *errorJSON
		Detail json.RawMessage // FastAPI's, hence of many Python servers
		errorJSONFields
	}
	known := json.Unmarshal(body, &wire) == nil
	said := errorJSON{}
	switch {
	case !known:
	case wire.Error != nil:
		said = *wire.Error
	default: // vLLM before 0.10 puts the members at the top
		said = errorJSON{Message: flat(wire.Message), Type: flat(wire.Type), Param: flat(wire.Param), Code: flat(wire.Code)}
		if said.Message == "" {
			said.Message = flat(wire.Detail)
		}
	}
	text := truncate(said.Message)
	e := &Error{Code: classify(status, &said), Status: status, Param: truncate(said.Param)}
	if text != "" && len(said.raw) <= maxErrorBody && e.Code != CodeUpstreamAuth {
		e.Body = said.raw
	}
	switch e.Code {
	case CodeUpstreamAuth, CodeUnavailable, CodeTimeout, CodeBadResponse:
		if text == "" {
			text = http.StatusText(status)
		}
		if text != "" {
			e.Err = errors.New(text)
		}
	default:
		e.Message = text
	}
	return e
}

// errorJSONFields are errorJSON's members where they lie beside "error" rather than under it.
type errorJSONFields struct{ Message, Type, Param, Code json.RawMessage }

// classify puts an upstream's error into one of our codes: by what it is called where the name says more than the
// status, else by status.
func classify(status int, e *errorJSON) Code {
	if n, err := strconv.Atoi(e.Code); status == 0 && err == nil && n >= 400 && n <= 599 {
		status = n // vLLM and OpenRouter put it there where the answer has begun with a 200
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired,
		e.Code == "invalid_api_key", e.Type == "authentication_error", e.Type == "permission_error":
		return CodeUpstreamAuth
	case e.Code == "insufficient_quota", e.Type == "insufficient_quota", status == http.StatusPaymentRequired:
		return CodeQuotaExceeded
	case status == http.StatusTooManyRequests, e.Code == "rate_limit_exceeded":
		return CodeRateLimited
	case e.Code == "context_length_exceeded", (status == 0 || status/100 == 4) && mentionsContext(e.Message):
		return CodeContextLength
	case e.Code == "model_not_found":
		return CodeModelNotFound
	case status == http.StatusNotFound:
		// A 404 that doesn't speak of a model is a wrong base URL.
		if strings.Contains(strings.ToLower(e.Message), "model") {
			return CodeModelNotFound
		}
		return CodeBadResponse
	case status == http.StatusRequestTimeout, status == http.StatusGatewayTimeout:
		return CodeTimeout
	case status == http.StatusConflict, status >= 500:
		return CodeUnavailable
	case status/100 == 4:
		return CodeInvalidRequest
	case status == 0 && e.Type == "invalid_request_error":
		return CodeInvalidRequest
	case status == 0:
		return CodeUnavailable
	default: // a redirect, or a 200 that isn't what was asked for
		return CodeBadResponse
	}
}

// mentionsContext recognises the wordings of OpenAI and vLLM ("maximum context length"), llama.cpp ("context size")
// and others ("context window") where no code tells.
func mentionsContext(message string) bool {
	message = strings.ToLower(message)
	for _, words := range []string{"context length", "context size", "context window"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}

func truncate(s string) string {
	if len(s) > maxErrorText {
		s = strings.ToValidUTF8(s[:maxErrorText], "")
	}
	return s
}

// appendErrorEvent writes e as the event that ends a stream in place of [DONE].
func appendErrorEvent(b []byte, e *Error) []byte {
	var buf bytes.Buffer
	buf.WriteString("data: ")
	// Error always marshals: what it has of Body is valid.
	_ = json.NewEncoder(&buf).Encode(struct {
		Error *Error `json:"error"`
	}{e})
	buf.WriteString("\n")
	return append(b, buf.Bytes()...)
}
