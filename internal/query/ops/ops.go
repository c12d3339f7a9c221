// Package ops computes what SQL cannot: one file a command. An operator is a
// pure function from a stream of rows to rows; it knows neither the text of the
// query nor where rows come from. The plan says in which order it gets them, so
// that what it yields never depends on how records are stored.
package ops

import (
	"context"
	"errors"
	"slices"
)

// Source streams the input of an operator. It calls yield once a row and stops
// at the first error, which it returns; the row is valid until yield returns.
// Values are nil, string, int64, float64, bool, time.Time, or []any for lists.
type Source func(yield func(row []any) error) error

// Emit takes a row of the output, whose values are of the same types. The row
// belongs to Emit afterwards. It fails with ErrFull when there are too many
// rows: the operator returns that error as it is, and the rows so far count.
type Emit func(row []any) error

// Func is an operator. partial says why the rows are not all there is; it is
// empty when they are.
type Func func(ctx context.Context, in Source, emit Emit) (partial string, err error)

// Copy yields its input.
func Copy(_ context.Context, in Source, emit Emit) (string, error) {
	return "", in(func(row []any) error { return emit(slices.Clone(row)) })
}

// ErrFull says that an operator may yield no more rows.
var ErrFull = errors.New("the operator may yield no more rows")
