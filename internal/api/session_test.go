package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
)

const password = "correct horse battery"

// browser calls as a page of the server's own does, keeping cookies.
type browser struct {
	g      *rig
	cookie string
	csrf   string
	header http.Header // added to each call
	host   string
}

func (g *rig) browser() *browser { return &browser{g: g, header: http.Header{}} }

// user makes a user with a password.
func (g *rig) user(name string, groups ...string) catalog.User {
	g.t.Helper()
	u, err := g.cat.CreateUser(g.t.Context(), catalog.User{Name: name, Groups: groups}, password)
	if err != nil {
		g.t.Fatal(err)
	}
	return u
}

func (b *browser) call(method, path, body string) (int, map[string]any) {
	b.g.t.Helper()
	r, err := http.NewRequestWithContext(b.g.t.Context(), method, b.g.web.URL+path, strings.NewReader(body))
	if err != nil {
		b.g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	if b.csrf != "" {
		r.Header.Set(csrfHeader, b.csrf)
	}
	for k, v := range b.header {
		r.Header[k] = v
	}
	if b.host != "" {
		r.Host = b.host
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		b.g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.g.t.Fatal(err)
	}
	for _, c := range resp.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
			b.g.t.Errorf("cookie %+v", c)
		}
		b.cookie = c.Name + "=" + c.Value
	}
	var m map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &m); err != nil {
			b.g.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
		}
	}
	if token, ok := m["csrfToken"].(string); ok {
		b.csrf = token
	}
	return resp.StatusCode, m
}

const sessionPath = ownBase + "/session"

func (b *browser) logIn(user, word string) int {
	b.g.t.Helper()
	text, err := json.Marshal(map[string]string{"user": user, "password": word})
	if err != nil {
		b.g.t.Fatal(err)
	}
	code, _ := b.call("POST", sessionPath, string(text))
	return code
}

func TestSession(t *testing.T) {
	g := newRig(t)
	u := g.user("auditor", catalog.Administrators)
	b := g.browser()
	if code, _ := b.call("GET", sessionPath, ""); code != 401 {
		t.Errorf("nobody: %d", code)
	}
	if code := b.logIn("auditor", password); code != 200 || b.cookie == "" || b.csrf == "" {
		t.Fatalf("login: %d %+v", code, b)
	}
	fromLogin := b.csrf
	code, m := b.call("GET", sessionPath, "")
	user, _ := m["user"].(map[string]any)
	if code != 200 || user["id"] != u.ID || user["name"] != "auditor" || user["administrator"] != true || b.csrf != fromLogin {
		t.Errorf("%d %v", code, m)
	}
	// A session calls Oracle's operations and our own, to read and to write.
	if code, m := b.call("GET", nsPath, ""); code != 200 || m["namespaceName"] != "demo" {
		t.Errorf("%d %v", code, m)
	}
	if code, m := b.call("POST", ownBase+"/log-groups", `{"displayName":"New"}`); code != 200 {
		t.Errorf("%d %v", code, m)
	}
	stale := *b
	if code, m := b.call("DELETE", sessionPath, ""); code != 204 {
		t.Errorf("%d %v", code, m)
	}
	if !strings.HasSuffix(b.cookie, "=") {
		t.Errorf("the cookie stays: %s", b.cookie)
	}
	if code, _ := stale.call("GET", nsPath, ""); code != 401 {
		t.Errorf("after the end: %d", code)
	}
	if strings.Contains(g.log.String(), password) || strings.Contains(g.log.String(), strings.SplitN(stale.cookie, "=", 2)[1]) {
		t.Error("the log holds a secret")
	}
}

// What a page of a stranger can make a browser send is refused.
func TestSessionIsOurPagesAlone(t *testing.T) {
	g := newRig(t, func(o *Options) { o.URL = "https://logs.example.com" })
	g.user("auditor", catalog.Administrators)
	ours, err := url.Parse(g.web.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*browser)
		want   int
	}{
		"as it is":                 {func(*browser) {}, 200},
		"without the CSRF token":   {func(b *browser) { b.csrf = "" }, 403},
		"with another CSRF token":  {func(b *browser) { b.csrf = csrfToken("x") }, 403},
		"from another origin":      {func(b *browser) { b.header.Set("Origin", "https://evil.example.com") }, 403},
		"from an opaque origin":    {func(b *browser) { b.header.Set("Origin", "null") }, 403},
		"from another port":        {func(b *browser) { b.header.Set("Origin", "http://127.0.0.1:1") }, 403},
		"from our origin":          {func(b *browser) { b.header.Set("Origin", "http://"+ours.Host) }, 200},
		"from another site":        {func(b *browser) { b.header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"from another port, site":  {func(b *browser) { b.header.Set("Sec-Fetch-Site", "same-site") }, 403},
		"under a stranger's name":  {func(b *browser) { b.host = "evil.example.com:" + ours.Port() }, 421},
		"under a known name":       {func(b *browser) { b.host = "logs.example.com:" + ours.Port() }, 200},
		"under localhost":          {func(b *browser) { b.host = "localhost:" + ours.Port() }, 200},
		"with two cookies":         {func(b *browser) { b.cookie += "; " + b.cookie }, 401},
		"with a made-up cookie":    {func(b *browser) { b.cookie += "A" }, 401},
		"with a signature as well": {func(b *browser) { b.header.Set("Authorization", "Signature x") }, 401},
		"without a cookie":         {func(b *browser) { b.cookie = "" }, 401},
	} {
		b := g.browser()
		if code := b.logIn("auditor", password); code != 200 {
			t.Fatalf("login: %d", code)
		}
		c.change(b)
		if code, m := b.call("POST", ownBase+"/log-groups", `{"displayName":"New"}`); code != c.want {
			t.Errorf("%s: %d %v, want %d", name, code, m, c.want)
		}
	}
	// A login can be forged, too, so that somebody works under a stranger's name.
	for name, change := range map[string]func(*browser){
		"form":           func(b *browser) { b.header.Set("Content-Type", "text/plain") },
		"another origin": func(b *browser) { b.header.Set("Origin", "https://evil.example.com") },
		"rebound name":   func(b *browser) { b.host = "evil.example.com" },
	} {
		b := g.browser()
		change(b)
		if code := b.logIn("auditor", password); code < 400 || b.cookie != "" {
			t.Errorf("login from %s: %d %s", name, code, b.cookie)
		}
	}
}

// How often one may try to log in, as docs/access.md says.
const (
	loginWindow  = 15 * time.Minute
	loginsByPair = 5
	loginsByPeer = 30
	loginsByGate = 100
)

func TestLoginIsRateLimited(t *testing.T) {
	g := newRig(t)
	u := g.user("auditor")
	g.user("other")
	b := g.browser()
	for range loginsByPair {
		if code := b.logIn("auditor", "wrong"); code != 401 {
			t.Fatalf("%d", code)
		}
	}
	if code := b.logIn("AUDITOR", password); code != 429 {
		t.Errorf("after %d attempts: %d", loginsByPair, code)
	}
	if code := b.logIn(u.ID, password); code != 429 {
		t.Errorf("by the OCID in place of the name: %d", code)
	}
	if code := b.logIn("other", password); code != 200 {
		t.Errorf("another user: %d", code)
	}
	g.advance(loginWindow)
	if code := b.logIn("auditor", password); code != 200 {
		t.Errorf("later: %d", code)
	}
	// One address and many users.
	last := 0
	for i := range loginsByPeer + 1 {
		last = b.logIn("nobody"+itoa(int64(i)), "wrong")
	}
	if last != 429 {
		t.Errorf("one address, %d users: %d", loginsByPeer+1, last)
	}
}

func TestDisabledUserIsOut(t *testing.T) {
	g := newRig(t)
	u := g.user("auditor", catalog.Administrators)
	b := g.browser()
	b.logIn("auditor", password)
	off := true
	if _, err := g.cat.UpdateUser(t.Context(), u.ID, "", catalog.UserChange{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	if code, _ := b.call("GET", nsPath, ""); code != 401 {
		t.Errorf("%d", code)
	}
	if code := g.browser().logIn("auditor", password); code != 401 {
		t.Errorf("login: %d", code)
	}
}

func TestStartLink(t *testing.T) {
	g := newRig(t)
	link := g.server.StartLink(userID)
	b := g.browser()
	b.host = "evil.example.com"
	if code, _ := b.call("GET", link, ""); code != 403 {
		t.Errorf("rebound: %d", code)
	}
	b.host = ""
	if code, _ := b.call("GET", link, ""); code != 303 || b.cookie == "" {
		t.Fatalf("%d %+v", code, b)
	}
	if code, m := b.call("GET", sessionPath, ""); code != 200 || m["user"].(map[string]any)["id"] != userID {
		t.Errorf("%d %v", code, m)
	}
	if code, _ := g.browser().call("GET", link, ""); code != 403 {
		t.Errorf("twice: %d", code)
	}
	link = g.server.StartLink(userID)
	g.advance(time.Hour)
	if code, _ := g.browser().call("GET", link, ""); code != 403 {
		t.Errorf("too late: %d", code)
	}
}

// Each call of a browser that may change something carries the token, whatever it
// is, and a method in a header is none.
func TestEveryChangeNeedsTheToken(t *testing.T) {
	g := newRig(t)
	g.user("auditor", catalog.Administrators)
	b := g.browser()
	b.logIn("auditor", password)
	b.csrf = ""
	before, tried := g.kept(), 0
	for method, ops := range g.server.router.byMethod {
		for _, op := range ops {
			if method == "GET" || method == "HEAD" || op.access != signedOrLocal {
				continue
			}
			tried++
			path := strings.NewReplacer("{namespaceName}", "demo", "{", "v-", "}", "").Replace(op.Pattern)
			if code, m := b.call(method, path, "{}"); code != 403 || m["code"] != "NotAllowed" {
				t.Errorf("%s %s: %d %v", method, path, code, m)
			}
		}
	}
	b.header = http.Header{"X-Http-Method-Override": {"DELETE"}, "X-Method-Override": {"DELETE"}}
	if code, _ := b.call("GET", sessionPath+"?_method=DELETE", ""); code != 200 {
		t.Errorf("%d", code)
	}
	if code, _ := b.call("GET", sessionPath, ""); code != 200 {
		t.Errorf("it has logged out: %d", code)
	}
	if after := g.kept(); after != before || tried < 100 {
		t.Errorf("%d calls:\nbefore %s\nafter  %s", tried, before, after)
	}
}

// An export under way ends when its user is disabled or may no longer read.
func TestExportEndsWithTheRight(t *testing.T) {
	for name, c := range map[string]struct {
		withdraw func(*rig, catalog.User) error
		want     int
	}{
		"nothing": {func(*rig, catalog.User) error { return nil }, 200},
		"disabled": {func(g *rig, u catalog.User) error {
			_, err := g.cat.UpdateUser(t.Context(), u.ID, "", catalog.UserChange{Disabled: ptr(true)})
			return err
		}, 401},
		"out of the group": {func(g *rig, u catalog.User) error {
			_, err := g.cat.UpdateUser(t.Context(), u.ID, "", catalog.UserChange{Groups: []string{"Others"}})
			return err
		}, 404},
	} {
		g := newRig(t)
		u := g.user("auditor", catalog.Administrators)
		b := g.browser()
		b.logIn("auditor", password)
		sent := 0
		g.engine.export = func(_ context.Context, _ query.Request, header func([]query.Column) error, row func([]any) error) error {
			err := header([]query.Column{{Name: "n"}})
			for i := 0; i < 3*exportCheck && err == nil; i++ {
				if i == exportCheck/2 {
					err = c.withdraw(g, u)
				}
				if err == nil {
					err = row([]any{int64(i)})
					sent++
				}
			}
			return err
		}
		got := g.statusOf(b, "POST", ownBase+"/export", `{"query":"*"}`)
		if got != c.want || (sent < 3*exportCheck) != (c.want != 200) {
			t.Errorf("%s: %d after %d rows", name, got, sent)
		}
	}
}

// statusOf is the status of an answer that need not be JSON.
func (g *rig) statusOf(b *browser, method, path, body string) int {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.web.URL+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Cookie": {b.cookie}, csrfHeader: {b.csrf}}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// Over TLS the cookie of a session does not leave it, and is this host's alone.
func TestSessionOverTLS(t *testing.T) {
	g := newRig(t)
	g.user("auditor")
	web := httptest.NewTLSServer(g.server.Handler())
	defer web.Close()
	r, err := http.NewRequestWithContext(t.Context(), "POST", web.URL+sessionPath, strings.NewReader(`{"user":"auditor","password":"`+password+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := web.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if c := resp.Cookies(); len(c) != 1 || !c[0].Secure || !strings.HasPrefix(c[0].Name, "__Host-") || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%v %v", c, resp.Header)
	}
}
