package openai

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/go-retryablehttp"
	goopenai "github.com/sashabaranov/go-openai"

	"github.com/edgewise-ai/edgewise/backend"
)

// maxErrorBody bounds what is read of an error's body, in bytes.
const maxErrorBody = 64 << 10

// Backend talks to one OpenAI-compatible API. It is a backend.Backend, a backend.Continuer and a backend.Defaulter, and
// safe for concurrent use. Make one with [New]; the zero value doesn't work. It has nothing to close.
type Backend struct {
	opts   Options
	base   string
	http   *retryablehttp.Client
	client *goopenai.Client // for types; its requests go through do as well
}

var (
	_ backend.Backend   = (*Backend)(nil)
	_ backend.Continuer = (*Backend)(nil)
	_ backend.Defaulter = (*Backend)(nil)
)

// New returns a backend for the API at opts.BaseURL. It sends nothing. It fails if the options make no sense.
func New(opts Options) (*Backend, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	base, err := baseURL(opts.BaseURL)
	if err != nil {
		return nil, err
	}
	b := &Backend{opts: opts.withDefaults(), base: base}
	b.http = newRetryClient(b.opts)
	config := goopenai.DefaultConfig("") // the transport adds the key
	config.BaseURL = base
	config.HTTPClient = doer{b}
	b.client = goopenai.NewClientWithConfig(config)
	return b, nil
}

// Continuation returns Options.Continuation.
func (b *Backend) Continuation() backend.Continuation { return b.opts.Continuation }

// DefaultModel returns Options.DefaultModel.
func (b *Backend) DefaultModel() string { return b.opts.DefaultModel }

// Generate sends req with its model, and with include_usage set if it streams. Failures are *backend.Errors, also those
// of reading the answer's body.
func (b *Backend) Generate(ctx context.Context, req *backend.Request) (*backend.Response, error) {
	upstream := *req
	if upstream.Model == "" {
		upstream.Model = b.opts.DefaultModel
	}
	body, err := backend.UpstreamBody(&upstream)
	if err != nil {
		return nil, err
	}
	r, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, b.base+"/chat/completions", body)
	if err != nil {
		return nil, &backend.Error{Code: backend.CodeInternal, Err: err}
	}
	want := "application/json"
	if req.Stream {
		want = "text/event-stream"
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", want)
	resp, err := b.do(r)
	if err != nil {
		return nil, err
	}
	if err := checkType(resp, want); err != nil {
		return nil, err
	}
	return &backend.Response{Header: publicHeader(resp.Header), Body: resp.Body}, nil
}

// Models lists the upstream's models, DefaultModel first even if the upstream doesn't list it: it may be an alias.
// Without one the order is the upstream's, and means nothing.
func (b *Backend) Models(ctx context.Context) ([]backend.Model, error) {
	list, err := b.client.ListModels(ctx)
	if err != nil {
		return nil, typedError(err)
	}
	models := make([]backend.Model, 0, len(list.Models)+1)
	for _, m := range list.Models {
		models = append(models, backend.Model{ID: m.ID, OwnedBy: m.OwnedBy, Created: m.CreatedAt})
	}
	if b.opts.DefaultModel != "" {
		first := backend.Model{ID: b.opts.DefaultModel}
		if i := slices.IndexFunc(models, func(m backend.Model) bool { return m.ID == first.ID }); i >= 0 {
			first = models[i]
			models = slices.Delete(models, i, i+1)
		}
		models = slices.Insert(models, 0, first)
	}
	return models, nil
}

// do sends a request with retries. The error is an *backend.Error; without one the status is 200 to 299.
func (b *Backend) do(r *retryablehttp.Request) (*http.Response, error) {
	resp, err := b.http.Do(r)
	if err != nil {
		return nil, transportError(r.Context(), err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	return nil, statusError(resp)
}

// statusError reads the upstream's answer to a request that failed, which keepError holds in memory.
func statusError(resp *http.Response) *backend.Error {
	body, _ := io.ReadAll(resp.Body)
	e := backend.ParseError(resp.StatusCode, body)
	e.RetryAfter, _ = retryAfter(resp.Header)
	e.Header = publicHeader(resp.Header)
	return e
}

// checkType refuses a 200 of another type than was asked for, such as a proxy's login page. It closes the body then.
func checkType(resp *http.Response, want string) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind == want {
		return nil
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	e := &backend.Error{Code: backend.CodeBadResponse, Err: fmt.Errorf("the answer is %q instead of %s", kind, want)}
	if bytes.Contains(body, []byte(`"error"`)) { // some report a failure with status 200
		e = backend.ParseError(0, body)
	}
	e.Status = resp.StatusCode
	e.Header = publicHeader(resp.Header)
	return e
}

// publicHeader keeps what a page may see. Everything else, cookies and server names among it, stays here.
func publicHeader(h http.Header) http.Header {
	public := make(http.Header, 4)
	for name, values := range h {
		switch name {
		case "Content-Type", "Retry-After", "X-Request-Id", "Openai-Processing-Ms":
		default:
			if !strings.HasPrefix(name, "X-Ratelimit-") {
				continue
			}
		}
		public[name] = values
	}
	return public
}
