//go:build linux

package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// mock is an OpenAI-compatible server: it sends what was made beforehand, one flush
// an event, as model servers do.
type mock map[string]*mockModel

type mockModel struct {
	first, every time.Duration
	answer       []byte
	counted      [][]byte // events
	uncounted    [][]byte
}

func newMock() http.Handler {
	m := mock{
		modelFast:    {},
		modelDelayed: {first: firstTokenAfter},
		modelPaced:   {first: firstTokenAfter, every: tokenEvery},
	}
	var list struct {
		Object string              `json:"object"`
		Data   []map[string]string `json:"data"`
	}
	list.Object = "list"
	for name, model := range m {
		model.answer, model.counted, model.uncounted = answerOf(name), eventsOf(name, true), eventsOf(name, false)
		list.Data = append(list.Data, map[string]string{"id": name, "object": "model", "owned_by": "proxybench"})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", m.complete)
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(list)
	})
	return mux
}

func (m mock) complete(w http.ResponseWriter, req *http.Request) {
	var in struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
		Want   struct {
			Usage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	err := json.NewDecoder(req.Body).Decode(&in)
	model := m[in.Model]
	switch {
	case err != nil || model == nil:
		http.Error(w, "the request can't be read, or there is no such model", http.StatusBadRequest)
	case in.Stream && in.Want.Usage:
		model.stream(w, model.counted)
	case in.Stream:
		model.stream(w, model.uncounted)
	default:
		time.Sleep(model.first + tokens*model.every)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(model.answer)))
		_, _ = w.Write(model.answer)
	}
}

// stream sends the events, each at its time after the request. The role comes with
// the first token, as from vLLM.
func (m *mockModel) stream(w http.ResponseWriter, events [][]byte) {
	due := time.Now().Add(m.first)
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	for i, event := range events {
		time.Sleep(time.Until(due))
		if i > 0 {
			due = due.Add(m.every)
		}
		if _, err := w.Write(event); err != nil || control.Flush() != nil {
			return
		}
	}
}
