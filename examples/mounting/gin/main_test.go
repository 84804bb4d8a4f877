package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/edgewise-ai/edgewise/examples/mounting/internal/streamtest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

func open(t *testing.T, model *streamtest.Model) (url string) {
	t.Helper()
	engine, err := newEngine(t.Context(), model.Backend())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	return server.URL
}

// ask is a request of a user who is signed in.
func ask(t *testing.T, url string) *http.Request {
	t.Helper()
	req := streamtest.Request(t, url+"/llm/v1")
	req.Header.Set("X-User", "alice")
	return req
}

func TestStream(t *testing.T) {
	model := streamtest.NewModel()
	streamtest.PieceByPiece(t, model, http.DefaultClient, ask(t, open(t, model)))
}

// A client that goes away stops the model.
func TestDisconnect(t *testing.T) {
	model := streamtest.NewModel()
	model.Say("one")
	stream := streamtest.Open(t, http.DefaultClient, ask(t, open(t, model)))
	stream.Want("one")
	stream.Body.Close()
	select {
	case <-model.Stopped():
	case <-time.After(10 * time.Second):
		t.Error("the model goes on")
	}
}

func TestRoutes(t *testing.T) {
	url := open(t, streamtest.NewModel())
	for _, test := range []struct {
		method, path, user string
		status             int
		says               string
	}{
		{"GET", "/hello", "", 200, "was here before"},
		{"GET", "/llm/v1/browser/models", "alice", 200, `"models"`},
		{"GET", "/llm/v1/browser/models", "", 401, `"unauthorized"`},
		{"PUT", "/llm/v1/browser/models", "alice", 405, `"method_not_allowed"`},
		{"GET", "/llm/v1/nothing", "alice", 404, `"not_found"`},
	} {
		req, err := http.NewRequest(test.method, url+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-User", test.user)
		if status, body := send(t, req); status != test.status || !strings.Contains(string(body), test.says) {
			t.Errorf("%s %s: %d %s", test.method, test.path, status, body)
		}
	}
}

// Reports carry no credentials but the grant of the snapshot.
func TestReport(t *testing.T) {
	url := open(t, streamtest.NewModel())
	get, err := http.NewRequest(http.MethodGet, url+"/llm/v1/browser/policy", nil)
	if err != nil {
		t.Fatal(err)
	}
	get.Header.Set("X-User", "alice")
	_, body := send(t, get)
	var snapshot struct{ Grant struct{ Token string } }
	if err := json.Unmarshal(body, &snapshot); err != nil || snapshot.Grant.Token == "" {
		t.Fatalf("%v: %s", err, body)
	}
	batch, err := json.Marshal(map[string]any{"grant": snapshot.Grant.Token, "reports": []any{}})
	if err != nil {
		t.Fatal(err)
	}
	post, err := http.NewRequest(http.MethodPost, url+"/llm/v1/browser/analytics", bytes.NewReader(batch))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := send(t, post); status != http.StatusAccepted {
		t.Errorf("%d %s", status, body)
	}
}

func send(t *testing.T, req *http.Request) (int, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}
