// Package contract holds the tests of hybrid/openapi.yaml against what the handlers
// really do: the golden exchanges, and a live router that is driven into every
// documented answer.
package contract
