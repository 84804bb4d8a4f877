// Package docs keeps the documentation true: every code block of the README that
// names a source is a copy of that source, which is compiled and tested.
//
// A block names its source in a comment above it:
//
//	<!-- from examples/quickstart/main.go -->
//
// The part of the file between the lines "snippet:begin" and "snippet:end" is
// what must stand in the block. `go test ./internal/docs -update` copies it.
package docs
