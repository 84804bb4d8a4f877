// Package registry knows which models a browser could run.
//
// A [ModelRegistry] lists models; [Memory] is the one to start with and
// [Catalogue] the list to fill it from. An [Index] is an immutable view of one
// listing, built once per registry revision, that answers the question at the
// heart of every decision: which model, if any, suits this device and this
// request ([Index.Select]).
//
// The order is: registry -> listing -> index -> selection. Registries may block
// and fail; an index never does either.
package registry
