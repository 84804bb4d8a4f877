// Package jsclient embeds the built browser client, so that a Go service can
// serve it without npm: the files that `npm run build` writes to dist, one
// JavaScript module for each entry of the npm package and the chunks they
// share. Type declarations and source maps are not among them.
//
// Pages import the modules by URL:
//
//	mux.Handle("GET /edgewise/", http.StripPrefix("/edgewise", jsclient.Handler()))
//
//	<script type="module">
//	  import { HybridInferenceClient } from '/edgewise/index.js'
//	</script>
package jsclient

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed dist/*.js
var dist embed.FS

// Files returns the built modules: index.js, policy.js, webllm.js and so on.
// The file system is read-only and safe for concurrent use.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path: unreachable
	}
	return files
}

// Handler serves the modules at the root of its path: GET /index.js.
//
// Names stay the same from release to release, so caches must ask every time
// (Cache-Control: no-cache) and get a 304 while the content is the same; the
// ETag is a hash of it. Compression, CORS and cross-origin isolation are left to
// the app's middleware. The handler is safe for concurrent use.
func Handler() http.Handler {
	files := modules()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		module, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("ETag", module.etag)
		// No modification time: embedded files have none.
		http.ServeContent(w, r, name, time.Time{}, strings.NewReader(module.content))
	})
}

type module struct {
	content string
	etag    string
}

var modules = sync.OnceValue(func() map[string]module {
	files := map[string]module{}
	entries, err := dist.ReadDir("dist")
	if err != nil {
		panic(err) // embedded: unreachable
	}
	for _, entry := range entries {
		content, err := dist.ReadFile(path.Join("dist", entry.Name()))
		if err != nil {
			panic(err) // embedded: unreachable
		}
		sum := sha256.Sum256(content)
		etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		files[entry.Name()] = module{content: string(content), etag: etag}
	}
	return files
})
