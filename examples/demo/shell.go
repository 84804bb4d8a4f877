package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/edgewise-ai/edgewise/jsclient"
)

// shellHeader is sent with the page and names the shell that it belongs to.
const shellHeader = "Demo-Shell"

// shell is what the page is made of, for its service worker to keep: the page, its own
// files, the client with its workers, and the engine's script. It has no file that takes
// a yes to a download: the engine keeps the model and the WebAssembly that runs it.
type shell struct {
	Version string   `json:"version"` // a hash of it all
	Files   []string `json:"files"`   // paths, the page's among them
}

// newShell lists the files with their contents' hash. worker is the service worker's
// script, which is of the same version and not kept by itself.
func newShell(html, worker []byte, files fs.FS, modules string) (shell, error) {
	contents := map[string][]byte{"/": html}
	for prefix, from := range map[string]fs.FS{"/": files, "/client/": jsclient.Files()} {
		if err := readAll(from, prefix, contents); err != nil {
			return shell{}, err
		}
	}
	delete(contents, "/index.html") // as it was before it was filled in
	delete(contents, workerPath)
	script, err := os.ReadFile(enginePath(modules, engineModule))
	switch {
	case err == nil:
		contents["/engine/"+engineModule] = script
	case !errors.Is(err, fs.ErrNotExist): // a page without an engine has a server
		return shell{}, err
	}
	paths := slices.Sorted(maps.Keys(contents))
	sum := sha256.New()
	sum.Write(worker)
	for _, path := range paths {
		fmt.Fprintf(sum, "\n%s %d\n%s", path, len(contents[path]), contents[path])
	}
	return shell{Version: base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12]), Files: paths}, nil
}

// script is the service worker's script, with the shell that it keeps.
func (s shell) script(worker []byte) ([]byte, error) {
	listed, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "self.SHELL = %s\n\n%s", listed, worker), nil
}

// readAll reads a folder's files.
func readAll(from fs.FS, prefix string, contents map[string][]byte) error {
	entries, err := fs.ReadDir(from, ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(from, entry.Name())
		if err != nil {
			return err
		}
		contents[prefix+entry.Name()] = content
	}
	return nil
}
