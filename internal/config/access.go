package config

import (
	"crypto/tls"
	"net"
	"net/url"
	"strings"
)

// Access says how clients reach the server, who is let in besides the users in
// the books, and how much each may ask for.
type Access struct {
	TLS    *TLS   // nil: plain HTTP
	URL    string // where browsers find the server; empty: at its address only
	OIDC   *OIDC  // nil: no login by an identity provider
	Limits UserLimits
	Audit  bool // note who does what, as records of the log source Ledgerline Audit
}

// TLS names the files of a certificate; they are read again when they change.
type TLS struct{ Certificate, Key string }

// OIDC is an identity provider that logs people in (OpenID Connect).
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret Secret
	Scopes       []string // besides openid
	GroupsClaim  string   // the claim of the token that lists groups
	NameClaim    string   // the claim that names the user
}

// UserLimits bound what one user may ask for.
type UserLimits struct {
	Requests int   // a second
	Upload   int64 // bytes a minute
	Queries  int   // at once
}

// DefaultUserLimits leave room for a busy collector and a large dashboard.
func DefaultUserLimits() UserLimits {
	return UserLimits{Requests: 1000, Upload: 8 << 30, Queries: 32}
}

// plainEverywhere is what must be written to serve plain HTTP to other machines.
const plainEverywhere = "anywhere"

func (r *reader) access(s *section, listen string) Access {
	a := Access{URL: strings.TrimSuffix(s.str("url", ""), "/"), Limits: r.userLimits(s), Audit: s.oneOf("audit", "off", "on") == "on"}
	if a.URL != "" {
		s.checkURL("url", a.URL)
		if u, err := url.Parse(a.URL); err == nil && u.Path != "" {
			r.problem(s.lineAt("url"), "%s is %q; write scheme and host only, as in https://logs.example.com", s.at("url"), a.URL)
		}
	}
	plain := s.oneOf("plain_http", "loopback", plainEverywhere)
	if files, ok := s.sub("tls"); ok {
		a.TLS = &TLS{Certificate: r.path(files.need("certificate", "./server.pem")), Key: r.path(files.need("key", "./server_key.pem"))}
		if _, err := tls.LoadX509KeyPair(a.TLS.Certificate, a.TLS.Key); err != nil && a.TLS.Certificate != "" && a.TLS.Key != "" {
			r.problem(files.line, "%s: %v; name PEM files of a certificate with its chain and of its key", files.path, err)
		}
		files.done()
	}
	if _, _, err := net.SplitHostPort(listen); err == nil && a.TLS == nil && !Loopback(listen) && plain != plainEverywhere {
		r.problem(s.lineAt("listen"), "%s is not on loopback, where passwords and log entries would cross the network in clear; "+
			"give tls: {certificate: FILE, key: FILE}, or listen on 127.0.0.1 behind a TLS proxy, or write plain_http: anywhere", s.at("listen"))
	}
	if login, ok := s.sub("oidc"); ok {
		a.OIDC = r.oidc(login)
		if a.URL == "" {
			r.problem(login.line, "%s needs server.url: the provider sends browsers back to it", login.path)
		}
	}
	return a
}

func (r *reader) oidc(s *section) *OIDC {
	o := &OIDC{
		Issuer:      strings.TrimSuffix(s.need("issuer", "https://idcs-0123.identity.oraclecloud.com"), "/"),
		ClientID:    s.need("client_id", "abc"),
		Scopes:      s.strings("scopes"),
		GroupsClaim: s.str("groups_claim", "groups"),
		NameClaim:   s.str("name_claim", "preferred_username"),
	}
	s.checkURL("issuer", o.Issuer)
	if s.values["scopes"] == nil {
		o.Scopes = []string{"profile", "groups"}
	}
	o.ClientSecret = s.secret("client_secret")
	s.done()
	return o
}

func (r *reader) userLimits(parent *section) UserLimits {
	d := DefaultUserLimits()
	s, _ := parent.sub("user_limits")
	defer s.done()
	return UserLimits{
		Requests: s.whole("requests_per_second", d.Requests, 1, 1_000_000),
		Upload:   s.bytes("upload_per_minute", d.Upload),
		Queries:  s.whole("queries_at_once", d.Queries, 1, 10_000),
	}
}

// secret reads a value from the key, or from the file that the key with _file names.
func (s *section) secret(key string) Secret {
	value, file := s.str(key, ""), s.str(key+"_file", "")
	switch {
	case value != "" && file != "":
		s.r.problem(s.lineAt(key+"_file"), "%s: give %s or %s_file, not both", s.path, key, key)
	case file != "":
		value = strings.TrimSpace(string(s.file(key+"_file", file)))
	}
	return NewSecret(value)
}
