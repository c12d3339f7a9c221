package connect

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
)

// The grants by which an access token is asked for.
const (
	ClientCredentials = "client_credentials" // for the application itself (RFC 6749, section 4.4)
	UserAssertion     = "user_assertion"     // for a user whom the application vouches for (RFC 7523, section 2.1)
	AuthorizationCode = "authorization_code" // for a user who has logged in once (RFC 6749, section 4.1)
)

// The ways in which a client proves itself to the token endpoint.
const (
	AuthBody      = "body"
	AuthHeader    = "header"
	AuthAssertion = "assertion" // signed, instead of a secret (RFC 7523, section 2.2)
)

// SigningKey signs assertions. The identity domain finds the certificate that
// it was given for the key by ID, its alias there, or by the certificate's
// thumbprint; one of both is enough.
type SigningKey struct {
	Private     *rsa.PrivateKey
	ID          string
	Certificate *x509.Certificate
}

// RefreshTokens keeps the refresh token of a login, over the ends of processes.
type RefreshTokens interface {
	// Renew hands over the token that is kept, "" when there is none, and keeps
	// the one that is returned, if another, before it returns itself. Nobody
	// else may use the token meanwhile, in this process or another.
	Renew(use func(refresh string) (next string, err error)) error
	// Version changes when another token is kept.
	Version() string
}

const (
	// assertedAudience is whom assertions are for, in every identity domain.
	assertedAudience = "https://identity.oraclecloud.com/"
	// assertionLife is short: an assertion is used at once.
	assertionLife = 5 * time.Minute

	jwtBearer       = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	clientAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// assertion is a signed statement that subject is who this client speaks for.
func (o *OAuth) assertion(subject string) (string, error) {
	key := o.conf.Key
	if key == nil || key.Private == nil {
		return "", errors.New("there is no key to sign an assertion with")
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	if key.ID != "" {
		options = options.WithHeader("kid", key.ID)
	}
	if key.Certificate != nil {
		options = options.WithHeader("x5t", thumbprint(key.Certificate))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key.Private}, options)
	if err != nil {
		return "", err
	}
	now := o.opts.Clock()
	return jwt.Signed(signer).Claims(jwt.Claims{Issuer: o.conf.ClientID, Subject: subject, Audience: jwt.Audience{assertedAudience},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife)), ID: rand.Text()}).Serialize()
}

func unsigned(err error) *Error {
	return &Error{Op: opToken, Kind: Refused, Message: "sign an assertion: " + clean(err.Error()), Hint: "check private_key_file"}
}

func thumbprint(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw) // what RFC 7515, section 4.1.7, asks for; it only names the certificate
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ask sends one token request. A refresh token that the answer replaces is
// kept before the access token is handed out.
func (o *OAuth) ask(ctx context.Context) (string, time.Duration, *Error) {
	switch o.conf.Grant {
	case UserAssertion:
		assertion, err := o.assertion(o.conf.User)
		if err != nil {
			return "", 0, unsigned(err)
		}
		return access(o.request(ctx, url.Values{"grant_type": {jwtBearer}, "assertion": {assertion}}))
	case AuthorizationCode:
		return o.refresh(ctx)
	default:
		return access(o.request(ctx, url.Values{}))
	}
}

func access(t *oauth2.Token, e *Error) (string, time.Duration, *Error) {
	if e != nil {
		return "", 0, e
	}
	return t.AccessToken, lifeOf(t), nil
}

func (o *OAuth) refresh(ctx context.Context) (token string, life time.Duration, e *Error) {
	err := o.conf.Refresh.Renew(func(kept string) (string, error) {
		if kept == "" {
			e = &Error{Op: opToken, Code: codeNoLogin, Kind: Unauthorized, Message: "nobody has logged in for this connection yet", Hint: o.loginHint()}
			return kept, e
		}
		var t *oauth2.Token
		if t, e = o.request(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {kept}}, kept); e != nil {
			return kept, e
		}
		token, life = t.AccessToken, lifeOf(t)
		return first(t.RefreshToken, kept), nil
	})
	if e == nil && err != nil {
		e = &Error{Op: opToken, Kind: Transient, Message: "the refresh token cannot be kept: " + clean(err.Error()),
			Hint: "make room and rights in the data directory; it is tried again", cause: err}
	}
	if e != nil {
		return "", 0, e
	}
	return token, life, nil
}

func (o *OAuth) loginHint() string { return "log in with 'ledgerline login " + o.conf.Connection + "'" }

// Login is one authorization code on its way, with proof of who asked for it
// (PKCE, RFC 7636).
type Login struct {
	URL string // where the user goes to log in and agree

	auth            *OAuth
	state, verifier string
}

// BeginLogin makes the address of a login. Nothing is sent.
func (o *OAuth) BeginLogin() *Login {
	l := &Login{auth: o, state: rand.Text(), verifier: oauth2.GenerateVerifier()}
	c := oauth2.Config{ClientID: o.conf.ClientID, RedirectURL: o.conf.RedirectURL, Endpoint: oauth2.Endpoint{AuthURL: o.conf.AuthorizeURL},
		Scopes: append(strings.Fields(o.conf.Scope), "offline_access")}
	l.URL = c.AuthCodeURL(l.state, oauth2.S256ChallengeOption(l.verifier))
	return l
}

// Answers reports whether a query belongs to this login and not to another.
func (l *Login) Answers(answer url.Values) bool {
	return subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(l.state)) == 1
}

// Finish takes the query with which the identity domain sent the user back,
// exchanges its code and keeps the refresh token.
func (l *Login) Finish(ctx context.Context, answer url.Values) error {
	const op = "log in"
	o := l.auth
	if !l.Answers(answer) {
		return &Error{Op: op, Kind: Refused, Message: "the answer belongs to another login", Hint: "open the address that was printed last"}
	}
	if code := answer.Get("error"); code != "" {
		return &Error{Op: op, Kind: Refused, Code: clean(code), Message: clean(answer.Get("error_description")),
			Hint: "the identity domain or the user refused; check scope and the grant types of the client application"}
	}
	code := answer.Get("code")
	if code == "" {
		return &Error{Op: op, Kind: Refused, Message: "the answer holds no code", Hint: o.loginHint() + " again"}
	}
	// A code is good for one use, so nothing is tried twice.
	return o.conf.Refresh.Renew(func(kept string) (string, error) {
		t, e := o.request(ctx, url.Values{"grant_type": {AuthorizationCode}, "code": {code}, "redirect_uri": {o.conf.RedirectURL},
			"code_verifier": {l.verifier}}, code, l.verifier)
		switch {
		case e != nil && e.Code == "invalid_grant":
			e.Hint = "the code was used, or is older than minutes; " + o.loginHint() + " again"
			return kept, e
		case e != nil:
			return kept, e
		case t.RefreshToken == "":
			return kept, &Error{Op: op, Kind: Refused, Message: fmt.Sprintf("%s gave no refresh token", o.address),
				Hint: "enable the grant type Refresh token in the client application, and offline access in the resource application of the scope"}
		}
		return t.RefreshToken, nil
	})
}
