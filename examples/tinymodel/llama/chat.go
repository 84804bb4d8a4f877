package llama

import (
	"slices"
	"strings"
)

// The control tokens of ChatML.
const (
	turnStart = "<|im_start|>"
	turnEnd   = "<|im_end|>"
)

// The roles a message can have. Others are refused rather than rendered: the model was trained on these, and a role
// that held line breaks would be a way to write into another turn.
const (
	RoleSystem    = "system"
	RoleUser      = "user"
	RoleAssistant = "assistant"
)

// Message is one turn of a chat.
type Message struct {
	// Role is one of the roles above.
	Role string

	// Content is ordinary text, also where it spells a control token. It may be empty.
	Content string
}

// chatML renders messages as ChatML, straight to ids. Its zero value is not usable; it is safe for concurrent use.
type chatML struct {
	tokenizer  *Tokenizer
	start, end int
}

func newChatML(g *GGUF, t *Tokenizer) (chatML, error) {
	const key = "tokenizer.chat_template"
	if g.Has(key) {
		// The template is a Jinja program. Running it would need an interpreter; that it mentions the marker tells
		// ChatML from the formats of other models.
		template, err := g.String(key)
		if err != nil {
			return chatML{}, err
		}
		if !strings.Contains(template, turnStart) {
			return chatML{}, fileErrorf("metadata %q is not ChatML: it has no %s", key, turnStart)
		}
	}
	start, okStart := t.Control(turnStart)
	end, okEnd := t.Control(turnEnd)
	if !okStart || !okEnd {
		return chatML{}, fileErrorf("the vocabulary lacks the control token %s or %s", turnStart, turnEnd)
	}
	return chatML{tokenizer: t, start: start, end: end}, nil
}

// prompt returns the ids of
//
//	<|im_start|>role\ncontent<|im_end|>\n
//
// for each message and, to have it answered, of <|im_start|>assistant\n. With continueLast the last message, which must
// be the assistant's, stays open instead and the model goes on where it ends.
//
// Only this function places control tokens. Role and content are encoded together, as they were in training: white
// space at the start of the content can join the line break.
func (c chatML) prompt(messages []Message, continueLast bool) ([]int, error) {
	if len(messages) == 0 {
		return nil, requestErrorf("no messages")
	}
	if last := messages[len(messages)-1]; continueLast && last.Role != RoleAssistant {
		return nil, requestErrorf("only a message of the assistant can be continued, the last one is of role %q", last.Role)
	}
	if !continueLast {
		messages = append(slices.Clip(messages), Message{Role: RoleAssistant})
	}
	var ids []int
	for i, m := range messages {
		switch m.Role {
		case RoleSystem, RoleUser, RoleAssistant:
		default:
			return nil, requestErrorf("message %d has role %q, want %q, %q or %q",
				i, m.Role, RoleSystem, RoleUser, RoleAssistant)
		}
		ids = append(ids, c.start)
		ids = c.tokenizer.appendText(ids, m.Role+"\n"+m.Content)
		if i < len(messages)-1 {
			ids = append(ids, c.end)
			ids = c.tokenizer.appendText(ids, "\n")
		}
	}
	return ids, nil
}
