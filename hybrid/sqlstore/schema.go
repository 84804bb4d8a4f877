package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// migrations are the steps from an empty database to the newest schema; the version
// of a schema is how many were taken. A step that was released never changes. TEXT
// is the dialect's.
var migrations = [][]string{
	{
		`CREATE TABLE edgewise_entries (
			id                      TEXT    NOT NULL PRIMARY KEY,
			at_ms                   bigint  NOT NULL,
			day                     TEXT    NOT NULL,
			identity                TEXT    NOT NULL,
			tier                    TEXT    NOT NULL,
			source                  TEXT    NOT NULL,
			model                   TEXT    NOT NULL,
			framework               TEXT    NOT NULL,
			reason                  TEXT    NOT NULL,
			decided_by              TEXT    NOT NULL,
			prompt_tokens           bigint  NOT NULL,
			completion_tokens       bigint  NOT NULL,
			estimated               boolean NOT NULL,
			cost_micro_usd          bigint  NOT NULL,
			avoided_micro_usd       bigint  NOT NULL,
			latency_ms              bigint  NOT NULL,
			ttft_ms                 bigint  NOT NULL,
			tokens_per_second_milli bigint  NOT NULL,
			success                 boolean NOT NULL,
			finish_reason           TEXT    NOT NULL,
			error_code              TEXT    NOT NULL,
			endpoint                TEXT    NOT NULL,
			fallback                boolean NOT NULL,
			attempts                bigint  NOT NULL,
			late                    boolean NOT NULL,
			suspect                 TEXT    NOT NULL
		)`,
		`CREATE INDEX edgewise_entries_at ON edgewise_entries (at_ms)`,
		`CREATE INDEX edgewise_entries_identity ON edgewise_entries (identity, at_ms)`,
		`CREATE VIEW edgewise_savings AS
			SELECT id, at_ms, day, identity, tier, source, model, reason,
				CASE WHEN suspect = '' THEN 1 ELSE 0 END AS requests,
				CASE WHEN suspect = '' AND NOT success THEN 1 ELSE 0 END AS failures,
				CASE WHEN suspect = '' THEN prompt_tokens ELSE 0 END AS prompt_tokens,
				CASE WHEN suspect = '' THEN completion_tokens ELSE 0 END AS completion_tokens,
				CASE WHEN suspect = '' THEN cost_micro_usd ELSE 0 END AS cost_micro_usd,
				CASE WHEN suspect = '' THEN avoided_micro_usd ELSE 0 END AS avoided_micro_usd,
				CASE WHEN suspect = '' THEN 0 ELSE 1 END AS suspect
			FROM edgewise_entries`,
		// No index but the key: a row whose indexed columns stay the same is
		// updated in place. back_ns is when all of it will have come back.
		`CREATE TABLE edgewise_limits (
			key     TEXT   NOT NULL PRIMARY KEY,
			taken   bigint NOT NULL,
			at_ns   bigint NOT NULL,
			back_ns bigint NOT NULL
		)`,
	},
}

// migrate takes the steps that are missing, in one transaction. A database that misses
// none is only read, so that the role needs no right to create anything.
func (s *Store) migrate(ctx context.Context) error {
	version, err := schemaVersion(s.db.QueryRowContext(ctx, selectVersion))
	if err == nil && version >= len(migrations) {
		return known(version)
	}
	err = s.tx(ctx, func(tx *sql.Tx) error {
		return s.run(ctx, tx, s.dialect.lock, `CREATE TABLE IF NOT EXISTS edgewise_schema (version bigint NOT NULL PRIMARY KEY)`)
	})
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.run(ctx, tx, s.dialect.lock); err != nil {
			return err
		}
		// The version of an empty database; and SQLite's write lock, as in tx.
		if err := s.reach(ctx, tx, 0); err != nil {
			return err
		}
		version, err := schemaVersion(tx.QueryRowContext(ctx, selectVersion))
		if err != nil {
			return err
		}
		if err := known(version); err != nil {
			return err
		}
		for ; version < len(migrations); version++ {
			if err := s.run(ctx, tx, migrations[version]...); err != nil {
				return fmt.Errorf("version %d: %w", version+1, err)
			}
			if err := s.reach(ctx, tx, version+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// known returns an error if the schema is a newer program's.
func known(version int) error {
	if version > len(migrations) {
		return fmt.Errorf("their version is %d, and this program knows them up to version %d: a newer one has changed them",
			version, len(migrations))
	}
	return nil
}

const selectVersion = `SELECT MAX(version) FROM edgewise_schema`

func schemaVersion(row *sql.Row) (version int, err error) {
	err = row.Scan(&version)
	return version, err
}

func (s *Store) reach(ctx context.Context, tx *sql.Tx, version int) error {
	_, err := tx.ExecContext(ctx, s.dialect.bind(`INSERT INTO edgewise_schema (version) VALUES (?) ON CONFLICT (version) DO NOTHING`), version)
	return err
}

func (s *Store) run(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, statement := range statements {
		if statement == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, strings.ReplaceAll(statement, "TEXT", s.dialect.text)); err != nil {
			return err
		}
	}
	return nil
}
