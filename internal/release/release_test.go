package release_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/internal/release"
)

// consumer is a service somewhere else that uses every package a user would.
const consumer = `package main

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/jsclient"
	"github.com/edgewise-ai/edgewise/policy"
)

func main() {
	backend, err := openai.New(openai.Options{BaseURL: "http://127.0.0.1:1/v1"})
	check(err)
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
		Backend:      backend,
	})
	check(err)
	http.NewServeMux().Handle(router.Handler())
	d, err := router.Route(context.Background(), policy.Input{Request: &policy.Request{PromptLength: 5000}})
	check(err)
	client, err := fs.Glob(jsclient.Files(), "index.js")
	check(err)
	fmt.Println(d.Target, d.Reason, client)
	check(router.Close(context.Background()))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
`

func TestConsumerBuildsWithoutReplace(t *testing.T) {
	got := release.Run(t, map[string]string{".": "github.com/edgewise-ai/edgewise"}, consumer)
	if want := "server request_too_complex [index.js]\n"; got != want {
		t.Errorf("the consumer printed %q, want %q", got, want)
	}
}
