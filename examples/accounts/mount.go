package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
	"github.com/edgewise-ai/edgewise/policy"
)

// snippet:begin
// mount adds Edgewise to a service whose users have plans. What it returns writes the
// account to the end: call it after http.Server.Shutdown, with a deadline of its own, and
// before db.Close.
func mount(
	ctx context.Context, mux *http.ServeMux, server backend.Backend, db *sql.DB, dialect sqlstore.Dialect, logger *slog.Logger,
) (end func(context.Context) error, err error) {
	store, err := sqlstore.New(ctx, db, dialect, sqlstore.Options{Logger: logger}) // makes its tables
	if err != nil {
		return nil, err
	}
	queue := ledger.NewQueue(store, ledger.QueueOptions{Logger: logger}) // no answer waits for the database
	router, err := hybrid.New(ctx, hybrid.Options{
		Authenticate: func(r *http.Request) (policy.Identity, error) {
			user, err := userOf(r) // the service's own
			return policy.Identity{Subject: user.name, Tier: user.plan}, err
		},
		Backend:      server,
		DefaultModel: "small",
		Allowance: hybrid.Allowance{
			Models:          []string{"small"},
			MaxPromptTokens: 2_000,
			MaxOutputTokens: 500,
			Requests:        limit.Rate{Amount: 10, Per: time.Minute},
			Budget:          limit.Budget{MicroUSD: 20_000, Per: limit.Day, Hard: true}, // two cents; then only browsers answer
		},
		Tiers: map[string]hybrid.Allowance{ // in place of that
			"pro": {
				Models:          []string{"small", "large"},
				MaxOutputTokens: 4_000,
				Requests:        limit.Rate{Amount: 60, Per: time.Minute},
				Budget:          limit.Budget{MicroUSD: 20_000_000, Hard: true}, // $20 a month
				TierBudget:      limit.Budget{MicroUSD: 5_000_000_000},          // all of them, $5,000; then browsers are preferred
			},
		},
		Prices: map[string]policy.Prices{ // of a million tokens: enter what you pay
			"small": {PromptMicroUSDPerMTok: 150_000, CompletionMicroUSDPerMTok: 600_000},
			"large": {PromptMicroUSDPerMTok: 2_500_000, CompletionMicroUSDPerMTok: 10_000_000},
		},
		Ledger:      queue,
		LimitStore:  store, // replicas enforce the limits together
		SigningKeys: signingKeys(),
		Logger:      logger,
		Auditor:     func(who policy.Identity) bool { return who.Tier == "staff" }, // sees everybody's savings
	})
	if err != nil {
		return nil, errors.Join(err, queue.Close(ctx))
	}
	mux.Handle(router.Handler())
	return func(ctx context.Context) error { return errors.Join(router.Close(ctx), queue.Close(ctx)) }, nil
}

// snippet:end

// signingKeys returns the words of SIGNING_KEYS.
func signingKeys() (keys [][]byte) {
	for key := range strings.FieldsSeq(os.Getenv("SIGNING_KEYS")) {
		keys = append(keys, []byte(key))
	}
	return keys
}
