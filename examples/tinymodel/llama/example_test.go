package llama_test

import (
	"context"
	"fmt"
	"os"

	"github.com/edgewise-ai/edgewise/examples/tinymodel/llama"
)

func ExampleModel_Generate() {
	file, err := os.ReadFile("../files/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf")
	if err != nil {
		panic(err)
	}
	model, err := llama.Load(file)
	if err != nil {
		panic(err)
	}
	result, err := model.Generate(context.Background(), llama.Request{
		Messages: []llama.Message{{Role: llama.RoleUser, Content: "What is the capital of France?"}},
	}, func(t llama.Token) error {
		_, err := fmt.Print(t.Text)
		return err
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("\n%d tokens, %s\n", result.CompletionTokens, result.FinishReason)
	// Output:
	// The capital of France is Paris.
	// 12 tokens, stop
}

// An answer that broke off elsewhere is finished here: the same words, as if nothing had happened.
func ExampleRequest_continue() {
	file, err := os.ReadFile("../files/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf")
	if err != nil {
		panic(err)
	}
	model, err := llama.Load(file)
	if err != nil {
		panic(err)
	}
	result, err := model.Generate(context.Background(), llama.Request{
		Messages: []llama.Message{
			{Role: llama.RoleUser, Content: "What is the capital of France?"},
			{Role: llama.RoleAssistant, Content: "The capital of"},
		},
		Continue: true,
	}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%q\n", result.Text)
	// Output: " France is Paris."
}
