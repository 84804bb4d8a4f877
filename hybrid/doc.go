// Package hybrid is the server's half of Edgewise: it decides request by request
// whether an answer is produced in the user's browser or on the server, and
// serves what the page needs to carry that out.
//
// [New] makes a [Router] from [Options]. The app mounts its handler on its own
// mux, behind its own TLS, CORS and logging, or calls [Router.Route] in process:
//
//	router, err := hybrid.New(ctx, hybrid.Options{Authenticate: whoAsks, Backend: b})
//	…
//	mux.Handle(router.Handler())
//
// Under the prefix lie
//
//	POST /browser/route      where to run one request, decided from lengths and counts
//	GET  /browser/policy     the same decision as data, for the identity that asks
//	GET  /browser/models     the models a browser could run
//	POST /browser/analytics  what pages generated themselves: counts and times
//	GET  /browser/savings    what answers cost, and what those of browsers saved
//	POST /generate           a simple answer from the backend
//	POST /chat/completions   OpenAI's chat completions from the backend
//	GET  /models             what the backend serves
//	GET  /openapi.yaml       all of this, as OpenAPI 3.1
//
// Bodies are JSON, with that Content-Type. The least of them:
//
//	curl --json '{"promptLength":30,"capabilities":{"hasWebGPU":true},"trace":true}' $BASE/browser/route
//	curl --json '{"prompt":"Hello","maxTokens":50}' $BASE/generate
//	curl --json '{"messages":[{"role":"user","content":"Hello"}],"stream":true}' $BASE/chat/completions
//
// A routing request is a [policy.Request] with three more members: capabilities
// (a [github.com/edgewise-ai/edgewise/capability.Device]), state (a [policy.State]) and trace.
// Members that nobody knows are ignored, for pages may be newer, and so are claims
// about device and state that make no sense; examples/explain reads the same body
// and names them.
//
// Routing is advice, generating is not: /generate and /chat/completions ask the
// policies again, with the identity and what they know of the request, whatever
// the page decided. What they forbid is refused with 403, or with 429 if a budget
// is spent, and their reason as the error's code. [Options.Allowance] and
// [Options.Tiers] bound what an identity may ask for, and how much of it: models,
// lengths, requests, tokens, money. No prompt reaches a log, the ledger or a policy.
//
// What pages report is a claim. It comes with a grant, which is signed and good for a
// thousand reports, and each report counts once, however often it is delivered. That
// the server decided is believed if the decision's ID proves it. What can't be true is
// kept and marked, and is in no sum: see [ledger.Entry.Suspect].
//
// /chat/completions passes on what it does not know, in both directions. It has three
// members of its own, which no upstream sees: privacy; edgewise, which says why the page
// asks the server, for the ledger; and conversationId (for which
// OpenAI's prompt_cache_key stands in), by which a
// [github.com/edgewise-ai/edgewise/backend/pool.Pool] sends a conversation where its
// prefix is cached. An answer that broke off elsewhere is carried on with
// "continue_final_message": true and "add_generation_prompt": false, if the routing
// answer says "continuation": "native".
//
// X-Edgewise-Version says which version of all this either side speaks, and a request of
// another major version is refused: see [WireVersion].
//
// The headers X-Edgewise-Target, X-Edgewise-Reason and X-Edgewise-Policy-Revision
// say what was decided, for access logs. [Options.Facts] brings in budgets and
// prices; [Options.Shadow] tries out other policies; [Options.Observers] learn of
// every request.
//
// Bad input is answered with a 4xx whose body is OpenAI's error object, and
// names the field.
package hybrid
