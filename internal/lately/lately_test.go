package lately_test

import (
	"strconv"
	"testing"

	"github.com/edgewise-ai/edgewise/internal/lately"
)

// The newest are known, the oldest are not, and memory is bounded.
func TestMap(t *testing.T) {
	m := lately.Map[int]{Size: 10}
	if _, known := m.Get("0"); known {
		t.Error("an empty map knows something")
	}
	for n := range 100 {
		m.Put(strconv.Itoa(n), n)
		for back := range min(n+1, 10) {
			if v, known := m.Get(strconv.Itoa(n - back)); !known || v != n-back {
				t.Fatalf("after %d: %d is %d, known %v", n, n-back, v, known)
			}
		}
		if _, known := m.Get(strconv.Itoa(n - 20)); known {
			t.Fatalf("after %d: %d is known", n, n-20)
		}
		if m.Len() > 20 {
			t.Fatalf("%d are held", m.Len())
		}
	}
	m.Put("99", -1)
	if v, _ := m.Get("99"); v != -1 {
		t.Errorf("the newest value is %d", v)
	}
}
