package serve_test

import (
	"net/http"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/mounting/internal/serve"
)

func TestTwoCanRunAtOnce(t *testing.T) {
	for range 2 {
		listener, err := serve.Listen(t.Context(), []string{"-addr=127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		server := serve.NewServer(http.NotFoundHandler())
		t.Cleanup(func() { server.Close() })
		go server.Serve(listener)
		resp, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound || server.ReadHeaderTimeout <= 0 {
			t.Errorf("%s, a header may take %v", resp.Status, server.ReadHeaderTimeout)
		}
	}
}

func TestAddressesThatMakeNoSenseAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-addr=nowhere"}, {"-port=1"}} {
		if _, err := serve.Listen(t.Context(), args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
