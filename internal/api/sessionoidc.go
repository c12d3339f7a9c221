package api

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"ledgerline/internal/catalog"
)

// OIDC is an identity provider that logs people in (OpenID Connect Core 1.0,
// authorization code flow with PKCE, RFC 7636).
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret string // empty: a public client
	Scopes       []string
	GroupsClaim  string
	NameClaim    string
}

// provider logs people in by an identity provider. It is looked up at the first
// login, so that the server starts without it.
type provider struct {
	conf     OIDC
	redirect string
	clock    func() time.Time
	http     *http.Client

	mu       sync.Mutex
	oauth    *oauth2.Config
	verifier *oidc.IDTokenVerifier
	pending  map[string]attempt // by state
}

// attempt is a login that is under way at the provider.
type attempt struct {
	nonce, verifier string
	expires         time.Time
}

const (
	oidcPath     = ownBase + "/session/oidc"
	attemptLife  = 10 * time.Minute
	maxAttempts  = 1000
	providerWait = 15 * time.Second

	// oracleIssuer is what every identity domain of OCI says of itself, whatever its URL.
	oracleIssuer = "https://identity.oraclecloud.com/"
	oracleDomain = ".identity.oraclecloud.com"
)

func newProvider(conf *OIDC, public string, clock func() time.Time) *provider {
	if conf == nil {
		return nil
	}
	return &provider{conf: *conf, redirect: public + oidcPath + "/callback", clock: clock, http: &http.Client{Timeout: providerWait}, pending: map[string]attempt{}}
}

// discover reads what the provider says of itself, once.
func (p *provider) discover(ctx context.Context) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.oauth != nil {
		return p.oauth, p.verifier, nil
	}
	// The keys are fetched again later: not in the context of this one request.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), p.http)
	if u, err := url.Parse(p.conf.Issuer); err == nil && strings.HasSuffix(u.Hostname(), oracleDomain) {
		ctx = oidc.InsecureIssuerURLContext(ctx, oracleIssuer)
	}
	found, err := oidc.NewProvider(ctx, p.conf.Issuer)
	if err != nil {
		return nil, nil, unavailable("the identity provider does not answer as it should; try again, or log in with a password", err)
	}
	p.verifier = found.VerifierContext(ctx, &oidc.Config{ClientID: p.conf.ClientID, Now: p.clock})
	p.oauth = &oauth2.Config{ClientID: p.conf.ClientID, ClientSecret: p.conf.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.conf.Scopes...)}
	return p.oauth, p.verifier, nil
}

// begin remembers an attempt under a new state.
func (p *provider) begin() (state string, a attempt) {
	now := p.clock()
	a = attempt{nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), expires: now.Add(attemptLife)}
	state = rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	for other, old := range p.pending {
		if !now.Before(old.expires) || len(p.pending) >= maxAttempts {
			delete(p.pending, other)
		}
	}
	p.pending[state] = a
	return state, a
}

// end takes an attempt back; it can be ended once.
func (p *provider) end(state string) (attempt, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.pending[state]
	delete(p.pending, state)
	return a, ok && p.clock().Before(a.expires)
}

// loginWays tells the login page how one can log in.
func (s *Server) loginWays(*call) (*response, error) {
	m := map[string]any{"password": true}
	if s.provider != nil {
		m["oidc"] = map[string]string{"issuer": s.provider.conf.Issuer, "start": oidcPath + "/start"}
	}
	return answer(m), nil
}

func attemptCookie(r *http.Request, state string, age int) string {
	// Lax, since the provider's page leads here; the state is good for nothing else.
	c := http.Cookie{Name: cookieName(r) + "_login", Value: state, Path: "/", MaxAge: age, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode}
	return c.String()
}

// startOIDC sends the browser to the provider.
func (s *Server) startOIDC(c *call) (*response, error) {
	if s.provider == nil {
		return nil, absent("no identity provider is configured; log in with a password")
	}
	if err := s.checkHost(c.r); err != nil {
		return nil, err
	}
	// Attempts that are begun and not ended push others out.
	if wait := s.sessions.byGate.take(peerKey(peerAddress(c.r))); wait > 0 {
		return nil, tooMany("too many attempts to log in; wait and try again", wait)
	}
	conf, _, err := s.provider.discover(c.r.Context())
	if err != nil {
		return nil, err
	}
	state, a := s.provider.begin()
	target := conf.AuthCodeURL(state, oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier))
	return redirect(target).with("Set-Cookie", attemptCookie(c.r, state, int(attemptLife/time.Second))), nil
}

func redirect(target string) *response {
	r := &response{status: http.StatusSeeOther, header: http.Header{}}
	return r.with("Location", target).with("Cache-Control", "no-store").with("Referrer-Policy", "no-referrer")
}

// finishOIDC takes the browser back from the provider.
func (s *Server) finishOIDC(c *call) (*response, error) {
	if s.provider == nil {
		return nil, absent("no identity provider is configured; log in with a password")
	}
	if err := s.checkHost(c.r); err != nil {
		return nil, err
	}
	var state, code, refused string
	if err := c.params(map[string]*string{"state": &state, "code": &code, "error": &refused}); err != nil {
		return nil, err
	}
	again := func(cause error) error {
		return &Error{Status: http.StatusUnauthorized, Code: "NotAuthenticated", Message: "the login by the identity provider failed; start it again", Cause: cause}
	}
	cookie := c.r.CookiesNamed(cookieName(c.r) + "_login")
	if len(cookie) != 1 || state == "" || !hmac.Equal([]byte(cookie[0].Value), []byte(state)) {
		return nil, again(errors.New("the state is not that of this browser"))
	}
	a, ok := s.provider.end(state)
	switch {
	case !ok:
		return nil, again(errors.New("the state is not known, or too old"))
	case code == "":
		return nil, again(errors.New("the provider answered " + clip(refused, 200)))
	}
	who, err := s.provider.identify(c.r.Context(), code, a)
	if err != nil {
		return nil, again(err)
	}
	c.login = clip(who.Name, 255)
	u, err := s.Catalog.ExternalUser(c.r.Context(), who)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, again(err)
	}
	if err != nil {
		return nil, err
	}
	r, err := s.openSession(c, u)
	if err != nil {
		return nil, err
	}
	session := r.header.Get("Set-Cookie")
	r = redirect("/")
	r.header["Set-Cookie"] = []string{session, attemptCookie(c.r, "", -1)}
	return r, nil
}

// identify exchanges the code for an ID token and checks it.
func (p *provider) identify(ctx context.Context, code string, a attempt) (catalog.External, error) {
	conf, verifier, err := p.discover(ctx)
	if err != nil {
		return catalog.External{}, err
	}
	token, err := conf.Exchange(oidc.ClientContext(ctx, p.http), code, oauth2.VerifierOption(a.verifier))
	if err != nil {
		return catalog.External{}, errors.New("the provider refuses the code: " + exchangeProblem(err))
	}
	text, ok := token.Extra("id_token").(string)
	if !ok {
		return catalog.External{}, errors.New("the provider sent no ID token")
	}
	id, err := verifier.Verify(oidc.ClientContext(ctx, p.http), text)
	if err != nil {
		return catalog.External{}, err
	}
	if !hmac.Equal([]byte(id.Nonce), []byte(a.nonce)) {
		return catalog.External{}, errors.New("the ID token is of another login")
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return catalog.External{}, err
	}
	who := catalog.External{Issuer: p.conf.Issuer, Subject: id.Subject, Groups: groupsOf(claims[p.conf.GroupsClaim])}
	who.Name, _ = claims[p.conf.NameClaim].(string)
	return who, nil
}

// exchangeProblem is the provider's code alone: its answer may hold secrets.
func exchangeProblem(err error) string {
	var r *oauth2.RetrieveError
	if errors.As(err, &r) && r.ErrorCode != "" {
		return clip(r.ErrorCode, 100)
	}
	return "no usable answer"
}

// groupsOf reads a claim that lists groups, by name or as objects with one, as
// identity domains of OCI send them.
func groupsOf(claim any) []string {
	list, _ := claim.([]any)
	var out []string
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			v = m["name"]
		}
		if name, ok := v.(string); ok {
			out = append(out, name)
		}
	}
	return out
}
