package backend_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

// The example may be copied: it passes what it says it does. It stands in a file without tests, for the documentation
// to show that file whole.
func TestExampleAdapter(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backend.Backend {
		return adapter{baseURL: backendtest.NewServer(t).URL, key: "sk-1", defaultModel: backendtest.ModelID}
	})
}
