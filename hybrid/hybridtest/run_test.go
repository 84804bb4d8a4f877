package hybridtest_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid/hybridtest"
)

func TestMemory(t *testing.T) {
	hybridtest.Run(t, func(*testing.T) hybridtest.Replicas { return hybridtest.Replicas{Stores: memory()} })
}
