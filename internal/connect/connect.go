// Package connect speaks to Oracle: it fetches OAuth tokens, reads pages of
// Oracle Integration's audit trail, and calls Log Analytics and Object Storage
// through the official SDK, which signs.
//
// All retrying happens here, in one place (retry.go); the SDK's own retries and
// circuit breaker are switched off. Every failure is an *Error whose Kind says
// what a caller may do and whose Hint says what a person should do.
package connect

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Options are shared by all clients of this package. The zero value works.
type Options struct {
	Clock  func() time.Time // default time.Now
	Logger *slog.Logger     // default: discard
	// HTTP carries every request. Its redirect policy is replaced: a request
	// that carries credentials is never redirected. Default: a client of its own
	// with a time-out of two minutes for a whole exchange.
	HTTP  *http.Client
	Retry RetryPolicy
	// Sleep waits before a retry and returns early with the context's error.
	Sleep func(ctx context.Context, d time.Duration) error
	// OnRetry, when set, hears of every retry; it feeds a counter.
	OnRetry func(Retry)
	// MaxReply bounds the bytes of one answer after decompression; default 64 MiB.
	MaxReply int64
}

const (
	defaultTimeout  = 2 * time.Minute
	defaultMaxReply = 64 << 20
)

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	client := http.Client{Timeout: defaultTimeout}
	if o.HTTP != nil {
		client = *o.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.HTTP = &client
	o.Retry = o.Retry.withDefaults()
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.MaxReply <= 0 {
		o.MaxReply = defaultMaxReply
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
