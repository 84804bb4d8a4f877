module github.com/edgewise-ai/edgewise/examples

go 1.25.0

require github.com/edgewise-ai/edgewise v0.0.0

require (
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
	github.com/sashabaranov/go-openai v1.43.0 // indirect
	golang.org/x/sync v0.22.0 // indirect
)

// The examples always run against the library beside them.
replace github.com/edgewise-ai/edgewise => ../
