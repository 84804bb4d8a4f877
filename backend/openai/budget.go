package openai

import (
	"context"
	"sync"
	"time"
)

// reserve is how many retries are at hand when all goes well, and refill how many a second add to it, so that a service
// with few requests can retry at all.
const (
	reserve = 10
	refill  = 1
)

// budget bounds the retries of all requests together. While an upstream is down each request would otherwise become
// MaxRetries+1 of them, just when it needs rest. It is a token bucket: each request puts a share of a retry in, each
// retry takes one out. A nil budget has no bound.
type budget struct {
	share float64 // of a retry that a request brings

	mu   sync.Mutex
	left float64
	last time.Time // of the last refill
}

func newBudget(perHundred int) *budget {
	if perHundred < 0 {
		return nil
	}
	return &budget{share: float64(perHundred) / 100, left: reserve, last: time.Now()}
}

// put is called once for each request.
func (b *budget) put() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+b.share, reserve)
}

// take reports whether there is a retry left, and takes it.
func (b *budget) take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.left = min(b.left+now.Sub(b.last).Seconds()*refill, reserve)
	b.last = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// attemptsKey is the context key of a call's count of attempts.
type attemptsKey struct{}

// countAttempts returns a context in which the attempts of a call are counted.
func countAttempts(ctx context.Context) (context.Context, *int) {
	attempts := new(int)
	return context.WithValue(ctx, attemptsKey{}, attempts), attempts
}

func attemptsOf(ctx context.Context) *int {
	return ctx.Value(attemptsKey{}).(*int) // do puts it there
}
