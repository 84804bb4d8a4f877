package main

import (
	"context"
	"log/slog"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// accessLog writes one line a request, when it is over. Hooks hold up their request: a
// logger that writes to the network needs a queue.
func accessLog(logger *slog.Logger) hybrid.Observer {
	type begun struct{}
	line := func(ctx context.Context, message string, e *ledger.Entry, attrs ...slog.Attr) {
		b, _ := ctx.Value(begun{}).(hybrid.RequestBegun)
		attrs = append(attrs, slog.String("method", b.Method), slog.String("path", b.Path))
		if e != nil { // it was generated for
			attrs = append(attrs, slog.String("endpoint", e.Endpoint), slog.Int("attempts", e.Attempts),
				slog.String("model", e.Model), slog.Int64("tokens", e.CompletionTokens))
		}
		logger.LogAttrs(ctx, slog.LevelInfo, message, attrs...)
	}
	return hybrid.Observer{
		Begun: func(ctx context.Context, e hybrid.RequestBegun) context.Context {
			return context.WithValue(ctx, begun{}, e)
		},
		Finished: func(ctx context.Context, e hybrid.RequestFinished) {
			line(ctx, "answered", e.Entry, slog.Duration("took", e.Duration))
		},
		Failed: func(ctx context.Context, e hybrid.RequestFailed) {
			line(ctx, "failed", e.Entry, slog.Duration("took", e.Duration), slog.Int("status", e.Status), slog.String("code", e.Code))
		},
	}
}
