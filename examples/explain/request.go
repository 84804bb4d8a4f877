package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

// request is the body of POST /browser/route.
type request struct {
	policy.Request
	Capabilities capability.Device `json:"capabilities"`
	State        policy.State      `json:"state"`
	Trace        bool              `json:"trace,omitempty"` // a trace is made anyway

	// This hides a field of policy.Request, to tell absent from zero.
	PromptLength *int64 `json:"promptLength"`
}

// readRequest reads a request from a file, or from stdin for "-".
func readRequest(name string, stdin io.Reader) (*request, error) {
	data, err := os.ReadFile(name)
	if name == "-" {
		name = "the request"
		data, err = io.ReadAll(stdin)
	}
	if err != nil {
		return nil, err
	}
	r, err := decodeRequest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// decodeRequest is stricter than the server, which has to bear with newer and
// with hostile pages: what the server would ignore or bound is an error here, for
// a person wrote it and meant something by it.
func decodeRequest(data []byte) (*request, error) {
	r := new(request)
	tree, err := decodeStrictly(data, r)
	if err != nil {
		return nil, err
	}
	if r.PromptLength == nil {
		return nil, errors.New("promptLength is missing: the number of Unicode code points in the prompt")
	}
	r.Request.PromptLength = *r.PromptLength
	if err := r.Request.Validate(); err != nil {
		return nil, err
	}
	r.Capabilities.Clamp()
	r.State.Clamp()
	kept, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return r, changedClaim(tree, kept)
}
