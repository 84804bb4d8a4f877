// Package openai is a backend for any API that speaks OpenAI's chat completions: OpenAI itself, vLLM, llama.cpp,
// Ollama, LM Studio, gateways.
//
// Against calling go-openai directly it adds what a server in front of browsers needs: bytes are passed on as they
// come, retries follow the rules of OpenAI's own SDKs, failures keep the upstream's status and Retry-After, silent
// upstreams are cut off, and keys stay here. Go programs that want types have Chat and ChatStream, over the same stack.
package openai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The defaults of Options. Retries and backoff are those of OpenAI's SDKs.
const (
	defaultMaxRetries    = 2
	defaultMinBackoff    = 500 * time.Millisecond
	defaultMaxBackoff    = 8 * time.Second
	defaultMaxRetryAfter = 20 * time.Second
	defaultRetryBudget   = 20
	defaultHeaderTimeout = 10 * time.Minute
	defaultIdleTimeout   = 60 * time.Second
)

// Options configures [New]. BaseURL is required.
type Options struct {
	// BaseURL is where the API lives, like "https://api.openai.com/v1" or "http://localhost:11434". One without a path
	// gets "/v1"; any other path is used as given. It may hold neither credentials nor a query. Required.
	BaseURL string

	// APIKey is sent as a bearer token. Defaults to none, which local servers are content with.
	APIKey string

	// Key returns the key to use, for keys that rotate. It is called for each attempt, so it should cache, and must be
	// safe for concurrent use. It excludes APIKey. Defaults to APIKey.
	Key func(ctx context.Context) (string, error)

	// Organization is sent as OpenAI-Organization. Defaults to none.
	Organization string

	// Headers are added to every request, for gateways and for APIs with another header for the key. A bearer token
	// and what the protocol needs take precedence. Defaults to none.
	Headers http.Header

	// DefaultModel is asked for where Request.Model is empty, and listed first by Models. Defaults to none: then the
	// request's own "model" stands.
	DefaultModel string

	// LimitName is what the upstream calls the limit on an answer's tokens: "max_tokens", which is all that many servers
	// know, or "max_completion_tokens", which is all that OpenAI's reasoning models take. A request that uses the other
	// name is translated; of two limits the lower one counts. Defaults to none: requests pass as they are, and an
	// upstream that doesn't know their name for it heeds no limit.
	LimitName string

	// Continuation is how the upstream is asked to carry on a partial answer. Defaults to ContinueNever.
	Continuation Continuation

	// MaxRetries is how often a failed request is sent again, as long as no answer began. Negative means never, which
	// suits an endpoint of a pool whose others are better asked at once. Defaults to 2.
	MaxRetries int

	// RetryBudget is how many retries a hundred requests may bring about in the long run, so that an outage is not
	// multiplied; beside them one a second, and ten at hand. Negative means no bound. Defaults to 20, as in Finagle.
	RetryBudget int

	// MinBackoff and MaxBackoff bound the pause between two attempts, which doubles each time, less up to a quarter at
	// random. Default to 500 ms and 8 s.
	MinBackoff, MaxBackoff time.Duration

	// MaxRetryAfter is the longest Retry-After that is waited for. When the upstream asks for more, the request fails at
	// once and Error.RetryAfter says how long, so that the caller can go elsewhere. Defaults to 20 s.
	MaxRetryAfter time.Duration

	// HeaderTimeout is how long the upstream may take to begin to answer. A stream begins when the model does, or sooner;
	// an answer that isn't streamed when the model is done. Negative means for ever. Defaults to 10 minutes, as in
	// OpenAI's SDKs.
	HeaderTimeout time.Duration

	// IdleTimeout is how long an answer that began may be silent before it is cut. There is no limit on the whole: an
	// answer may take as long as it flows. Negative means never. Defaults to 60 s.
	IdleTimeout time.Duration

	// Transport sends the requests. It should have no limit on connections per host, and must end reads of a body when
	// the request's context ends. Defaults to one like http.DefaultTransport that keeps up to 256 idle connections and asks
	// for no compression.
	Transport http.RoundTripper

	// Logger gets attempts and retries at debug level, connections that fail at warn level, with the URL: never bodies,
	// keys or headers. Defaults to silence.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	o.Headers = o.Headers.Clone()
	if o.Key == nil {
		key := o.APIKey
		o.Key = func(context.Context) (string, error) { return key, nil }
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = defaultMaxRetries
	}
	o.MaxRetries = max(o.MaxRetries, 0)
	o.RetryBudget = cmp.Or(o.RetryBudget, defaultRetryBudget)
	for _, d := range []struct {
		v     *time.Duration
		value time.Duration
	}{
		{&o.MinBackoff, defaultMinBackoff},
		{&o.MaxBackoff, defaultMaxBackoff},
		{&o.MaxRetryAfter, defaultMaxRetryAfter},
		{&o.HeaderTimeout, defaultHeaderTimeout},
		{&o.IdleTimeout, defaultIdleTimeout},
	} {
		*d.v = cmp.Or(*d.v, d.value)
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	return o
}

// validate looks at the options as given, before defaults are filled in.
func (o Options) validate() error {
	switch {
	case o.BaseURL == "":
		return errors.New("openai: Options.BaseURL is required")
	case o.APIKey != "" && o.Key != nil:
		return errors.New("openai: Options.APIKey and Options.Key exclude each other")
	case strings.ContainsAny(o.APIKey, "\r\n\x00"):
		return errors.New("openai: Options.APIKey has a line break or a zero byte in it")
	case o.LimitName != "" && !slices.Contains(limitNames, o.LimitName):
		return fmt.Errorf("openai: Options.LimitName is %q: it must be one of %q", o.LimitName, limitNames)
	case o.MinBackoff < 0, o.MaxBackoff < 0, o.MaxRetryAfter < 0:
		return errors.New("openai: Options has a negative duration where only HeaderTimeout and IdleTimeout may have one")
	}
	return o.Continuation.validate()
}

// baseURL normalises BaseURL. Its errors don't repeat it, for it may hold a key by mistake.
func baseURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return "", errors.New("openai: Options.BaseURL must be an http or https URL with a host")
	case u.User != nil:
		return "", errors.New("openai: Options.BaseURL must not hold credentials: use APIKey or Headers")
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/chat/completions"):
		return "", errors.New("openai: Options.BaseURL ends in /chat/completions: leave that out")
	case u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return "", errors.New("openai: Options.BaseURL must have neither query nor fragment")
	}
	u = u.JoinPath("/")
	if u.Path == "/" {
		u = u.JoinPath("v1")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// newTransport differs from http.DefaultTransport where that throttles or buffers a relay: it keeps two idle connections
// per host, asks for gzip, which gathers events into blocks, and sends a prompt of some length in two pieces.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns = 0
	t.MaxIdleConnsPerHost = 256
	t.DisableCompression = true
	t.WriteBufferSize, t.ReadBufferSize = 8<<10, 8<<10
	return t
}
