package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"ledgerline/internal/catalog"
	"ledgerline/internal/signature"
)

// principal is who calls, however it proved that.
type principal struct {
	catalog.User
	rights catalog.Rights
	by     string // signature | session | socket
	token  string // of the browser session; empty for signed and local calls
}

// authenticate finds out who calls: by signature, or by the cookie of a browser
// session. A path without operation is authenticated as well, in the weaker form,
// since its body is not used.
func (s *Server) authenticate(c *call) error {
	if len(c.r.Header.Values("Authorization")) == 0 {
		if token := sessionToken(c.r); token != "" {
			return s.authenticateSession(c, token)
		}
	}
	form := signature.BodyUnsigned
	if c.op != nil {
		form = c.op.form
	}
	id, body, err := s.verifier.Verify(c.r.Context(), c.r, form)
	if err != nil {
		return notAuthenticated(err)
	}
	c.body = body
	return s.enter(c, id.User, "")
}

// enter makes a user the caller, if it may still call.
func (s *Server) enter(c *call, user, token string) error {
	u, err := s.Catalog.ActiveUser(user)
	if err != nil {
		return notAuthenticated(err)
	}
	p := principal{User: u, rights: s.Catalog.Rights(u), by: "signature", token: token}
	if token != "" {
		p.by = "session"
	}
	s.is(c, p)
	return nil
}

// is makes somebody the caller.
func (s *Server) is(c *call, p principal) {
	c.user, c.who = p.ID, p
	who := caller{user: p.ID, rights: p.rights}
	if s.audit != nil && c.op != nil {
		who.event = s.auditEventOf(c, "", 0)
	}
	c.r = c.r.WithContext(onBehalf(c.r.Context(), who))
}

// localPrincipal is who may open the command socket.
func localPrincipal() principal {
	return principal{User: catalog.User{ID: localUser, Name: localUser, Groups: []string{catalog.Administrators}}, rights: catalog.AllRights(), by: "socket"}
}

// checkHost accepts the names under which this server is meant to be reached.
// Browsers can be led to any address under a stranger's name (DNS rebinding), not
// under an address or localhost.
func (s *Server) checkHost(r *http.Request) error {
	name := hostName(r.Host)
	if _, err := netip.ParseAddr(name); err == nil || name == "localhost" {
		return nil
	}
	if u, err := url.Parse(s.opts.URL); err == nil && s.opts.URL != "" && strings.EqualFold(name, u.Hostname()) {
		return nil
	}
	return &Error{Status: http.StatusMisdirectedRequest, Code: "InvalidParameter",
		Message: "this server is not known by the name in the Host header; set server.url in the configuration, or use the address"}
}

// hostName is the host of host, host:port or [host]:port.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}

// peerAddress is the address that a request comes from.
func peerAddress(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// onLoopback reports whether a request comes from this machine and was addressed
// to it by a loopback address or as localhost.
func onLoopback(r *http.Request) bool {
	name := hostName(r.Host)
	a, err := netip.ParseAddr(name)
	return (name == "localhost" || err == nil && a.IsLoopback()) && peerAddress(r).IsLoopback()
}
