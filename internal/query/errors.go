package query

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The bounds a query can hit. Errors of Run wrap one of them, and say what to do.
var (
	ErrDeadline = errors.New("the query took longer than it may")
	ErrMemory   = errors.New("the query needs more memory than it may use")
	ErrRows     = errors.New("the query yields more rows than it may return")
	ErrNumber   = errors.New("a number that the query computes does not fit")
)

// refine names the bound that an error of the engine stands for.
func refine(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), ErrDeadline):
		return fmt.Errorf("%w: ask for a shorter time range", context.Cause(ctx))
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: ask for a shorter time range, or allow it more time", ErrDeadline)
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.Contains(err.Error(), "Out of Memory"):
		return fmt.Errorf("%w: ask for a shorter time range or group by fewer values (%w)", ErrMemory, err)
	case strings.Contains(err.Error(), "Out of Range Error"):
		return fmt.Errorf("%w: leave out what is too large with where (%w)", ErrNumber, err)
	}
	return fmt.Errorf("run the query: %w", err)
}
