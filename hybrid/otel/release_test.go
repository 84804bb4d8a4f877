package otel_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/internal/release"
)

// The module is of use from outside, beside the root module of the same version.
func TestReleaseBuildsWithoutReplace(t *testing.T) {
	const program = `package main

import (
	"context"
	"fmt"

	"github.com/edgewise-ai/edgewise/hybrid"
	hybridotel "github.com/edgewise-ai/edgewise/hybrid/otel"
)

func main() {
	observer, err := hybridotel.NewObserver(hybridotel.Options{})
	if err != nil {
		panic(err)
	}
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
		Observers:    []hybrid.Observer{observer},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(router.Close(context.Background()))
}
`
	got := release.Run(t, map[string]string{
		".":           "github.com/edgewise-ai/edgewise",
		"hybrid/otel": "github.com/edgewise-ai/edgewise/hybrid/otel",
	}, program)
	if got != "<nil>\n" {
		t.Errorf("the consumer printed %q", got)
	}
}
