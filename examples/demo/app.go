package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/examples/tinymodel"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/jsclient"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// microUSDPerMTok is an assumption, which the page says: what a million tokens cost on the
// book's server, which is bought, powered and housed for $233 a month (chapter 5.5.8).
const microUSDPerMTok = 390_000

// minSaving keeps the price out of the demo's decisions: an answer costs far less than
// this tenth of a cent, and would otherwise always be cheaper in the browser.
const minSaving = 1_000 // millionths of a US dollar

// app is the demo as a handler: the page, what the page loads, and the API.
type app struct {
	http.Handler
	router  *hybrid.Router
	account *account
}

func newApp(ctx context.Context, c config, log *slog.Logger) (*app, error) {
	server, err := newBackend(c, log)
	if err != nil {
		return nil, err
	}
	models, err := newRegistry()
	if err != nil {
		return nil, err
	}
	account, err := openAccount(ctx, c, log)
	if err != nil {
		return nil, err
	}
	a := &app{account: account}
	a.router, err = hybrid.New(ctx, hybrid.Options{
		Authenticate: hybrid.AllowAnonymous, // a demo has no users; a service has
		Registry:     models,
		Backend:      server,
		DefaultModel: c.model,
		Policies:     policy.Defaults(policy.Cost{MinSavingMicroUSD: minSaving}),
		Prices: map[string]policy.Prices{
			"": {PromptMicroUSDPerMTok: microUSDPerMTok, CompletionMicroUSDPerMTok: microUSDPerMTok},
		},
		Ledger:      account.ledger,
		SigningKeys: account.keys,
		Auditor:     func(policy.Identity) bool { return true }, // nobody here has a name to see their own by
		Logger:      log,
	})
	if err != nil {
		return nil, errors.Join(err, bounded(endTime, account.close))
	}
	page, err := newPage(c, account.place)
	if err != nil {
		return nil, errors.Join(err, a.close())
	}

	mux := http.NewServeMux()
	pattern, api := a.router.Handler()
	if isLoopback(c.addr) {
		cuts := newCuts()
		mux.Handle("POST /demo/cut", cuts)
		api = cuts.over(api)
	}
	mux.Handle(pattern, api)
	mux.Handle("/", page) // "GET /" would conflict with the router's pattern, which takes every method
	mux.Handle("GET /client/", http.StripPrefix("/client/", jsclient.Handler()))
	mux.Handle("GET /models/", http.StripPrefix("/models/", http.FileServerFS(tinymodel.Files())))
	mux.HandleFunc("GET /engine/{file}", engineFile(c.modules))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	a.Handler = mux
	return a, nil
}

// close writes what is to be written, and releases the database. The server, which may
// use it until then, has to be shut down first.
func (a *app) close() error {
	return errors.Join(bounded(endTime, a.router.Close), bounded(endTime, a.account.close))
}

// newBackend is the server side: a real server if one is named, else the tiny
// model in this process.
func newBackend(c config, log *slog.Logger) (backend.Backend, error) {
	if c.backend == "" {
		return newTinyBackend()
	}
	key := ""
	if c.keyEnv != "" {
		if key = os.Getenv(c.keyEnv); key == "" {
			return nil, fmt.Errorf("-key-env names %s, which is empty", c.keyEnv)
		}
	}
	return openai.New(openai.Options{BaseURL: c.backend, APIKey: key, DefaultModel: c.model, Logger: log})
}

// newRegistry lists the tiny model and the built-in catalogue. The catalogue's
// models for the engine that the page carries are switched off: their files lie
// on public hubs, and the demo works without a network.
func newRegistry() (registry.ModelRegistry, error) {
	models := registry.Catalogue()
	for i := range models {
		models[i].Disabled = models[i].Disabled || models[i].Framework == registry.Transformers
	}
	return registry.NewMemory(append(models, tinymodel.Model())...)
}

// engineModule is the engine's script.
const engineModule = "transformers.min.js"

// engineFiles are the files of the npm packages that the page loads: the engine
// and its WebAssembly runtime, in the version that the engine pins.
var engineFiles = map[string]string{
	engineModule:                  "@huggingface/transformers/dist/transformers.min.js",
	"ort-wasm-simd-threaded.mjs":  "onnxruntime-web/dist/ort-wasm-simd-threaded.mjs",
	"ort-wasm-simd-threaded.wasm": "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
}

// enginePath is where a file of the engine lies.
func enginePath(modules, name string) string {
	return filepath.Join(modules, filepath.FromSlash(engineFiles[name]))
}

func engineFile(modules string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("file")
		if _, known := engineFiles[name]; !known {
			http.NotFound(w, r)
			return
		}
		file := enginePath(modules, name)
		if _, err := os.Stat(file); err != nil {
			http.Error(w, "The engine's files are not installed: start the demo with make demo, or name their folder with -modules.", http.StatusNotFound)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFile(w, r, file)
	}
}
