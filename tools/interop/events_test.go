//go:build linux

package main

import (
	"strings"
	"testing"
)

const (
	textEvent   = `data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":null}]}` + "\n\n"
	finishEvent = `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	usageEvent  = `data: {"choices":[],"usage":{"completion_tokens":7}}` + "\n\n"
	errorEvent  = `data: {"error":{"code":"upstream_truncated"}}` + "\n\n"
	doneEvent   = "data: [DONE]\n\n"
)

func TestReadEvents(t *testing.T) {
	calls := 0
	got, err := readEvents(strings.NewReader(": waiting\n\n"+textEvent+textEvent+finishEvent+usageEvent+doneEvent), func() { calls++ })
	if err != nil || got.text != "HiHi" || got.finish != "stop" || got.usage.CompletionTokens != 7 || got.bare != 1 || !got.done || calls != 1 {
		t.Errorf("whole: %+v, %v, %d calls", got, err, calls)
	}
	got, err = readEvents(strings.NewReader(textEvent+errorEvent), nil)
	if err != nil || got.text != "Hi" || got.failed == nil || got.failed.Code != "upstream_truncated" || got.done {
		t.Errorf("broken off: %+v, %v", got, err)
	}
}

// What a client may not expect must not pass as seen.
func TestReadEventsRefuses(t *testing.T) {
	for _, text := range []string{
		doneEvent + textEvent,
		errorEvent + doneEvent,
		"data: nonsense\n\n",
		"event: chunk\n" + textEvent,
		`data: {"choices":[{},{}]}` + "\n\n",
	} {
		if got, err := readEvents(strings.NewReader(text), nil); err == nil {
			t.Errorf("%q passes: %+v", text, got)
		}
	}
}
