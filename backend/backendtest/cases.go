package backendtest

import (
	"net/http"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// Case is one way for an answer to go wrong, and what must come of it.
type Case struct {
	// Name tells it from the others, like "stream/cut after content".
	Name string

	// Fault is what a Server does.
	Fault Fault

	// Stream says that it is about an answer that is streamed.
	Stream bool

	// Code is how an adapter must report it. Empty means that the fault is harmless and the answer whole.
	Code backend.Code

	// Begun says that the answer has begun by then, so that backend.Relay reports it, not Generate.
	Begun bool

	// Delivered is how many events with words of Answer came before the failure.
	Delivered int
}

// Places in a stream: after the role, before any content; and after three words.
var (
	early = AfterEvents(1)
	late  = AfterEvents(4)
)

const lateWords = 3

// Cases lists every fault that a Server knows, before an answer begins and after, plain and streamed. A Server that is
// down is none of them.
func Cases() []Case {
	var cases []Case
	plain := func(name string, f Fault, code backend.Code) {
		cases = append(cases, Case{Name: "plain/" + name, Fault: f, Code: code})
	}
	before := func(name string, f Fault, code backend.Code) {
		cases = append(cases, Case{Name: "stream/" + name, Fault: f, Stream: true, Code: code})
	}
	both := func(name string, f Fault, code backend.Code) {
		plain(name, f, code)
		before(name, f, code)
	}
	after := func(name string, f Fault, code backend.Code) {
		c := Case{Name: "stream/" + name + " after content", Fault: f, Stream: true, Code: code, Begun: true, Delivered: lateWords}
		if f.At == AfterEvents(-1) {
			c.Delivered = CompletionTokens
		}
		cases = append(cases, c)
	}

	// Refusals.
	both("rate limited", RateLimited(7*time.Second), backend.CodeRateLimited)
	both("rate limited in milliseconds", RateLimited(7*time.Second).WithHeader("Retry-After-Ms", "6500"), backend.CodeRateLimited)
	both("rate limited for good", RateLimited(0).WithHeader("X-Should-Retry", "false"), backend.CodeRateLimited)
	both("out of quota", OutOfQuota(), backend.CodeQuotaExceeded)
	both("bad request", Failed(http.StatusBadRequest), backend.CodeInvalidRequest)
	both("context too long", ContextTooLong(), backend.CodeContextLength)
	both("unauthorized", Unauthorized(), backend.CodeUpstreamAuth)
	both("forbidden", failure(http.StatusForbidden, "permission_error", "", "No access for "+KeyQuoted), backend.CodeUpstreamAuth)
	both("not found", Page(http.StatusNotFound), backend.CodeBadResponse)
	both("request timeout", Failed(http.StatusRequestTimeout), backend.CodeTimeout)
	both("conflict", Failed(http.StatusConflict), backend.CodeUnavailable)
	both("internal error", Failed(http.StatusInternalServerError), backend.CodeUnavailable)
	both("key in an error", failure(http.StatusInternalServerError, "server_error", "", "No route for "+KeyQuoted), backend.CodeUnavailable)
	both("bad gateway", Page(http.StatusBadGateway), backend.CodeUnavailable)
	both("overloaded", Overloaded(), backend.CodeUnavailable)
	both("overloaded, Anthropic's way", Failed(529), backend.CodeUnavailable)
	both("status alone", Fault{Status: http.StatusInternalServerError}, backend.CodeUnavailable)
	both("redirect", Redirect(), backend.CodeBadResponse)

	// Connections.
	both("closed before the header", Fault{Do: Cut}, backend.CodeUnavailable)
	both("reset before the header", Fault{Do: Reset}, backend.CodeUnavailable)
	both("silent", Fault{Do: Stall}, backend.CodeTimeout)
	both("silent after the header", Fault{At: AfterEvents(0), Do: Stall}, backend.CodeTimeout)
	both("cut after the header", Fault{At: AfterEvents(0), Do: Cut}, backend.CodeTruncated)
	plain("cut", Fault{At: AtByte(100), Do: Cut}, backend.CodeTruncated)
	plain("reset", Fault{At: AtByte(100), Do: Reset}, backend.CodeTruncated)
	plain("stall", Fault{At: AtByte(100), Do: Stall}, backend.CodeTimeout)
	before("cut", Fault{At: early, Do: Cut}, backend.CodeTruncated)
	before("reset", Fault{At: early, Do: Reset}, backend.CodeTruncated)
	before("stall", Fault{At: early, Do: Stall}, backend.CodeTimeout)
	before("early end", Fault{At: early, Do: End}, backend.CodeTruncated)
	after("cut", Fault{At: late, Do: Cut}, backend.CodeTruncated)
	after("cut in an event", Fault{At: late, Say: `data: {"choices":[{"index":0,"delta":{"content":"jum`, Do: Cut}, backend.CodeTruncated)
	after("stall", Fault{At: late, Do: Stall}, backend.CodeTimeout)
	after("early end", Fault{At: late, Do: End}, backend.CodeTruncated)
	after("end in an event", Fault{At: late, Say: `data: {"choices":[{"index":0,"delta":{"content":"jum`, Do: End}, backend.CodeTruncated)
	after("no [DONE]", Fault{At: AfterEvents(-1), Do: End}, backend.CodeTruncated)
	after("no finish_reason", DoneEarly(late), backend.CodeTruncated)
	before("[DONE] and nothing else", DoneEarly(early), backend.CodeTruncated)

	// Answers that are none.
	plain("empty", Fault{Do: End}, backend.CodeBadResponse)
	before("empty", Fault{Do: End}, backend.CodeTruncated)
	both("page", Page(0), backend.CodeBadResponse)
	plain("no finish_reason", Fault{Body: strings.Replace(whole(Answer), `"stop"`, "null", 1)}, backend.CodeTruncated)
	plain("half of the answer", Fault{At: AtByte(100), Do: End}, backend.CodeBadResponse)
	plain("stream", Streamed(), backend.CodeBadResponse)
	before("not a stream", Unstreamed(), backend.CodeBadResponse)
	plain("garbage", Garbage(AfterEvents(0)), backend.CodeBadResponse)
	before("garbage", Garbage(early), backend.CodeBadResponse)
	after("garbage", Garbage(late), backend.CodeBadResponse)
	const tooLong = 1<<20 + 1<<18
	before("long line", LongLine(early, tooLong), backend.CodeBadResponse)
	after("long line", LongLine(late, tooLong), backend.CodeBadResponse)

	// Errors with status 200.
	for _, e := range []struct {
		name, kind, code, message string
		want                      backend.Code
	}{
		{"error", "server_error", "", "CUDA out of memory", backend.CodeUnavailable},
		{"rate limit error", "requests", "rate_limit_exceeded", "Rate limit reached", backend.CodeRateLimited},
		{"rate limit error by number", "requests", "429", "Rate limit reached", backend.CodeRateLimited},
		{"credentials error by number", "server_error", "401", "No access for " + KeyQuoted, backend.CodeUpstreamAuth},
		{"credentials error", "authentication_error", "", "No access for " + KeyQuoted, backend.CodeUpstreamAuth},
		{"key in an error event", "server_error", "", "No route for " + KeyQuoted, backend.CodeUnavailable},
	} {
		whole := failure(0, e.kind, e.code, e.message).Body
		plain(e.name, Fault{Body: whole}, e.want)
		before(e.name+", not streamed", Fault{ContentType: "application/json", Body: whole}, e.want)
		before(e.name, ErrorEvent(early, e.kind, e.code, e.message), e.want)
		after(e.name, ErrorEvent(late, e.kind, e.code, e.message), e.want)
		before(e.name+", drop by drop", ErrorEvent(early, e.kind, e.code, e.message).dripped(), e.want)
		after(e.name+", drop by drop", ErrorEvent(late, e.kind, e.code, e.message).dripped(), e.want)
	}

	// Odd, but answers.
	both("drop by drop", Fault{}.dripped(), "")
	before("pauses", Fault{Pause: 5 * time.Millisecond}, "")
	before("comments first", KeepAlive(), "")
	before("CRLF", Fault{CRLF: true}, "")
	before("CRLF, byte by byte", Fault{CRLF: true, Piece: 1}, "")
	before("chunk without choices first", AzureFirst(), "")
	before("no blank line at the end", Fault{At: AfterEvents(-1), Say: "data: [DONE]", Do: End}, "")
	before("no blank line at the end, drop by drop", Fault{At: AfterEvents(-1), Say: "data: [DONE]", Do: End}.dripped(), "")
	before("charset", Fault{ContentType: "text/event-stream; charset=utf-8"}, "")
	plain("charset", Fault{ContentType: "application/json; charset=utf-8"}, "")
	return cases
}

// dripped is f, slowly, with its events cut anywhere.
func (f Fault) dripped() Fault {
	f.Piece, f.Pause = 9, 100*time.Microsecond
	return f
}
