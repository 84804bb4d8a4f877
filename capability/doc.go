// Package capability describes the machine a browser runs on.
//
// A [Device] is what the page says about itself. It is a claim made by
// untrusted code, so decoding never believes it: numbers are clamped, strings
// and lists are bounded, and words nobody knows become "unknown". A false claim
// can only spoil the comfort of the user who made it, because everything that
// costs the operator money is enforced from the caller's identity instead.
//
// The zero value of every field means unknown, never none. A browser that hides
// its memory is not a browser without memory.
//
// The package is the lowest layer: it imports the standard library alone.
package capability
