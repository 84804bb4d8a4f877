package hybrid

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// chatRequest is what must be known of the body of POST /chat/completions. The
// rest is the backend's, and passes as it came.
type chatRequest struct {
	Model         string          `json:"model"`
	Messages      json.RawMessage `json:"messages"`
	Stream        bool            `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	N                   *int64 `json:"n"`
	MaxTokens           *int64 `json:"max_tokens"`
	MaxCompletionTokens *int64 `json:"max_completion_tokens"`
	AddGenerationPrompt *bool  `json:"add_generation_prompt"`
	PromptCacheKey      string `json:"prompt_cache_key"`

	// Ours: the backend never sees them.
	Privacy        privacyField      `json:"privacy"`
	ConversationID conversationField `json:"conversationId"`
	Said           saidField         `json:"edgewise"`
}

func (r *Router) serveChat(w http.ResponseWriter, req *http.Request, who policy.Identity) error {
	if err := mustBeJSON(req); err != nil {
		return err
	}
	body, err := readBody(w, req, r.opts.MaxBodyBytes)
	if err != nil {
		return err
	}
	asked := backend.ReadRequest(body)
	var in chatRequest
	if err := in.decode(body, asked); err != nil {
		return err
	}
	if err := in.validate(); err != nil {
		return err
	}
	if asked.Continue {
		if err := in.continuable(body, r.continuer); err != nil {
			return err
		}
	}
	g := r.generation(who, in.Said)
	g.prompt = in.features(asked)
	if err := g.prompt.Validate(); err != nil {
		return err
	}
	if err := g.admit(req.Context(), w.Header(), in.Model, in.choices(), "messages"); err != nil {
		return err
	}
	if g.request.Body, g.expected, err = in.bound(body, g.allowance); err != nil {
		return err
	}
	g.request.Stream, g.request.IncludeUsage = in.Stream, in.StreamOptions.IncludeUsage
	g.request.Continue, g.request.Conversation = asked.Continue, in.conversation(who)
	g.messages = func() json.RawMessage { return messagesOf(body) }
	a := newAnswerWriter(w, req)
	defer a.done()
	if in.Stream {
		return g.relay(req, a)
	}
	return g.generate(req, a, func(resp *backend.Response) (backend.Outcome, error) {
		answer, out, err := backend.ReadWhole(resp.Body)
		if err == nil {
			g.write(a, resp, answer)
		}
		return out, err
	})
}

// relay passes a stream on as it comes.
func (g *generation) relay(req *http.Request, a *answerWriter) error {
	return g.generate(req, a, func(resp *backend.Response) (backend.Outcome, error) {
		a.header = resp.Header
		return backend.Relay(a, a.flush, resp.Body, g.relayOptions())
	})
}

// decode reads a body without its texts: they are nearly all of it, and have been
// read in place.
func (c *chatRequest) decode(body []byte, asked backend.Asked) error {
	bulk := []backend.Member{{Name: "tools"}, {Name: "functions"}, {Name: "response_format"}}
	if asked.Messages > 0 {
		bulk = append(bulk, backend.Member{Name: "messages", Value: json.RawMessage("[{}]")})
	}
	head, err := backend.SetMembers(body, bulk...)
	if err != nil {
		head = body // where the words for what is wrong with it come from
	}
	return decodeObject(head, c)
}

func (c *chatRequest) validate() error {
	messages := bytes.TrimLeft(c.Messages, " \t\r\n")
	switch {
	case len(messages) == 0 || string(messages) == "null":
		return problem(http.StatusBadRequest, codeMissingField, "messages", "messages is missing")
	case messages[0] != '[':
		return problem(http.StatusBadRequest, codeInvalidType, "messages", "messages must be an array")
	case bytes.TrimLeft(messages[1:], " \t\r\n")[0] == ']':
		return &policy.FieldError{Field: "messages", Problem: "must not be empty"}
	}
	if err := c.Said.validate(); err != nil {
		return err
	}
	for _, count := range []struct {
		field string
		value *int64
	}{
		{"n", c.N}, {"max_tokens", c.MaxTokens}, {"max_completion_tokens", c.MaxCompletionTokens},
	} {
		// Some servers take -1 for "no limit".
		if count.value != nil && (*count.value < 1 || *count.value > capability.MaxCount) {
			return &policy.FieldError{Field: count.field, Problem: "must be 1 or more, and below 2^53"}
		}
	}
	return nil
}

// continuable checks a request to carry on the last message. A backend that does
// not know the wish would answer anew, and the text would stand there twice.
func (c *chatRequest) continuable(body []byte, able backend.Continuer) error {
	if able == nil {
		return backend.Unsupported("continue_final_message", "this service can't continue a message")
	}
	var said struct {
		Messages []struct {
			Role string `json:"role"`
		} `json:"messages"`
	}
	switch err := json.Unmarshal(body, &said); {
	case err != nil || len(said.Messages) == 0 || said.Messages[len(said.Messages)-1].Role != "assistant":
		return &policy.FieldError{Field: "continue_final_message", Problem: "must be false unless the last message is the assistant's"}
	case c.AddGenerationPrompt == nil || *c.AddGenerationPrompt:
		return &policy.FieldError{Field: "add_generation_prompt", Problem: "must be false together with continue_final_message"}
	}
	return nil
}

// conversation names what the request belongs to, for a pool to send it where its
// prefix is cached: our own field, or OpenAI's for the same end. Users can't
// name each other's.
func (c *chatRequest) conversation(who policy.Identity) string {
	id := cmp.Or(c.ConversationID.id, c.PromptCacheKey)
	if id == "" {
		return ""
	}
	return strconv.Quote(who.Subject) + id
}

// features returns what policies may know of the request.
func (c *chatRequest) features(asked backend.Asked) policy.Request {
	needs := registry.Features{Tools: asked.Tools, JSONSchema: asked.JSONSchema, Images: asked.Images, Logprobs: asked.Logprobs}
	if n := c.choices(); n > 1 {
		needs.N = int(n)
	}
	request := policy.Request{
		PromptLength:   int64(asked.Chars),
		MaxTokens:      c.maxTokens(),
		Privacy:        c.Privacy.level,
		Needs:          needs,
		ConversationID: c.ConversationID.id,
	}
	if asked.Rest > 0 { // of which a policy knows nothing but how long it makes the prompt
		rest := policy.Request{PromptLength: int64(asked.Rest)}
		request.PromptTokens = request.Tokens() + rest.Tokens()
	}
	return request
}

// messagesOf returns the messages of a body.
func messagesOf(body []byte) json.RawMessage {
	var said struct {
		Messages json.RawMessage `json:"messages"`
	}
	_ = json.Unmarshal(body, &said) // it has been read before
	return said.Messages
}

// choices is how many answers are asked for.
func (c *chatRequest) choices() int64 {
	if c.N == nil {
		return 1
	}
	return *c.N
}

// maxTokens is the limit that the request sets itself, 0 for none.
func (c *chatRequest) maxTokens() int64 {
	switch {
	case c.MaxCompletionTokens != nil:
		return *c.MaxCompletionTokens
	case c.MaxTokens != nil:
		return *c.MaxTokens
	default:
		return 0
	}
}

// bound returns the body without our own fields, and how many completion tokens it asks
// for, all choices together. Where the allowance has limits, the body states its size
// in one way, within them: of a name that stands there twice, or in several spellings,
// we may have read another value than the backend will, and some backends heed names
// of their own before OpenAI's.
func (c *chatRequest) bound(body []byte, a *Allowance) (bounded []byte, tokens int64, err error) {
	var members []backend.Member
	if c.Privacy.present {
		members = append(members, backend.Member{Name: "privacy"})
	}
	if c.ConversationID.present {
		members = append(members, backend.Member{Name: "conversationId"})
	}
	if c.Said.present {
		members = append(members, backend.Member{Name: "edgewise"})
	}
	n, each := c.choices(), limit.MaxAmount
	if most := a.MaxOutputTokens; most > 0 {
		if n > most {
			return nil, 0, &policy.FieldError{Field: "n", Problem: "asks for more tokens than this service allows"}
		}
		if each = most / n; c.MaxTokens == nil && c.MaxCompletionTokens == nil {
			c.MaxTokens = &each // of the two names the one that every server knows
		}
	}
	if a.limits() {
		members = append(members,
			countMember("n", c.N, n),
			countMember("max_tokens", c.MaxTokens, each),
			countMember("max_completion_tokens", c.MaxCompletionTokens, each),
			backend.Member{Name: "n_predict"}, // llama.cpp's, for max_tokens and for n
			backend.Member{Name: "n_cmpl"},
		)
	}
	if a.Models != nil {
		members = append(members, backend.Member{Name: "models"})
	}
	tokens = min(each, max(value(c.MaxTokens), value(c.MaxCompletionTokens)))
	if tokens == 0 {
		tokens = policy.DefaultMaxTokens
	}
	if tokens > limit.MaxAmount/n {
		tokens = limit.MaxAmount / n
	}
	tokens *= n
	if members == nil {
		return body, tokens, nil
	}
	bounded, err = backend.SetMembers(body, members...)
	return bounded, tokens, err
}

// value is the number that p points to, 0 for none.
func value(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

// countMember sets a number that is at most most; nil removes it.
func countMember(name string, value *int64, most int64) backend.Member {
	if value == nil {
		return backend.Member{Name: name}
	}
	return backend.Member{Name: name, Value: strconv.AppendInt(nil, min(*value, most), 10)}
}
