package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"mime"
	"net"
	"net/http"
	"time"

	"ledgerline/internal/catalog"
)

// csrfHeader carries, on every call of a browser session that may change
// something, the token that GET session answers. A page of a stranger can neither
// read the token nor set the header.
const csrfHeader = "X-CSRF-Token"

const (
	maxLoginBytes  = 8 << 10
	startOperation = "/session/start"
)

// cookieName holds the port, since browsers share cookies between the ports of a
// host, and over TLS the prefix that binds it to this host.
func cookieName(r *http.Request) string {
	name := "ledgerline"
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		name += "_" + port
	}
	if r.TLS != nil {
		return "__Host-" + name
	}
	return name
}

// sessionToken is the token in the cookie of a request; empty without one.
func sessionToken(r *http.Request) string {
	cookies := r.CookiesNamed(cookieName(r))
	if len(cookies) != 1 {
		return ""
	}
	return cookies[0].Value
}

func sessionCookie(r *http.Request, token string, expires time.Time) string {
	c := http.Cookie{Name: cookieName(r), Value: token, Path: "/", Expires: expires, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode}
	if token == "" {
		c.MaxAge = -1
	}
	return c.String()
}

// csrfToken is bound to the session, so it needs no keeping.
func csrfToken(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("ledgerline csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// authenticateSession lets a browser call, if the call is that of our own page.
func (s *Server) authenticateSession(c *call, token string) error {
	if err := s.fromOurPage(c.r); err != nil {
		return err
	}
	open, err := s.Catalog.Session(c.r.Context(), token)
	if errors.Is(err, catalog.ErrNotFound) {
		return notAuthenticated(err)
	}
	if err != nil {
		return err
	}
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
	default:
		if !hmac.Equal([]byte(c.r.Header.Get(csrfHeader)), []byte(csrfToken(token))) {
			return forbidden("the header " + csrfHeader + " is missing or wrong; GET " + ownBase + "/session answers its value")
		}
	}
	c.body = c.r.Body
	return s.enter(c, open.User, token)
}

// fromOurPage refuses calls that a page of a stranger makes in somebody's browser.
func (s *Server) fromOurPage(r *http.Request) error {
	if err := s.checkHost(r); err != nil {
		return err
	}
	if err := s.origin.Check(r); err != nil {
		return forbidden("the call comes from a page of another origin")
	}
	return nil
}

func forbidden(message string) *Error {
	return &Error{Status: http.StatusForbidden, Code: "NotAllowed", Message: message}
}

type sessionModel struct {
	User      sessionUser `json:"user"`
	CSRFToken string      `json:"csrfToken,omitempty"`
	Expires   *time.Time  `json:"expires,omitempty"`
}

type sessionUser struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	Groups        []string `json:"groups"`
	Administrator bool     `json:"administrator"`
}

func sessionOf(u catalog.User, token string, expires time.Time) sessionModel {
	m := sessionModel{User: sessionUser{ID: u.ID, Name: u.Name, Groups: list(u.Groups), Administrator: u.In(catalog.Administrators)}, Expires: stamp(expires)}
	if token != "" {
		m.CSRFToken = csrfToken(token)
	}
	return m
}

// logIn opens a session for a name and password.
func (s *Server) logIn(c *call) (*response, error) {
	if err := s.fromOurPage(c.r); err != nil {
		return nil, err
	}
	// A form of a stranger's page cannot send this type without being asked about.
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, invalid("Content-Type must be application/json")
	}
	var d struct{ User, Password string }
	if _, err := c.decode(maxLoginBytes, &d); err != nil {
		return nil, err
	}
	u, err := s.checkLogin(c, d.User, d.Password)
	if err != nil {
		return nil, err
	}
	return s.openSession(c, u)
}

// checkLogin compares the password within the limits of attempts.
func (s *Server) checkLogin(c *call, name, password string) (catalog.User, error) {
	c.login = clip(name, 255)
	user, peer := name, peerAddress(c.r)
	if u, err := s.Catalog.User(name); err == nil { // who has a name and an OCID has not twice as many attempts
		user = u.ID
	}
	if wait := s.attempts.Password(user, peer); wait > 0 {
		return catalog.User{}, tooMany("too many attempts to log in; wait and try again", wait)
	}
	done, err := s.attempts.Compare(c.r.Context())
	if err != nil {
		return catalog.User{}, err
	}
	defer done()
	u, err := s.Catalog.Login(c.r.Context(), name, password)
	if errors.Is(err, catalog.ErrNotFound) {
		return u, &Error{Status: http.StatusUnauthorized, Code: "NotAuthenticated", Message: "there is no such user with this password", Cause: err}
	}
	if err == nil {
		s.attempts.Succeeded(user, peer)
	}
	return u, err
}

func (s *Server) openSession(c *call, u catalog.User) (*response, error) {
	token, open, err := s.Catalog.StartSession(c.r.Context(), u.ID)
	if err != nil {
		return nil, err
	}
	c.user, c.who = u.ID, principal{User: u, by: "password"}
	return answer(sessionOf(u, token, open.Expires)).with("Set-Cookie", sessionCookie(c.r, token, open.Expires)).with("Cache-Control", "no-store"), nil
}

// whoAmI tells who calls, and to a browser session its CSRF token.
func (s *Server) whoAmI(c *call) (*response, error) {
	var expires time.Time
	if c.who.token != "" {
		open, err := s.Catalog.Session(c.r.Context(), c.who.token)
		if err != nil {
			return nil, err
		}
		expires = open.Expires
	}
	return answer(sessionOf(c.who.User, c.who.token, expires)).with("Cache-Control", "no-store"), nil
}

// logOut ends the session that asks for it.
func (s *Server) logOut(c *call) (*response, error) {
	if c.who.token == "" {
		return nil, invalid("only a browser session can be ended")
	}
	if err := s.Catalog.EndSession(c.r.Context(), c.who.token); err != nil {
		return nil, err
	}
	return (&response{header: http.Header{}}).with("Set-Cookie", sessionCookie(c.r, "", time.Time{})), nil
}

// StartLink returns the path of a page that opens a session of a user without a
// password: once, within the hour, and for a browser on this machine only.
func (s *Server) StartLink(user string) string {
	return ownBase + startOperation + "?token=" + s.links.Make(user)
}

// startSession takes the token of a link and leads to the first page.
func (s *Server) startSession(c *call) (*response, error) {
	token, err := c.need("token")
	if err != nil {
		return nil, err
	}
	refused := forbidden("this link has been used, is too old, or is not for this machine; ask for a new one")
	if !onLoopback(c.r) {
		return nil, refused
	}
	user, ok := s.links.Take(token)
	if !ok {
		return nil, refused
	}
	u, err := s.Catalog.ActiveUser(user)
	if err != nil {
		return nil, refused
	}
	r, err := s.openSession(c, u)
	if err != nil {
		return nil, err
	}
	r.status, r.json = http.StatusSeeOther, nil
	return r.with("Location", "/").with("Referrer-Policy", "no-referrer"), nil
}
