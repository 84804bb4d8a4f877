package openai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"
	goopenai "github.com/sashabaranov/go-openai"

	"github.com/edgewise-ai/edgewise/backend"
)

// Chat asks for an answer in go-openai's types: the way for Go code that wants an answer, not bytes. An empty model
// means DefaultModel. Failures are *backend.Errors.
func (b *Backend) Chat(ctx context.Context, req goopenai.ChatCompletionRequest) (goopenai.ChatCompletionResponse, error) {
	if req.Model == "" {
		req.Model = b.opts.DefaultModel
	}
	resp, err := b.client.CreateChatCompletion(ctx, req)
	return resp, typedError(err)
}

// ChatStream is Chat for streams; the caller must close the stream. An empty model means DefaultModel. Failures to
// start are *backend.Errors, and so are failed reads. Recv returns io.EOF after [DONE] alone: an answer that was cut
// short ends with a *backend.Error, which go-openai by itself can't tell from a whole one.
func (b *Backend) ChatStream(ctx context.Context, req goopenai.ChatCompletionRequest) (*goopenai.ChatCompletionStream, error) {
	if req.Model == "" {
		req.Model = b.opts.DefaultModel
	}
	stream, err := b.client.CreateChatCompletionStream(ctx, req)
	if err != nil {
		return nil, typedError(err)
	}
	return stream, nil
}

// doer sends go-openai's requests our way. Failures come back as errors, so that go-openai's own, which lose the
// headers, are never made.
type doer struct{ b *Backend }

func (d doer) Do(req *http.Request) (*http.Response, error) {
	r, err := retryablehttp.FromRequest(req)
	if err != nil {
		return nil, err
	}
	if req.Method == http.MethodPost {
		stream := req.Header.Get("Accept") == mediaType(true)
		r.SetResponseHandler(func(resp *http.Response) error { return awaitAnswer(resp, stream) })
	}
	resp, _, err := d.b.do(r)
	return resp, err
}

// typedError turns what go-openai returns into *backend.Errors. Other than ours it has two kinds: answers that it can't
// decode, and requests that it won't send.
func typedError(err error) error {
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return backend.AsError(err, backend.CodeBadResponse)
	}
	e := backend.AsError(err, backend.CodeInvalidRequest)
	if e.Code == backend.CodeInvalidRequest && e.Message == "" {
		e.Message = err.Error()
	}
	return e
}
