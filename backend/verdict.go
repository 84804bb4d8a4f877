package backend

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
func verdictOn(code Code) verdict {
	switch code {
	case CodeCanceled:
		return verdictNone
	case "", CodeInvalidRequest, CodeUnsupported, CodeModelNotFound, CodeContextLength:
		return verdictAlive
	case CodeUpstreamAuth:
		return verdictRefused
	case CodeRateLimited, CodeQuotaExceeded:
		return verdictLimited
	default:
		return verdictFailed
	}
}

// blames reports whether the endpoint is why there was no answer.
func (v verdict) blames() bool { return v >= verdictFailed }

// noAnswer reports whether a probe that failed so found nobody. What answers with an error lives: many servers have no
// list of models to show.
func noAnswer(code Code) bool {
	return code == CodeUnavailable || code == CodeTimeout || code == CodeTruncated || code == CodeInternal
}

// elsewhere reports whether another endpoint may answer what failed so at one.
func elsewhere(code Code) bool {
	return code != CodeInvalidRequest && code != CodeContextLength && code != CodeCanceled
}

// hope is what an error lets a client expect of trying again, the more the higher.
type hope int

const (
	hopeNone   hope = iota // the request can't have that here
	hopeMended             // once the operator has done something
	hopeSoon               // it may pass
	hopeThen               // it will pass, mostly at a given time
)

func hopeOf(code Code) hope {
	switch code {
	case CodeUnsupported, CodeModelNotFound:
		return hopeNone
	case CodeQuotaExceeded, CodeUpstreamAuth:
		return hopeMended
	case CodeRateLimited:
		return hopeThen
	default:
		return hopeSoon
	}
}
