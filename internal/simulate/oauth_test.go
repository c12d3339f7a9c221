package simulate

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ledgerline/internal/connect"
)

var clientKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// tenant is a simulator with a client in it, whose clock can be wrong.
type tenant struct {
	*testing.T
	*Simulator
	address string
	asked   atomic.Int32 // token requests
	conf    connect.OAuthConfig
	wrong   time.Duration // of the client's clock
}

const keyAlias = "ledgerline-key"

func newTenant(t *testing.T, grant, auth string) *tenant {
	t.Helper()
	s, err := New(Options{Clock: fixed(noon), History: 10, TrustedKeys: map[string]*rsa.PublicKey{keyAlias: &clientKey().PublicKey}})
	if err != nil {
		t.Fatal(err)
	}
	x := &tenant{T: t, Simulator: s}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tokenPath {
			x.asked.Add(1)
		}
		s.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	x.address = server.URL
	id, secret := s.Credentials()
	x.conf = connect.OAuthConfig{Connection: "oic", TokenURL: server.URL + tokenPath, ClientID: id, ClientSecret: secret, Scope: s.Scope(), Grant: grant, ClientAuth: auth,
		User: s.User(), Key: &connect.SigningKey{Private: clientKey(), ID: keyAlias}, RedirectURL: "http://127.0.0.1:8085/callback",
		Refresh: connect.NewRefreshFile(filepath.Join(t.TempDir(), "logins", "oic"))}
	if auth == connect.AuthAssertion {
		x.conf.ClientSecret = ""
	}
	return x
}

func (x *tenant) options() connect.Options {
	return connect.Options{Clock: func() time.Time { return x.Now().Add(x.wrong) }, Retry: connect.RetryPolicy{Attempts: 1},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func (x *tenant) client() *connect.OIC {
	return connect.NewOIC(connect.OICConfig{URL: x.address}, connect.NewOAuth(x.conf, x.options()), x.options())
}

// logIn plays the browser: it follows the address to the redirect and no further.
func (x *tenant) logIn() error {
	x.Helper()
	login := connect.NewOAuth(x.conf, x.options()).BeginLogin()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(login.URL)
	if err != nil {
		x.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		x.Fatalf("%s: %v", resp.Status, err)
	}
	return login.Finish(x.Context(), back.Query())
}

// Every grant with every proof of the client reads a page, with one token request for many.
func TestGrants(t *testing.T) {
	for _, grant := range []string{connect.ClientCredentials, connect.UserAssertion, connect.AuthorizationCode} {
		for _, auth := range []string{connect.AuthBody, connect.AuthHeader, connect.AuthAssertion} {
			t.Run(grant+" "+auth, func(t *testing.T) {
				x := newTenant(t, grant, auth)
				if grant == connect.AuthorizationCode {
					if err := x.logIn(); err != nil {
						t.Fatal(err)
					}
				}
				x.asked.Store(0)
				c := x.client()
				for range 3 {
					if _, err := c.AuditRecords(t.Context(), connect.AuditQuery{Window: "1h"}); err != nil {
						t.Fatal(err)
					}
				}
				if x.asked.Load() != 1 {
					t.Errorf("%d token requests, want 1", x.asked.Load())
				}
				x.RevokeTokens() // the next page is refused once, and read with a new token
				if _, err := c.AuditRecords(t.Context(), connect.AuditQuery{Window: "1h"}); err != nil || x.asked.Load() != 2 {
					t.Errorf("after revocation: %d token requests, %v", x.asked.Load(), err)
				}
				x.Advance(2 * time.Hour)
				if _, err := c.AuditRecords(t.Context(), connect.AuditQuery{Window: "1h"}); err != nil || x.asked.Load() != 3 {
					t.Errorf("after expiry: %d token requests, %v", x.asked.Load(), err)
				}
			})
		}
	}
}

// The certificate's thumbprint names the key as well as an alias does.
func TestAssertionByThumbprint(t *testing.T) {
	x := newTenant(t, connect.UserAssertion, connect.AuthAssertion)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &clientKey().PublicKey, clientKey())
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	x.conf.Key = &connect.SigningKey{Private: clientKey(), Certificate: certificate}
	if _, err := connect.NewOAuth(x.conf, x.options()).Token(t.Context()); connect.KindOf(err) != connect.Unauthorized {
		t.Errorf("a certificate that the domain was not given: %v", err)
	}
	sum := sha1.Sum(der)
	x.opts.TrustedKeys[base64.RawURLEncoding.EncodeToString(sum[:])] = &clientKey().PublicKey
	if _, err := connect.NewOAuth(x.conf, x.options()).Token(t.Context()); err != nil {
		t.Error(err)
	}
}

// Check names each trouble, and what to do.
func TestProbeTellsTroublesApart(t *testing.T) {
	code, user, plain := connect.AuthorizationCode, connect.UserAssertion, connect.ClientCredentials
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		grant, auth string
		spoil       func(*tenant)
		step, hint  string
	}{
		"nobody logged in":           {code, "", nil, "token", "ledgerline login oic"},
		"login revoked":              {code, "", func(x *tenant) { x.mustLogIn(); x.RevokeLogins() }, "token", "the login has expired, was revoked"},
		"login expired":              {code, "", func(x *tenant) { x.mustLogIn(); x.Advance(8 * 24 * time.Hour) }, "token", "ledgerline login oic"},
		"application deactivated":    {plain, "", func(x *tenant) { x.SetDomain(Domain{Deactivated: true}) }, "token", "activate it in the identity domain"},
		"deactivated, by assertion":  {plain, connect.AuthAssertion, func(x *tenant) { x.SetDomain(Domain{Deactivated: true}) }, "token", "activate it in the identity domain"},
		"deactivated after a login":  {code, "", func(x *tenant) { x.mustLogIn(); x.SetDomain(Domain{Deactivated: true}) }, "token", "activate it in the identity domain"},
		"unknown client":             {plain, "", func(x *tenant) { x.conf.ClientID = "nobody" }, "token", "check client_id"},
		"wrong secret":               {plain, "", func(x *tenant) { x.conf.ClientSecret = "wrong" }, "token", "so client_secret is wrong"},
		"wrong key":                  {plain, connect.AuthAssertion, func(x *tenant) { x.conf.Key.Private = other }, "token", "so private_key_file, key_id is wrong"},
		"wrong scope":                {plain, "", func(x *tenant) { x.conf.Scope += "x" }, "scope", "check scope"},
		"wrong scope, for a user":    {user, "", func(x *tenant) { x.conf.Scope += "x" }, "scope", "check scope"},
		"wrong audience":             {plain, "", func(x *tenant) { x.conf.Scope = ScopeIdentity }, "first page", "primary audience"},
		"wrong domain":               {plain, "", func(x *tenant) { x.SetDomain(Domain{Foreign: true}) }, "first page", "token_url the domain it belongs to"},
		"clock ahead":                {user, "", func(x *tenant) { x.wrong = 10 * time.Minute }, "token", "10 minutes ahead"},
		"clock behind":               {plain, connect.AuthAssertion, func(x *tenant) { x.wrong = -10 * time.Minute }, "token", "10 minutes behind"},
		"client lacks the role":      {plain, "", func(x *tenant) { x.SetDomain(Domain{NoRole: []string{x.conf.ClientID}}) }, "first page", "give the client application the Oracle Integration role"},
		"user lacks the role":        {user, "", func(x *tenant) { x.SetDomain(Domain{NoRole: []string{x.User()}}) }, "first page", "give the user "},
		"user of a login lacks it":   {code, "", func(x *tenant) { x.mustLogIn(); x.SetDomain(Domain{NoRole: []string{x.User()}}) }, "first page", "give the user who logged in"},
		"user locked":                {user, "", func(x *tenant) { x.SetDomain(Domain{Locked: []string{x.User()}}) }, "token", "exists in the domain and is active"},
		"user unknown":               {user, "", func(x *tenant) { x.conf.User = "nobody@example.com" }, "token", "check that user nobody@example.com"},
		"user of a login was locked": {code, "", func(x *tenant) { x.mustLogIn(); x.SetDomain(Domain{Locked: []string{x.User()}}) }, "token", "ledgerline login oic"},
		"domain not found":           {plain, "", func(x *tenant) { x.conf.TokenURL += "s" }, "token", "check token_url"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTenant(t, c.grant, c.auth)
			if c.spoil != nil {
				c.spoil(x)
			}
			steps := x.client().Probe(t.Context())
			last := steps[len(steps)-1]
			if last.OK || last.Name != c.step || !strings.Contains(last.Hint, c.hint) {
				t.Errorf("step %s: %s → %s", last.Name, last.Detail, last.Hint)
			}
			_, secret := x.Credentials()
			if strings.Contains(last.Detail+last.Hint, secret) || strings.Contains(last.Detail+last.Hint, "eyJ") {
				t.Errorf("gives a secret away: %s %s", last.Detail, last.Hint)
			}
		})
	}
}

func (x *tenant) mustLogIn() {
	x.Helper()
	if err := x.logIn(); err != nil {
		x.Fatal(err)
	}
}

// A token that was revoked before its time is replaced, and check says so.
func TestProbeTellsOfARevokedToken(t *testing.T) {
	x := newTenant(t, connect.ClientCredentials, "")
	c := x.client()
	c.Probe(t.Context())
	x.RevokeTokens()
	steps := c.Probe(t.Context())
	if last := steps[len(steps)-1]; !last.OK || !strings.Contains(last.Detail, "had been revoked") {
		t.Errorf("%+v", last)
	}
}

// Whoever logs in again ends the pause that a refusal began.
func TestLoginEndsThePause(t *testing.T) {
	x := newTenant(t, connect.AuthorizationCode, "")
	o := connect.NewOAuth(x.conf, x.options())
	if _, err := o.Token(t.Context()); connect.KindOf(err) != connect.Unauthorized {
		t.Fatalf("without a login: %v", err)
	}
	x.mustLogIn()
	if _, err := o.Token(t.Context()); err != nil {
		t.Errorf("after the login: %v", err)
	}
}

// Codes and refresh tokens are refused to whoever did not ask for them, and when used again.
func TestStolenCodesAndTokens(t *testing.T) {
	x := newTenant(t, connect.AuthorizationCode, "")
	o := connect.NewOAuth(x.conf, x.options())
	mine, other := o.BeginLogin(), o.BeginLogin()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(mine.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Finish(t.Context(), back.Query()); err == nil {
		t.Error("the answer to one login finished another")
	}
	// With the state guessed, the code's challenge is still that of another.
	stolen := back.Query()
	theirs, err := url.Parse(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	stolen.Set("state", theirs.Query().Get("state"))
	if err := other.Finish(t.Context(), stolen); err == nil {
		t.Error("a code was exchanged with another verifier")
	}
	if err := mine.Finish(t.Context(), back.Query()); err == nil {
		t.Error("a code was taken twice")
	}

	x.mustLogIn()
	var used []string
	for range 3 {
		if err := x.conf.Refresh.Renew(func(kept string) (string, error) {
			used = append(used, kept)
			_, next, ok := x.domain.renew(kept, noon, noon.Add(time.Hour))
			if !ok {
				return kept, errors.New("refused")
			}
			return next, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, ok := x.domain.renew(used[2], noon, noon.Add(time.Hour)); !ok {
		t.Error("the token before the current one is refused, although its successor was never used")
	}
	if _, _, ok := x.domain.renew(used[0], noon, noon.Add(time.Hour)); ok {
		t.Error("a token that was replaced twice still works")
	}
	if _, err := connect.NewOAuth(x.conf, x.options()).Token(t.Context()); connect.KindOf(err) != connect.Unauthorized {
		t.Errorf("a stolen token did not end the login: %v", err)
	}
}

func TestControlsOfTheDomain(t *testing.T) {
	x := newTenant(t, connect.AuthorizationCode, "")
	x.mustLogIn()
	post := func(path, body string) int {
		resp, err := http.Post(x.address+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if status := post("/simulator/domain", `{"deactivated":true,"noRole":["a"]}`); status != 200 || !x.Domain().Deactivated || !x.Domain().lacksRole("a") {
		t.Errorf("%d %+v", status, x.Domain())
	}
	if status := post("/simulator/domain", `nonsense`); status != 400 {
		t.Error(status)
	}
	if status := post("/simulator/logout", ``); status != 200 || len(x.domain.logins) != 0 {
		t.Error(status)
	}
}
