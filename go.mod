module github.com/edgewise-ai/edgewise

go 1.25.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/hashicorp/go-retryablehttp v0.7.8
	github.com/sashabaranov/go-openai v1.43.0
	golang.org/x/sync v0.22.0
)

require github.com/hashicorp/go-cleanhttp v0.5.2 // indirect

// Some npm packages ship .go files; they are none of ours.
ignore ./jsclient/node_modules
