package openai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

func TestKeysStayHere(t *testing.T) {
	var log bytes.Buffer
	const gateway = "gateway-key-7654321" // Azure's way
	quotes := backendtest.Fault{Status: 400, Body: `{"error":{"message":"what are ` + key + ` and ` + gateway + `?"}}`}
	late := backendtest.Fault{Body: `data: {"error":{"message":"` + gateway + `, ` + key + `","type":"server_error"}}` + "\n\n"}
	b, _ := open(t, openai.Options{
		APIKey: key, Headers: http.Header{"api-key": {gateway}},
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, backendtest.Unauthorized(), quotes, late, late, late)
	for i := range 3 {
		_, err := b.Generate(t.Context(), &backend.Request{Body: hi, Stream: i == 2})
		if err == nil {
			t.Fatal("no failure to look at")
		}
		page, _ := json.Marshal(err)
		for _, secret := range []string{key, gateway} {
			if strings.Contains(err.Error(), secret) || bytes.Contains(page, []byte(secret)) {
				t.Errorf("the error tells the key: %v %s", err, page)
			}
		}
	}
	if log.Len() == 0 || strings.Contains(log.String(), key) || strings.Contains(log.String(), gateway) || strings.Contains(log.String(), "hi") {
		t.Errorf("the log tells nothing, or too much: %s", log.String())
	}
}

func TestKeyFunc(t *testing.T) {
	keys := []string{"first", "second"}
	asked := 0
	opts := openai.Options{Key: func(context.Context) (string, error) {
		asked++
		if len(keys) == 0 {
			return "", errors.New("vault is sealed")
		}
		key := keys[0]
		keys = keys[1:]
		return key, nil
	}}
	b, s := open(t, opts, backendtest.Overloaded())
	resp, err := b.Generate(t.Context(), &backend.Request{Body: hi})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := s.Requests()[1].Header.Get("Authorization"); got != "Bearer second" {
		t.Errorf("the retry has %q", got)
	}
	if _, err := b.Generate(t.Context(), &backend.Request{Body: hi}); !errors.Is(err, backend.CodeUpstreamAuth) {
		t.Errorf("error is %v", err)
	}
	if asked != 3 {
		t.Errorf("asked for a key %d times: a sealed vault was tried again", asked)
	}
	if n := len(s.Requests()); n != 2 {
		t.Errorf("%d requests: one went without a key", n)
	}
}
