package api

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// unread notes requests that net/http refuses before a handler hears of them: a
// smuggled one, headers that are too large or do not end. It does so when the
// connection closes, since there is no other sign of them.
type unread struct {
	log   *slog.Logger
	conns sync.Map // net.Conn to *begun
}

// begun counts the requests that began on a connection and were not handled.
type begun struct{ open atomic.Int64 }

type begunKey struct{}

// watch makes a server note what it does not read.
func (u *unread) watch(s *http.Server) {
	h := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b, ok := r.Context().Value(begunKey{}).(*begun); ok {
			b.open.Store(0)
		}
		h.ServeHTTP(w, r)
	})
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		b := &begun{}
		u.conns.Store(c, b)
		return context.WithValue(ctx, begunKey{}, b)
	}
	s.ConnState = u.changed
}

func (u *unread) changed(c net.Conn, to http.ConnState) {
	known, ok := u.conns.Load(c)
	if !ok {
		return
	}
	switch b := known.(*begun); to {
	case http.StateActive: // bytes of a request have come, well formed or not
		b.open.Add(1)
	case http.StateClosed:
		u.conns.Delete(c)
		if b.open.Load() > 0 {
			u.log.Warn("refused a request that cannot be read", "remote", c.RemoteAddr().String())
		}
	case http.StateHijacked:
		u.conns.Delete(c)
	}
}
