package config

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// OAuth is an OAuth 2.0 client of an identity domain and how it gets tokens.
type OAuth struct {
	TokenURL     string
	AuthorizeURL string
	ClientID     string
	ClientSecret Secret
	Scope        string
	ClientAuth   string // body | header | assertion
	Grant        string // client_credentials | user_assertion | authorization_code
	User         string // of user_assertion
	RedirectURL  string // of authorization_code
	Key          PrivateKey
	KeyID        string            // the key's alias in the domain
	Certificate  *x509.Certificate // of the key; nil: the domain knows it by KeyID
}

// PrivateKey is a key that never shows in a log, an error or JSON.
type PrivateKey struct{ key *rsa.PrivateKey }

// Reveal returns the key, for the one place that signs with it; nil when none is configured.
func (k PrivateKey) Reveal() *rsa.PrivateKey { return k.key }

// Format implements fmt.Formatter, for every verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

func (k PrivateKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// identityScope asks for what the client's roles in the identity domain allow.
const identityScope = "urn:opc:idm:__myscopes__"

// Grants and client authentications that need more keys than the others.
const (
	grantAssertion = "user_assertion"
	grantCode      = "authorization_code"
	authAssertion  = "assertion"
)

const usualRedirect = "http://127.0.0.1:8085/callback"

// oauth reads the section oauth; without a usual scope, one must be given.
func (r *reader) oauth(s *section, usualScope string) OAuth {
	o, ok := s.sub("oauth")
	if !ok {
		r.problem(s.line, "%s is missing; give token_url, client_id, client_secret and scope", s.at("oauth"))
		return OAuth{}
	}
	out := OAuth{
		TokenURL:   o.need("token_url", "https://idcs-0123.identity.oraclecloud.com/oauth2/v1/token"),
		ClientID:   o.need("client_id", "abc"),
		ClientAuth: o.oneOf("client_auth", "body", "header", authAssertion),
		Grant:      o.oneOf("grant", "client_credentials", grantAssertion, grantCode),
	}
	if usualScope != "" {
		out.Scope = o.str("scope", usualScope)
	} else {
		out.Scope = o.need("scope", "https://AUDIENCE.integration.ocp.oraclecloud.com:443urn:opc:resource:consumer::all")
	}
	o.checkURL("token_url", out.TokenURL)
	out.AuthorizeURL = o.str("authorize_url", "")
	o.checkURL("authorize_url", out.AuthorizeURL)
	out.ClientSecret = o.secret("client_secret")
	if out.ClientAuth != authAssertion && o.values["client_secret"] == nil && o.values["client_secret_file"] == nil {
		r.problem(o.line, "%s is missing; write client_secret: ${OIC_CLIENT_SECRET}, or client_secret_file: PATH, or sign with client_auth: assertion", o.at("client_secret"))
	}
	if out.Grant == grantAssertion {
		out.User = o.need("user", "somebody@example.com")
	}
	if out.Grant == grantCode {
		out.RedirectURL = o.str("redirect_url", usualRedirect)
		o.checkRedirect("redirect_url", out.RedirectURL)
	}
	if out.Grant == grantAssertion || out.ClientAuth == authAssertion {
		o.signingKey(&out)
	}
	o.done()
	return out
}

// checkRedirect accepts what a command on this machine can listen on.
func (s *section) checkRedirect(key, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Port() == "" || !Loopback(text) {
		s.r.problem(s.lineAt(key), "%s is %q; write an address on loopback with its port, such as %s, and enter the same in the application", s.at(key), text, usualRedirect)
	}
}

// signingKey reads the key that signs assertions, and by what the domain finds its certificate.
func (s *section) signingKey(out *OAuth) {
	name := s.need("private_key_file", "./client_key.pem")
	out.KeyID = s.str("key_id", "")
	certificate := s.str("certificate_file", "")
	if name == "" {
		return
	}
	if out.KeyID == "" && certificate == "" {
		s.r.problem(s.line, "%s is missing; write the alias of the certificate in the identity domain, or certificate_file: PATH", s.at("key_id"))
	}
	text := s.file("private_key_file", name)
	if text == nil {
		return
	}
	key, err := rsaKey(text)
	if err != nil {
		s.r.problem(s.lineAt("private_key_file"), "%s: %s %v", s.at("private_key_file"), name, err)
		return
	}
	out.Key = PrivateKey{key}
	if certificate == "" {
		return
	}
	if text = s.file("certificate_file", certificate); text == nil {
		return
	}
	var held bool
	if out.Certificate, held = pemCertificate(text); !held {
		s.r.problem(s.lineAt("certificate_file"), "%s: %s holds no PEM certificate", s.at("certificate_file"), certificate)
		return
	}
	if !key.PublicKey.Equal(out.Certificate.PublicKey) {
		s.r.problem(s.lineAt("certificate_file"), "%s: %s is not the certificate of private_key_file", s.at("certificate_file"), certificate)
	}
}

func pemCertificate(text []byte) (*x509.Certificate, bool) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, false
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	return certificate, err == nil
}

// rsaKey reads PKCS #1 and PKCS #8. Errors never quote the text.
func rsaKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("holds no PEM key; make one with openssl genrsa 2048")
	case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, errors.New("has a passphrase; write it without, with openssl rsa, in a file that only this user can read")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, checkBits(key)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("is not a private RSA key; identity domains verify RS256")
	}
	return key, checkBits(key)
}

func checkBits(key *rsa.PrivateKey) error {
	if key.N.BitLen() < 2048 {
		return errors.New("is too short; use a key of 2048 bits or more")
	}
	return nil
}
