package hybrid

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/policy"
)

// generateRequest is the body of POST /generate.
type generateRequest struct {
	Prompt      *string      `json:"prompt"`
	MaxTokens   int64        `json:"maxTokens"`
	Temperature *float64     `json:"temperature"`
	Stream      bool         `json:"stream"`
	Model       string       `json:"model"`
	Privacy     privacyField `json:"privacy"`
	Said        saidField    `json:"edgewise"`
}

// generateResponse is the answer, and with done the last event of a stream.
type generateResponse struct {
	Done         bool          `json:"done,omitempty"`
	Text         string        `json:"text"`
	TokensUsed   tokensUsed    `json:"tokensUsed"`
	FinishReason string        `json:"finishReason"`
	Latency      int64         `json:"latency"` // milliseconds
	Source       policy.Target `json:"source"`
	Model        string        `json:"model"`
}

type tokensUsed struct {
	PromptTokens     int64 `json:"promptTokens"`
	CompletionTokens int64 `json:"completionTokens"`
	TotalTokens      int64 `json:"totalTokens"`
}

// chatBody is the request that the backend gets.
type chatBody struct {
	Model       string        `json:"model"`
	Messages    []chatMessage `json:"messages"`
	MaxTokens   int64         `json:"max_tokens,omitempty"`
	Temperature *float64      `json:"temperature,omitempty"`
	Stream      bool          `json:"stream,omitempty"`
}

type chatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func (r *Router) serveGenerate(w http.ResponseWriter, req *http.Request, who policy.Identity) error {
	var in generateRequest
	if err := readJSON(w, req, r.opts.MaxBodyBytes, &in); err != nil {
		return err
	}
	g := r.generation(who, in.Said)
	var err error
	if g.prompt, err = in.features(); err != nil {
		return err
	}
	if err := g.admit(req.Context(), w.Header(), in.Model, 1, "prompt"); err != nil {
		return err
	}
	chat := in.chat(g.request.Model, g.allowance.MaxOutputTokens)
	g.expected = cmp.Or(chat.MaxTokens, policy.DefaultMaxTokens)
	g.request.Stream = in.Stream
	if g.request.Body, err = json.Marshal(chat); err != nil {
		return err
	}
	g.messages = func() json.RawMessage {
		messages, _ := json.Marshal(chat.Messages)
		return messages
	}
	a := newAnswerWriter(w, req)
	defer a.done()
	if in.Stream {
		return simpleError(g.simpleStream(req, a))
	}
	return simpleError(g.generate(req, a, func(resp *backend.Response) (backend.Outcome, error) {
		answer, out, err := backend.ReadWhole(resp.Body)
		if err != nil {
			return out, err
		}
		text, err := textOf(answer)
		if err != nil {
			return out, err
		}
		simple, err := json.Marshal(g.simple(text, &out))
		if err != nil {
			return out, err
		}
		g.write(a, resp, simple)
		return out, nil
	}))
}

// simpleError names the caller's own field in an error about the one that we made
// of it.
func simpleError(err error) error {
	var failed *backend.Error
	if !errors.As(err, &failed) || simpleParam(failed.Param) == failed.Param {
		return err
	}
	own := *failed
	own.Param, own.Body = simpleParam(failed.Param), nil // which names the field that nobody sent
	return &own
}

func simpleParam(param string) string {
	switch name := strings.TrimRight(strings.SplitN(param, ".", 2)[0], "[]0123456789"); name {
	case "messages":
		return "prompt"
	case "max_tokens", "max_completion_tokens":
		return "maxTokens"
	default:
		return param
	}
}

// features checks the request and returns what policies may know of it.
func (in *generateRequest) features() (policy.Request, error) {
	switch {
	case in.Prompt == nil:
		return policy.Request{}, problem(http.StatusBadRequest, codeMissingField, "prompt", "prompt is missing")
	case *in.Prompt == "":
		return policy.Request{}, &policy.FieldError{Field: "prompt", Problem: "must not be empty"}
	}
	if err := in.Said.validate(); err != nil {
		return policy.Request{}, err
	}
	p := policy.Request{
		PromptLength: int64(utf8.RuneCountInString(*in.Prompt)),
		MaxTokens:    in.MaxTokens,
		Privacy:      in.Privacy.level,
	}
	return p, p.Validate()
}

// chat is the request in OpenAI's form, within the operator's limit on tokens.
func (in *generateRequest) chat(model string, limit int64) chatBody {
	most := in.MaxTokens
	if limit > 0 && (most == 0 || most > limit) {
		most = limit
	}
	return chatBody{
		Model:       model,
		Messages:    []chatMessage{{Role: "user", Content: *in.Prompt}},
		MaxTokens:   most,
		Temperature: in.Temperature,
		Stream:      in.Stream,
	}
}

// simple is the answer in the form of POST /generate.
func (g *generation) simple(text string, out *backend.Outcome) generateResponse {
	prompt, completion, _ := g.usage(out, false)
	return generateResponse{
		Text:         text,
		TokensUsed:   tokensUsed{prompt, completion, prompt + completion},
		FinishReason: out.FinishReason,
		Latency:      sinceMs(g.began, g.router.opts.Now()),
		Source:       policy.Server,
		Model:        cmp.Or(out.Model, g.request.Model),
	}
}

// textOf returns the text of the first choice. Content is null where the model
// refused.
func textOf(answer []byte) (string, error) {
	var completion struct {
		Choices []struct {
			Message struct {
				Content *string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(answer, &completion); err != nil || len(completion.Choices) == 0 {
		return "", &backend.Error{Code: backend.CodeBadResponse}
	}
	if content := completion.Choices[0].Message.Content; content != nil {
		return *content, nil
	}
	return "", nil
}
