package databases_test

import (
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger/ledgertest"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/internal/postgrestest"
)

// durable are the databases as a service has them: what is committed is on the disk,
// but for SQLite's last moments.
var durable = append(databases[:1:1], database{"PostgreSQL", databases[1].dialect, func(t testing.TB) address {
	return address{"pgx", postgrestest.Start(t, postgrestest.Options{Fsync: true}).Database(t)}
}})

// What a Queue does under load: a full batch at a time.
func BenchmarkAppend500(b *testing.B) {
	for _, d := range durable {
		b.Run(d.name, func(b *testing.B) {
			store := newStore(b, d.create(b).open(b), d.dialect, keepAll)
			batch := uint64(0)
			for b.Loop() {
				b.StopTimer()
				batch++
				entries := ledgertest.Random(batch, 500)
				b.StartTimer()
				add(b, store, entries...)
			}
			b.ReportMetric(500*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// What a router does for each request: three accounts in one call. The budget is the
// user's own, or that of a tier, for which all requests queue up.
func BenchmarkTake3(b *testing.B) {
	now := time.Now()
	for _, d := range durable {
		for _, budget := range []string{"own", "tier"} {
			b.Run(d.name+"/"+budget, func(b *testing.B) {
				db := d.create(b).open(b)
				db.SetMaxIdleConns(callers) // the default of 2 would have them connect anew each time
				store := newStore(b, db, d.dialect, keepAll)
				var users atomic.Int64
				b.ResetTimer()
				b.SetParallelism(callers / runtime.GOMAXPROCS(0))
				b.RunParallel(func(pb *testing.PB) {
					charges := chargesOf(strconv.FormatInt(users.Add(1), 10))
					if budget == "tier" {
						charges[2].Account.Key = "budget/tier/free"
					}
					for pb.Next() {
						if refusal, err := store.Take(b.Context(), now, charges); refusal != nil || err != nil {
							b.Error(refusal, err)
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "takes/s")
			})
		}
	}
}

// callers is how many requests are taken in at once.
const callers = 8

func chargesOf(user string) []limit.Charge {
	return []limit.Charge{
		{Account: limit.Account{Key: "requests/" + user, Capacity: limit.MaxAmount, Amount: 60, Per: time.Minute}, Amount: 1},
		{Account: limit.Account{Key: "tokens/" + user, Capacity: limit.MaxAmount, Amount: 1000, Per: time.Minute}, Amount: 900},
		{Account: limit.Account{Key: "budget/" + user, Capacity: limit.MaxAmount, Period: limit.Month}, Amount: 120},
	}
}
