// Package policy decides where a request runs: in the user's browser or on the
// server.
//
// A [Policy] is a plug-in with one method and an opinion. A [Decider] asks all
// of them and applies one rule:
//
//	candidate = best model left by the registry's filters      (none: browser is forbidden)
//	permitted = {browser, server} - everything any policy forbids
//	target    = the only one permitted, or what the first policy with a
//	            preference prefers, or the browser
//
// Forbids unite, so their order cannot matter; the preferences of the built-in
// policies are asked in a fixed order, so the order in which those were registered
// cannot matter either. Only an app's own preferences count in the order given, and
// those that [Options.First] names, before all others.
// The decision depends on its input alone. It reads no clock, no network and no
// global state, and it never sees a prompt: a [Request] is made of lengths,
// counts and wishes.
//
// Thresholds that cite "book chapter 5.5" come from the chapter "Edge Inference:
// Browser AI & Hybrid Architecture", which this project grew from.
//
// The built-in policies, [Defaults], are plain data. Their zero values are the
// defaults, and they travel in a [Snapshot] to the page, where the same rule is
// implemented in TypeScript. Some only forbid, some only prefer, some do either:
//
//	enabled     forbids the browser outside the operator's rollout
//	capability  forbids the browser on devices that cannot
//	privacy     forbids the server to what must stay on the device
//	preference  the user's own switch: never forbids the browser, always prefers it
//	budget      what the identity may still spend: prefers the browser, or forbids the server
//	tier        what the identity's plan allows: either, only or first
//	health      a page offline has no server; a server that is down is avoided
//	sticky      a tool loop stays where it began
//	readiness   the server answers while the model is on its way
//	battery     the server answers while the battery is low
//	speed       the server answers what would come too late
//	task        the browser answers what small models do well
//	complexity  the server answers what small models do badly
//	cost        the cheaper side answers
//
// An app adds its own with [Named]; [Timeout] bounds one that does I/O, and
// [Declared] says what it may do, so that the page knows when it need not ask.
package policy
