package pool_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// A server of one's own answers, and a hosted service while that can't. Both know a model "assistant", which isn't the
// same one.
func ExampleNew() {
	serves := func(model, text string, err error) backend.Backend {
		says := func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
			if err != nil {
				return backend.Completion{}, err
			}
			return backend.Completion{}, emit(backend.Delta{Text: text})
		}
		return backend.FromGenerator(backend.GeneratorFunc(says), backend.GeneratorOptions{Models: []backend.Model{{ID: model}}})
	}
	p, err := pool.New(pool.Options{
		Endpoints: []pool.Endpoint{
			{
				Name:    "own",
				Backend: serves("llama-3.1-8b", "", errors.New("out of memory")),
				Models:  map[string]string{"assistant": "llama-3.1-8b"},
			},
			{
				Name:     "hosted",
				Backend:  serves("big-one", "Hello!", nil),
				Models:   map[string]string{"assistant": "big-one"},
				Priority: 1,
			},
		},
		DefaultModel: "assistant",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()

	resp, err := p.Generate(context.Background(), &backend.Request{
		Body: []byte(`{"messages":[{"role":"user","content":"hi"}]}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	text, _, err := backend.ReadWhole(resp.Body)
	fmt.Println(strings.Contains(string(text), "Hello!"), err)
	fmt.Printf("%s answered after %d attempts\n", resp.Endpoint, resp.Attempts)
	for _, s := range p.Status() {
		fmt.Printf("%s is %s after %d requests, %d of them failed %s\n", s.Name, s.State, s.Requests, s.Failures, s.LastFailure)
	}
	// Output:
	// true <nil>
	// hosted answered after 2 attempts
	// own is closed after 1 requests, 1 of them failed internal_error
	// hosted is closed after 1 requests, 0 of them failed
}
