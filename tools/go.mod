module github.com/edgewise-ai/edgewise/tools

go 1.25.0

require (
	github.com/edgewise-ai/edgewise v0.0.0
	github.com/edgewise-ai/edgewise/examples v0.0.0
	github.com/sashabaranov/go-openai v1.43.0
)

require (
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
)

// The tools always run against the library and the examples beside them.
replace (
	github.com/edgewise-ai/edgewise => ../
	github.com/edgewise-ai/edgewise/examples => ../examples
)
