package login

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"fmt"
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

// Provider logs people in by an identity provider. It is looked up at the first
// login, so that a server starts without it. It is safe for use by many goroutines.
type Provider struct {
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

// AttemptLife is how long one may take to log in at the provider.
const AttemptLife = 10 * time.Minute

const (
	maxAttempts  = 1000
	providerWait = 15 * time.Second

	// oracleIssuer is what every identity domain of OCI says of itself, whatever its URL.
	oracleIssuer = "https://identity.oraclecloud.com/"
	oracleDomain = ".identity.oraclecloud.com"
)

// NewProvider returns a provider that sends browsers back to the URL redirect.
func NewProvider(conf OIDC, redirect string, clock func() time.Time) *Provider {
	return &Provider{conf: conf, redirect: redirect, clock: clock, http: &http.Client{Timeout: providerWait}, pending: map[string]attempt{}}
}

// discover reads what the provider says of itself, once.
func (p *Provider) discover(ctx context.Context) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
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
		return nil, nil, err
	}
	p.verifier = found.VerifierContext(ctx, &oidc.Config{ClientID: p.conf.ClientID, Now: p.clock})
	p.oauth = &oauth2.Config{ClientID: p.conf.ClientID, ClientSecret: p.conf.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.conf.Scopes...)}
	return p.oauth, p.verifier, nil
}

// Begin remembers an attempt and returns where the browser goes for it, and the
// state under which it comes back. An error is the provider's, which does not answer
// as it should.
func (p *Provider) Begin(ctx context.Context) (target, state string, err error) {
	conf, _, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	state, a := p.begin()
	return conf.AuthCodeURL(state, oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)), state, nil
}

// Answer is what a browser brings back from the provider.
type Answer struct {
	State, Code string
	Refused     string // the provider's error, in place of a code
}

// Finish ends an attempt, which it can be once, and returns who logged in. Errors
// are for the log.
func (p *Provider) Finish(ctx context.Context, answer Answer) (catalog.External, error) {
	a, ok := p.end(answer.State)
	switch {
	case !ok:
		return catalog.External{}, errors.New("the state is not known, or too old")
	case answer.Code == "":
		return catalog.External{}, fmt.Errorf("the provider answered %.200s", answer.Refused)
	}
	return p.identify(ctx, answer.Code, a)
}

func (p *Provider) begin() (state string, a attempt) {
	now := p.clock()
	a = attempt{nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), expires: now.Add(AttemptLife)}
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
func (p *Provider) end(state string) (attempt, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.pending[state]
	delete(p.pending, state)
	return a, ok && p.clock().Before(a.expires)
}

// identify exchanges the code for an ID token and checks it.
func (p *Provider) identify(ctx context.Context, code string, a attempt) (catalog.External, error) {
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
		return fmt.Sprintf("%.100s", r.ErrorCode)
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
