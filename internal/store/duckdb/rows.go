package duckdb

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	duck "github.com/duckdb/duckdb-go/v2"
)

// rows adapts a result of the driver.
type rows struct {
	ctx    context.Context
	in     driver.Rows
	raw    []driver.Value
	values []any
	err    error
	free   func(failed error) error // gives the connection back
}

func newRows(ctx context.Context, in driver.Rows, free func(failed error) error) *rows {
	n := len(in.Columns())
	return &rows{ctx: ctx, in: in, raw: make([]driver.Value, n), values: make([]any, n), free: free}
}

func (r *rows) Columns() []string { return r.in.Columns() }

func (r *rows) Next() bool {
	if r.err != nil || r.free == nil {
		return false
	}
	if r.err = r.ctx.Err(); r.err != nil {
		return false
	}
	switch err := r.in.Next(r.raw); {
	case errors.Is(err, io.EOF):
		return false
	case err != nil:
		r.err = fmt.Errorf("duckdb: %w", err)
		return false
	}
	for i, v := range r.raw {
		if r.values[i], r.err = plain(v); r.err != nil {
			return false
		}
	}
	return true
}

func (r *rows) Values() []any { return r.values }
func (r *rows) Err() error    { return r.err }

func (r *rows) Close() error {
	if r.free == nil {
		return nil
	}
	err := errors.Join(r.in.Close(), r.free(r.err))
	r.free = nil
	return err
}

// plain converts a value of the driver to one of those that store.Rows names.
// Whole numbers beyond int64 become float64; types without a like become text.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, int64, float64, bool:
		return v, nil
	case time.Time:
		return v.UTC(), nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		return whole(new(big.Int).SetUint64(v)), nil
	case float32:
		return float64(v), nil
	case *big.Int:
		return whole(v), nil
	case duck.Decimal:
		if v.Scale == 0 {
			return whole(v.Value), nil
		}
		return v.Float64(), nil
	case []byte:
		return string(v), nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = plain(v[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case fmt.Stringer:
		return v.String(), nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("duckdb: a value of type %T has no plain form; cast it in the query: %w", v, err)
	}
	return string(text), nil
}

func whole(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return f
}
