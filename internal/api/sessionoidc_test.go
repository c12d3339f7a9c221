package api

import (
	"cmp"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/login"
)

// fakeProvider is an identity provider whose user is always logged in.
type fakeProvider struct {
	t      *testing.T
	web    *httptest.Server
	key    *rsa.PrivateKey
	claims map[string]any // of the next ID token, over the usual ones
	signer *rsa.PrivateKey
	alg    string // of the next ID token

	nonce, challenge string // of the last authorization
}

func newFakeProvider(t *testing.T) *fakeProvider {
	t.Helper()
	key, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &fakeProvider{t: t, key: key, signer: key, alg: "RS256", claims: map[string]any{}}
	mux := http.NewServeMux()
	p.web = httptest.NewServer(mux)
	t.Cleanup(p.web.Close)
	send := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		send(w, map[string]any{"issuer": p.web.URL, "authorization_endpoint": p.web.URL + "/authorize", "token_endpoint": p.web.URL + "/token",
			"jwks_uri": p.web.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		send(w, map[string]any{"keys": []any{map[string]string{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "e": "AQAB",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes())}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if r.FormValue("code") != "the-code" || base64.RawURLEncoding.EncodeToString(sum[:]) != p.challenge {
			w.WriteHeader(http.StatusBadRequest)
			send(w, map[string]string{"error": "invalid_grant"})
			return
		}
		send(w, map[string]any{"access_token": "opaque", "token_type": "Bearer", "id_token": p.idToken()})
	})
	return p
}

func (p *fakeProvider) idToken() string {
	claims := map[string]any{"iss": p.web.URL, "sub": "subject-1", "aud": "ledgerline", "nonce": p.nonce, "exp": time.Now().Add(time.Hour).Unix(),
		"iat": time.Now().Unix(), "preferred_username": "ann@example.com", "groups": []any{"Readers", map[string]string{"name": "Dashboard authors"}, "no <good>", 7}}
	for k, v := range p.claims {
		claims[k] = v
	}
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			p.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": p.alg, "kid": "1"}) + "." + part(claims)
	switch p.alg {
	case "none":
		return text + "."
	case "HS256": // with what everybody knows as the secret
		mac := hmac.New(sha256.New, p.key.N.Bytes())
		mac.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, p.signer, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// login goes the way of a browser; change may tamper with the callback.
func (p *fakeProvider) login(g *rig, change func(b *browser, callback url.Values)) (int, *browser) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), "GET", g.web.URL+oidcPath+"/start", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := (&http.Transport{}).RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	target, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != 303 || !strings.HasPrefix(target.String(), p.web.URL+"/authorize") {
		p.t.Fatalf("%d %s %v", resp.StatusCode, target, err)
	}
	q := target.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" || q.Get("scope") != "openid profile groups" ||
		q.Get("redirect_uri") != "https://logs.example.com"+oidcPath+"/callback" {
		p.t.Errorf("%v", q)
	}
	p.nonce, p.challenge = q.Get("nonce"), q.Get("code_challenge")
	b := g.browser()
	c := resp.Cookies()[0]
	b.cookie = c.Name + "=" + c.Value
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		p.t.Errorf("%+v", c)
	}
	callback := url.Values{"code": {"the-code"}, "state": {q.Get("state")}}
	if change != nil {
		change(b, callback)
	}
	r, err = http.NewRequestWithContext(p.t.Context(), "GET", g.web.URL+oidcPath+"/callback?"+callback.Encode(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Cookie", b.cookie)
	resp, err = (&http.Transport{}).RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	b.cookie = ""
	for _, c := range resp.Cookies() {
		if c.SameSite == http.SameSiteStrictMode {
			b.cookie = c.Name + "=" + c.Value
		}
	}
	return resp.StatusCode, b
}

func oidcRig(t *testing.T) (*rig, *fakeProvider) {
	p := newFakeProvider(t)
	return newRig(t, func(o *Options) {
		o.URL = "https://logs.example.com"
		o.OIDC = &login.OIDC{Issuer: p.web.URL, ClientID: "ledgerline", Scopes: []string{"profile", "groups"}, GroupsClaim: "groups", NameClaim: "preferred_username"}
	}), p
}

func TestOIDCLogin(t *testing.T) {
	g, p := oidcRig(t)
	if code, m := g.browser().call("GET", sessionPath+"/ways", ""); code != 200 || m["oidc"] == nil {
		t.Errorf("%d %v", code, m)
	}
	code, b := p.login(g, nil)
	if code != 303 || b.cookie == "" {
		t.Fatalf("%d %+v", code, b)
	}
	_, m := b.call("GET", sessionPath, "")
	u, _ := m["user"].(map[string]any)
	if u["name"] != "ann@example.com" || len(u["groups"].([]any)) != 2 || u["administrator"] != false {
		t.Errorf("%v", m)
	}
	first := u["id"]
	// The same subject is the same user, in the groups it is in now.
	p.claims = map[string]any{"groups": []string{"Administrators"}, "preferred_username": "renamed"}
	code, b = p.login(g, nil)
	_, m = b.call("GET", sessionPath, "")
	if u, _ = m["user"].(map[string]any); code != 303 || u["id"] != first || u["name"] != "ann@example.com" || u["administrator"] != true {
		t.Errorf("%d %v", code, m)
	}
	// Another subject does not become a user of the same name.
	p.claims = map[string]any{"sub": "subject-2"}
	_, b = p.login(g, nil)
	_, m = b.call("GET", sessionPath, "")
	if u, _ = m["user"].(map[string]any); u["id"] == first || !strings.HasPrefix(u["name"].(string), "user-") {
		t.Errorf("%v", m)
	}
	if code := g.browser().logIn("ann@example.com", ""); code != 401 {
		t.Errorf("with an empty password: %d", code)
	}
	g.local("PUT", ownBase+"/users/ann@example.com", `{"disabled":true}`)
	p.claims = map[string]any{}
	if code, b := p.login(g, nil); code != 401 || b.cookie != "" {
		t.Errorf("a disabled user: %d", code)
	}
}

func TestOIDCRefuses(t *testing.T) {
	g, p := oidcRig(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var used url.Values
	for name, c := range map[string]struct {
		claims map[string]any
		change func(*browser, url.Values)
		signer *rsa.PrivateKey
		alg    string
	}{
		"without a signature":    {alg: "none"},
		"signed by a public key": {alg: "HS256"},
		"for several, not us":    {claims: map[string]any{"aud": []string{"x", "y"}}},
		"not valid yet":          {claims: map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}},
		"no nonce":               {claims: map[string]any{"nonce": nil}},
		"another's state alone":  {change: func(b *browser, _ url.Values) { b.cookie = strings.Split(b.cookie, "=")[0] + "=x" }},
		"two state cookies":      {change: func(b *browser, _ url.Values) { b.cookie += "; " + b.cookie }},
		"no cookie":              {change: func(b *browser, _ url.Values) { b.cookie = "" }},
		"another's state":        {change: func(b *browser, q url.Values) { q.Set("state", "x") }},
		"a state of one's own":   {change: func(b *browser, q url.Values) { q.Set("state", "x"); b.cookie = strings.Split(b.cookie, "=")[0] + "=x" }},
		"state given twice":      {change: func(_ *browser, q url.Values) { q.Add("state", q.Get("state")) }},
		"no code":                {change: func(_ *browser, q url.Values) { q.Del("code"); q.Set("error", "access_denied") }},
		"another code":           {change: func(_ *browser, q url.Values) { q.Set("code", "x") }},
		"another challenge":      {change: func(*browser, url.Values) { p.challenge = "x" }},
		"another nonce":          {claims: map[string]any{"nonce": "x"}},
		"for another client":     {claims: map[string]any{"aud": "x"}},
		"of another issuer":      {claims: map[string]any{"iss": "https://evil.example.com"}},
		"expired":                {claims: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}},
		"signed by another key":  {signer: other},
		"no subject":             {claims: map[string]any{"sub": ""}},
	} {
		p.claims, p.signer, p.alg = c.claims, p.key, cmp.Or(c.alg, "RS256")
		if c.signer != nil {
			p.signer = c.signer
		}
		if code, b := p.login(g, c.change); code < 400 || b.cookie != "" {
			t.Errorf("%s: %d %s", name, code, b.cookie)
		}
	}
	// A callback works once.
	p.claims, p.signer, p.alg = nil, p.key, "RS256"
	var cookie string
	if code, _ := p.login(g, func(b *browser, q url.Values) { used, cookie = q, b.cookie }); code != 303 {
		t.Fatalf("%d", code)
	}
	if code, b := p.login(g, func(b *browser, q url.Values) { q.Set("state", used.Get("state")); b.cookie = cookie }); code != 401 || b.cookie != "" {
		t.Errorf("again: %d", code)
	}
	if n := len(g.cat.Users()); n != 2 { // the seed, and the one that got in
		t.Errorf("%d users", n)
	}
	for _, path := range []string{"/start", "/callback?code=a&state=b"} {
		if code, _ := newRig(t).browser().call("GET", oidcPath+path, ""); code != 404 {
			t.Errorf("without a provider: %d", code)
		}
	}
}

// What a provider says of groups makes nobody an administrator but by that very name.
func TestOIDCGroupsAreWhatTheyLookLike(t *testing.T) {
	g, p := oidcRig(t)
	chief := g.user("chief")
	for i, claim := range []any{
		"Administrators", []any{"Admini\u017ftrators"}, []any{"Administrators "}, []any{" Administrators"}, []any{"Administrators\u200b"}, []any{"Domain/Administrators"},
		[]any{map[string]any{"display": "Administrators"}}, []any{[]any{"Administrators"}}, map[string]any{"name": "Administrators"}, []any{"\uff21dministrators"}, nil,
	} {
		p.claims = map[string]any{"groups": claim, "administrator": true, "roles": []string{"Administrators"}, "preferred_username": "CH\u0130EF", "sub": itoa(int64(i))}
		code, b := p.login(g, nil)
		_, m := b.call("GET", sessionPath, "")
		u, _ := m["user"].(map[string]any)
		if code != 303 || u["administrator"] != false {
			t.Errorf("%v: %d %v", claim, code, m)
		}
	}
	// A name that another letter case makes of ours is not taken over.
	if found, err := g.cat.User("Chief"); err != nil || found.ID != chief.ID {
		t.Errorf("%+v, %v", found, err)
	}
}

// Whoever begins logins and ends none does not push out those of others.
func TestOIDCStartsAreLimited(t *testing.T) {
	g, _ := oidcRig(t)
	for i := range loginsByGate + 1 {
		want := 303
		if i == loginsByGate {
			want = 429
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", g.web.URL+oidcPath+"/start", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Fatalf("start %d: %d", i, resp.StatusCode)
		}
	}
}
