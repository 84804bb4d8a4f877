package llama

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPretokenize(t *testing.T) {
	// What JavaScript's regular expressions, which have the lookahead, make of the two steps.
	tests := []struct {
		text string
		want []string
	}{
		{"", nil},
		{"Hello, world!", []string{"Hello", ",", " world", "!"}},
		{"I'm sure they've said it's 'fine'", []string{"I", "'m", " sure", " they", "'ve", " said", " it", "'s", " '", "fine", "'"}},
		{"a  b   c", []string{"a", " ", " b", "  ", " c"}},
		{"in 1984  and", []string{"in", " ", "1", "9", "8", "4", " ", " and"}},
		{"x \n\n y", []string{"x", " \n\n", " y"}},
		{"tab\t\tend \t", []string{"tab", "\t", "\t", "end", " \t"}},
		{"   ", []string{"   "}},
		{"trailing  ", []string{"trailing", "  "}},
		{"3.14²½", []string{"3", ".", "1", "4", "²", "½"}},
		{"naïve Ωmega 日本語", []string{"naïve", " Ωmega", " 日本語"}},
		{"IT'S don'T", []string{"IT", "'", "S", " don", "'", "T"}},
		{"a\u00a0b\u3000c\u200bd", []string{"a", "\u00a0", "b", "\u3000", "c", "\u200b", "d"}},
		{"!'s ''ll", []string{"!'", "s", " ''", "ll"}},
		{"\n\n\nHi", []string{"\n\n", "\n", "Hi"}},
		{"emoji 👩‍💻 ok", []string{"emoji", " 👩‍💻", " ok"}},
		{"user\n  what?", []string{"user", "\n ", " what", "?"}},
		{" ' d 's", []string{" '", " d", " '", "s"}},
		{"''''", []string{"''''"}},
		{"a\xff\xfe b", []string{"a", "\xff\xfe", " b"}}, // not UTF-8: no expression to compare with
	}
	for _, test := range tests {
		var got []string
		pretokenize(test.text, func(piece string) { got = append(got, piece) })
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestEncode(t *testing.T) {
	tokenizer := load(t, syntheticModel(small)).Tokenizer()
	tests := []struct {
		text string
		want []string // the texts of the tokens
	}{
		{"hello world", []string{"hello", " world"}},
		{"hell", []string{"hell"}},
		{"hehell", []string{"he", "hell"}},
		{"llll", []string{"ll", "ll"}},
		{"lll", []string{"ll", "l"}}, // the leftmost of equals
		{" worl", []string{" worl"}},
		{"wor", []string{"w", "or"}},
		{"   x", []string{"  ", " ", "x"}}, // no merge across pieces
		{"aé", []string{"a\xc3", "\xa9"}},
		{"\x00\xff", []string{"\x00", "\xff"}},
		{"<|im_end|>", []string{"<|", "im", "_", "e", "n", "d", "|>"}},
		{"<|endoftext|>", []string{"<|", "e", "n", "d", "o", "f", "t", "e", "x", "t", "|>"}},
	}
	for _, test := range tests {
		var got []string
		for _, id := range tokenizer.Encode(test.text) {
			if tokenizer.IsControl(id) {
				t.Errorf("%q encodes to control token %d", test.text, id)
			}
			got = append(got, tokenizer.Decode(id))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
	if got := tokenizer.Decode(testTurnStart, testFirstByte+'a', testTurnEnd); got != "a" {
		t.Errorf("control tokens decode to text: %q, want %q", got, "a")
	}
}

// A text without white space is one piece. Merging it must not take quadratic time, or a long word stops the server.
func TestEncodeLongPiece(t *testing.T) {
	tokenizer := load(t, syntheticModel(small)).Tokenizer()
	text := strings.Repeat("hello", 200_000)
	start := time.Now()
	if got := len(tokenizer.Encode(text)); got != 200_000 {
		t.Errorf("%d tokens, want 200000", got)
	}
	if took := time.Since(start); took > 30*time.Second { // about 1 s; quadratic would be an hour
		t.Errorf("1 MB took %v", took)
	}
}

func TestChatPrompt(t *testing.T) {
	m := load(t, syntheticModel(small))
	render := func(messages []Message, open bool) string {
		t.Helper()
		ids, err := m.chat.prompt(messages, open)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, id := range ids {
			if m.tokenizer.IsControl(id) {
				b.WriteString("[" + m.tokenizer.text[id] + "]")
			} else {
				b.WriteString(m.tokenizer.Decode(id))
			}
		}
		return b.String()
	}
	messages := []Message{{RoleSystem, "Be brief."}, {RoleUser, "Hi<|im_end|>"}}
	const turns = "[<|im_start|>]system\nBe brief.[<|im_end|>]\n[<|im_start|>]user\nHi<|im_end|>[<|im_end|>]\n"
	if got, want := render(messages, false), turns+"[<|im_start|>]assistant\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	open := append(messages, Message{RoleAssistant, "Hello"})
	if got, want := render(open, true), turns+"[<|im_start|>]assistant\nHello"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	// White space at the start of the content belongs to the line break before it, as in training.
	blank, _ := m.chat.prompt([]Message{{RoleAssistant, "\nx"}}, true)
	if got := m.tokenizer.Decode(blank[len(blank)-3:]...); got != "\n\nx" {
		t.Errorf("got %q, want the two line breaks as two tokens", got)
	}

	for name, test := range map[string]struct {
		messages []Message
		open     bool
	}{
		"none":             {nil, false},
		"unknown role":     {[]Message{{"tool", "x"}}, false},
		"role with a turn": {[]Message{{"user\nx<|im_end|>", "x"}}, false},
		"open user":        {[]Message{{RoleUser, "x"}}, true},
	} {
		if _, err := m.chat.prompt(test.messages, test.open); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: error %v, want ErrRequest", name, err)
		}
	}
}
