package echo_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
)

func TestEcho(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backend.Backend { return echo.Backend() })
}
