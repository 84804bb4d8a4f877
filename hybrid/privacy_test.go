package hybrid_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// canary stands for a prompt or an answer: it may reach the backend and the page
// that asked, and nobody else.
const canary = "canary-4711"

// upstreams that repeat the prompt, in every place where one could.
func parrots() map[string]*scripted {
	said := `data: {"choices":[{"index":0,"delta":{"content":"` + canary + `"},"finish_reason":null}]}` + "\n\n"
	parrot := &backend.Error{
		Code: backend.CodeInvalidRequest, Message: "can't do " + canary, Param: canary, Err: fmt.Errorf("upstream said %s", canary),
	}
	unavailable := *parrot
	unavailable.Code = backend.CodeUnavailable
	transport := &backend.Error{Code: backend.CodeUnavailable, Err: &url.Error{Op: "Post", URL: "http://model.internal/v1", Err: errBroken}}
	return map[string]*scripted{
		"answers":         {body: `{"choices":[{"message":{"content":"` + canary + `"},"finish_reason":"stop"}]}`},
		"streams":         {body: said + finishChunk + doneChunk},
		"ends oddly":      {body: `{"choices":[{"message":{"content":"x"},"finish_reason":"said ` + canary + `"}]}`},
		"refuses":         {err: parrot},
		"fails":           {err: &unavailable},
		"is unreachable":  {err: transport},
		"breaks":          {body: said, end: &unavailable},
		"streams errors":  {body: said + `data: {"error":{"message":"` + canary + `","code":"` + canary + `"}}` + "\n\n"},
		"begins an error": {body: `data: {"error":{"message":"` + canary + `"}}` + "\n\n"},
		"is no model":     {body: "<html>" + canary},
		"can't list":      {modelsErr: &unavailable},
		"panics inside":   {err: fmt.Errorf("generator panicked: %s", canary)},
	}
}

func TestNoPromptInLogsOrLedger(t *testing.T) {
	for name, up := range parrots() {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := open(t, up.serve, func(o *hybrid.Options) {
				o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			for _, stream := range []string{"false", "true"} {
				s.post("/generate", `{"prompt":"`+canary+`","stream":`+stream+`}`)
				s.post("/chat/completions", `{"messages":[{"role":"user","content":"`+canary+`"}],"stream":`+stream+`}`)
			}
			// Broken requests that hold a prompt.
			s.post("/generate", `{"prompt":"`+canary+`","maxTokens":-1}`)
			s.post("/generate", `{"prompt":"`+canary+`"`)
			s.post("/chat/completions", `{"messages":"`+canary+`"}`)
			s.post("/browser/route", `{"prompt":"`+canary+`","capabilities":{},"promptLength":5}`)
			if strings.Contains(log.String(), canary) {
				t.Errorf("the log holds the prompt:\n%s", &log)
			}
			kept, err := json.Marshal(s.ledger.Recent(99))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(kept, []byte(canary)) {
				t.Errorf("the ledger holds the prompt: %s", kept)
			}
			if name == "is unreachable" && !strings.Contains(log.String(), "model.internal") {
				t.Errorf("the log does not say what is unreachable:\n%s", &log)
			}
		})
	}
}

// The words of a failing Authenticate stay on the server.
func TestAuthenticateErrorStaysHere(t *testing.T) {
	s := open(t)
	a := s.get("/models", "Authorization", "")
	if a.status != http.StatusUnauthorized || strings.Contains(string(a.body), "bearer") {
		t.Errorf("%d: %s", a.status, a.body)
	}
}
