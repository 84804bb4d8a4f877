package ledger_test

import (
	"context"
	"fmt"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// A ledger in memory, which counts each ID once.
func ExampleMemory() {
	account := ledger.NewMemory(ledger.MemoryOptions{})
	account.Record([]ledger.Entry{
		{ID: "g1.1", Source: ledger.Browser, Model: "small-360m", PromptTokens: 12, CompletionTokens: 40, Success: true},
		{ID: "g1.1", Source: ledger.Browser, Model: "small-360m", PromptTokens: 12, CompletionTokens: 40, Success: true},
		{ID: "s1", Source: ledger.Server, Model: "gpt", PromptTokens: 900, CompletionTokens: 300, Success: true},
	})
	s := account.Summary()
	fmt.Println(s.Total.Requests, "requests,", s.BySource[ledger.Browser].CompletionTokens, "tokens generated for free")
	// Output: 2 requests, 40 tokens generated for free
}

// printer is a store that only prints.
type printer struct{}

func (printer) Append(_ context.Context, entries []ledger.Entry) error {
	for _, e := range entries {
		fmt.Println(e.ID, e.CompletionTokens)
	}
	return nil
}

// A store of one's own behind a queue: recording never waits for it.
func ExampleQueue() {
	queue := ledger.NewQueue(printer{}, ledger.QueueOptions{Capacity: 1000})
	queue.Record([]ledger.Entry{{ID: "g1.1", Source: ledger.Browser, CompletionTokens: 40, Success: true}})
	if err := queue.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: g1.1 40
}
