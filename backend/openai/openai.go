package openai

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

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
	budget *budget
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
	b.budget = newBudget(b.opts.RetryBudget)
	b.http = newRetryClient(b.opts, b.budget)
	config := goopenai.DefaultConfig("") // the transport adds the key
	config.BaseURL = base
	config.HTTPClient = doer{b}
	b.client = goopenai.NewClientWithConfig(config)
	return b, nil
}

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
	if err == nil && b.opts.LimitName != "" {
		body, err = renameLimit(body, b.opts.LimitName)
	}
	if err == nil && req.Continue {
		body, err = b.opts.Continuation.translate(body)
	}
	if err != nil {
		return nil, err
	}
	r, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, b.base+"/chat/completions", body)
	if err != nil {
		return nil, &backend.Error{Code: backend.CodeInternal, Err: err}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", mediaType(req.Stream))
	r.SetResponseHandler(func(resp *http.Response) error { return awaitAnswer(resp, req.Stream) })
	resp, attempts, err := b.do(r) //nolint:bodyclose // the caller closes it
	if err != nil {
		return nil, err
	}
	return &backend.Response{Header: backend.PublicHeader(resp.Header), Body: resp.Body, Attempts: attempts}, nil
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

// do sends a request with retries, and counts its attempts. The error is an *backend.Error; without one the status is
// 200 to 299.
func (b *Backend) do(r *retryablehttp.Request) (*http.Response, int, error) {
	b.budget.put()
	ctx, attempts := countAttempts(r.Context())
	resp, err := b.http.Do(r.WithContext(ctx))
	if err == nil && resp.StatusCode/100 == 2 {
		return resp, *attempts, nil
	}
	var failed *backend.Error
	if err != nil {
		failed = transportError(r.Context(), err)
	} else {
		failed = statusError(resp)
	}
	failed.Attempts = *attempts
	return nil, *attempts, failed
}

// statusError reads the upstream's answer to a request that failed, which keepError holds in memory.
func statusError(resp *http.Response) *backend.Error {
	body, _ := io.ReadAll(resp.Body)
	return responseError(resp, backend.ParseError(resp.StatusCode, body))
}

// mediaType is what an answer is asked for in, and must come in.
func mediaType(stream bool) string {
	if stream {
		return "text/event-stream"
	}
	return "application/json"
}

// awaitAnswer waits until an answer has begun.
func awaitAnswer(resp *http.Response, stream bool) error {
	if resp.StatusCode/100 != 2 {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != mediaType(stream) {
		return responseError(resp, foreignAnswer(resp, mediaType(stream)))
	}
	begun, err := backend.Await(resp.Body, stream)
	if err != nil {
		return responseError(resp, backend.AsError(err, backend.CodeBadResponse))
	}
	resp.Body = begun
	return nil
}

// foreignAnswer is the error of a 200 of another type than was asked for, such as a proxy's login page. Some APIs report
// failures so.
func foreignAnswer(resp *http.Response, want string) *backend.Error {
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if _, err := backend.ReadAnswer(body); err != nil {
		if e := backend.AsError(err, backend.CodeBadResponse); e.Code != backend.CodeTruncated && e.Code != backend.CodeBadResponse {
			return e
		}
	}
	return &backend.Error{Code: backend.CodeBadResponse, Err: fmt.Errorf("the answer is %q instead of %s", resp.Header.Get("Content-Type"), want)}
}

// responseError adds to e, which is new, what the response says about it.
func responseError(resp *http.Response, e *backend.Error) *backend.Error {
	e.Status = resp.StatusCode
	e.RetryAfter, _ = backend.RetryAfter(resp.Header)
	e.Header = backend.PublicHeader(resp.Header)
	return e
}
