package hybrid

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/edgewise-ai/edgewise/policy"
)

const (
	// maxRouteBytes bounds a routing request: 256 model states of 100 bytes and
	// a device make some 30 KB.
	maxRouteBytes = 128 << 10

	// maxReportBytes bounds a batch of reports. The Fetch standard allows
	// keepalive requests and beacons no more.
	maxReportBytes = 64 << 10
)

// readJSON reads a JSON body of at most limit bytes and decodes it into v. A
// request must say that it is JSON: a form or plain text would reach us from any
// origin, with the user's cookies and without asking first.
func readJSON(w http.ResponseWriter, req *http.Request, limit int64, v any) error {
	if err := mustBeJSON(req); err != nil {
		return err
	}
	body, err := readBody(w, req, limit)
	if err != nil {
		return err
	}
	return decodeObject(body, v)
}

func mustBeJSON(req *http.Request) error {
	kind := req.Header.Get("Content-Type")
	if kind == "application/json" { // as nearly all have it
		return nil
	}
	if kind = mediaType(kind); kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return problem(http.StatusUnsupportedMediaType, codeUnsupportedMedia, "", "the Content-Type must be application/json")
	}
	return nil
}

// readBody reads a body of at most limit bytes.
func readBody(w http.ResponseWriter, req *http.Request, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(int(min(max(req.ContentLength, 0), limit)) + bytes.MinRead)
	if _, err := buf.ReadFrom(http.MaxBytesReader(w, req.Body, limit)); err != nil {
		return nil, readProblem(err)
	}
	return buf.Bytes(), nil
}

func mediaType(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return kind
}

func readProblem(err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return problem(http.StatusRequestEntityTooLarge, codeBodyTooLarge, "", "the body is longer than %d bytes", tooLarge.Limit)
	}
	return problem(http.StatusBadRequest, codeInvalidJSON, "", "the body ended too early")
}

// decodeObject decodes one JSON object and nothing after it. Unknown fields are
// ignored.
func decodeObject(body []byte, v any) error {
	body = bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(body) == 0:
		return problem(http.StatusBadRequest, codeInvalidJSON, "", "the body is empty: want a JSON object")
	case body[0] != '{' && json.Valid(body):
		return problem(http.StatusBadRequest, codeInvalidType, "", "the body must be a JSON object")
	}
	err := json.Unmarshal(body, v)
	var (
		syntax *json.SyntaxError
		typing *json.UnmarshalTypeError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax) && errors.Is(err, io.ErrUnexpectedEOF):
		return problem(http.StatusBadRequest, codeInvalidJSON, "", "the body is not valid JSON: it ends too early")
	case errors.As(err, &syntax):
		return problem(http.StatusBadRequest, codeInvalidJSON, "", "the body is not valid JSON: %v (at byte %d)", err, syntax.Offset)
	case errors.As(err, &typing):
		param := wirePath(typing.Field)
		return problem(http.StatusBadRequest, codeInvalidType, param, "%s must be %s", cmp.Or(param, "the body"), describe(typing.Type))
	default:
		return problem(http.StatusBadRequest, codeInvalidValue, "", "the body can't be used: %v", err)
	}
}

// privacyField is the field "privacy" of a generating request. A name may stand in
// a body several times, in any case and with null: the strictest value counts,
// for taking a prompt that must stay on its device can't be made good.
type privacyField struct {
	present bool
	level   policy.PrivacyLevel
}

// UnmarshalJSON implements [json.Unmarshaler]; it is called for each appearance.
func (p *privacyField) UnmarshalJSON(data []byte) error {
	p.present = true
	var level policy.PrivacyLevel
	if err := json.Unmarshal(data, &level); err != nil {
		return err
	}
	if p.level == "" {
		p.level = level
	}
	return nil
}

// conversationField is the field "conversationId" of a generating request.
type conversationField struct {
	present bool // be it null
	id      string
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *conversationField) UnmarshalJSON(data []byte) error {
	c.present = true
	return json.Unmarshal(data, &c.id)
}

// wirePath turns a path of encoding/json into one of the wire: it holds the Go
// names of embedded structs, which begin in upper case as no wire name does.
func wirePath(path string) string {
	names := strings.Split(path, ".")
	kept := names[:0]
	for _, name := range names {
		if first, _ := utf8.DecodeRuneInString(name); !unicode.IsUpper(first) {
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, ".")
}

// describe says in words what JSON a Go type is read from.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number below 2^53"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.String, reflect.Uint8: // words of a closed set are small numbers in Go
		return "a string"
	case reflect.Slice, reflect.Array:
		return "an array"
	default:
		return "an object"
	}
}
