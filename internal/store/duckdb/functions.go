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

	"ledgerline/internal/store"
)

// register adds the functions that DuckDB lacks. They belong to the database,
// whichever connection they came by.
//
//	sha512(text)               the digest (FIPS 180-4) in lower-case hex
//	holds_phrase(text, phrase) [store.HoldsPhrase]
func register(connector *duck.Connector) error {
	// The driver takes a connection of database/sql, which would close the
	// connector together with its pool if it could.
	pool := sql.OpenDB(struct{ driver.Connector }{connector})
	conn, err := pool.Conn(context.Background())
	if err != nil {
		return errors.Join(fmt.Errorf("duckdb: connect: %w", err), pool.Close())
	}
	for _, f := range []function{
		{"sha512", 1, duck.TYPE_VARCHAR, func(s []string) any {
			sum := sha512.Sum512([]byte(s[0]))
			return hex.EncodeToString(sum[:])
		}},
		{"holds_phrase", 2, duck.TYPE_BOOLEAN, func(s []string) any { return store.HoldsPhrase(s[0], s[1]) }},
	} {
		if e := duck.RegisterScalarUDF(conn, f.name, f); e != nil {
			err = errors.Join(err, fmt.Errorf("duckdb: register %s: %w", f.name, e))
		}
	}
	return errors.Join(err, conn.Close(), pool.Close())
}

// function is one of texts. Where one of them is null, so is its value.
type function struct {
	name  string
	texts int
	gives duck.Type
	of    func([]string) any
}

// Config describes the function to the driver.
func (f function) Config() duck.ScalarFuncConfig {
	text, err := duck.NewTypeInfo(duck.TYPE_VARCHAR)
	result, err2 := duck.NewTypeInfo(f.gives)
	if err != nil || err2 != nil {
		return duck.ScalarFuncConfig{} // the driver refuses it, and says so
	}
	config := duck.ScalarFuncConfig{ResultTypeInfo: result}
	for range f.texts {
		config.InputTypeInfos = append(config.InputTypeInfos, text)
	}
	return config
}

// Executor computes a row at a time.
func (f function) Executor() duck.ScalarFuncExecutor {
	return duck.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		texts := make([]string, len(values))
		for i, v := range values {
			s, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("duckdb: %s of a %T", f.name, v)
			}
			texts[i] = s
		}
		return f.of(texts), nil
	}}
}
