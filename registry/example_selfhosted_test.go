package registry_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/edgewise-ai/edgewise/registry"
)

// snippet:begin
var qwen = registry.Model{
	ID: "qwen-0.5b", Name: "Qwen 0.5B", Framework: registry.WebLLM,
	Parameters: "0.5B", SizeBytes: 289_000_000, ContextWindow: 4096,
	Requires: registry.Requirements{Features: []string{"shader-f16"}},
	Source: map[string]string{ // files are stored under their URLs: a new version takes new ones
		"modelURL": "/models/qwen-0.5b-v1/",
		"modelLib": "/models/qwen-0.5b-v1/lib.wasm",
	},
	SHA256: map[string]string{ // by file name, as sha256sum prints them
		"mlc-chat-config.json": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
		"lib.wasm":             "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476",
	},
}

// modelFiles serves a folder such as os.DirFS("/srv/models") at /models/.
func modelFiles(folder fs.FS) http.Handler {
	files := http.StripPrefix("/models/", http.FileServerFS(folder))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("Access-Control-Allow-Origin", "*") // if pages lie elsewhere
		files.ServeHTTP(w, r)
	})
}

// snippet:end

// A model on hosts of one's own, and what serves its files.
func ExampleNewMemory_selfHosted() {
	_, err := registry.NewMemory(qwen)
	fmt.Println(err)

	mux := http.NewServeMux()
	mux.Handle("GET /models/", modelFiles(fstest.MapFS{
		"qwen-0.5b-v1/lib.wasm":                          {Data: []byte("\x00asm\x01\x00\x00\x00")},
		"qwen-0.5b-v1/resolve/main/mlc-chat-config.json": {Data: []byte("{}")},
	}))
	for _, path := range []string{"lib.wasm", "resolve/main/mlc-chat-config.json", "resolve/main/missing.bin"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/models/qwen-0.5b-v1/"+path, nil))
		h := w.Result().Header
		fmt.Printf("%d %s, %q\n", w.Code, h.Get("Content-Type"), h.Get("Cache-Control"))
	}
	// Output:
	// <nil>
	// 200 application/wasm, "public, max-age=31536000, immutable"
	// 200 application/json, "public, max-age=31536000, immutable"
	// 404 text/plain; charset=utf-8, ""
}
