package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/edgewise-ai/edgewise/examples/tinymodel"
)

//go:embed web
var web embed.FS

// page is what index.html is filled in with.
type page struct {
	Chips  []string // prompts that the tiny model can answer
	Server string   // the model of another server; empty for the tiny one, in this process
	Price  string   // of a million tokens on the server, in dollars
	Place  string   // where the account is
	CanCut bool     // the server can be cut, to see what happens
}

// workerPath is where the page's service worker lies: at the root, or it could not keep
// the root.
const workerPath = "/sw.js"

// newPage serves index.html, filled in once, the files beside it, and the service worker
// that keeps them.
func newPage(c config, place string) (http.Handler, error) {
	reference, err := tinymodel.ReadReference()
	if err != nil {
		return nil, err
	}
	filled := page{
		Chips:  reference.Chips,
		Price:  fmt.Sprintf("%.2f", microUSDPerMTok/1e6),
		Place:  place,
		CanCut: isLoopback(c.addr),
	}
	if c.backend != "" {
		filled.Server = c.model
		if c.model == "" {
			filled.Server = "the server's own model"
		}
	}
	index, err := template.ParseFS(web, "web/index.html")
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	if err := index.Execute(&html, filled); err != nil {
		return nil, err
	}
	files, err := fs.Sub(web, "web")
	if err != nil {
		return nil, err
	}
	worker, err := web.ReadFile("web" + workerPath)
	if err != nil {
		return nil, err
	}
	kept, err := newShell(html.Bytes(), worker, files, c.modules)
	if err != nil {
		return nil, err
	}
	script, err := kept.script(worker)
	if err != nil {
		return nil, err
	}
	rest := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		// Browsers may keep it but ask before they use it: the program may be a newer one.
		w.Header().Set("Cache-Control", "no-cache")
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set(shellHeader, kept.Version)
			_, _ = w.Write(html.Bytes()) // a client that has gone needs no page
		case workerPath:
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			_, _ = w.Write(script)
		default:
			rest.ServeHTTP(w, r)
		}
	}), nil
}
