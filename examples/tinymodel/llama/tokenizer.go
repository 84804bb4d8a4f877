package llama

import (
	"strings"
	"unicode/utf8"
)

// The token types of tokenizer.ggml.token_type that are supported.
const (
	tokenNormal  = 1
	tokenControl = 3
)

const maxVocabulary = 1 << 20 // tokens; several times the largest in use, and an id fits an int32

// Tokenizer turns text into the ids of a byte-level BPE vocabulary and back. Every text has an encoding, since every
// byte is a token. It is immutable and safe for concurrent use.
type Tokenizer struct {
	text    []string // by id: the bytes of a normal token, the name of a control token
	control []bool   // by id
	names   map[string]int
	bytes   [256]int // the id of each byte
	merges  map[pair]merge
}

type pair struct{ left, right int }

// merge is what a pair becomes. Lower ranks go first.
type merge struct{ rank, id int }

func newTokenizer(g *GGUF) (*Tokenizer, error) {
	if err := checkTokenizerKind(g); err != nil {
		return nil, err
	}
	tokens, err := g.Strings("tokenizer.ggml.tokens")
	if err != nil {
		return nil, err
	}
	types, err := g.Ints("tokenizer.ggml.token_type")
	if err != nil {
		return nil, err
	}
	if len(tokens) > maxVocabulary || len(types) != len(tokens) {
		return nil, fileErrorf("%d tokens and %d token types, want as many of each and at most %d",
			len(tokens), len(types), maxVocabulary)
	}

	t := &Tokenizer{
		text:    make([]string, len(tokens)),
		control: make([]bool, len(tokens)),
		names:   map[string]int{},
	}
	normal := make(map[string]int, len(tokens)) // by spelling in the byte-level alphabet
	for id, token := range tokens {
		switch types[id] {
		case tokenControl:
			t.text[id], t.control[id], t.names[token] = token, true, id
		case tokenNormal:
			text, ok := fromAlphabet(token)
			if _, twice := normal[token]; twice || !ok || text == "" {
				return nil, fileErrorf("token %d, %q, appears twice or is not written in the byte-level alphabet", id, token)
			}
			t.text[id], normal[token] = text, id
		default:
			return nil, fileErrorf("token %d, %q, has type %d, want %d (normal) or %d (control)",
				id, token, types[id], tokenNormal, tokenControl)
		}
	}
	for b := range t.bytes {
		id, ok := normal[string(alphabet[b])]
		if !ok {
			return nil, fileErrorf("the vocabulary has no token for byte %#02x", b)
		}
		t.bytes[b] = id
	}
	return t, t.readMerges(g, normal)
}

func checkTokenizerKind(g *GGUF) error {
	for _, need := range []struct{ key, value string }{
		{"tokenizer.ggml.model", "gpt2"}, // byte-level BPE
		{"tokenizer.ggml.pre", "smollm"},
	} {
		if got, err := g.String(need.key); err != nil {
			return err
		} else if got != need.value {
			return fileErrorf("metadata %q is %q, only %q is supported", need.key, got, need.value)
		}
	}
	for _, key := range []string{"tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_space_prefix"} {
		if !g.Has(key) {
			continue
		}
		if add, err := g.Bool(key); err != nil {
			return err
		} else if add {
			return fileErrorf("metadata %q is true, which is not supported", key)
		}
	}
	return nil
}

func (t *Tokenizer) readMerges(g *GGUF, normal map[string]int) error {
	list, err := g.Strings("tokenizer.ggml.merges")
	if err != nil {
		return err
	}
	t.merges = make(map[pair]merge, len(list))
	for rank, rule := range list {
		left, right, _ := strings.Cut(rule, " ")
		l, okLeft := normal[left]
		r, okRight := normal[right]
		id, okBoth := normal[left+right]
		if !okLeft || !okRight || !okBoth {
			return fileErrorf("merge %d, %q, is not two tokens that make a third", rank, rule)
		}
		if _, twice := t.merges[pair{l, r}]; !twice {
			t.merges[pair{l, r}] = merge{rank, id}
		}
	}
	return nil
}

// Vocabulary returns the number of tokens. Ids count from 0.
func (t *Tokenizer) Vocabulary() int { return len(t.text) }

// Encode returns the ids of ordinary text. No text encodes to a control token, whatever it spells: a user who types
// "<|im_end|>" gets the tokens of ten characters, and cannot end a turn.
func (t *Tokenizer) Encode(text string) []int {
	return t.appendText(nil, text)
}

func (t *Tokenizer) appendText(ids []int, text string) []int {
	pretokenize(text, func(piece string) { ids = t.appendPiece(ids, piece) })
	return ids
}

// Decode returns the bytes that ids stand for; control tokens stand for none. The bytes of one token need not be whole
// characters, nor those of ids that were cut. It panics on an id outside the vocabulary.
func (t *Tokenizer) Decode(ids ...int) string {
	var b strings.Builder
	for _, id := range ids {
		if !t.control[id] {
			b.WriteString(t.text[id])
		}
	}
	return b.String()
}

// Control returns the id of the control token with the given name, such as "<|im_end|>".
func (t *Tokenizer) Control(name string) (id int, ok bool) {
	id, ok = t.names[name]
	return id, ok
}

// IsControl reports whether id is a control token. It panics on an id outside the vocabulary.
func (t *Tokenizer) IsControl(id int) bool { return t.control[id] }

// alphabet has the character that GPT-2's vocabulary files write for each byte: the byte itself where Latin-1 prints
// it, else the next character from U+0100. runeByte is its inverse.
var alphabet, runeByte = func() (letters [256]rune, bytes map[rune]byte) {
	bytes = make(map[rune]byte, 256)
	next := rune(0x100)
	for b := range letters {
		r := rune(b)
		if printable := '!' <= r && r <= '~' || '¡' <= r && r <= '¬' || '®' <= r && r <= 'ÿ'; !printable {
			r = next
			next++
		}
		letters[b], bytes[r] = r, byte(b)
	}
	return letters, bytes
}()

// fromAlphabet returns the bytes that token spells, and whether it is spelled in the alphabet.
func fromAlphabet(token string) (string, bool) {
	out := make([]byte, 0, utf8.RuneCountInString(token))
	for _, r := range token {
		b, ok := runeByte[r]
		if !ok {
			return "", false
		}
		out = append(out, b)
	}
	return string(out), true
}
