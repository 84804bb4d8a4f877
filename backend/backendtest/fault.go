package backendtest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Fault is what goes wrong with one answer of a [Server]. Fields combine; the zero value is a plain answer. It is a
// value to copy and change.
type Fault struct {
	// Status is sent instead of 200, and Body instead of the answer. Zero means 200.
	Status int

	// Header is added to the answer's.
	Header http.Header

	// Body is sent instead of the answer. Empty, with a zero Status, means the answer.
	Body string

	// ContentType is sent instead of the right one. Empty means the right one.
	ContentType string

	// CutAfter breaks the connection after so many bytes of the body, or ends the answer as if it were whole if CleanCut
	// is set. Zero means no cut.
	CutAfter int
	CleanCut bool

	// Pause is the time between two events. Zero means none.
	Pause time.Duration

	// StallAfter says nothing more after so many events, until the client leaves. Zero means no stall.
	StallAfter int
}

// RateLimited is a 429 that asks to wait, in whole seconds.
func RateLimited(wait time.Duration) Fault {
	f := errorFault(http.StatusTooManyRequests, "requests", "rate_limit_exceeded", "Rate limit reached")
	f.Header = http.Header{
		"Retry-After":                    {strconv.Itoa(int(wait / time.Second))},
		"X-Ratelimit-Remaining-Requests": {"0"},
	}
	return f
}

// OutOfQuota is a 429 that no waiting cures.
func OutOfQuota() Fault {
	return errorFault(http.StatusTooManyRequests, "insufficient_quota", "insufficient_quota", "You exceeded your current quota")
}

// Overloaded is a 503.
func Overloaded() Fault {
	return errorFault(http.StatusServiceUnavailable, "server_error", "", "The engine is currently overloaded")
}

// Unauthorized is a 401 that quotes the key, as OpenAI's do.
func Unauthorized(key string) Fault {
	return errorFault(http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: "+key)
}

// Garbage is a stream whose second event isn't JSON.
func Garbage() Fault {
	return Fault{Body: "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: <html>\n\n"}
}

// errorFault is a failure in OpenAI's shape.
func errorFault(status int, kind, code, message string) Fault {
	var wire struct {
		Error struct {
			Message string  `json:"message"`
			Type    string  `json:"type"`
			Param   *string `json:"param"`
			Code    *string `json:"code"`
		} `json:"error"`
	}
	wire.Error.Message, wire.Error.Type = message, kind
	if code != "" {
		wire.Error.Code = &code
	}
	body, _ := json.Marshal(wire) // strings always marshal
	return Fault{Status: status, Body: string(body), ContentType: "application/json"}
}
