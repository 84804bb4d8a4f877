package main

import (
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

func TestTinyBackendConforms(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backend.Backend {
		b, err := newTinyBackend()
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
