package duckdb

import (
	"context"
	"crypto/sha512"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"

	duck "github.com/duckdb/duckdb-go/v2"
)

// register adds the functions that DuckDB lacks. They belong to the database,
// whichever connection they came by.
func register(connector *duck.Connector) error {
	// The driver takes a connection of database/sql, which would close the
	// connector together with its pool if it could.
	pool := sql.OpenDB(struct{ driver.Connector }{connector})
	conn, err := pool.Conn(context.Background())
	if err != nil {
		return errors.Join(fmt.Errorf("duckdb: connect: %w", err), pool.Close())
	}
	if err = duck.RegisterScalarUDF(conn, "sha512", sha512Function{}); err != nil {
		err = fmt.Errorf("duckdb: register sha512: %w", err)
	}
	return errors.Join(err, conn.Close(), pool.Close())
}

// sha512Function is sha512(text): the digest (FIPS 180-4) in lower-case hex.
type sha512Function struct{}

// Config describes a function of one text to a text. Null stays null.
func (sha512Function) Config() duck.ScalarFuncConfig {
	text, err := duck.NewTypeInfo(duck.TYPE_VARCHAR)
	if err != nil {
		return duck.ScalarFuncConfig{} // the driver refuses it, and says so
	}
	return duck.ScalarFuncConfig{InputTypeInfos: []duck.TypeInfo{text}, ResultTypeInfo: text}
}

// Executor computes a row at a time.
func (sha512Function) Executor() duck.ScalarFuncExecutor {
	return duck.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		s, ok := values[0].(string)
		if !ok {
			return nil, fmt.Errorf("sha512 of a %T", values[0])
		}
		sum := sha512.Sum512([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	}}
}
