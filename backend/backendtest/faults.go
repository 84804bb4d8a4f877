package backendtest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// WithHeader returns f with one more header, such as Retry-After-Ms, Retry-After or X-Should-Retry.
func (f Fault) WithHeader(name, value string) Fault {
	f.Header = f.Header.Clone()
	if f.Header == nil {
		f.Header = http.Header{}
	}
	f.Header.Set(name, value)
	return f
}

// RateLimited is a 429 that asks to wait, in whole seconds.
func RateLimited(wait time.Duration) Fault {
	return failure(http.StatusTooManyRequests, "requests", "rate_limit_exceeded", "Rate limit reached").
		WithHeader("Retry-After", strconv.Itoa(int(wait/time.Second))).
		WithHeader("X-Ratelimit-Remaining-Requests", "0")
}

// OutOfQuota is a 429 that no waiting cures.
func OutOfQuota() Fault {
	return failure(http.StatusTooManyRequests, "insufficient_quota", "insufficient_quota", "You exceeded your current quota")
}

// Overloaded is a 503.
func Overloaded() Fault {
	return failure(http.StatusServiceUnavailable, "server_error", "", "The engine is currently overloaded")
}

// Failed is any status, with an error of the type that OpenAI gives to most.
func Failed(status int) Fault {
	kind := "invalid_request_error"
	if status >= 500 {
		kind = "server_error"
	}
	return failure(status, kind, "", "This is what "+strconv.Itoa(status)+" means here")
}

// Unauthorized is a 401 that quotes the key, as OpenAI's do, though shortened.
func Unauthorized() Fault {
	return failure(http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: "+KeyQuoted)
}

// ContextTooLong is a 400 for a prompt that doesn't fit into the model.
func ContextTooLong() Fault {
	return failure(http.StatusBadRequest, "invalid_request_error", "context_length_exceeded", "This model's maximum context length is 7 tokens")
}

// Redirect is a 307 to a place where an answer could be had.
func Redirect() Fault {
	return Fault{Status: http.StatusTemporaryRedirect}.WithHeader("Location", "/v1/chat/completions")
}

// Page is what a proxy or a login sends in place of an API's answer. Status 0 means 200.
func Page(status int) Fault {
	return Fault{Status: status, ContentType: "text/html", Body: "<html><h1>nginx</h1></html>"}
}

// Unstreamed is a whole answer, also where a stream is asked for.
func Unstreamed() Fault { return Fault{ContentType: "application/json", Body: whole(Answer)} }

// Streamed is a stream, also where a whole answer is asked for.
func Streamed() Fault {
	return Fault{ContentType: "text/event-stream", Body: strings.Join(streamed(Answer, false), "")}
}

// Garbage is an event that isn't JSON; an answer that isn't streamed becomes none by it.
func Garbage(at Place) Fault { return Fault{At: at, Say: "data: <html>\n\n"} }

// LongLine is an event of so many bytes and a few more, all on one line, sent in pieces.
func LongLine(at Place, bytes int) Fault {
	event := `data: {"choices":[{"index":0,"delta":{"content":"` + strings.Repeat("x", bytes) + `"}}]}`
	return Fault{At: at, Say: event + "\n\n", Piece: 64 << 10}
}

// ErrorEvent is a stream that fails, and says so, in place of its end.
func ErrorEvent(at Place, kind, code, message string) Fault {
	return Fault{At: at, Say: "data: " + failure(0, kind, code, message).Body + "\n\n", Do: End}
}

// DoneEarly is a stream that says [DONE] without a finish_reason.
func DoneEarly(at Place) Fault { return Fault{At: at, Say: "data: [DONE]\n\n", Do: End} }

// KeepAlive sends comments before the first event, as gateways do while the model thinks.
func KeepAlive() Fault {
	return Fault{At: AfterEvents(0), Say: ": OPENROUTER PROCESSING\n\n:\n\n: ping\n\n"}
}

// AzureFirst is a stream that begins with what Azure has found out about the prompt, in a chunk without choices.
func AzureFirst() Fault {
	return Fault{At: AfterEvents(0), Say: `data: {"choices":[],"created":0,"id":"","model":"","object":"",` +
		`"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}` + "\n\n"}
}

// failure is a failure in OpenAI's shape.
func failure(status int, kind, code, message string) Fault {
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
