package backend

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Member is a member of a JSON object, to be set by [SetMembers].
type Member struct {
	Name  string
	Value json.RawMessage // must be valid JSON; nil removes the member
}

// SetMembers returns a copy of body, a JSON object, in which members have the given values. Everything else stays byte
// for byte as it was: unknown members, numbers beyond float64, order, white space. A member that was there keeps its
// place, a new one goes last.
//
// Other spellings of a name are removed, whether repeated or in another case: servers written in Go read names without
// regard to case and let the last one win, so that a leftover "MODEL" would undo the "model" set here.
//
// It returns a CodeInvalidRequest *Error if body isn't a JSON object. The names of members must differ.
func SetMembers(body []byte, members ...Member) ([]byte, error) {
	if err := checkObject(body); err != nil {
		return nil, err
	}
	return setMembers(body, members), nil
}

// setMembers is SetMembers for a body that is known to be an object.
func setMembers(body []byte, members []Member) []byte {
	c := cursor{b: body}
	c.enter('{')
	size := len(body)
	for _, m := range members {
		size += len(m.Name) + len(m.Value) + len(`,"":`)
	}
	out := append(make([]byte, 0, size), body[:c.i]...)
	begin := c.i // of what lies between two of the object's own braces and commas
	empty := true
	add := func(parts ...[]byte) {
		if !empty {
			out = append(out, ',')
		}
		empty = false
		for _, part := range parts {
			out = append(out, part...)
		}
	}
	placed := make([]bool, len(members))
	for c.more('}') {
		i, exact := match(members, c.key())
		value := c.skip()
		from, to := c.i-len(value), c.i
		c.peek() // the comma or the closing brace
		switch {
		case i < 0:
			add(body[begin:c.i])
		case exact && !placed[i] && members[i].Value != nil:
			placed[i] = true
			add(body[begin:from], members[i].Value, body[to:c.i])
		}
		begin = c.i + 1
	}
	for i, m := range members {
		if !placed[i] && m.Value != nil {
			name, _ := json.Marshal(m.Name) // a string always marshals
			add(name, []byte{':'}, m.Value)
		}
	}
	return append(out, body[c.i-1:]...)
}

// match finds the member that name, as written in JSON, spells in whatever case, and says whether it is spelled so; -1 if none.
func match(members []Member, name []byte) (i int, exact bool) {
	text := string(name)
	if bytes.IndexByte(name, '\\') >= 0 {
		text = unquote(name)
	}
	for i, m := range members {
		if strings.EqualFold(text, m.Name) {
			return i, text == m.Name
		}
	}
	return -1, false
}

// checkObject refuses what isn't one JSON object.
func checkObject(body []byte) error {
	c := cursor{b: body}
	switch {
	case !validJSON(body):
		return &Error{Code: CodeInvalidRequest, Message: "the body is not valid JSON"}
	case c.peek() != '{':
		return &Error{Code: CodeInvalidRequest, Message: "the body must be a JSON object"}
	}
	return nil
}

// UpstreamBody returns the body to send upstream for req: the client's own with "model" and "stream" as req has them,
// and with stream_options.include_usage on a stream, merged into what the client's stream_options say already. An
// empty req.Model leaves "model" alone.
//
// It returns a CodeInvalidRequest *Error if the body isn't a JSON object.
func UpstreamBody(req *Request) ([]byte, error) {
	if err := checkObject(req.Body); err != nil {
		return nil, err
	}
	members := make([]Member, 0, 3)
	if req.Model != "" {
		name, _ := json.Marshal(req.Model) // a string always marshals
		members = append(members, Member{"model", name})
	}
	if !req.Stream {
		return setMembers(req.Body, append(members, Member{"stream", json.RawMessage("false")})), nil
	}
	members = append(members, Member{"stream", json.RawMessage("true")})
	if options := usageOptions(req.Body); options != nil {
		members = append(members, Member{"stream_options", options})
	}
	return setMembers(req.Body, members), nil
}

// usageOptions returns body's stream_options with include_usage set; nil if they are no object, for the upstream to refuse.
func usageOptions(body []byte) json.RawMessage {
	options := []byte("{}")
	c := cursor{b: body}
	c.enter('{')
	for c.more('}') {
		name := c.key()
		value := c.skip()
		if _, exact := match([]Member{{Name: "stream_options"}}, name); exact && string(value) != "null" {
			options = value
		}
	}
	if options[0] != '{' {
		return nil
	}
	return setMembers(options, []Member{{"include_usage", json.RawMessage("true")}})
}
