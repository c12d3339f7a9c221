package api

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"time"
)

// streamBuffer is how much of a streamed answer is held back. An error before it
// is full is answered as such; after that it can only break the connection.
const streamBuffer = 64 << 10

// writeStream sends an answer that is made while it is sent. broken says that it
// ended early, after bytes of it went out.
func (s *Server) writeStream(c *call, resp *response) (status int, err error, broken bool) {
	out := &streamWriter{server: s, call: c, resp: resp, conn: http.NewResponseController(c.w)}
	buffer := bufio.NewWriterSize(out, streamBuffer)
	if err = s.fill(resp.stream, buffer); err == nil {
		err = buffer.Flush()
	}
	switch {
	case err == nil:
		out.begin()
		return http.StatusOK, nil, false
	case !out.begun:
		return s.writeError(c, err), err, false
	}
	return http.StatusOK, err, true
}

// fill keeps a panic while streaming from ending the process's other requests.
func (s *Server) fill(stream func(io.Writer) error, w io.Writer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.opts.Logger.Error("panic in a stream", "panic", p, "stack", string(debug.Stack()))
			err = errors.New("internal panic")
		}
	}()
	return stream(w)
}

// streamWriter writes the head of an answer with its first bytes, and gives the
// client a while for each piece.
type streamWriter struct {
	server *Server
	call   *call
	resp   *response
	conn   *http.ResponseController
	begun  bool
}

func (w *streamWriter) begin() {
	if w.begun {
		return
	}
	w.begun = true
	h := w.call.w.Header()
	for k, v := range w.resp.header {
		h[k] = v
	}
	h.Set("Content-Type", w.resp.kind)
	w.call.w.WriteHeader(http.StatusOK)
}

func (w *streamWriter) Write(p []byte) (int, error) {
	w.begin()
	// Deadlines of connections are of the machine's clock, not of Options.Clock. A
	// test recorder has none: nothing to bound there.
	_ = w.conn.SetWriteDeadline(time.Now().Add(w.server.limits.WriteIdle))
	return w.call.w.Write(p)
}
