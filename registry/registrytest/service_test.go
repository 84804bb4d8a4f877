package registrytest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
	"github.com/edgewise-ai/edgewise/registry/registrytest"
)

// service keeps models as blobs of JSON behind HTTP, as a team's own model service
// might, and counts its revisions.
type service struct {
	mu       sync.Mutex
	blobs    map[string]json.RawMessage
	revision int
	changed  chan struct{} // closed by the next change
}

func newService(models ...registry.Model) (*service, error) {
	s := &service{blobs: make(map[string]json.RawMessage), changed: make(chan struct{})}
	for _, m := range models {
		blob, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		s.blobs[m.ID] = blob
	}
	return s, nil
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /models", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		models := make([]json.RawMessage, 0, len(s.blobs))
		for _, id := range slices.Sorted(maps.Keys(s.blobs)) {
			models = append(models, s.blobs[id])
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"revision": strconv.Itoa(s.revision), "models": models})
	})
	mux.HandleFunc("GET /models/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		blob, ok := s.blobs[r.PathValue("id")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(blob)
	})
	mux.HandleFunc("PUT /models/{id}", func(w http.ResponseWriter, r *http.Request) {
		blob, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.blobs[r.PathValue("id")] = blob
		s.change()
	})
	mux.HandleFunc("DELETE /models/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.blobs[r.PathValue("id")]; !ok {
			http.NotFound(w, r)
			return
		}
		delete(s.blobs, r.PathValue("id"))
		s.change()
	})
	mux.HandleFunc("GET /changes", s.changes)
	return mux
}

// change is called with the lock held.
func (s *service) change() {
	s.revision++
	close(s.changed)
	s.changed = make(chan struct{})
}

// changes streams a byte at once, and one after every change.
func (s *service) changes(w http.ResponseWriter, r *http.Request) {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if _, err := w.Write([]byte{'.'}); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// remote is the registry: the service's client.
type remote struct{ base string }

func (r remote) do(ctx context.Context, method, path string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s %s: %w", method, path, registry.ErrNotFound)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	case into == nil:
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

func (r remote) ListAll(ctx context.Context) (listing registry.Listing, err error) {
	err = r.do(ctx, http.MethodGet, "/models", nil, &listing)
	return listing, err
}

func (r remote) GetModel(ctx context.Context, id string) (m registry.Model, err error) {
	err = r.do(ctx, http.MethodGet, "/models/"+url.PathEscape(id), nil, &m)
	return m, err
}

func (r remote) PutModel(ctx context.Context, m registry.Model) error {
	blob, err := json.Marshal(m)
	if err := cmp.Or(m.Validate(), err); err != nil {
		return err
	}
	return r.do(ctx, http.MethodPut, "/models/"+url.PathEscape(m.ID), blob, nil)
}

func (r remote) DeleteModel(ctx context.Context, id string) error {
	return r.do(ctx, http.MethodDelete, "/models/"+url.PathEscape(id), nil, nil)
}

func (r remote) Watch(ctx context.Context) (<-chan struct{}, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"/changes", http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	one := make([]byte, 1)
	if _, err := io.ReadFull(response.Body, one); err != nil { // from here on, no change is missed
		response.Body.Close()
		return nil, err
	}
	signals := make(chan struct{}, 1)
	go func() {
		defer response.Body.Close()
		for {
			if _, err := io.ReadFull(response.Body, one); err != nil {
				return
			}
			select {
			case signals <- struct{}{}:
			default:
			}
		}
	}()
	return signals, nil
}

func TestService(t *testing.T) {
	for name, models := range map[string][]registry.Model{"empty": nil, "catalogue": registry.Catalogue()} {
		t.Run(name, func(t *testing.T) {
			registrytest.Run(t, func(t *testing.T) registry.ModelRegistry {
				s, err := newService(models...)
				if err != nil {
					t.Fatal(err)
				}
				server := httptest.NewServer(s.handler())
				t.Cleanup(server.Close)
				return remote{server.URL}
			})
		})
	}
}
