package api

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"

	"ledgerline/internal/query/syntax"
)

// serve takes one request from the request line to the answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, local bool) {
	start := s.opts.Clock()
	id := requestID(r)
	w.Header().Set("opc-request-id", id)
	w.Header().Set("Date", start.UTC().Format(http.TimeFormat))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if len(r.TransferEncoding) > 0 {
		// A length may have come beside the chunks (RFC 9112, 6.1): what a proxy took for
		// the rest of this body must not be read as a request.
		w.Header().Set("Connection", "close")
	}
	if r.TLS != nil {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	}
	log := s.opts.Logger.With("opc_request_id", id)
	// Clients of Object Storage send an id of their own beside, and want it back.
	if theirs := r.Header.Get("opc-client-request-id"); isRequestID(theirs) {
		w.Header().Set("opc-client-request-id", theirs)
		log = log.With("opc_client_request_id", theirs)
	}
	c := &call{w: w, r: r, log: log}

	resp, err := s.dispatch(c, local)
	s.auditCall(c, resp, err, s.opts.Clock().Sub(start))
	status, broken := 0, false
	switch {
	case err != nil:
		status = s.writeError(c, err)
	case resp != nil && resp.stream != nil:
		status, err, broken = s.writeStream(c, resp)
	default:
		status = s.write(c, resp)
	}
	name := "unknown"
	if c.op != nil {
		name = c.op.Name
	}
	took := s.opts.Clock().Sub(start)
	s.metrics.request(name, status, took)
	level := slog.LevelInfo
	if status >= 500 || broken {
		level = slog.LevelError
	} else if status < 400 {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{slog.String("operation", name), slog.String("method", r.Method), slog.Int("status", status),
		slog.String("user", c.user), slog.Duration("took", took)}
	if err != nil {
		attrs = append(attrs, slog.String("remote", r.RemoteAddr), slog.String("path", clip(r.URL.EscapedPath(), 512)), slog.String("error", clip(logText(err), 2048)))
	}
	log.LogAttrs(r.Context(), level, "request", attrs...)
	if broken {
		// Closes the connection without the end of the body, so that the client
		// cannot take what came for the whole.
		panic(http.ErrAbortHandler)
	}
}

// dispatch finds the operation, checks who calls, and runs the handler. A panic
// ends one request only.
func (s *Server) dispatch(c *call, local bool) (resp *response, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.opts.Logger.Error("panic in a handler", "panic", p, "stack", string(debug.Stack()))
			resp, err = nil, errors.New("internal panic")
		}
	}()
	target := c.r.RequestURI
	if !strings.HasPrefix(target, "/") {
		return nil, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: "the request target must be a path"}
	}
	path, rawQuery, _ := strings.Cut(target, "?")
	op, params, known := s.router.find(c.r.Method, path)
	c.op, c.path = op, params
	switch {
	case !known && op == nil, op != nil && op.access == localOnly && !local:
		c.op = nil
		return nil, absent("no such resource")
	case local:
		s.is(c, localPrincipal())
		c.body = c.r.Body
	case op != nil && op.access == open:
		c.body = c.r.Body
	default:
		if err := s.authenticate(c); err != nil {
			return nil, err
		}
	}
	if c.user != "" {
		if err := s.limit(c); err != nil {
			return nil, err
		}
	}
	switch {
	case op == nil:
		return nil, absent("no such operation: %s %s", c.r.Method, clip(path, 200))
	case op.handle == nil:
		return nil, &Error{Status: http.StatusNotImplemented, Code: notImplementedCode, Message: op.Name + " is not implemented by this server"}
	}
	if c.query, err = url.ParseQuery(rawQuery); err != nil {
		return nil, invalid("the query string cannot be read: escape ';' and '%%'")
	}
	if ns, ok := params[namespaceParam]; ok && ns != s.opts.Namespace {
		return nil, absent("namespace %.100q is not found or not yours", ns)
	}
	if op.access != open {
		if err := s.authorize(c); err != nil {
			return nil, err
		}
	}
	if c.body != nil {
		c.body = s.timed(c)
	}
	return op.handle(s, c)
}

// write sends a handler's answer and returns the status. Without an answer the
// handler has written itself.
func (s *Server) write(c *call, resp *response) int {
	if resp == nil {
		return http.StatusOK
	}
	body, kind := resp.raw, resp.kind
	if resp.json != nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(resp.json); err != nil {
			return s.writeError(c, err)
		}
		body, kind = b.Bytes(), "application/json"
	}
	h := c.w.Header()
	for k, v := range resp.header {
		h[k] = v
	}
	status := resp.status
	switch {
	case status == 0 && body == nil:
		status = http.StatusNoContent
	case status == 0:
		status = http.StatusOK
	}
	if status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if kind != "" {
		h.Set("Content-Type", kind)
	}
	c.w.WriteHeader(status)
	if _, err := c.w.Write(body); err != nil && status != http.StatusNoContent {
		c.log.Debug("the client went away", "error", err)
	}
	return status
}

func (s *Server) writeError(c *call, err error) int {
	e := asError(err)
	var mistakes *syntax.Errors
	if c.op != nil && !strings.HasPrefix(c.op.Pattern, ownBase) && errors.As(err, &mistakes) {
		e.Message = mistakes.Service()
	}
	body, merr := json.Marshal(map[string]string{"code": e.Code, "message": e.Message})
	if merr != nil { // a map of strings always marshals
		body = nil
	}
	h := c.w.Header()
	if e.RetryAfter > 0 {
		h.Set("retry-after", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(e.Status)
	if _, err := c.w.Write(body); err != nil {
		c.log.Debug("the client went away", "error", err)
	}
	return e.Status
}

// requestID joins the client's part, as far as it is harmless, and ours.
func requestID(r *http.Request) string {
	ours := rand.Text()
	theirs := r.Header.Get("opc-request-id")
	if !isRequestID(theirs) {
		return ours
	}
	return theirs + "/" + ours
}

// isRequestID reports whether a client's id may be logged and sent back.
func isRequestID(id string) bool {
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(c rune) bool {
		return !(c == '-' || c == '_' || c == '/' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	})
}

// logText adds what the client is not told.
func logText(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Cause != nil {
		return e.Error() + " (" + e.Cause.Error() + ")"
	}
	return err.Error()
}

// clip bounds what an outside text takes in a log or message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
