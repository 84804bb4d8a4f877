// Package databases holds the tests of hybrid/sqlstore that take a real database:
// SQLite in a file, and a PostgreSQL that the tests start themselves.
package databases
