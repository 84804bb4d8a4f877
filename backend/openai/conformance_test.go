package openai_test

import (
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

func TestConformance(t *testing.T) {
	for _, continuation := range []openai.Continuation{
		openai.ContinueNever, openai.ContinueFinalMessage, openai.ContinuePrefill, openai.ContinuePrefix,
	} {
		t.Run("continue "+string(continuation), func(t *testing.T) {
			backendtest.Run(t, func(t *testing.T) backend.Backend {
				b, s := open(t, openai.Options{APIKey: key, Continuation: continuation})
				s.Prefill = backendtest.Prefill(continuation)
				return b
			})
		})
	}
}

func TestFaultConformance(t *testing.T) {
	backendtest.RunFaults(t, func(t *testing.T, baseURL string, silence time.Duration) backend.Backend {
		b, err := openai.New(openai.Options{
			BaseURL: baseURL, APIKey: key, DefaultModel: backendtest.ModelID,
			MaxRetries: -1, HeaderTimeout: silence, IdleTimeout: silence,
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
