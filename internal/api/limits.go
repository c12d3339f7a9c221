package api

import (
	"cmp"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Limits bound what one client can take. Zero members stand for the defaults.
type Limits struct {
	MaxUpload   int64         // bytes of an uploaded file; default 64 MiB
	MaxContent  int64         // bytes of a content ZIP; default 64 MiB
	MaxJSON     int64         // bytes of any other body; default 4 MiB
	InFlight    int64         // bytes of uploads held in memory at once; default 128 MiB, at least MaxUpload
	BodyIdle    time.Duration // longest pause within a body; default 30 s
	BodyRate    int64         // bytes a second a body must come with on average, after BodyIdle; default 16 KiB
	HeaderWait  time.Duration // longest wait for the headers; default 10 s
	MaxHeader   int           // bytes of all headers; default 32 KiB
	QueryTime   time.Duration // longest synchronous query; default 60 s
	WriteTime   time.Duration // longest time from the end of the body to the end of the answer; default 15 min
	WriteIdle   time.Duration // longest wait for a client to take a piece of a streamed answer; default 1 min
	ExportTime  time.Duration // longest streamed answer; default 1 h
	AsyncTime   time.Duration // longest asynchronous query; default 15 min
	Jobs        int           // asynchronous queries remembered; default 200
	JobsAtOnce  int           // asynchronous queries running; default 16
	JobBytes    int64         // memory of their results; default 128 MiB
	KeepAlive   time.Duration // longest idle connection; default 2 min
	QueryLimit  int           // rows of a synchronous query; default 2001
	OwnRowLimit int           // rows of our own query call; default 100,000
}

func (l Limits) withDefaults() Limits {
	l.MaxUpload = cmp.Or(l.MaxUpload, 64<<20)
	l.MaxContent = cmp.Or(l.MaxContent, 64<<20)
	l.MaxJSON = cmp.Or(l.MaxJSON, 4<<20)
	l.InFlight = max(cmp.Or(l.InFlight, 128<<20), l.MaxUpload)
	l.BodyIdle = cmp.Or(l.BodyIdle, 30*time.Second)
	l.BodyRate = cmp.Or(l.BodyRate, 16<<10)
	l.HeaderWait = cmp.Or(l.HeaderWait, 10*time.Second)
	l.MaxHeader = cmp.Or(l.MaxHeader, 32<<10)
	l.QueryTime = cmp.Or(l.QueryTime, time.Minute)
	l.WriteTime = cmp.Or(l.WriteTime, 15*time.Minute)
	l.WriteIdle = cmp.Or(l.WriteIdle, time.Minute)
	l.ExportTime = cmp.Or(l.ExportTime, time.Hour)
	l.AsyncTime = cmp.Or(l.AsyncTime, 15*time.Minute)
	l.KeepAlive = cmp.Or(l.KeepAlive, 2*time.Minute)
	l.QueryLimit = cmp.Or(l.QueryLimit, 2001)
	l.OwnRowLimit = cmp.Or(l.OwnRowLimit, 100_000)
	return l
}

// HTTPServer returns a server of a handler of ours with the limits on headers,
// idle connections and slow readers set. Bodies are bounded by the handler.
func (s *Server) HTTPServer(h http.Handler) *http.Server {
	// The write deadline is set before the body is read, so the slowest body allowed
	// comes on top.
	write := s.limits.WriteTime + s.limits.BodyIdle + s.slowest(s.limits.MaxUpload)
	out := &http.Server{Handler: h, ReadHeaderTimeout: s.limits.HeaderWait, IdleTimeout: s.limits.KeepAlive,
		WriteTimeout: write, MaxHeaderBytes: s.limits.MaxHeader, ErrorLog: slog.NewLogLogger(s.opts.Logger.Handler(), slog.LevelDebug)}
	(&unread{log: s.opts.Logger}).watch(out)
	return out
}

// limit holds a call to what its user may ask for.
func (s *Server) limit(c *call) error {
	if c.user == localUser {
		return nil
	}
	if c.op == nil || !c.op.uploads() {
		return s.shares.Request(c.user, 0)
	}
	most := max(s.limits.MaxUpload, s.limits.MaxContent) // more is refused unread
	size := c.r.ContentLength
	if size < 0 { // chunked: no telling
		size = most
	}
	return s.shares.Request(c.user, min(size, most))
}

// uploads reports whether what an operation is sent counts as uploaded.
func (o *operation) uploads() bool {
	switch o.Name {
	case "UploadLogFile", "UploadLogEventsFile", "UploadOtlpLogs", "PutLogs", "ImportCustomContent", "OwnContentImport", "OwnPeopleImport",
		"RegisterLookup", "UpdateLookupData", "AppendLookupData", "OwnPutLookup":
		return true
	}
	return false
}

// timed bounds how slowly the body of a call may come: no pause longer than
// BodyIdle, and BodyRate on average.
func (s *Server) timed(c *call) io.ReadCloser {
	// Deadlines of connections are of the machine's clock, not of Options.Clock.
	end := time.Now().Add(s.limits.BodyIdle)
	size := c.r.ContentLength
	if size < 0 {
		size = s.limits.MaxUpload
	}
	end = end.Add(s.slowest(size))
	return &timedBody{ReadCloser: c.body, conn: http.NewResponseController(c.w), idle: s.limits.BodyIdle, end: end}
}

// slowest is how long a body of a size may take at BodyRate.
func (s *Server) slowest(size int64) time.Duration {
	return time.Duration(float64(size) / float64(s.limits.BodyRate) * float64(time.Second))
}

type timedBody struct {
	io.ReadCloser
	conn *http.ResponseController
	idle time.Duration
	end  time.Time
}

func (b *timedBody) Read(p []byte) (int, error) {
	at := time.Now().Add(b.idle)
	if at.After(b.end) {
		at = b.end
	}
	// Not supported on a connection of a test recorder: nothing to bound there.
	_ = b.conn.SetReadDeadline(at)
	return b.ReadCloser.Read(p)
}
