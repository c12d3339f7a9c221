package simulate

import (
	"io"
	"net/http"
)

// The faults of the services of OCI that are read.
var readFaults = []Fault{Reset, Throttled, ThrottledAfter, ServerError, HTML503, Truncated, Slow}

// call is one request to a service of OCI that has passed the gate.
type call struct {
	s    *Simulator
	w    http.ResponseWriter
	r    *http.Request
	body []byte
	d    damage
}

const maxCall = 4 << 20

// gate reads the request, demands a signature and lets faults strike. It
// reports false when the request is answered already.
func (s *Simulator) gate(w http.ResponseWriter, r *http.Request) (*call, bool) {
	s.echoRequestID(w, r)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
	if err != nil {
		s.ociError(w, r, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the body is too large")
		return nil, false
	}
	if !s.signed(r) {
		s.ociError(w, r, http.StatusUnauthorized, "NotAuthenticated", "The required information to complete authentication was not provided or was incorrect.")
		return nil, false
	}
	c := &call{s: s, w: w, r: r, body: body}
	key := r.Method + " " + r.URL.RequestURI() + " " + string(body)
	fault, failed := s.chance.fails(key, readFaults...)
	if !failed {
		s.chance.passed(key)
		return c, true
	}
	switch fault {
	case Reset:
		reset(w)
	case Throttled, ThrottledAfter:
		if fault == ThrottledAfter {
			w.Header().Set("Retry-After", "1")
		}
		s.ociError(w, r, http.StatusTooManyRequests, "TooManyRequests", "too many requests")
	case ServerError:
		s.ociError(w, r, http.StatusInternalServerError, "InternalServerError", "an unexpected error")
	case HTML503:
		s.sendHTML(w, r, http.StatusServiceUnavailable)
	case Truncated:
		c.d.short = len(key)%2 == 0
		c.d.cut = !c.d.short
		return c, true
	case Slow:
		c.d.slow = s.opts.SlowFor
		return c, true
	}
	return nil, false
}

func (s *Simulator) echoRequestID(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("Opc-Client-Request-Id")
	if id != "" {
		w.Header().Set("Opc-Client-Request-Id", id)
	}
	w.Header().Set("Opc-Request-Id", first(first(r.Header.Get("Opc-Request-Id"), id), "simulated")+"/simulator")
}

// answer sends JSON, spoiled as the gate decided.
func (c *call) answer(body []byte) { c.s.send(c.w, c.r, http.StatusOK, "application/json", body, c.d) }

func (c *call) refuse(status int, code, message string) {
	c.s.ociError(c.w, c.r, status, code, message)
}

// bad answers 400, as the services do for a parameter they cannot use.
func (c *call) bad(message string) { c.refuse(http.StatusBadRequest, "InvalidParameter", message) }
