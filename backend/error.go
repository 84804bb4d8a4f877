package backend

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// Code is the kind of an [Error]: a closed set, spelled as on the wire. A Code is itself an error, so that
// errors.Is(err, backend.CodeRateLimited) works, as it does with syscall.Errno.
type Code string

const (
	// CodeUnavailable means: the upstream can't be reached, or says that it failed or is overloaded.
	CodeUnavailable Code = "upstream_unavailable"
	// CodeTimeout means: the upstream was silent too long, or the caller's deadline passed.
	CodeTimeout Code = "upstream_timeout"
	// CodeRateLimited means: too many requests or tokens for now; Error.RetryAfter may say for how long.
	CodeRateLimited Code = "rate_limit_exceeded"
	// CodeQuotaExceeded means: the account is out of credit. Waiting won't help.
	CodeQuotaExceeded Code = "insufficient_quota"
	// CodeUpstreamAuth means: the upstream refuses our credentials, or we have none to show. Never the client's fault.
	CodeUpstreamAuth Code = "upstream_auth"
	// CodeInvalidRequest means: the request is malformed or out of range; Error.Param may name the field.
	CodeInvalidRequest Code = "invalid_request"
	// CodeUnsupported means: the request is well formed and asks for what this backend can't do; Error.Param names it.
	CodeUnsupported Code = "unsupported_parameter"
	// CodeModelNotFound means: the backend doesn't serve that model.
	CodeModelNotFound Code = "model_not_found"
	// CodeContextLength means: prompt and answer don't fit into the model's context window.
	CodeContextLength Code = "context_length_exceeded"
	// CodeCanceled means: the caller or its client went away.
	CodeCanceled Code = "canceled"
	// CodeTruncated means: the answer ended before its end.
	CodeTruncated Code = "upstream_truncated"
	// CodeBadResponse means: what came isn't an OpenAI answer.
	CodeBadResponse Code = "upstream_bad_response"
	// CodeInternal means: an in-process model failed.
	CodeInternal Code = "internal_error"
)

// Error makes a Code a target for errors.Is.
func (c Code) Error() string { return string(c) }

// messages are what a page is told where the upstream said nothing that may be passed on.
var messages = map[Code]string{
	CodeUnavailable:    "the model server is unavailable",
	CodeTimeout:        "the model server did not answer in time",
	CodeRateLimited:    "the model server is receiving too many requests",
	CodeQuotaExceeded:  "the model server's quota is used up",
	CodeUpstreamAuth:   "the model server refused this service's credentials",
	CodeInvalidRequest: "the request is invalid",
	CodeUnsupported:    "the request asks for something this model can't do",
	CodeModelNotFound:  "the model does not exist",
	CodeContextLength:  "the request is longer than the model's context window",
	CodeCanceled:       "the request was canceled",
	CodeTruncated:      "the answer was cut short",
	CodeBadResponse:    "the model server sent something that is not an answer",
	CodeInternal:       "the model failed",
}

// Error is the one error type of backends. It wraps its cause and matches its Code under errors.Is. An Error is a
// value to read: once returned it must not be changed.
type Error struct {
	Code   Code
	Status int // the upstream's HTTP status; 0 means that none came

	// Type is OpenAI's name for the family of errors. Empty means the usual one for Code.
	Type string

	// Param is the path of the request's field that is to blame, like "messages[1].role". Empty means none in particular.
	Param string

	// Message may be shown to a page: it never holds keys, addresses or the text of a cause. Empty means the usual
	// message for Code.
	Message string

	// RetryAfter is how long the upstream asks to wait; 0 means it didn't say.
	RetryAfter time.Duration

	// Header is the upstream's response header, cut down as Response.Header is.
	Header http.Header

	// Body is what the upstream put under "error", a JSON object, as it came. It is what pages are told then, in place of
	// Type, Code, Param and Message; only adapters that took their keys out of it set it.
	Body json.RawMessage

	// Endpoint and Attempts are as in Response, but both are empty where a pool found nobody to ask.
	Endpoint string
	Attempts int

	// Err is the cause, for the operator. It may name hosts, and hold an upstream's own words.
	Err error
}

// Error says code, message and cause, for the operator's eyes; Message is for pages. Both can hold an upstream's words,
// which may quote a prompt: a log that must hold none of it takes the Code alone.
func (e *Error) Error() string {
	text := "backend: " + string(e.Code) + ": " + e.message()
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause, nil if there is none.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is this error's Code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// MarshalJSON writes the object that OpenAI puts under "error": Body, or else message, type, code and param. The cause
// stays here.
func (e *Error) MarshalJSON() ([]byte, error) {
	if validJSON(e.Body) {
		return e.Body, nil
	}
	var param *string
	if e.Param != "" {
		param = &e.Param
	}
	return json.Marshal(struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Code    Code    `json:"code"`
		Param   *string `json:"param"`
	}{e.message(), e.wireType(), e.Code, param})
}

func (e *Error) message() string {
	if e.Message != "" {
		return e.Message
	}
	return messages[e.Code]
}

// wireType is Type, or what OpenAI calls errors of that kind. Another service's type would be news to clients that
// switch on it, hence only OpenAI's.
func (e *Error) wireType() string {
	switch {
	case e.Type != "":
		return e.Type
	case e.Code == CodeInvalidRequest, e.Code == CodeUnsupported, e.Code == CodeModelNotFound, e.Code == CodeContextLength:
		return "invalid_request_error"
	case e.Code == CodeRateLimited:
		return "rate_limit_error"
	case e.Code == CodeQuotaExceeded:
		return "insufficient_quota"
	default:
		return "server_error"
	}
}

// AsError returns err as an *Error: the one it wraps, if any; else a new one around it, CodeCanceled or CodeTimeout if
// a context ended, and fallback for anything else. A nil err gives nil.
func AsError(err error, fallback Code) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled):
		return &Error{Code: CodeCanceled, Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: CodeTimeout, Err: err}
	default:
		return &Error{Code: fallback, Err: err}
	}
}

// Unsupported returns the error for a request that asks for what a backend can't do. Param is the path of the field,
// like "messages[1].content[0].type".
func Unsupported(param, message string) *Error {
	return &Error{Code: CodeUnsupported, Param: param, Message: message}
}
