package api

import (
	"crypto/hmac"
	"errors"
	"net/http"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/login"
)

const oidcPath = ownBase + "/session/oidc"

// loginWays tells the login page how one can log in.
func (s *Server) loginWays(*call) (*response, error) {
	m := map[string]any{"password": true}
	if s.provider != nil {
		m["oidc"] = map[string]string{"issuer": s.opts.OIDC.Issuer, "start": oidcPath + "/start"}
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
	if wait := s.attempts.Begin(peerAddress(c.r)); wait > 0 {
		return nil, tooMany("too many attempts to log in; wait and try again", wait)
	}
	target, state, err := s.provider.Begin(c.r.Context())
	if err != nil {
		return nil, unavailable("the identity provider does not answer as it should; try again, or log in with a password", err)
	}
	return redirect(target).with("Set-Cookie", attemptCookie(c.r, state, int(login.AttemptLife/time.Second))), nil
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
	var back login.Answer
	if err := c.params(map[string]*string{"state": &back.State, "code": &back.Code, "error": &back.Refused}); err != nil {
		return nil, err
	}
	again := func(cause error) error {
		return &Error{Status: http.StatusUnauthorized, Code: "NotAuthenticated", Message: "the login by the identity provider failed; start it again", Cause: cause}
	}
	cookie := c.r.CookiesNamed(cookieName(c.r) + "_login")
	if len(cookie) != 1 || back.State == "" || !hmac.Equal([]byte(cookie[0].Value), []byte(back.State)) {
		return nil, again(errors.New("the state is not that of this browser"))
	}
	who, err := s.provider.Finish(c.r.Context(), back)
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
