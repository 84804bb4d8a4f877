// Package registry knows which models a browser could run.
//
// A [ModelRegistry] lists models: [Memory] holds them, to be filled from the
// [Catalogue] or by the app, and [File] reads them from a file that operators edit.
// An [Index] is an immutable view of one listing, built once per registry revision,
// that answers the question at the heart of every decision: which model, if any,
// suits this device and this request ([Index.Select]).
//
// The order is: registry -> listing -> index -> selection. Registries may block
// and fail; an index never does either.
package registry
