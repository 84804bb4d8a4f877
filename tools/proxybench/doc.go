// Proxybench compares the chat relay of package hybrid with net/http/httputil's
// ReverseProxy: CPU of a request and of a stream, added latency, and memory under
// many streams. It needs Linux, for it reads /proc.
//
//	go run -C tools ./proxybench
//	go run -C tools ./proxybench -quick
//
// Everything runs on loopback: this process makes the load; a mock of OpenAI's API
// and the proxies are child processes of it. The ReverseProxy reads the request's body
// first, as a proxy that routes must, and without which it cuts off streams
// (golang/go#40747). Ours goes the full path: bearer token, default policies, a pool of
// three endpoints with an affinity for conversations, backend/openai, usage, ledger.
// All have the same transport.
//
// What counts is the CPU time of a proxy's process, which says little about what else
// the machine was doing. Within a round the proxies take short turns, A B C C B A, so
// that what it does say comes over all alike; a round lasts until each has used several
// seconds, for the kernel counts in ticks of 10 ms. The result is the median of the
// rounds' ratios.
//
// The budgets are against the ReverseProxy as most use it. The table also has one that
// reuses its buffers of 32 KiB, which otherwise make most of its work for the garbage
// collector; it takes part in the first round alone.
//
// An answer is whole if it is, byte for byte, what the mock sent. One that isn't
// makes the exit status 1; a budget that is not kept doesn't.
//
// With -profile each proxy writes profiles of its CPU time and of its allocations;
// -run chooses what is measured, and so what they show:
//
//	go run -C tools ./proxybench -run 'stream c=16' -profile /tmp
//	go tool pprof -top /tmp/edgewise.cpu.pprof
package main
