package simulate

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The ways an answer is spoiled on its way out.
type damage struct {
	cut   bool // the body ends early and the connection breaks
	short bool // the body ends early, and its length agrees
	slow  time.Duration
	zip   bool
}

func (s *Simulator) sendJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{}`)
	}
	s.send(w, r, status, "application/json", body, damage{})
}

// sendProblem answers like Oracle's REST services do (RFC 7807).
func (s *Simulator) sendProblem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	s.sendJSON(w, r, status, map[string]any{"type": "https://www.rfc-editor.org/rfc/rfc9110", "title": http.StatusText(status),
		"status": strconv.Itoa(status), "detail": detail, "o:errorCode": fmt.Sprintf("OIC-%d", status)})
}

const maintenance = "<!DOCTYPE html>\n<html><head><title>Service Unavailable</title></head>" +
	"<body><h1>Service Unavailable</h1><p>We will be back soon.</p></body></html>\n"

func (s *Simulator) sendHTML(w http.ResponseWriter, r *http.Request, status int) {
	s.send(w, r, status, "text/html; charset=utf-8", []byte(maintenance), damage{})
}

func (s *Simulator) send(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte, d damage) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	if d.zip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = zipped(body)
	}
	if d.short {
		body = body[:len(body)*2/3]
	}
	if d.cut {
		breakOff(w, status, h, body)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if d.slow > 0 {
		half := len(body) / 2
		if _, err := w.Write(body[:half]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		pause(r, d.slow)
		body = body[half:]
	}
	_, _ = w.Write(body) // the client's going away is its own affair
}

func zipped(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // a buffer does not fail
	_ = z.Close()
	return b.Bytes()
}

func pause(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}

// breakOff announces the whole body, sends two thirds and hangs up.
func breakOff(w http.ResponseWriter, status int, h http.Header, body []byte) {
	conn := take(w)
	if conn == nil {
		return
	}
	defer conn.Close()
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Connection", "close")
	_ = h.Write(&b) // a buffer does not fail
	b.WriteString("\r\n")
	b.Write(body[:len(body)*2/3])
	_, _ = conn.Write(b.Bytes())
}

// reset drops the connection with a TCP reset where the system allows it.
func reset(w http.ResponseWriter) {
	conn := take(w)
	if conn == nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// take gets hold of the connection; HTTP/2 has none to give, and then the
// answer is an error of the server's.
func take(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return nil
	}
	return conn
}
