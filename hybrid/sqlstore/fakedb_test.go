package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"testing"
)

// fakeDB is a database that takes every statement, or fails as told. Its tables are up
// to date and empty.
type fakeDB struct {
	fail func(ctx context.Context, statement string) error
}

func (f *fakeDB) open(t *testing.T) *sql.DB {
	db := sql.OpenDB(f)
	t.Cleanup(func() { db.Close() })
	return db
}

func (f *fakeDB) Connect(context.Context) (driver.Conn, error) { return f, nil }
func (f *fakeDB) Driver() driver.Driver                        { return nil }
func (f *fakeDB) Prepare(string) (driver.Stmt, error)          { return nil, driver.ErrSkip }
func (f *fakeDB) Close() error                                 { return nil }
func (f *fakeDB) Begin() (driver.Tx, error)                    { return f, nil }
func (f *fakeDB) Commit() error                                { return nil }
func (f *fakeDB) Rollback() error                              { return nil }

// BeginTx takes every isolation level.
func (f *fakeDB) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return f, nil }

func (f *fakeDB) ExecContext(ctx context.Context, statement string, _ []driver.NamedValue) (driver.Result, error) {
	if f.fail != nil {
		if err := f.fail(ctx, statement); err != nil {
			return nil, err
		}
	}
	return driver.RowsAffected(0), nil
}

func (f *fakeDB) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &version{}, nil
}

// version is the answer to a query for the version of the tables: 1.
type version struct{ read bool }

func (*version) Columns() []string { return []string{"version"} }
func (*version) Close() error      { return nil }

func (v *version) Next(row []driver.Value) error {
	if v.read {
		return io.EOF
	}
	v.read, row[0] = true, int64(1)
	return nil
}
