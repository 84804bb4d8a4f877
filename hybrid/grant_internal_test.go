package hybrid

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

var (
	grantTime = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	someGrant = grant{ID: "g1", Identity: "abc", Tier: "pro", Revision: "r1", Expires: grantTime.Add(time.Hour).Unix(), Max: 10}
)

func TestGrantVerifies(t *testing.T) {
	old, young := []byte("an older signing key"), []byte("a younger signing key")
	token := keyring{old}.sign(someGrant)
	for _, test := range []struct {
		name string
		keys keyring
		now  time.Time
		late bool
		err  error
	}{
		{"same key", keyring{old}, grantTime, false, nil},
		{"rotated key", keyring{young, old}, grantTime, false, nil},
		{"dropped key", keyring{young}, grantTime, false, errGrantForged},
		{"at its end", keyring{old}, grantTime.Add(time.Hour), false, nil},
		{"late", keyring{old}, grantTime.Add(2 * time.Hour), true, nil},
		{"at the end of lateness", keyring{old}, grantTime.Add(time.Hour + lateness), true, nil},
		{"too late", keyring{old}, grantTime.Add(time.Hour + lateness + time.Second), false, errGrantExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, late, err := test.keys.verify(token, test.now)
			if !errors.Is(err, test.err) || late != test.late {
				t.Fatalf("late %v, error %v; want %v, %v", late, err, test.late, test.err)
			}
			if err == nil && g != someGrant {
				t.Errorf("got %+v", g)
			}
		})
	}
}

func TestGrantRefusesTampering(t *testing.T) {
	keys := newKeyring(nil)
	token := keys.sign(someGrant)
	text, mac, _ := strings.Cut(token, ".")
	raised := someGrant
	raised.Max = 1_000_000
	other, _, _ := strings.Cut(keyring{[]byte("somebody else's key")}.sign(raised), ".")
	for name, bad := range map[string]string{
		"empty": "", "dot": ".", "no signature": text, "empty signature": text + ".", "no payload": "." + mac,
		"other payload": other + "." + mac, "cut signature": token[:len(token)-1], "longer": token + "A",
		"padding": token + "=", "line break": token[:len(token)-9] + "\r\n" + token[len(token)-9:], "two dots": token + "." + mac, "huge": strings.Repeat("A", 1<<16) + "." + mac,
	} {
		if g, _, err := keys.verify(bad, grantTime); err == nil {
			t.Errorf("%s: accepted as %+v", name, g)
		} else if kind := grantError(""); !errors.As(err, &kind) {
			t.Errorf("%s: %T is no grantError", name, err)
		}
	}
}

// However good its signature, a token longer than any of ours is not looked into.
func TestGrantBoundsTokens(t *testing.T) {
	keys := newKeyring(nil)
	long := someGrant
	long.Tier = strings.Repeat("x", maxTokenBytes)
	if _, _, err := keys.verify(keys.sign(long), grantTime); !errors.Is(err, errGrantMalformed) {
		t.Errorf("got %v", err)
	}
	long.Tier = strings.Repeat("x", maxTokenBytes/2)
	if _, _, err := keys.verify(keys.sign(long), grantTime); err != nil {
		t.Errorf("a long tier is refused: %v", err)
	}
}

// The text that the last event repeats is held in memory, hence bounded.
func TestSimpleStreamIsBounded(t *testing.T) {
	w := httptest.NewRecorder()
	s := simpleWriter{to: newAnswerWriter(w, httptest.NewRequest(http.MethodPost, "/", nil))}
	s.text.WriteString(strings.Repeat("x", backend.MaxAnswerBytes-2))
	const chunk = `data: {"choices":[{"delta":{"content":"ab"}}]}` + "\n\n"
	if _, err := s.Write([]byte(chunk)); err != nil || s.fault != nil {
		t.Fatalf("the last that fits: %v", err)
	}
	if _, err := s.Write([]byte(chunk)); !errors.Is(err, backend.CodeBadResponse) || s.fault == nil {
		t.Errorf("got %v", err)
	}
	if got := w.Body.String(); got != `data: {"delta":"ab"}`+"\n\n" {
		t.Errorf("got %s", got)
	}
}

func FuzzGrant(f *testing.F) {
	keys := keyring{[]byte("a key of the tests")}
	token := keys.sign(someGrant)
	f.Add(token)
	f.Add(strings.ToUpper(token))
	f.Add(token + "\n")
	f.Add("e30.e30")
	f.Fuzz(func(t *testing.T, s string) {
		if _, _, err := keys.verify(s, grantTime); err == nil && s != token {
			t.Fatalf("%q was accepted", s)
		}
	})
}

func TestETagComparison(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, `"a"`: true, `W/"a"`: true, `"b", W/"a"`: true, "*": true, "a": false, `"ab"`: false,
	} {
		if hasETag(header, `W/"a"`) != want {
			t.Errorf("%q: want %v", header, want)
		}
	}
}
