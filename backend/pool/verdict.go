package pool

import (
	"net/http"

	"github.com/edgewise-ai/edgewise/backend"
)

// verdict is what the end of a request says about the endpoint that was asked.
type verdict int

const (
	verdictNone    verdict = iota // nothing: the client went away, or nobody was asked
	verdictAlive                  // it does its work, though it may not like the request
	verdictFailed                 // it failed
	verdictRefused                // it will go on failing until somebody changes its credentials
	verdictLimited                // it works, but not for us and not now
)

// verdictOn judges by what came in place of an answer, nil for a whole one.
func verdictOn(failed *backend.Error) verdict {
	if failed == nil {
		return verdictAlive
	}
	switch failed.Code {
	case backend.CodeCanceled:
		return verdictNone
	case backend.CodeInvalidRequest, backend.CodeUnsupported, backend.CodeModelNotFound, backend.CodeContextLength:
		if failed.Status == 0 {
			return verdictNone // the endpoint's own Backend refused, and asked nobody
		}
		return verdictAlive
	case backend.CodeUpstreamAuth:
		return verdictOnRefusal(failed.Status)
	case backend.CodeRateLimited, backend.CodeQuotaExceeded:
		return verdictLimited
	default:
		return verdictFailed
	}
}

// verdictOnRefusal tells credentials that are no good, or none, from a refusal that the next request may not meet:
// gateways answer 403 where they flag a prompt or lack a permission for one model, and a 200 has it in its body.
func verdictOnRefusal(status int) verdict {
	switch status {
	case 0, http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return verdictRefused
	default:
		return verdictFailed
	}
}

// verdictOnStream judges how an answer ended that had begun: its credentials were good enough for that.
func verdictOnStream(failed *backend.Error) verdict {
	if v := verdictOn(failed); v != verdictRefused {
		return v
	}
	return verdictFailed
}

// blames reports whether the endpoint is why there was no answer.
func (v verdict) blames() bool { return v >= verdictFailed }

// noAnswer reports whether a probe that failed so found nobody. What answers with an error lives: many servers have no
// list of models to show.
func noAnswer(code backend.Code) bool {
	switch code {
	case backend.CodeUnavailable, backend.CodeTimeout, backend.CodeTruncated, backend.CodeInternal:
		return true
	default:
		return false
	}
}

// hope is what an error lets a client expect of trying again, the more the higher.
type hope int

const (
	hopeNone   hope = iota // the request can't have that here
	hopeMended             // once the operator has done something
	hopeSoon               // it may pass
	hopeThen               // it will pass, mostly at a given time
)

func hopeOf(code backend.Code) hope {
	switch code {
	case backend.CodeUnsupported, backend.CodeModelNotFound, backend.CodeContextLength:
		return hopeNone
	case backend.CodeQuotaExceeded, backend.CodeUpstreamAuth:
		return hopeMended
	case backend.CodeRateLimited:
		return hopeThen
	default:
		return hopeSoon
	}
}
