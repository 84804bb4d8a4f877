package openai

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestBaseURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://api.example.com":                "https://api.example.com/v1",
		"https://api.example.com/":               "https://api.example.com/v1",
		"https://api.example.com/v1":             "https://api.example.com/v1",
		"https://api.example.com/v1/":            "https://api.example.com/v1",
		"https://api.example.com/openai/v1beta/": "https://api.example.com/openai/v1beta",
		"http://[::1]:8000":                      "http://[::1]:8000/v1",
		"":                                       "", "localhost:8000": "", "ftp://x": "", "http://": "", "/v1": "",
		"https://user:hunter2@x/v1": "", "https://x/v1?key=hunter2": "", "https://x/v1#hunter2": "", "http://hunter2\x00": "",
	} {
		got, err := baseURL(raw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s became %q, %v; want %q", raw, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells: %v", err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	const base = "http://localhost"
	for want, opts := range map[string]Options{
		"BaseURL is required": {},
		"exclude each other":  {BaseURL: base, APIKey: "k", Key: func(context.Context) (string, error) { return "", nil }},
		"line break":          {BaseURL: base, APIKey: "k\n"},
		"Continuation":        {BaseURL: base, Continuation: "sometimes"},
		"negative":            {BaseURL: base, MinBackoff: -time.Second},
	} {
		if _, err := New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one about %q", err, want)
		}
	}
}
