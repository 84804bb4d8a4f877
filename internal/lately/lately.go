// Package lately remembers what was put last, in memory that is bounded.
package lately

// Map is a map that forgets the oldest, by generations: it knows the Size keys that were
// put last, and up to as many more. The zero Map, with a Size, is empty. It is not safe
// for concurrent use.
type Map[V any] struct {
	Size int // of a generation

	young, old map[string]V
}

// Get returns the value that was put last under a key.
func (m *Map[V]) Get(key string) (value V, known bool) {
	if value, known = m.young[key]; !known {
		value, known = m.old[key]
	}
	return value, known
}

// Put keeps a value.
func (m *Map[V]) Put(key string, value V) {
	if m.young == nil || len(m.young) >= m.Size {
		m.young, m.old = make(map[string]V), m.young
	}
	m.young[key] = value
}

// Len returns how many keys are held, those of both generations twice.
func (m *Map[V]) Len() int { return len(m.young) + len(m.old) }
