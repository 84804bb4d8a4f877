package pool

import "github.com/edgewise-ai/edgewise/backend"

// verdict is what the end of a request says about the endpoint that was asked.
type verdict int

const (
	verdictNone    verdict = iota // nothing: the client went away
	verdictAlive                  // it does its work, though it may not like the request
	verdictFailed                 // it failed
	verdictRefused                // it will go on failing until somebody changes its credentials
	verdictLimited                // it works, but not for us and not now
)

// verdictOn judges by an error's code, "" for a whole answer.
func verdictOn(code backend.Code) verdict {
	switch code {
	case backend.CodeCanceled:
		return verdictNone
	case "", backend.CodeInvalidRequest, backend.CodeUnsupported, backend.CodeModelNotFound, backend.CodeContextLength:
		return verdictAlive
	case backend.CodeUpstreamAuth:
		return verdictRefused
	case backend.CodeRateLimited, backend.CodeQuotaExceeded:
		return verdictLimited
	default:
		return verdictFailed
	}
}

// blames reports whether the endpoint is why there was no answer.
func (v verdict) blames() bool { return v >= verdictFailed }

// noAnswer reports whether a probe that failed so found nobody. What answers with an error lives: many servers have no
// list of models to show.
func noAnswer(code backend.Code) bool {
	return code == backend.CodeUnavailable || code == backend.CodeTimeout || code == backend.CodeTruncated || code == backend.CodeInternal
}

// elsewhere reports whether another endpoint may answer what failed so at one.
func elsewhere(code backend.Code) bool {
	return code != backend.CodeInvalidRequest && code != backend.CodeContextLength && code != backend.CodeCanceled
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
	case backend.CodeUnsupported, backend.CodeModelNotFound:
		return hopeNone
	case backend.CodeQuotaExceeded, backend.CodeUpstreamAuth:
		return hopeMended
	case backend.CodeRateLimited:
		return hopeThen
	default:
		return hopeSoon
	}
}
