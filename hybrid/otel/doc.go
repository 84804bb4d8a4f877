// Package otel turns what a router tells its observers into OpenTelemetry: a span for
// each generating and each routing request, and metrics of requests, tokens, decisions,
// costs, and of what browsers report. It is a module of its own, so that only apps that
// want it get OpenTelemetry. Import it as hybridotel, beside OpenTelemetry's own otel:
//
//	observer, err := hybridotel.NewObserver(hybridotel.Options{})
//	…
//	router, err := hybrid.New(ctx, hybrid.Options{
//		Authenticate: whoAsks, Backend: b, Observers: []hybrid.Observer{observer},
//	})
//	mux.Handle(router.Handler())
//	server.Handler = otelhttp.NewHandler(mux, "edgewise") // a trace comes in
//
//	b, err := openai.New(openai.Options{ // and goes on to the model server
//		BaseURL: url, Transport: otelhttp.NewTransport(http.DefaultTransport),
//	})
//
// # Spans
//
// "chat {model}" is a request to /chat/completions or /generate, from its first byte
// to its last; just "chat" if it was refused before the model was settled. It is the
// child of whatever span its context brings, and the parent of what the backend's
// transport starts. Its kind is CLIENT, for the router is a client of the backend
// (INTERNAL with [Options.InProcess]); the SERVER span is that of the middleware in
// front. "route" is a request to /browser/route, INTERNAL. No other request has a span.
//
// A request that did not end well has the code that its client was told as
// error.type: a backend.Code, a policy.Reason where the policies forbid it, or one of
// package hybrid's. Its status is Error if the backend or the router failed; not if the
// request was refused before the backend was reached, nor if its client left
// (canceled).
//
// # Metrics
//
//	gen_ai.client.operation.duration               requests that reached the backend
//	gen_ai.client.operation.time_to_first_chunk    streamed answers
//	gen_ai.client.token.usage                      tokens that the backend counted; see Names
//	edgewise.request.duration                      all requests, by endpoint and error.type
//	edgewise.decisions                             of /browser/route, by target, reason and fallback
//	edgewise.fallbacks                             answers for which another target was tried first
//	edgewise.cost, edgewise.avoided_cost           in millionths of a US dollar, by source
//	edgewise.browser.answers                       that pages report, by engine, error.type and suspect
//	edgewise.browser.tokens                        of those answers, by engine and gen_ai.token.type
//	edgewise.browser.answer.duration               …
//	edgewise.browser.answer.time_to_first_token    …
//
// testdata/widespread.txt and testdata/latest.txt list units, buckets and attributes.
//
// They are the conventions' client metrics, not those of model servers: it is the
// model server that knows of its queue and its batches, and gen_ai.server.* are its
// to emit. Durations are the router's, with authentication and policies; that of a
// span is the same. Tokens that were estimated, because an answer was cut before its
// usage came, are on the span, marked, and in the ledger; not in the metrics.
//
// What browsers generate is told by pages, so it has metrics apart: claims must not
// be added to measurements. What can't be true counts as an answer with its suspect
// code, and in nothing else. A batch of reports in which nothing is new to the ledger is
// not counted; one that it knows in part is counted whole. The ledger, which knows every
// report by its ID, is exact: bill by that.
//
// # What is not told
//
// Metrics have few attributes of few values: endpoints by name, models that the
// backend serves, codes and reasons that the server gave. Paths, subjects, and words
// that a page made up (models, engines, reasons, error codes) are not among them. No
// span or metric holds a prompt, an answer or a name, unless [Options.CaptureContent]
// or [Options.CaptureIdentity] say so, and answers never.
package otel
