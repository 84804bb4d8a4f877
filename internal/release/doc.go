// Package release holds the test that the modules of this repository can be
// used from outside: packed as the Go module proxy would pack them, required
// without replace, and built.
package release
