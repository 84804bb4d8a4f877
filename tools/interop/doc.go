// Interop runs the adapter and the router against a real Ollama, which serves the
// tiny model: what scripted upstreams can't show, for they behave as we think that
// Ollama does. It needs Linux, and no network beyond loopback.
//
//	go run -C tools ./interop -ollama /path/to/ollama
//
// It prints a line for each check, and ends with status 1 if one saw something else
// than it should.
package main
