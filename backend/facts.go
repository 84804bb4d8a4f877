package backend

// facts are what one chunk or one whole answer says, as far as anybody here needs to know. Slices point into the text.
type facts struct {
	model    []byte
	finish   []byte // the last choice's finish_reason that isn't null
	usage    Usage
	hasUsage bool // a usage object, if an odd one
	failed   bool // an error that isn't null
	choices  int

	// Bits by the choices' index. All from the 64th on share a bit: OpenAI allows n up to 128, which nobody streams.
	seen, finished uint64

	output bool // generated output of any kind
	chars  int  // code points of it
}

// read fills f from a chat.completion or a chat.completion.chunk. It allocates nothing. False means that text isn't one JSON object.
func (f *facts) read(text []byte) bool {
	c := cursor{b: text}
	if c.peek() != '{' {
		return false
	}
	c.i++
	for c.more('}') {
		switch string(c.key()) {
		case "model":
			f.model, _ = c.text()
		case "choices":
			f.readChoices(&c)
		case "usage":
			f.readUsage(&c)
		case "error":
			if raw := c.skip(); string(raw) != "null" {
				f.failed = true
			}
		default:
			c.skip()
		}
	}
	if c.bad {
		return false
	}
	c.peek() // sets bad at the end of the text, where it belongs
	return c.bad
}

func (f *facts) readChoices(c *cursor) {
	if !c.enter('[') {
		return
	}
	for c.more(']') {
		f.choices++
		f.readChoice(c)
	}
}

func (f *facts) readChoice(c *cursor) {
	if !c.enter('{') {
		return
	}
	index, finished := 0, false
	for c.more('}') {
		switch string(c.key()) {
		case "index":
			index, _ = c.count()
		case "finish_reason":
			if reason, ok := c.text(); ok {
				f.finish, finished = reason, true
			}
		case "delta", "message":
			f.readMessage(c)
		default:
			c.skip()
		}
	}
	bit := uint64(1) << min(index, 63)
	f.seen |= bit
	if finished {
		f.finished |= bit
	}
}

func (f *facts) readMessage(c *cursor) {
	if !c.enter('{') {
		return
	}
	for c.more('}') {
		switch string(c.key()) {
		case "content", "refusal", "reasoning_content", "reasoning":
			if c.peek() == '"' {
				text := c.str()
				f.chars += codePoints(text)
				f.output = f.output || len(text) > 0
				continue
			}
			f.output = !isEmpty(c.skip()) || f.output // content may be a list of parts
		case "tool_calls", "function_call", "audio":
			f.output = !isEmpty(c.skip()) || f.output
		default:
			c.skip()
		}
	}
}

func (f *facts) readUsage(c *cursor) {
	if !c.enter('{') {
		return
	}
	f.hasUsage = true
	var u Usage
	var prompt, completion, total bool
	for c.more('}') {
		switch string(c.key()) {
		case "prompt_tokens":
			u.PromptTokens, prompt = c.count()
		case "completion_tokens":
			u.CompletionTokens, completion = c.count()
		case "total_tokens":
			u.TotalTokens, total = c.count()
		default:
			c.skip()
		}
	}
	if !prompt || !completion {
		return
	}
	if !total {
		u.TotalTokens = u.PromptTokens + u.CompletionTokens
	}
	u.Known = true
	f.usage = u
}

// isEmpty reports whether a value that skip returned is null or an empty list.
func isEmpty(raw []byte) bool {
	if len(raw) > 0 && raw[0] == '[' {
		c := cursor{b: raw, i: 1}
		return c.peek() == ']'
	}
	return len(raw) == 0 || string(raw) == "null"
}
