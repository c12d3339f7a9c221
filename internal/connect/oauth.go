package connect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// OAuthConfig describes a client of an identity domain.
type OAuthConfig struct {
	TokenURL     string
	ClientID     string
	ClientSecret string
	Scope        string // one, or several separated by spaces
	ClientAuth   string // "body" (default) or "header"
}

const (
	assumedLife = time.Hour // when the domain does not say; its documented default
	longestLife = 366 * 24 * time.Hour
	firstPause  = time.Minute // after a refusal, doubled up to lastPause
	lastPause   = 15 * time.Minute
)

// OAuth keeps one access token of the client-credentials grant (RFC 6749,
// section 4.4). It is safe for concurrent use; one request is in flight at a time.
type OAuth struct {
	conf    clientcredentials.Config
	opts    Options
	address string

	mu      sync.Mutex
	token   string
	renewAt time.Time
	expires time.Time
	flight  *flight

	accepted bool // these credentials have worked before
	refused  *Error
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
	style := oauth2.AuthStyleInParams
	if strings.EqualFold(c.ClientAuth, "header") {
		style = oauth2.AuthStyleInHeader
	}
	return &OAuth{
		conf: clientcredentials.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, TokenURL: c.TokenURL,
			Scopes: strings.Fields(c.Scope), AuthStyle: style},
		opts: opts.withDefaults(), address: hostOf(c.TokenURL),
	}
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
	if o.refused != nil && now.Before(o.until) {
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
		o.refused, o.until = e, now.Add(o.pause)
		o.opts.Logger.Error("the identity domain refuses the client", "address", o.address, "code", e.Code, "again_in", o.pause)
	}
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

func (o *OAuth) ask(ctx context.Context) (string, time.Duration, *Error) {
	t, err := o.conf.Token(context.WithValue(ctx, oauth2.HTTPClient, o.opts.HTTP))
	if err == nil {
		return t.AccessToken, lifeOf(t), nil
	}
	if r, ok := errors.AsType[*oauth2.RetrieveError](err); ok && r.Response != nil {
		return "", 0, o.refusal(&answer{status: r.Response.StatusCode, header: r.Response.Header, body: r.Body})
	}
	if _, sent := errors.AsType[*url.Error](err); sent {
		e := unanswered(opToken, o.address, err)
		e.Hint = first(e.Hint, "check token_url")
		return "", 0, e
	}
	// The library reports an unreadable answer as a plain error.
	return "", 0, &Error{Op: opToken, Kind: BadPayload, Message: fmt.Sprintf("the answer of %s holds no token", o.address),
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

func (o *OAuth) refusal(a *answer) *Error {
	e := refusal(opToken, a, o.opts.Clock(), o.conf.ClientSecret)
	if a.status < 300 {
		// Some servers send an OAuth error with status 200.
		e.Kind = Unauthorized
	}
	if a.status == http.StatusBadRequest {
		e.Kind = Unauthorized
	}
	switch {
	case e.Code == "invalid_scope":
		e.Hint = "check scope: https://AUDIENCE.integration.ocp.oraclecloud.com:443urn:opc:resource:consumer::all, where the audience host " +
			"must be the instance's primary audience, and the client application must have been granted it"
	case e.Code == "unauthorized_client", e.Code == "unsupported_grant_type":
		e.Hint = "enable the grant type Client Credentials in the client application of the identity domain"
	case e.Code == "invalid_request":
		e.Hint = "check token_url and client_auth (body or header)"
	case e.Code == "invalid_client", e.Kind == Unauthorized:
		e.Hint = "check client_secret and client_id against the client application of the identity domain, that client_auth suits it, and that it is activated"
	case e.Kind == NotFound:
		e.Hint = first(e.Hint, "check token_url: https://idcs-….identity.oraclecloud.com/oauth2/v1/token")
	case e.Kind == Throttled, e.Kind == Transient:
		e.Hint = fmt.Sprintf("%s is busy or down; it is tried again", o.address)
	}
	return e
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return clean(address)
}
