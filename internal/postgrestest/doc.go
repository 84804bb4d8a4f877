// Package postgrestest starts a PostgreSQL of its own for tests, 15 or newer: from the
// programs that are installed, in a folder that is removed again, reachable from this
// machine only. It is no driver: a test opens the databases with one of its own choice.
package postgrestest
