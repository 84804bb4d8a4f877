package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/edgewise-ai/edgewise/examples/mounting/internal/streamtest"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/tokens"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

func open(t *testing.T, model *streamtest.Model) (url string) {
	t.Helper()
	engine, err := newEngine(t.Context(), model.Backend(), tokens.New(time.Minute, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	return server.URL
}

// signIn returns what goes into Authorization.
func signIn(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Post(url+"/token", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var grant tokens.Grant
	if err := json.NewDecoder(resp.Body).Decode(&grant); err != nil || grant.Token == "" {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	return "Bearer " + grant.Token
}

// ask is a request of a user who is signed in.
func ask(t *testing.T, url string) *http.Request {
	t.Helper()
	req := streamtest.Request(t, url+"/llm/v1")
	req.Header.Set("Authorization", signIn(t, url))
	return req
}

func TestStream(t *testing.T) {
	model := streamtest.NewModel()
	streamtest.PieceByPiece(t, model, http.DefaultClient, ask(t, open(t, model)))
}

func TestDisconnect(t *testing.T) {
	model := streamtest.NewModel()
	streamtest.Disconnect(t, model, http.DefaultClient, ask(t, open(t, model)))
}

func TestRoutes(t *testing.T) {
	url := open(t, streamtest.NewModel())
	user := signIn(t, url)
	for _, test := range []struct {
		method, path, authorization string
		status                      int
		says                        string
	}{
		{"GET", "/hello", "", 200, "was here before"},
		{"GET", "/llm/v1/browser/models", user, 200, `"models"`},
		{"GET", "/llm/v1/browser/models", "", 401, `"unauthorized"`},
		{"GET", "/llm/v1/browser/models", "Bearer guess", 401, `"unauthorized"`},
		{"PUT", "/llm/v1/browser/models", user, 405, `"method_not_allowed"`},
		{"GET", "/llm/v1/nothing", user, 404, `"not_found"`},
	} {
		req := streamtest.Get(t, url+test.path, "")
		req.Method = test.method
		req.Header.Set("Authorization", test.authorization)
		if resp, body := streamtest.Send(t, http.DefaultClient, req); resp.StatusCode != test.status || !strings.Contains(string(body), test.says) {
			t.Errorf("%s %s: %d %s", test.method, test.path, resp.StatusCode, body)
		}
	}
}

// What a client says of itself beside its token is nobody's name.
func TestNamesAreNotTaken(t *testing.T) {
	url := open(t, streamtest.NewModel())
	req := streamtest.Get(t, url+"/llm/v1/browser/models", "")
	req.Header.Set("X-User", "alice")
	if resp, body := streamtest.Send(t, http.DefaultClient, req); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("%s: %s", resp.Status, body)
	}
}

// Reports carry no credentials but the grant of the snapshot.
func TestReport(t *testing.T) {
	url := open(t, streamtest.NewModel())
	get := streamtest.Get(t, url+"/llm/v1/browser/policy", "")
	get.Header.Set("Authorization", signIn(t, url))
	_, body := streamtest.Send(t, http.DefaultClient, get)
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
	if resp, body := streamtest.Send(t, http.DefaultClient, post); resp.StatusCode != http.StatusAccepted {
		t.Errorf("%s: %s", resp.Status, body)
	}
}
