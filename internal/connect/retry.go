package connect

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// RetryPolicy bounds retries. Waits are "full jitter": uniform between nothing
// and an exponentially growing ceiling (AWS Architecture Blog, "Exponential
// Backoff And Jitter", 2015).
type RetryPolicy struct {
	Attempts int           // tries in all; default 8
	Base     time.Duration // ceiling of the first wait; default 1 s
	Cap      time.Duration // highest ceiling; default 30 s
	// Patience is the longest Retry-After that is waited for inside one call; a
	// longer one ends the call and is left to the caller. Default 5 minutes.
	Patience time.Duration
	Random   func() float64 // in [0,1); default math/rand/v2
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.Attempts <= 0 {
		p.Attempts = 8
	}
	if p.Base <= 0 {
		p.Base = time.Second
	}
	if p.Cap <= 0 {
		p.Cap = 30 * time.Second
	}
	if p.Patience <= 0 {
		p.Patience = 5 * time.Minute
	}
	if p.Random == nil {
		p.Random = rand.Float64
	}
	return p
}

// wait before attempt number n+1, n counting from 1.
func (p RetryPolicy) wait(n int, after time.Duration) time.Duration {
	ceiling := p.Cap
	if shift := n - 1; shift < 30 && p.Base<<shift < p.Cap {
		ceiling = p.Base << shift
	}
	return max(time.Duration(p.Random()*float64(ceiling)), after)
}

// Retry describes one retry that is about to be waited for.
type Retry struct {
	Op      string
	Attempt int // the attempt that failed, from 1
	Wait    time.Duration
	Err     *Error
}

type attemptsKey struct{}

// withAttempts lowers the number of attempts of the calls under ctx.
func withAttempts(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, attemptsKey{}, n)
}

// run tries until it works, the error is not worth a retry, the attempts are
// used up or ctx ends.
func (o Options) run(ctx context.Context, op string, try func(context.Context) *Error) error {
	attempts := o.Retry.Attempts
	if n, ok := ctx.Value(attemptsKey{}).(int); ok {
		attempts = min(attempts, n)
	}
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return &Error{Op: op, Message: "stopped before it was done", Kind: Transient, cause: err}
		}
		e := try(ctx)
		if e == nil {
			return nil
		}
		if err := ctx.Err(); err != nil {
			e.cause = err
			return e
		}
		if !e.retryable() || e.RetryAfter > o.Retry.Patience {
			return e
		}
		if attempt >= attempts {
			if attempt > 1 {
				e.Message = fmt.Sprintf("%s (tried %d times)", e.Message, attempt)
			}
			return e
		}
		wait := o.Retry.wait(attempt, e.RetryAfter)
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "retrying", slog.String("op", op), slog.Int("attempt", attempt),
			slog.Duration("wait", wait), slog.Int("status", e.Status), slog.String("kind", e.Kind.String()), slog.String("error", e.Message))
		if o.OnRetry != nil {
			o.OnRetry(Retry{Op: op, Attempt: attempt, Wait: wait, Err: e})
		}
		if err := o.Sleep(ctx, wait); err != nil {
			e.cause = err
			return e
		}
	}
}
