package streamtest

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// Send sends req and returns the answer, and its body.
func Send(t testing.TB, client *http.Client, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// Get is a request for what is at url, by a client that may have what etag names.
func Get(t testing.TB, url, etag string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	return req
}

// Disconnect checks that a client that goes away in mid-stream stops the model.
func Disconnect(t testing.TB, m *Model, client *http.Client, req *http.Request) {
	t.Helper()
	m.Say("one")
	s := Open(t, client, req)
	s.Want("one")
	s.Body.Close()
	select {
	case reason := <-m.Stopped():
		t.Logf("the model was stopped: %v", reason)
	case <-time.After(patience):
		t.Error("the model goes on")
	}
}
