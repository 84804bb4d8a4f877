package echo_test

import (
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
)

func TestEcho(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backend.Backend { return echo.Backend(time.Millisecond) })
}
