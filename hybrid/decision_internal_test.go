package hybrid

import (
	"strconv"
	"testing"
)

func TestDecisionID(t *testing.T) {
	old, young := []byte("an older signing key"), []byte("a younger signing key")
	id := keyring{old}.decisionID("alice", "offline")
	for _, test := range []struct {
		name, id, identity, reason string
		keys                       keyring
		want                       bool
	}{
		{"same", id, "alice", "offline", keyring{old}, true},
		{"rotated", id, "alice", "offline", keyring{young, old}, true},
		{"dropped key", id, "alice", "offline", keyring{young}, false},
		{"another's", id, "bob", "offline", keyring{old}, false},
		{"for another reason", id, "alice", "sticky", keyring{old}, false},
		{"nobody's", id, "", "offline", keyring{old}, false},
		{"changed", "A" + id[1:], "alice", "offline", keyring{old}, id[0] == 'A'},
		{"cut", id[:32], "alice", "offline", keyring{old}, false},
		{"longer", id + "A", "alice", "offline", keyring{old}, false},
		{"unsigned", id[:22], "alice", "offline", keyring{old}, false},
		{"none", "", "", "offline", keyring{old}, false},
		{"not base64", id[:22] + "...........", "alice", "offline", keyring{old}, false},
	} {
		if got := test.keys.decided(test.id, test.identity, test.reason); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
	if len(id) != 33 || id == (keyring{old}).decisionID("alice", "offline") {
		t.Errorf("ID %s", id)
	}
}

// A decision is good for four reports, which may come several times, and what is old is
// forgotten.
func TestUses(t *testing.T) {
	u := newUses()
	for n := range 6 {
		for range 2 {
			if got, want := u.take("d", strconv.Itoa(n)), n < maxUses; got != want {
				t.Errorf("report %d: got %v", n, got)
			}
		}
	}
	for n := range usesHeld {
		u.take("other"+strconv.Itoa(n), "1")
	}
	if u.take("d", "9") {
		t.Error("a decision of the last generation is forgotten")
	}
	for n := range 2 * usesHeld {
		u.take("more"+strconv.Itoa(n), "1")
	}
	if held := u.named.Len(); held > 2*usesHeld {
		t.Errorf("%d decisions are held", held)
	}
	if !u.take("d", "9") {
		t.Error("an old decision is remembered")
	}
}
