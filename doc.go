// Package edgewise is an SDK for hybrid LLM inference: it decides, request by
// request, whether an answer is produced in the user's own browser or on a
// server, and says why.
//
// A language model in the browser costs the operator nothing, keeps the prompt
// on the device and works offline; a server runs bigger models on every device.
// Edgewise is the part in between. It is a library: mount its handlers on your
// own mux, behind your own authentication, with your own policies.
//
//	router, err := hybrid.New(ctx, hybrid.Options{
//		Authenticate: authenticate, // who asks, from your own session
//		Backend:      backend,      // any OpenAI-compatible API
//	})
//	if err != nil {
//		return err
//	}
//	mux.Handle(router.Handler())
//
// The packages, from the top down; imports point down only:
//
//   - [github.com/edgewise-ai/edgewise/hybrid]: the router, the HTTP handlers,
//     the snapshot for the page and the ledger
//   - [github.com/edgewise-ai/edgewise/policy]: the decision rule and its
//     plug-ins
//   - [github.com/edgewise-ai/edgewise/backend]: generation on the server;
//     backend/openai speaks to OpenAI-compatible APIs
//   - [github.com/edgewise-ai/edgewise/registry]: which models a browser could
//     run
//   - [github.com/edgewise-ai/edgewise/capability]: what a browser says about
//     its machine
//   - [github.com/edgewise-ai/edgewise/jsclient]: the npm client
//     @edgewise/client, and its built files for pages without a bundler
//
// This package holds no code. README.md shows the two commands that run the
// demo and the tests, ARCHITECTURE.md the life of one request.
package edgewise
