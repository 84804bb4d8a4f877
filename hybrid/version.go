package hybrid

import (
	"net/http"
	"strconv"
	"strings"
)

// WireVersion is the version of the wire that this package speaks: MAJOR.MINOR. A
// minor version only adds what older peers may ignore: optional members, endpoints,
// words of open sets, error codes. What an older peer would misunderstand takes a new
// major.
const WireVersion = "1.2"

// headerVersion carries it both ways. A request without it is of 1.0, which had none.
const headerVersion = "X-Edgewise-Version"

// speaks refuses a request of another major version.
func speaks(h http.Header) error {
	asked := h.Get(headerVersion)
	if asked == "" {
		return nil
	}
	major, minor, ok := strings.Cut(asked, ".")
	if _, err := strconv.ParseUint(minor, 10, 16); !ok || err != nil || major != wireMajor {
		return problem(http.StatusBadRequest, codeVersion, "",
			"the request is of version %q, and this service speaks %s: load the page anew", asked, WireVersion)
	}
	return nil
}

var wireMajor, _, _ = strings.Cut(WireVersion, ".")
