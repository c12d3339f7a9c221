package api

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	nsPath     = "/20200601/namespaces/demo"
	getHeaders = "date (request-target) host"
	allHeaders = getHeaders + " content-length content-type x-content-sha256"
)

// rawRequest is a request as a client's bytes: nothing in between may tidy it.
type rawRequest struct {
	method, target, cover, body string
	headers                     []string // further lines, each "Name: value"
	skip                        string   // a header that is signed and not sent
	at                          time.Duration
	auth                        string // instead of a signature
	sent                        string // body that is sent instead of the signed one
}

// signed returns the bytes of the request.
func (g *rig) signed(q rawRequest) string {
	g.t.Helper()
	host := g.web.Listener.Addr().String()
	sum := sha256.Sum256([]byte(q.body))
	lines := append([]string{"Date: " + g.now().Add(q.at).UTC().Format(http.TimeFormat), "Host: " + host}, q.headers...)
	if q.body != "" || q.method == "POST" || q.method == "PUT" {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(q.body)), "Content-Type: application/json", "X-Content-Sha256: "+base64.StdEncoding.EncodeToString(sum[:]))
	}
	var text []string
	for name := range strings.FieldsSeq(q.cover) {
		if name == "(request-target)" {
			text = append(text, name+": "+strings.ToLower(q.method)+" "+q.target)
		}
		for _, l := range lines {
			if n, v, _ := strings.Cut(l, ": "); strings.EqualFold(n, name) {
				text = append(text, name+": "+v)
				break
			}
		}
	}
	digest := sha256.Sum256([]byte(strings.Join(text, "\n")))
	sig, err := rsa.SignPKCS1v15(nil, g.key, crypto.SHA256, digest[:])
	if err != nil {
		g.t.Fatal(err)
	}
	auth := q.auth
	if auth == "" {
		auth = fmt.Sprintf(`Signature algorithm="rsa-sha256",headers="%s",keyId="%s",signature="%s",version="1"`, q.cover, g.keyID, base64.StdEncoding.EncodeToString(sig))
	}
	body := q.body
	if q.sent != "" {
		body = q.sent
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", q.method, q.target)
	for _, l := range lines {
		if n, _, _ := strings.Cut(l, ":"); q.skip == "" || !strings.EqualFold(n, q.skip) {
			b.WriteString(l + "\r\n")
		}
	}
	fmt.Fprintf(&b, "Authorization: %s\r\nConnection: close\r\n\r\n%s", auth, body)
	return b.String()
}

// dial connects to the server for ten seconds at most.
func (g *rig) dial() net.Conn {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.web.Listener.Addr().String())
	if err != nil {
		g.t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		g.t.Fatal(err)
	}
	return conn
}

// send writes bytes to the server and reads one answer.
func (g *rig) send(text string) (*http.Response, map[string]any) {
	g.t.Helper()
	conn := g.dial()
	defer conn.Close()
	go io.WriteString(conn, text) // the server may answer and close before it has read all
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		g.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	var m map[string]any
	if bytes.HasPrefix(body, []byte("{")) {
		if err := json.Unmarshal(body, &m); err != nil {
			g.t.Fatalf("%v in %s", err, body)
		}
	}
	return resp, m
}

func (g *rig) expect(name string, q rawRequest, status int, code string) (*http.Response, map[string]any) {
	g.t.Helper()
	resp, m := g.send(g.signed(q))
	if got, _ := m["code"].(string); resp.StatusCode != status || got != code {
		g.t.Errorf("%s: %d %v, want %d %s", name, resp.StatusCode, m, status, code)
	}
	if resp.Header.Get("Date") == "" || resp.Header.Get("opc-request-id") == "" || resp.Header.Get("Location") != "" {
		g.t.Errorf("%s: headers %v", name, resp.Header)
	}
	return resp, m
}

func TestRawTargets(t *testing.T) {
	g := newRig(t)
	source, ok := g.lib.Source(auditLog)
	if !ok {
		t.Fatal("the built-in log source is missing")
	}
	get := func(target string) rawRequest { return rawRequest{method: "GET", target: target, cover: getHeaders} }
	escaped := strings.ReplaceAll(auditLog, " ", "%20")
	for _, target := range []string{
		nsPath + "/sources/" + escaped + "?compartmentId=x",
		nsPath + "/sources/" + strings.ReplaceAll(escaped, "O", "%4f") + "?compartmentId=x&unknown=1",
		nsPath + "/sources/" + strings.ToLower(escaped) + "?compartmentId=x",
	} {
		if _, m := g.expect(target, get(target), 200, ""); m["name"] != source.Name {
			t.Errorf("%s: %v", target, m)
		}
	}
	// Names may hold anything; nothing is cleaned on the way to the look-up.
	for _, name := range []string{"a/b", "a%2Fb", "a//b", "../sources", "a/../b", "a%23b", "%25", "x/patterns/y", "+"} {
		target := nsPath + "/sources/" + name + "?compartmentId=x"
		_, m := g.expect(target, get(target), 404, "NotAuthorizedOrNotFound")
		want, err := http.NewRequest("GET", "http://h/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if plain := strings.TrimPrefix(want.URL.Path, "/"); !strings.Contains(fmt.Sprint(m["message"]), plain) {
			t.Errorf("%s: looked up as %v, want %s", name, m["message"], plain)
		}
	}
	for target, want := range map[string]struct {
		status int
		code   string
	}{
		"/x":                    {404, "NotAuthorizedOrNotFound"},
		"//20200601/namespaces": {404, "NotAuthorizedOrNotFound"},
		"/20200601":             {404, "NotAuthorizedOrNotFound"},
		nsPath + "/":            {404, "NotAuthorizedOrNotFound"},
		nsPath + "/nothing":     {404, "NotAuthorizedOrNotFound"},
		"/20200601/namespaces/demo/../demo/uploads":      {404, "NotAuthorizedOrNotFound"},
		"/20200601/namespaces/demo%2Fuploads":            {404, "NotAuthorizedOrNotFound"},
		nsPath + "/sources/a/b/patterns":                 {404, "NotAuthorizedOrNotFound"},
		nsPath + "/sources/a/b/eventTypes":               {501, "NotImplemented"},
		nsPath + "/effectiveProperties":                  {501, "NotImplemented"},
		"/20200901/managementDashboards":                 {400, "MissingParameter"},
		nsPath + "/uploads?limit=x":                      {400, "InvalidParameter"},
		nsPath + "/uploads?limit=0":                      {400, "InvalidParameter"},
		nsPath + "/uploads?limit=1&limit=2":              {400, "InvalidParameter"},
		nsPath + "/uploads?name=a&name=a":                {400, "InvalidParameter"},
		nsPath + "/uploads?sortOrder=UP":                 {400, "InvalidParameter"},
		nsPath + "/uploads?sortBy=x":                     {400, "InvalidParameter"},
		nsPath + "/uploads?page=x":                       {400, "InvalidParameter"},
		nsPath + "/uploads?a;b":                          {400, "InvalidParameter"},
		nsPath + "/uploads?warningsFilter=X":             {400, "InvalidParameter"},
		nsPath + "/logAnalyticsLogGroups":                {400, "MissingParameter"},
		nsPath + "/sources?compartmentId=x&sortBy=x":     {400, "InvalidParameter"},
		nsPath + "/sources?compartmentId=x&isSystem=yes": {400, "InvalidParameter"},
		"/metrics": {404, "NotAuthorizedOrNotFound"},
	} {
		g.expect(target, get(target), want.status, want.code)
	}
	// Empty values are as good as none, unknown parameters and headers are let pass.
	q := get(nsPath + "/uploads?limit=&page=&name=&x=y")
	q.headers = []string{"opc-client-info: x", "x-oci-other: y", "opc-request-id: abc/DEF-1"}
	resp, m := g.expect("empty", q, 200, "")
	if items, ok := m["items"].([]any); !ok || len(items) != 0 {
		t.Errorf("%v: an empty list is [], never null", m)
	}
	if !strings.HasPrefix(resp.Header.Get("opc-request-id"), "abc/DEF-1/") || !strings.Contains(g.log.String(), resp.Header.Get("opc-request-id")) {
		t.Errorf("request id %s", resp.Header.Get("opc-request-id"))
	}
	if _, ok := resp.Header["Opc-Next-Page"]; ok {
		t.Error("opc-next-page on the last page")
	}
	q.headers = []string{"opc-request-id: a b<script>"}
	if resp, _ := g.expect("odd id", q, 200, ""); strings.Contains(resp.Header.Get("opc-request-id"), "a b") {
		t.Error("a harmful request id came back")
	}
}

func TestRawSignatures(t *testing.T) {
	g := newRig(t)
	list := rawRequest{method: "GET", target: nsPath + "/uploads?limit=2&name=a%20b+c", cover: getHeaders}
	with := func(f func(*rawRequest)) rawRequest { q := list; f(&q); return q }
	create := rawRequest{method: "POST", target: nsPath + "/logAnalyticsLogGroups", cover: allHeaders, body: `{"displayName":"A","compartmentId":"c"}`}
	other := func(f func(*rawRequest)) rawRequest { q := create; f(&q); return q }

	g.expect("list", list, 200, "")
	g.expect("order", with(func(q *rawRequest) { q.cover = "host (request-target) date" }), 200, "")
	g.expect("late", with(func(q *rawRequest) { q.at = -5*time.Minute + 5*time.Second }), 200, "")
	g.expect("early", with(func(q *rawRequest) { q.at = 5*time.Minute - 5*time.Second }), 200, "")
	g.expect("create", create, 200, "")
	g.expect("create, fluent-bit's order", other(func(q *rawRequest) {
		q.cover = "(request-target) host date x-content-sha256 content-type content-length"
	}), 200, "")

	const told = "The required information to complete authentication was not provided or was incorrect."
	for name, q := range map[string]rawRequest{
		"too late":      with(func(q *rawRequest) { q.at = -5*time.Minute - 5*time.Second }),
		"too early":     with(func(q *rawRequest) { q.at = 5*time.Minute + 5*time.Second }),
		"no date":       with(func(q *rawRequest) { q.cover = "(request-target) host" }),
		"date withheld": with(func(q *rawRequest) { q.skip = "date" }),
		"no header":     with(func(q *rawRequest) { q.auth = "none" }),
		"unknown key": with(func(q *rawRequest) {
			q.auth = `Signature version="1",headers="date (request-target) host",keyId="x/y/z",algorithm="rsa-sha256",signature="AAAA"`
		}),
		"wrong sign": with(func(q *rawRequest) {
			q.auth = `Signature version="1",headers="date (request-target) host",keyId="` + g.keyID + `",algorithm="rsa-sha256",signature="AAAA"`
		}),
		"no body":       other(func(q *rawRequest) { q.cover = getHeaders }),
		"other body":    other(func(q *rawRequest) { q.sent = `{"displayName":"B","compartmentId":"c"}` }),
		"digest absent": other(func(q *rawRequest) { q.skip = "x-content-sha256" }),
		"unknown path":  with(func(q *rawRequest) { q.target, q.auth = nsPath+"/nothing", "none" }),
		"not there":     with(func(q *rawRequest) { q.target, q.auth = nsPath+"/lookups", "none" }),
		"own call":      with(func(q *rawRequest) { q.target, q.auth = "/ledgerline/v1/status", "none" }),
	} {
		if _, m := g.expect(name, q, 401, "NotAuthenticated"); m["message"] != told {
			t.Errorf("%s: the answer tells more than it may: %v", name, m["message"])
		}
	}
	_, m := g.expect("session", with(func(q *rawRequest) {
		q.auth = `Signature version="1",headers="date",keyId="ST$x",algorithm="rsa-sha256",signature="AAAA"`
	}), 401, "NotAuthenticated")
	if !strings.Contains(fmt.Sprint(m["message"]), "API key") {
		t.Errorf("session keys are to be refused clearly: %v", m["message"])
	}
	for _, step := range []string{"away from the server's clock", "no such", "not found", "does not match the request", "is not covered", "not the one that was signed"} {
		if step != "no such" && !strings.Contains(g.log.String(), step) {
			t.Errorf("the log does not say %q", step)
		}
	}
	if groups, _, err := g.cat.LogGroups(t.Context(), listAll(), pageAll()); err != nil || len(groups) != 3 {
		t.Errorf("%d log groups, %v: a forged body must change nothing", len(groups), err)
	}
	g.expect("duplicate", with(func(q *rawRequest) { q.headers = []string{"Date: " + g.now().UTC().Format(http.TimeFormat)} }), 401, "NotAuthenticated")
	g.expect("health", rawRequest{method: "GET", target: "/healthz", auth: "none"}, 200, "")
	g.expect("own call", with(func(q *rawRequest) { q.target = "/ledgerline/v1/status" }), 200, "")
}

func TestRawUploads(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Limits.MaxUpload, o.Limits.MaxJSON = 100_000, 1000 })
	up := rawRequest{method: "POST", cover: getHeaders, body: "line\n", headers: []string{"opc-meta-loggrpid: " + groupID},
		target: nsPath + "/actions/uploadLogFile?logSourceName=OCI+Integration%20Audit+Logs&filename=a%2Bb+c.json&uploadName=x%20y%2Bz"}
	with := func(f func(*rawRequest)) rawRequest {
		q := up
		q.headers = append([]string(nil), up.headers...)
		f(&q)
		return q
	}

	resp, m := g.expect("unsigned body", up, 200, "")
	if m["name"] != "x y+z" || resp.Header.Get("opc-content-md5") == "" || resp.Header.Get("opc-object-id") == "" {
		t.Errorf("%v %v", m, resp.Header)
	}
	g.expect("signed body", with(func(q *rawRequest) { q.cover = allHeaders }), 200, "")
	g.expect("expect", with(func(q *rawRequest) { q.headers = append(q.headers, "Storage-Tier:") }), 200, "")
	staged := g.received()
	if len(staged) != 3 || staged[0].File != "a+b c.json" || staged[0].Name != "x y+z" {
		t.Fatalf("%d staged, %+v", len(staged), staged[0].Upload)
	}

	g.expect("signed body, another sent", with(func(q *rawRequest) { q.cover, q.sent = allHeaders, "linE\n" }), 401, "NotAuthenticated")
	g.expect("too large", with(func(q *rawRequest) { q.body = strings.Repeat("x", 100_001) }), 413, "RequestEntityTooLarge")
	g.expect("twice", with(func(q *rawRequest) { q.target += "&filename=b" }), 400, "InvalidParameter")
	g.expect("group twice", with(func(q *rawRequest) { q.headers = append(q.headers, q.headers[0]) }), 400, "InvalidParameter")
	g.expect("no source", with(func(q *rawRequest) { q.target = nsPath + "/actions/uploadLogFile?filename=a" }), 400, "MissingParameter")
	g.expect("large JSON", rawRequest{method: "POST", target: nsPath + "/logAnalyticsLogGroups", cover: allHeaders, body: `"` + strings.Repeat("x", 1001) + `"`}, 413, "RequestEntityTooLarge")
	g.expect("bad JSON", rawRequest{method: "POST", target: nsPath + "/logAnalyticsLogGroups", cover: allHeaders, body: `{`}, 400, "CannotParseRequest")
	g.expect("deep JSON", rawRequest{method: "POST", target: nsPath + "/logAnalyticsLogGroups", cover: allHeaders, body: strings.Repeat("[", 900)}, 400, "CannotParseRequest")

	big := g.signed(with(func(q *rawRequest) { q.headers = append(q.headers, "X-Big: "+strings.Repeat("x", 64<<10)) }))
	if resp, _ := g.send(big); resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of headers: %d", resp.StatusCode)
	}
	// A chunked body has no covered length; the uploads do not need one.
	chunked := strings.Replace(g.signed(with(func(q *rawRequest) { q.skip, q.sent = "content-length", "5\r\nline\n\r\n0\r\n\r\n" })), "Connection", "Transfer-Encoding: chunked\r\nConnection", 1)
	if resp, m := g.send(chunked); resp.StatusCode != 200 {
		t.Errorf("chunked: %d %v", resp.StatusCode, m)
	}
	if n := len(g.received()); n != 4 {
		t.Errorf("%d uploads staged, want 4", n)
	}
}

// Expect: 100-continue is answered before the body is sent, and a refusal comes
// without it.
func TestExpectContinue(t *testing.T) {
	g := newRig(t)
	up := rawRequest{method: "POST", cover: getHeaders, body: "line\n", headers: []string{"opc-meta-loggrpid: " + groupID, "Expect: 100-continue"},
		target: nsPath + "/actions/uploadLogFile?logSourceName=OCI+Integration+Audit+Logs&filename=a"}
	try := func(q rawRequest) string {
		head, body, _ := strings.Cut(g.signed(q), "\r\n\r\n")
		conn, err := net.Dial("tcp", g.web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, head+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		first, err := r.ReadString('\n')
		if err != nil || !strings.Contains(first, " 100 ") {
			return first
		}
		if _, err := io.WriteString(conn, body); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(r)
		return first + string(rest)
	}
	if got := try(up); !strings.Contains(got, " 100 ") || !strings.Contains(got, "HTTP/1.1 200 OK") {
		t.Errorf("%s", got)
	}
	up.target = strings.Replace(up.target, "Audit", "None", 1)
	if got := try(up); !strings.HasPrefix(got, "HTTP/1.1 404") {
		t.Errorf("%s", got)
	}
}

func TestSlowBody(t *testing.T) {
	g := newRig(t, func(o *Options) {
		o.Limits.BodyIdle = 50 * time.Millisecond
		o.Limits.InFlight = 100 << 20
		o.Limits.MaxUpload = 100 << 20
	})
	up := rawRequest{method: "POST", cover: getHeaders, body: strings.Repeat("x", 100), headers: []string{"opc-meta-loggrpid: " + groupID},
		target: nsPath + "/actions/uploadLogFile?logSourceName=OCI+Integration+Audit+Logs&filename=a"}
	text := g.signed(up)
	resp, m := g.send(text[:len(text)-1]) // the last byte never comes
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("%d %v", resp.StatusCode, m)
	}
	if left := g.server.inFlight.Left(); left != 100<<20 {
		t.Errorf("%d bytes in flight are not given back", 100<<20-left)
	}
}

// The same upload under the same token, at once and again: one is stored, all
// get one answer. With other bytes it is refused.
func TestRetryTokenInParallel(t *testing.T) {
	g := newRig(t)
	up := rawRequest{method: "POST", cover: getHeaders, body: "line\n", headers: []string{"opc-meta-loggrpid: " + groupID, "opc-retry-token: tok"},
		target: nsPath + "/actions/uploadLogFile?logSourceName=OCI+Integration+Audit+Logs&filename=a"}
	const tries = 8
	answers := make([]string, tries)
	var wg sync.WaitGroup
	text := g.signed(up)
	for i := range answers {
		wg.Go(func() {
			resp, m := g.send(text)
			answers[i] = fmt.Sprint(resp.StatusCode, m, resp.Header.Get("opc-object-id"), resp.Header.Get("opc-content-md5"))
		})
	}
	wg.Wait()
	if n := len(g.received()); n != 1 {
		t.Fatalf("%d uploads staged", n)
	}
	g.advance(time.Hour)
	resp, m := g.send(g.signed(up)) // now known from a sealed file
	answers = append(answers, fmt.Sprint(resp.StatusCode, m, resp.Header.Get("opc-object-id"), resp.Header.Get("opc-content-md5")))
	for _, a := range answers {
		if a != answers[0] || !strings.HasPrefix(a, "200") {
			t.Errorf("answers differ:\n%s\n%s", answers[0], a)
		}
	}
	other := up
	other.body = "linE\n"
	g.expect("other bytes", other, 409, "InvalidatedRetryToken")
	g.advance(23*time.Hour + time.Second)
	g.expect("a day later", other, 200, "")
	if n := len(g.received()); n != 2 {
		t.Errorf("%d uploads staged", n)
	}
}

func TestInFlightIsBounded(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Limits.MaxUpload, o.Limits.InFlight = 10, 10 })
	if !g.server.inFlight.Take(8) {
		t.Fatal("8 of 10")
	}
	up := rawRequest{method: "POST", cover: getHeaders, body: "123", headers: []string{"opc-meta-loggrpid: " + groupID},
		target: nsPath + "/actions/uploadLogFile?logSourceName=OCI+Integration+Audit+Logs&filename=a"}
	resp, _ := g.expect("full", up, 429, "TooManyRequests")
	if resp.Header.Get("retry-after") != "1" {
		t.Errorf("retry-after %q", resp.Header.Get("retry-after"))
	}
	g.server.inFlight.Give(8)
	g.expect("free again", up, 200, "")
}
