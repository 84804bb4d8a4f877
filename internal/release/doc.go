// Package release shows that the modules of this repository can be used from outside:
// packed as the Go module proxy would pack them, required without replace, and built.
// It is called by tests alone.
package release
