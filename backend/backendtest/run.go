// Package backendtest checks backends: [Run] is what every backend.Backend must pass, and [NewServer] an upstream to
// test adapters of OpenAI-compatible APIs against.
package backendtest

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgewise-ai/edgewise/backend"
)

// patience is how long anything that must be prompt may take on a busy machine.
const patience = 10 * time.Second

// prompt is what Run asks. Small real models answer it too.
const prompt = `{"messages":[{"role":"system","content":"Answer briefly."},{"role":"user","content":"Say hello."}],"max_tokens":32}`

// Run checks a backend against the contract of backend.Backend. It calls open for each subtest, to which cleanup can
// be tied. The backend must serve a model, and answer a plain question with at least one token of text.
func Run(t *testing.T, open func(t *testing.T) backend.Backend) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, backend.Backend)
	}{
		{"Models", testModels},
		{"Plain", testPlain},
		{"Stream", testStream},
		{"UsageWhenAsked", testUsage},
		{"RequestUntouched", testRequestUntouched},
		{"CanceledBefore", testCanceledBefore},
		{"CanceledDuring", testCanceledDuring},
		{"ClosedEarly", testClosedEarly},
		{"ModelNotFound", testModelNotFound},
		{"NotJSON", testNotJSON},
		{"Concurrent", testConcurrent},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func testModels(t *testing.T, b backend.Backend) {
	models, err := b.Models(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(models) == 0 {
		t.Fatal("no models")
	}
	seen := map[string]bool{}
	for _, m := range models {
		if m.ID == "" || seen[m.ID] {
			t.Errorf("model %q is nameless or listed twice", m.ID)
		}
		seen[m.ID] = true
	}
}

func testPlain(t *testing.T, b backend.Backend) {
	out, err := plain(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	checkOutcome(t, out)
}

func testStream(t *testing.T, b backend.Backend) {
	out, text, err := stream(t.Context(), b, false)
	if err != nil {
		t.Fatal(err)
	}
	checkOutcome(t, out)
	if out.FirstContent.IsZero() {
		t.Error("no time of first content")
	}
	if !bytes.HasSuffix(text, []byte("data: [DONE]\n\n")) {
		t.Errorf("stream ends in %q", text[max(0, len(text)-40):])
	}
	for _, chunk := range chunks(t, text) {
		if len(chunk.Choices) == 0 {
			t.Errorf("chunk without choices, which was not asked for: %+v", chunk)
		}
	}
}

func testUsage(t *testing.T, b backend.Backend) {
	out, text, err := stream(t.Context(), b, true)
	if err != nil {
		t.Fatal(err)
	}
	if !out.Usage.Known {
		t.Skip("the backend doesn't know what it used")
	}
	all := chunks(t, text)
	if last := all[len(all)-1]; last.Usage == nil || last.Usage.CompletionTokens != out.Usage.CompletionTokens {
		t.Errorf("last chunk has no usage, or another than %+v: %+v", out.Usage, last)
	}
	var roles, finishes int
	for _, chunk := range all {
		if chunk.ID == "" || chunk.ID != all[0].ID || chunk.Created != all[0].Created || chunk.Object != "chat.completion.chunk" {
			t.Errorf("chunk differs from the first in id or created, or is none: %+v", chunk)
		}
		for _, c := range chunk.Choices {
			if c.Delta.Role != "" {
				roles++
			}
			if c.FinishReason != nil {
				finishes++
			}
		}
	}
	if roles != 1 || finishes != 1 {
		t.Errorf("%d roles and %d finish reasons, want one of each", roles, finishes)
	}
}

func testRequestUntouched(t *testing.T, b backend.Backend) {
	req := &backend.Request{Body: []byte(prompt), Stream: true}
	resp, err := b.Generate(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Error(err)
	}
	if string(req.Body) != prompt || req.Model != "" || !req.Stream || req.IncludeUsage {
		t.Errorf("request was modified: %+v", req)
	}
}

func testCanceledBefore(t *testing.T, b backend.Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Generate(ctx, &backend.Request{Body: []byte(prompt)})
	wantCode(t, err, backend.CodeCanceled)
}

func testCanceledDuring(t *testing.T, b backend.Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp, err := b.Generate(ctx, &backend.Request{Body: []byte(prompt), Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	cancel()
	read := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, resp.Body)
		read <- err
	}()
	select {
	case err := <-read:
		if err != nil { // a short answer may have been there already
			wantCode(t, err, backend.CodeCanceled)
		}
	case <-time.After(patience):
		t.Fatal("the answer goes on after its context ended")
	}
}

func testClosedEarly(t *testing.T, b backend.Backend) {
	resp, err := b.Generate(t.Context(), &backend.Request{Body: []byte(prompt), Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- resp.Body.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("Close hangs")
	}
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("a closed body can be read to its end")
	}
}

func testModelNotFound(t *testing.T, b backend.Backend) {
	for _, stream := range []bool{false, true} {
		_, err := b.Generate(t.Context(), &backend.Request{Body: []byte(prompt), Model: "no-such-model", Stream: stream})
		wantCode(t, err, backend.CodeModelNotFound)
	}
}

func testNotJSON(t *testing.T, b backend.Backend) {
	for _, body := range []string{"", "[]", `{"messages":`} {
		_, err := b.Generate(t.Context(), &backend.Request{Body: []byte(body)})
		wantCode(t, err, backend.CodeInvalidRequest)
	}
}

func testConcurrent(t *testing.T, b backend.Backend) {
	group, ctx := errgroup.WithContext(t.Context())
	for i := range 16 {
		group.Go(func() error {
			if i%2 == 0 {
				_, err := plain(ctx, b)
				return err
			}
			_, _, err := stream(ctx, b, false)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
