package api

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ledgerline/internal/catalog"
)

// raw sends bytes as they are and returns the statuses of all answers, and the
// address that they came from.
func (g *rig) raw(text string) (statuses []int, from string) {
	g.t.Helper()
	conn := g.dial()
	defer conn.Close()
	from = conn.LocalAddr().String()
	// The server may hang up in the middle of what it refuses.
	go func() { _, _ = io.WriteString(conn, text) }()
	in := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses, from
		}
		statuses = append(statuses, resp.StatusCode)
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.Close {
			return statuses, from
		}
	}
}

// What a proxy and this server could read differently, what is too large and what
// comes too slowly is refused, and nothing that is hidden in it is taken for a
// request of its own. Each is one line in the log, which names the address it came from.
func TestAttacksBelowHTTP(t *testing.T) {
	notes := &notes{lines: map[string][]string{}}
	g := newRig(t, func(o *Options) {
		o.Logger = slog.New(notes)
		o.Limits.MaxUpload = 1 << 20
		o.Limits.BodyIdle, o.Limits.HeaderWait, o.Limits.KeepAlive = 50*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
	})
	g.user("chief", catalog.Administrators)
	b := g.browser()
	b.logIn("chief", password)
	host := "Host: " + g.web.Listener.Addr().String() + "\r\n"
	head := func(method, path string) string {
		return method + " " + path + " HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nCookie: " + b.cookie + "\r\n" + csrfHeader + ": " + b.csrf + "\r\n"
	}
	post := head("POST", ownBase+"/log-groups")
	upload := head("POST", uploadPath("a", "")) + "opc-meta-loggrpid: " + groupID + "\r\n"
	hidden := "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	before := g.kept()
	var mu sync.Mutex
	address := map[string]string{} // that each attack came from
	var all sync.WaitGroup         // each takes as long as the server waits for more
	for name, c := range map[string]struct {
		text string
		want int // status; 0: none, the server hangs up
	}{
		"two lengths":           {post + "Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}" + hidden, 400},
		"a list of lengths":     {post + "Content-Length: 2, 30\r\n\r\n{}" + hidden, 400},
		"a signed length":       {post + "Content-Length: +2\r\n\r\n{}" + hidden, 400},
		"a negative length":     {post + "Content-Length: -2\r\n\r\n{}" + hidden, 400},
		"a length of 20 digits": {post + "Content-Length: 18446744073709551618\r\n\r\n{}" + hidden, 400},
		"length and chunks":     {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 400},
		"chunked, oddly":        {post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden, 501},
		"chunked, twice":        {post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + hidden, 501},
		"chunked, after a tab":  {post + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + hidden, 400},
		"blank before a colon":  {post + "Content-Length : 2\r\n\r\n{}" + hidden, 400},
		"a header of no name":   {post + ": x\r\nContent-Length: 2\r\n\r\n{}" + hidden, 400},
		"two hosts":             {post + "Host: evil.example.com\r\nContent-Length: 2\r\n\r\n{}" + hidden, 400},
		"no host":               {strings.Replace(post, host, "", 1) + "Content-Length: 2\r\n\r\n{}" + hidden, 400},
		"a control in a header": {post + "X-A: b\x00c\r\nContent-Length: 2\r\n\r\n{}" + hidden, 400},
		"a bad chunk":           {post + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n" + hidden, 400},
		"a chunk of 2^64 bytes": {post + "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n" + hidden, 400},
		"a blank in the target": {strings.Replace(post, ownBase, "/x y", 1) + "Content-Length: 2\r\n\r\n{}" + hidden, 400},
		"an absolute target":    {strings.Replace(post, "POST /", "POST http://evil.example.com/", 1) + "Content-Length: 2\r\nConnection: close\r\n\r\n{}", 400},
		"a target of a proxy":   {"CONNECT evil.example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		"another protocol":      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
		"TLS":                   {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},

		"a large header":       {post + "X-A: " + strings.Repeat("a", 64<<10) + "\r\nContent-Length: 2\r\n\r\n{}" + hidden, 431},
		"many headers":         {post + strings.Repeat("X-A: b\r\n", 8<<10) + "Content-Length: 2\r\n\r\n{}" + hidden, 431},
		"a long target":        {"GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 431},
		"a large cookie":       {"GET " + sessionPath + " HTTP/1.1\r\nHost: localhost\r\nCookie: " + strings.Repeat("a=b; ", 10<<10) + "\r\n\r\n", 431},
		"headers without end":  {post + "X-A: b\r\n", 0},
		"a request line alone": {"GET /", 400},

		"a body that stops":          {upload + "Content-Length: 100\r\nConnection: close\r\n\r\n{}", 408},
		"a body that never comes":    {post + "Content-Length: 100\r\nConnection: close\r\n\r\n", 408},
		"chunks that stop":           {upload + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n", 408},
		"a chunk line without end":   {upload + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1", 408},
		"a body larger than allowed": {upload + "Content-Length: 100000000000\r\nConnection: close\r\n\r\n{}", 413},
	} {
		all.Go(func() {
			statuses, from := g.raw(c.text)
			// What is too large may be cut off before the answer is read.
			cutOff := (c.want == 0 || c.want == 431) && len(statuses) == 0
			if want := []int{c.want}; !slices.Equal(statuses, want) && !cutOff {
				t.Errorf("%s: answers %v, want %v", name, statuses, want)
			}
			mu.Lock()
			defer mu.Unlock()
			address[name] = from
		})
	}
	all.Wait()
	if after := g.kept(); after != before {
		t.Errorf("something was left behind:\nbefore %s\nafter  %s", before, after)
	}
	g.web.Close() // what no handler sees is noted when its connection is closed for good
	for name, from := range address {
		if lines := notes.of(from); len(lines) != 1 {
			t.Errorf("%s: %d lines in the log: %q", name, len(lines), lines)
		}
	}
}
