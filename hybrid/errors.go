package hybrid

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/policy"
)

// Codes of errors that begin here. Besides these, an error can have the code of
// a [backend.Error], or a [policy.Reason] where policies forbid the server.
const (
	codeInvalidJSON      = "invalid_json"
	codeInvalidType      = "invalid_type"
	codeInvalidValue     = "invalid_value"
	codeMissingField     = "missing_field"
	codeUnauthorized     = "unauthorized"
	codeForbidden        = "forbidden"
	codeRefused          = "refused"
	codeAuthUnavailable  = "authentication_unavailable"
	codeInvalidGrant     = "invalid_grant"
	codeGrantExpired     = "grant_expired"
	codeGrantExhausted   = "grant_exhausted"
	codePromptTooLong    = "prompt_too_long"
	codeNoSavings        = "savings_unavailable"
	codeNoLedger         = "ledger_unavailable"
	codeNoLimits         = "limits_unavailable"
	codeVersion          = "unsupported_version"
	codeNotFound         = "not_found"
	codeMethodNotAllowed = "method_not_allowed"
	codeBodyTooLarge     = "body_too_large"
	codeUnsupportedMedia = "unsupported_media_type"
	codeInternal         = "internal_error"
)

// apiError is an error with its place in HTTP, in OpenAI's shape.
type apiError struct {
	status  int
	message string
	code    string
	kind    string // OpenAI's type, "" for the usual one of the status
	param   string // "" for none in particular

	wait time.Duration // before it makes sense to try again, 0 if unknown
}

// headerShouldRetry tells OpenAI's clients whether to try again. Left alone they
// repeat any 429.
const headerShouldRetry = "X-Should-Retry"

// typeQuota is OpenAI's type of error where no waiting helps, unlike that of its
// other errors with the status 429.
const typeQuota = "insufficient_quota"

func problem(status int, code, param, format string, args ...any) *apiError {
	return &apiError{status: status, code: code, param: param, message: fmt.Sprintf(format, args...)}
}

// Error implements error.
func (e *apiError) Error() string { return e.message }

// MarshalJSON writes the object that stands under "error", as a backend's error
// writes it.
func (e *apiError) MarshalJSON() ([]byte, error) {
	same := backend.Error{Code: backend.Code(e.code), Type: cmp.Or(e.kind, typeOf(e.status)), Message: e.message, Param: e.param}
	return same.MarshalJSON()
}

// typeOf returns OpenAI's name for the family of errors with a status.
func typeOf(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "authentication_error"
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status < http.StatusInternalServerError:
		return "invalid_request_error"
	default:
		return "server_error"
	}
}

// statusOf is the upstream's status, or what stands for an error that has none. A
// refusal of our own credentials must not look like one of the page's, or the page
// would log its user out; and what came in place of an answer is not the page's
// fault.
func statusOf(e *backend.Error) int {
	switch e.Code {
	case backend.CodeUpstreamAuth, backend.CodeTruncated, backend.CodeBadResponse:
		return http.StatusBadGateway
	}
	if e.Status >= http.StatusBadRequest && e.Status <= 599 {
		return e.Status
	}
	switch e.Code {
	case backend.CodeInvalidRequest, backend.CodeUnsupported, backend.CodeContextLength:
		return http.StatusBadRequest
	case backend.CodeModelNotFound:
		return http.StatusNotFound
	case backend.CodeRateLimited, backend.CodeQuotaExceeded:
		return http.StatusTooManyRequests
	case backend.CodeUnavailable, backend.CodeCanceled:
		return http.StatusServiceUnavailable
	case backend.CodeTimeout:
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}

// writeError answers with an error, in the one shape, and returns the status. It
// does so too when the request's context has ended: that may be a time limit of
// the app's, whose client waits for an answer, and writing to one that has gone
// harms nobody.
func (r *Router) writeError(w http.ResponseWriter, req *http.Request, err error) (status int) {
	var (
		body   any // what stands under "error"
		api    *apiError
		field  *policy.FieldError
		failed *backend.Error
	)
	switch {
	case errors.As(err, &api):
		status, body = api.status, api
		if api.kind == typeQuota {
			w.Header().Set(headerShouldRetry, "false")
		}
		retryAfter(w.Header(), api.wait)
	case errors.As(err, &field):
		status = http.StatusBadRequest
		body = problem(status, codeInvalidValue, field.Field, "%v", field)
	case errors.As(err, &failed):
		status, body = statusOf(failed), failed
		if failed.Code == backend.CodeQuotaExceeded {
			w.Header().Set(headerShouldRetry, "false") // unless the upstream says otherwise
		}
		copyHeader(w.Header(), failed.Header)
		retryAfter(w.Header(), failed.RetryAfter)
	default:
		status = http.StatusInternalServerError
		body = problem(status, codeInternal, "", "something went wrong on the server")
	}
	// Whoever goes away leaves a failure behind that is nobody's.
	if gone := errors.Is(req.Context().Err(), context.Canceled); status >= http.StatusInternalServerError && !gone {
		r.opts.Logger.Warn("hybrid: a request failed on our side", "path", req.URL.Path, "status", status, causeOf(err))
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, status, errorBody{body})
	return status
}

// retryAfter says how long to wait, in whole seconds.
func retryAfter(h http.Header, wait time.Duration) {
	if seconds := math.Ceil(wait.Seconds()); seconds > 0 {
		h.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
}

// errorBody is an error as it is answered, or told in a stream.
type errorBody struct {
	Error any `json:"error"`
}

// codeOf is the code of an error as it is answered.
func codeOf(err error) string {
	var (
		api    *apiError
		field  *policy.FieldError
		failed *backend.Error
	)
	switch {
	case errors.As(err, &api):
		return api.code
	case errors.As(err, &field):
		return codeInvalidValue
	case errors.As(err, &failed):
		return string(failed.Code)
	default:
		return codeInternal
	}
}

// causeOf is what a log may hold of an error: its code, where it was met, and its
// words only if they come from the network. An upstream's words may quote the prompt.
func causeOf(err error) slog.Attr {
	attrs := []any{slog.String("code", codeOf(err))}
	if failed := (*backend.Error)(nil); errors.As(err, &failed) {
		if failed.Status != 0 {
			attrs = append(attrs, slog.Int("status", failed.Status))
		}
		if failed.Endpoint != "" {
			attrs = append(attrs, slog.String("endpoint", failed.Endpoint))
		}
	}
	if request := (*url.Error)(nil); errors.As(err, &request) {
		attrs = append(attrs, slog.String("url", request.URL))
	}
	if network := (*net.OpError)(nil); errors.As(err, &network) {
		attrs = append(attrs, slog.String("cause", network.Error()))
	}
	return slog.Group("error", attrs...)
}

// copyHeader passes an upstream's headers on. Their type is not among them: we
// know what we write.
func copyHeader(to, from http.Header) {
	for name, values := range backend.PublicHeader(from) {
		if name != "Content-Type" {
			to[name] = values
		}
	}
}

// writeJSON writes v with its length.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(v); err != nil {
		// Unreachable: what is written here are our own types.
		status = http.StatusInternalServerError
		buf.Reset()
		buf.WriteString(`{"error":{"message":"the answer could not be encoded","type":"server_error","code":"internal_error","param":null}}`)
	}
	writeBody(w, status, buf.Bytes())
}

func jsonHeader(h http.Header, length int) {
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(length))
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	jsonHeader(w.Header(), len(body))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}
