package api

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ledgerline/internal/catalog"
)

// raw sends bytes as they are and returns the statuses of all answers.
func (g *rig) raw(text string) (statuses []int) {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.web.Listener.Addr().String())
	if err != nil {
		g.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		g.t.Fatal(err)
	}
	// The server may hang up in the middle of what it refuses.
	go func() { _, _ = io.WriteString(conn, text) }()
	in := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses
		}
		statuses = append(statuses, resp.StatusCode)
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.Close {
			return statuses
		}
	}
}

// What a proxy and this server could read differently is refused, and nothing
// that is hidden in it is taken for a request of its own.
func TestSmuggledRequests(t *testing.T) {
	g := newRig(t)
	g.user("chief", catalog.Administrators)
	b := g.browser()
	b.logIn("chief", password)
	head := "POST " + ownBase + "/log-groups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nCookie: " + b.cookie + "\r\n" + csrfHeader + ": " + b.csrf + "\r\n"
	hidden := "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	attacks := map[string]string{
		"two lengths":           head + "Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}" + hidden,
		"a list of lengths":     head + "Content-Length: 2, 30\r\n\r\n{}" + hidden,
		"a signed length":       head + "Content-Length: +2\r\n\r\n{}" + hidden,
		"chunked, oddly":        head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden,
		"chunked, twice":        head + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + hidden,
		"blank before a colon":  head + "Content-Length : 2\r\n\r\n{}" + hidden,
		"folded header":         head + "X-A: b\r\n c: d\r\nContent-Length: 2\r\n\r\n{}",
		"two hosts":             head + "Host: evil.example.com\r\nContent-Length: 2\r\n\r\n{}" + hidden,
		"no host":               strings.Replace(head, "Host: localhost\r\n", "", 1) + "Content-Length: 2\r\n\r\n{}" + hidden,
		"a control in a header": head + "X-A: b\x00c\r\nContent-Length: 2\r\n\r\n{}" + hidden,
		"a bad chunk":           head + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n" + hidden,
		"a large header":        head + "X-A: " + strings.Repeat("a", 64<<10) + "\r\nContent-Length: 2\r\n\r\n{}" + hidden,
		"many headers":          head + strings.Repeat("X-A: b\r\n", 8<<10) + "Content-Length: 2\r\n\r\n{}" + hidden,
		"an absolute target":    strings.Replace(head, "POST /", "POST http://evil.example.com/", 1) + "Content-Length: 2\r\n\r\n{}",
		"a target of a proxy":   "CONNECT evil.example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"another protocol":      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	}
	before := g.log.refusals()
	var all sync.WaitGroup // each takes as long as the server waits for more
	for name, text := range attacks {
		all.Go(func() {
			statuses := g.raw(text)
			if len(statuses) > 1 || len(statuses) == 1 && (statuses[0] < 400 || statuses[0] > 505) {
				t.Errorf("%s: answers %v", name, statuses)
			}
		})
	}
	all.Wait()
	if groups, _, err := g.cat.LogGroups(t.Context(), catalog.LogGroupFilter{}, catalog.Page{}); err != nil || len(groups) != 1 {
		t.Errorf("%v, %v: a log group was made", groups, err)
	}
	// The last lines are written when the connections are closed for good.
	g.web.Close()
	if lines := g.log.refusals() - before; lines != len(attacks) {
		t.Errorf("%d lines in the log of %d attacks:\n%s", lines, len(attacks), g.log.String())
	}
}

// refusals counts the lines that tell of a refused request.
func (b *logBuffer) refusals() int {
	return strings.Count(b.String(), "cannot be read") + strings.Count(b.String(), "status=4") + strings.Count(b.String(), "status=5")
}

// What is sent in archives and files of content is refused whole and noted once.
func TestHostileContent(t *testing.T) {
	g := newRig(t)
	g.user("chief", catalog.Administrators)
	b := g.browser()
	b.logIn("chief", password)
	archive := func(names []string, text string) string {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for _, name := range names {
			f, err := w.Create(name)
			if err == nil {
				_, err = io.WriteString(f, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	content := `<LoganContent name="x"><Tag><Name>evil</Name></Tag></LoganContent>`
	inner := archive([]string{"content.xml"}, content)
	before := g.lib.Version()
	n := 0
	for name, body := range map[string]string{
		"zip bomb":                  archive([]string{"content.xml"}, content+strings.Repeat(" ", 17<<20)),
		"archive in an archive":     archive([]string{"content.zip"}, inner),
		"content under two names":   archive([]string{"a/content.xml", "../content.xml"}, content),
		"file of another place":     archive([]string{"../../etc/cron.d/x"}, content),
		"external entity":           `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><LoganContent name="x"><Tag><Name>&e;</Name></Tag></LoganContent>`,
		"external entity, in a ZIP": archive([]string{"content.xml"}, `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><LoganContent name="&e;"/>`),
		"entities of entities":      `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><LoganContent name="&c;"/>`,
		"parameter entity":          `<!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd"><LoganContent name="x"/>`,
		"deep":                      `<LoganContent>` + strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000) + `</LoganContent>`,
		"cut off":                   inner[:len(inner)-10],
		"SQL as a field":            `<LoganContent name="x"><Parser type="0"><Name>p</Name><ParserContent>(.)</ParserContent><ParserFields><ParserField><FieldSeq>1</FieldSeq><FieldName>a"; drop table</FieldName></ParserField></ParserFields></Parser></LoganContent>`,
	} {
		n++
		id := fmt.Sprintf("content-%d", n)
		b.header.Set("opc-request-id", id)
		code, m := b.call("POST", nsPath+"/contents/actions/importCustomContent?isOverwrite=true", body)
		if code != 400 || strings.Contains(fmt.Sprint(m), "root:") {
			t.Errorf("%s: %d %v", name, code, m)
		}
		if lines := strings.Count(g.log.String(), "opc_request_id="+id+"/"); lines != 1 {
			t.Errorf("%s: %d lines in the log", name, lines)
		}
	}
	if g.lib.Version() != before {
		t.Error("a refused import changed something")
	}
}

// Names and parameters that mean something elsewhere mean nothing here: each is
// refused, and noted once in the log.
func TestHostileNamesAndParameters(t *testing.T) {
	g := newRig(t)
	g.user("chief", catalog.Administrators)
	b := g.browser()
	b.logIn("chief", password)
	b.header.Set("opc-meta-loggrpid", groupID)
	upload := nsPath + "/actions/uploadLogFile?logSourceName=OCI%20Unified%20Schema%20Logs"
	n := 0
	for name, c := range map[string][3]string{
		"a parameter twice":           {"GET", nsPath + "/uploads?limit=1&limit=2", ""},
		"a semicolon":                 {"GET", nsPath + "/uploads?limit=1;page=2", ""},
		"a page of another list":      {"GET", nsPath + "/uploads?page=" + strings.Repeat("A", 40), ""},
		"SQL as a sort key":           {"GET", nsPath + "/uploads?sortBy=name;DROP%20TABLE%20uploads", ""},
		"SQL as a sort order":         {"GET", nsPath + "/uploads?sortOrder=ASC,1", ""},
		"SQL as a log source":         {"GET", nsPath + "/sources/x'%20OR%20'1'='1?compartmentId=x", ""},
		"SQL as a lookup":             {"GET", ownBase + "/lookups/x'--", ""},
		"SQL as an upload":            {"GET", nsPath + "/uploads/1%20OR%201=1", ""},
		"SQL as a user":               {"GET", ownBase + "/users/'%20OR%20''='", ""},
		"SQL as a log group":          {"POST", ownBase + "/log-groups", `{"displayName":"x'); DROP TABLE log_groups;--"}`},
		"direction marks in a name":   {"POST", ownBase + "/log-groups", `{"displayName":"audit\u202egnp"}`},
		"letters that look alike":     {"POST", ownBase + "/users", `{"name":"chief\u200b"}`},
		"line ends in a name":         {"POST", ownBase + "/users", `{"name":"a\r\nSet-Cookie: x"}`},
		"a control in a file name":    {"POST", upload + "&filename=a%0d%0ab", "{}"},
		"a file name that is a place": {"POST", upload + "&filename=../..", "{}"},
		"no text as an upload":        {"POST", upload + "&filename=a&uploadName=%ff", "{}"},
		"an unknown time zone":        {"POST", upload + "&filename=a&timezone=../../etc/passwd", "{}"},
		"a statement in a statement":  {"PUT", ownBase + "/policies/x", `{"statements":["Allow group a to read log-groups in tenancy\nAllow any-user to manage all-resources in tenancy"]}`},
		"a condition that ends early": {"PUT", ownBase + "/policies/x", `{"statements":["Allow group a to read log-groups in tenancy where target.loganalytics-log-group.id = 'x' or '1' = '1'"]}`},
		"JSON too deep":               {"POST", ownBase + "/log-groups", strings.Repeat(`{"a":`, 20_000)},
		"a number out of range":       {"POST", ownBase + "/query", `{"query":"*","limit":1e99}`},
		"a namespace of dots":         {"GET", "/20200601/namespaces/..%2f..", ""},
		"a key that is a certificate": {"POST", ownBase + "/users/chief/keys", `{"key":"-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n"}`},
	} {
		n++
		id := fmt.Sprintf("attack-%d", n)
		b.header.Set("opc-request-id", id)
		code, m := b.call(c[0], c[1], c[2])
		if code < 400 || code >= 500 {
			t.Errorf("%s: %d %v", name, code, m)
		}
		if text, _ := m["message"].(string); strings.Contains(text, "SQL") || strings.Contains(text, "sqlite") || strings.ContainsAny(text, "\r\x00\u202e") {
			t.Errorf("%s: the answer tells %q", name, text)
		}
		if lines := strings.Count(g.log.String(), "opc_request_id="+id+"/"); lines != 1 {
			t.Errorf("%s: %d lines in the log", name, lines)
		}
	}
	if len(g.cat.Policies()) != 0 {
		t.Errorf("%+v", g.cat.Policies())
	}
}

// In the text of a query, names are names, whatever they look like.
func TestInjectionByNamesInAQuery(t *testing.T) {
	w := newWorld(t, true)
	evil := `x'); DROP TABLE log_groups; SELECT * FROM read_csv('/etc/passwd');--`
	for _, text := range []string{
		"* | stats count as \"" + evil + "\"",
		"* | eval \"" + evil + "\" = 1 | stats count by \"" + evil + "\"",
		"'User Name' = \"" + evil + "\" | stats count",
		"'Log Source' in (\"" + evil + "\") | stats count",
		"* | where 'User Name' = \"" + evil + "\" | stats count",
		"\"" + evil + "\" = 1",
		"* | lookup table = \"" + evil + "\" select a using 'User Name'",
		"searchlookup table = \"" + evil + "\"",
		"* | regex field = 'User Name' \"(((a+)+)+)+$" + evil + "\"",
		"* | rename 'User Name' as \"" + evil + "\" | fields \"" + evil + "\"",
	} {
		got := w.ask(w.admin, w.ways(text)["own query"])
		if !strings.HasPrefix(got, "200 ") && !strings.HasPrefix(got, "400 ") && !strings.HasPrefix(got, "404 ") || strings.Contains(got, "root:") {
			t.Errorf("%s: %.500s", text, got)
		}
	}
	if got := w.ask(w.admin, w.ways("* | stats count")["Query"]); !strings.Contains(got, "80") {
		t.Errorf("afterwards: %s", got)
	}
}
