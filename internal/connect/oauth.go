package connect

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// OAuthConfig describes a client of an identity domain and how it gets tokens.
type OAuthConfig struct {
	Connection   string // named in hints
	TokenURL     string
	AuthorizeURL string // where users log in; default beside TokenURL
	ClientID     string
	ClientSecret string
	ClientAuth   string // AuthBody (default), AuthHeader or AuthAssertion
	Grant        string // ClientCredentials (default), UserAssertion or AuthorizationCode
	Scope        string // one, or several separated by spaces

	Key         *SigningKey   // of AuthAssertion and UserAssertion
	User        string        // of UserAssertion: who the token is for
	RedirectURL string        // of AuthorizationCode: where the user is sent back to
	Refresh     RefreshTokens // of AuthorizationCode
}

const (
	assumedLife = time.Hour // when the domain does not say; its documented default
	longestLife = 366 * 24 * time.Hour
	firstPause  = time.Minute // after a refusal, doubled up to lastPause
	lastPause   = 15 * time.Minute
)

// OAuth keeps one access token. It is safe for concurrent use; one request is
// in flight at a time.
type OAuth struct {
	conf    OAuthConfig
	opts    Options
	address string

	mu      sync.Mutex
	token   string
	renewAt time.Time
	expires time.Time
	flight  *flight

	accepted bool // these credentials have worked before
	refused  *Error
	login    string    // version of the refresh token that was refused
	until    time.Time // when a refusal may be tried again
	pause    time.Duration
}

// flight is one token request and those who wait for it.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	token   string
	err     error
}

// NewOAuth returns a token cache; nothing is sent before the first Token.
func NewOAuth(c OAuthConfig, opts Options) *OAuth {
	c.Grant = first(c.Grant, ClientCredentials)
	c.AuthorizeURL = first(c.AuthorizeURL, strings.TrimSuffix(c.TokenURL, "/token")+"/authorize")
	return &OAuth{conf: c, opts: opts.withDefaults(), address: hostOf(c.TokenURL)}
}

// Token returns an access token that lives for a while yet. It is renewed
// early: when less than the greater of 60 s and a tenth of its life is left,
// but never before half of it. A refusal of the credentials is remembered for
// minutes, since a domain may lock a client that keeps knocking.
func (o *OAuth) Token(ctx context.Context) (string, error) {
	o.mu.Lock()
	now := o.opts.Clock()
	if o.token != "" && now.Before(o.renewAt) {
		defer o.mu.Unlock()
		return o.token, nil
	}
	spare := ""
	if o.token != "" && now.Before(o.expires) {
		spare = o.token
	}
	if o.refused != nil && now.Before(o.until) && o.login == o.loginVersion() {
		defer o.mu.Unlock()
		if spare != "" {
			return spare, nil
		}
		e := *o.refused
		e.RetryAfter = o.until.Sub(now)
		return "", &e
	}
	f := o.flight
	if f == nil {
		f = o.start(ctx)
	}
	f.waiting++
	o.mu.Unlock()

	select {
	case <-f.done:
	case <-ctx.Done():
		o.leave(f)
		return "", &Error{Op: opToken, Message: "stopped before it was done", Kind: Transient, cause: ctx.Err()}
	}
	if f.err != nil && spare != "" {
		return spare, nil
	}
	return f.token, f.err
}

// Invalidate forgets the token, if it is still the current one: a service has
// refused it.
func (o *OAuth) Invalidate(token string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if token != "" && o.token == token {
		o.token = ""
	}
}

const opToken = "fetch an access token"

// start begins a flight that outlives the caller who happened to be first, and
// ends when nobody waits any more. The caller holds the lock.
func (o *OAuth) start(ctx context.Context) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	o.flight = f
	go func() {
		defer cancel()
		token, life, err := o.fetch(ctx)
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.flight == f {
			o.flight = nil
		}
		f.token, f.err = token, err
		o.keep(token, life, err)
		close(f.done)
	}()
	return f
}

func (o *OAuth) leave(f *flight) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
		if o.flight == f {
			o.flight = nil // a newcomer must not join a cancelled flight
		}
	}
}

// keep records the outcome of a flight. The caller holds the lock.
func (o *OAuth) keep(token string, life time.Duration, err error) {
	now := o.opts.Clock()
	if err == nil {
		o.token, o.expires = token, now.Add(life)
		margin := min(max(time.Minute, life/10), life/2)
		o.renewAt = o.expires.Add(-margin)
		o.accepted, o.refused, o.pause = true, nil, 0
		return
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Unauthorized {
		o.pause = min(max(2*o.pause, firstPause), lastPause)
		o.refused, o.until, o.login = e, now.Add(o.pause), o.loginVersion()
		o.opts.Logger.Error("the identity domain refuses the client", "address", o.address, "code", e.Code, "again_in", o.pause)
	}
}

// loginVersion changes when somebody has logged in anew, which ends the pause
// after a refusal.
func (o *OAuth) loginVersion() string {
	if o.conf.Grant != AuthorizationCode {
		return ""
	}
	return o.conf.Refresh.Version()
}

// fetch asks for a token, with retries for what is transient. Credentials that
// worked before are tried once more before a refusal is believed.
func (o *OAuth) fetch(ctx context.Context) (token string, life time.Duration, err error) {
	o.mu.Lock()
	trust := o.accepted
	o.mu.Unlock()
	err = o.opts.run(ctx, opToken, func(ctx context.Context) *Error {
		var e *Error
		token, life, e = o.ask(ctx)
		if e != nil && e.Kind == Unauthorized && trust {
			trust, e.again = false, true
		}
		return e
	})
	return token, life, err
}

// request sends one token request with the parameters of a grant, and proof of
// the client. The secrets are those of the parameters.
func (o *OAuth) request(ctx context.Context, params url.Values, secrets ...string) (*oauth2.Token, *Error) {
	c := clientcredentials.Config{ClientID: o.conf.ClientID, ClientSecret: o.conf.ClientSecret, TokenURL: o.conf.TokenURL,
		EndpointParams: params, AuthStyle: oauth2.AuthStyleInParams}
	if grant := params.Get("grant_type"); grant == "" || grant == jwtBearer {
		c.Scopes = strings.Fields(o.conf.Scope) // a code and a refresh token bring theirs along
	}
	switch o.conf.ClientAuth {
	case AuthHeader:
		c.AuthStyle = oauth2.AuthStyleInHeader
	case AuthAssertion:
		assertion, err := o.assertion(o.conf.ClientID)
		if err != nil {
			return nil, unsigned(err)
		}
		c.ClientSecret = ""
		params.Set("client_assertion_type", clientAssertion)
		params.Set("client_assertion", assertion)
	}
	t, err := c.Token(context.WithValue(ctx, oauth2.HTTPClient, o.opts.HTTP))
	if err == nil {
		return t, nil
	}
	if r, ok := errors.AsType[*oauth2.RetrieveError](err); ok && r.Response != nil {
		return nil, o.refusal(&answer{status: r.Response.StatusCode, header: r.Response.Header, body: r.Body}, secrets)
	}
	if _, sent := errors.AsType[*url.Error](err); sent {
		e := unanswered(opToken, o.address, err)
		e.Hint = first(e.Hint, "check token_url")
		return nil, e
	}
	// The library reports an unreadable answer as a plain error.
	return nil, &Error{Op: opToken, Kind: BadPayload, Message: fmt.Sprintf("the answer of %s holds no token", o.address),
		Hint: "check that token_url ends in /oauth2/v1/token", cause: err}
}

func lifeOf(t *oauth2.Token) time.Duration {
	var seconds float64
	switch v := t.Extra("expires_in").(type) {
	case float64:
		seconds = v
	case int64:
		seconds = float64(v)
	case string:
		seconds, _ = strconv.ParseFloat(v, 64)
	default:
		return assumedLife
	}
	return time.Duration(min(max(seconds, 0), longestLife.Seconds()) * float64(time.Second))
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return clean(address)
}
