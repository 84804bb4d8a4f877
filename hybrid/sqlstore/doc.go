// Package sqlstore keeps the ledger and the limits in an SQL database, through
// database/sql: SQLite for one process, PostgreSQL for replicas that share it. It
// brings no driver; the app opens the database with one of its own choice.
//
// # The databases
//
// PostgreSQL is any version that is still maintained. Tables that are
// found anywhere on the search path are used; else they are made in its first schema.
// Once they are there, the role needs no right but to read and write them. Each charge waits for the disk; where limits may forget the last
// moments before a machine failed, a store of their own, with synchronous_commit=off
// in its address, makes them faster.
//
// SQLite is 3.35 or newer. Open it with a busy timeout, for another process may be
// writing, and in WAL mode, so that readers and the writer don't wait for each
// other. In that mode synchronous=NORMAL is enough: a killed process loses nothing,
// and a power cut at most the last moments. As modernc.org/sqlite has it:
//
//	sql.Open("sqlite", "edgewise.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
//
// A database in memory, ":memory:", is another one for each connection: use a file, or
// call SetMaxOpenConns(1).
//
// # The connections
//
// Left to itself, [sql.DB] opens as many connections as there are calls at once, and
// keeps two of them when they end. For PostgreSQL bound it, and have it keep what it
// opened: SetMaxOpenConns(n) and SetMaxIdleConns(n), where n times the number of
// replicas stays below the server's max_connections.
//
// # The drivers
//
// Conflicts with other transactions, which are tried again, and values that the
// database will never take are told from other failures by the driver's error: for
// PostgreSQL by its method SQLState() string, as pgx and lib/pq have it, for SQLite by
// Code() int, as modernc.org/sqlite has it. With other drivers every failure is one
// that may pass; for SQLite only the busy timeout helps against conflicts then.
//
// # The tables
//
// An entry is a row of edgewise_entries: the fields of [ledger.Entry] in snake_case,
// its time as at_ms (Unix milliseconds) and day ("2026-11-23", in UTC). An account is
// a row of edgewise_limits. The view edgewise_savings has for each entry what it adds
// to a [ledger.Tally], so that a sum over it is what GET /browser/savings answers
// with. By source:
//
//	SELECT source,
//	       SUM(requests), SUM(failures), SUM(prompt_tokens), SUM(completion_tokens),
//	       SUM(cost_micro_usd), SUM(avoided_micro_usd), SUM(suspect)
//	FROM edgewise_savings
//	WHERE day >= '2026-11-01' AND day < '2026-12-01'
//	GROUP BY source
//
// By model:
//
//	SELECT model, source,
//	       SUM(requests), SUM(failures), SUM(prompt_tokens), SUM(completion_tokens),
//	       SUM(cost_micro_usd), SUM(avoided_micro_usd), SUM(suspect)
//	FROM edgewise_savings
//	WHERE day >= '2026-11-01' AND day < '2026-12-01'
//	GROUP BY model, source
//
// By reason, where one is known:
//
//	SELECT reason, source,
//	       SUM(requests), SUM(failures), SUM(prompt_tokens), SUM(completion_tokens),
//	       SUM(cost_micro_usd), SUM(avoided_micro_usd), SUM(suspect)
//	FROM edgewise_savings
//	WHERE day >= '2026-11-01' AND day < '2026-12-01' AND reason <> ''
//	GROUP BY reason, source
//
// By day:
//
//	SELECT day, source,
//	       SUM(requests), SUM(failures), SUM(prompt_tokens), SUM(completion_tokens),
//	       SUM(cost_micro_usd), SUM(avoided_micro_usd), SUM(suspect)
//	FROM edgewise_savings
//	WHERE day >= '2026-11-01' AND day < '2026-12-01'
//	GROUP BY day, source
package sqlstore
