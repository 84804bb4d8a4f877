package backend

import (
	"bytes"
	"strings"
)

// Asked is what a chat-completions request asks for, in counts and yes or no: all that may be known of it where its
// text must not be kept.
type Asked struct {
	Messages   int  // how many there are
	Chars      int  // code points of their text
	Rest       int  // bytes of what models read besides: names, calls and descriptions of tools, schemas
	Tools      bool // may call tools or functions
	JSONSchema bool // wants JSON, of a schema or any
	Images     bool // shows images
	Logprobs   bool // wants log probabilities

	// Continue says that the last message is to be carried on: continue_final_message is true.
	Continue bool
}

// ReadRequest reads a request's JSON object without copying its text. It checks nothing: what has an unexpected type
// counts for nothing. Names are matched in any case and repeated ones add up, for there are servers that read either.
func ReadRequest(body []byte) Asked {
	var a Asked
	c := cursor{b: body}
	if !c.enter('{') {
		return a
	}
	for c.more('}') {
		switch name := c.key(); {
		case spells(name, "messages"):
			a.readMessages(&c)
		case spells(name, "tools"), spells(name, "functions"):
			if tools := c.skip(); !isEmpty(tools) {
				a.Tools = true
				a.Rest += len(tools)
			}
		case spells(name, "response_format"):
			format := c.skip()
			kind := member(format, "type")
			a.JSONSchema = a.JSONSchema || kind == "json_schema" || kind == "json_object"
			if kind != "text" {
				a.Rest += len(format)
			}
		case spells(name, "logprobs"):
			a.Logprobs = string(c.skip()) == "true" || a.Logprobs
		case spells(name, "continue_final_message"):
			a.Continue = string(c.skip()) == "true" || a.Continue
		default:
			c.skip()
		}
	}
	return a
}

func (a *Asked) readMessages(c *cursor) {
	if !c.enter('[') {
		return
	}
	for c.more(']') {
		a.Messages++
		if !c.enter('{') {
			continue
		}
		for c.more('}') {
			switch name := c.key(); {
			case spells(name, "content"):
				a.readContent(c)
			case spells(name, "role"):
				c.skip()
			default:
				a.Rest += len(c.skip())
			}
		}
	}
}

// readContent reads a string or an array of parts.
func (a *Asked) readContent(c *cursor) {
	if c.peek() == '"' {
		a.Chars += codePoints(c.str())
		return
	}
	if !c.enter('[') {
		return
	}
	for c.more(']') {
		if !c.enter('{') {
			continue
		}
		for c.more('}') {
			switch name := c.key(); {
			case spells(name, "text"):
				text, _ := c.text()
				a.Chars += codePoints(text)
			case spells(name, "image_url"):
				a.Images = !isEmpty(c.skip()) || a.Images
			case spells(name, "type"), spells(name, "input_audio"), spells(name, "file"):
				c.skip() // media are no text
			default:
				a.Rest += len(c.skip())
			}
		}
	}
}

// member returns the text of an object's member of that name, "" if there is none.
func member(object []byte, name string) string {
	c := cursor{b: object}
	if !c.enter('{') {
		return ""
	}
	said := ""
	for c.more('}') {
		if spells(c.key(), name) {
			text, _ := c.text()
			said = unquote(text)
		} else {
			c.skip()
		}
	}
	return said
}

// spells reports whether a name, as written in JSON, is the given one in whatever case.
func spells(raw []byte, name string) bool {
	switch {
	case string(raw) == name:
		return true
	case bytes.IndexByte(raw, '\\') >= 0:
		return strings.EqualFold(unquote(raw), name)
	default:
		return bytes.EqualFold(raw, []byte(name))
	}
}
