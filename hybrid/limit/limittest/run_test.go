package limittest_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/hybrid/limit/limittest"
)

func TestMemory(t *testing.T) {
	limittest.Run(t, func(*testing.T) limit.Store { return new(limit.Memory) })
}

// Stores may share their accounts, and be full of others.
func TestMemoryInUse(t *testing.T) {
	m := limit.NewMemory(limit.MemoryOptions{})
	limittest.Run(t, func(*testing.T) limit.Store { return m })
	limittest.Run(t, func(*testing.T) limit.Store { return m })
}
