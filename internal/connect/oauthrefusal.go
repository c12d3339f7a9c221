package connect

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Codes of errors that are our own, beside those of RFC 6749, section 5.2.
const (
	codeNoLogin     = "no_login"           // the connection waits for a first login
	codeLoginEnded  = "login_ended"        // the refresh token is expired or revoked
	codeDeactivated = "client_deactivated" // the domain knows no such active application
	codeSecret      = "wrong_secret"       // the domain knows the application, so the secret is wrong
	codeClock       = "clock_skew"
)

// assertionSkew is how far clocks may differ before an assertion counts as
// expired or not yet valid; domains are stricter than with signatures.
const assertionSkew = time.Minute

// refusal says what to do about a refused token request. Descriptions are not
// documented, so only codes are relied on; a description may make one more precise.
func (o *OAuth) refusal(a *answer, secrets []string) *Error {
	e := refusal(opToken, a, o.opts.Clock(), append(secrets, o.conf.ClientSecret)...)
	if a.status < 300 || a.status == http.StatusBadRequest {
		// Some servers send an OAuth error with status 200.
		e.Kind = Unauthorized
	}
	signs := o.conf.ClientAuth == AuthAssertion || o.conf.Grant == UserAssertion
	ahead, dated := skew(a.header, o.opts.Clock())
	switch {
	case e.Kind == Unauthorized && signs && dated && ahead.Abs() >= assertionSkew && (e.Code == "invalid_grant" || e.Code == "invalid_client"):
		e.Code, e.Hint = codeClock, skewHint(ahead)
	case e.Code == "invalid_scope":
		e.Hint = "check scope: https://AUDIENCE.integration.ocp.oraclecloud.com:443urn:opc:resource:consumer::all, where the audience host " +
			"must be the instance's primary audience, and the client application must have been granted it"
	case e.Code == "unauthorized_client", e.Code == "unsupported_grant_type":
		e.Hint = "enable the grant type " + o.grantName() + " in the client application of the identity domain"
	case e.Code == "invalid_grant" && o.conf.Grant == AuthorizationCode:
		e.Code = codeLoginEnded
		e.Hint = "the login has expired, was revoked or was replaced by another; " + o.loginHint() + " again"
	case e.Code == "invalid_grant":
		e.Hint = fmt.Sprintf("check that user %s exists in the domain and is active, and that the certificate of private_key_file is a trusted partner "+
			"certificate of the application under key_id", clean(o.conf.User))
	case e.Code == "invalid_request":
		e.Hint = "check token_url and client_auth (body, header or assertion)"
	case e.Kind == Unauthorized && inactive.MatchString(e.Message):
		e.Code, e.Hint = codeDeactivated, deactivatedHint
	case e.Code == "invalid_client", e.Kind == Unauthorized:
		e.Hint = "check " + o.proof() + " and client_id against the client application of the identity domain, that client_auth suits it, and that it is activated"
	case e.Kind == NotFound:
		e.Hint = first(e.Hint, "check token_url: https://idcs-….identity.oraclecloud.com/oauth2/v1/token")
	case e.Kind == Throttled, e.Kind == Transient:
		e.Hint = fmt.Sprintf("%s is busy or down; it is tried again", o.address)
	}
	return e
}

var inactive = regexp.MustCompile(`(?i)inactive|not (in )?active|deactivated|disabled`)

const deactivatedHint = "the application is deactivated, deleted or of another domain: activate it in the identity domain, or check client_id and the host of token_url"

func (o *OAuth) grantName() string {
	switch o.conf.Grant {
	case UserAssertion:
		return "JWT assertion"
	case AuthorizationCode:
		return "Authorization code and Refresh token"
	}
	return "Client Credentials"
}

// proof names the keys of the configuration by which the client proves itself.
func (o *OAuth) proof() string {
	if o.conf.ClientAuth == AuthAssertion {
		return "private_key_file, key_id"
	}
	return "client_secret"
}

// Diagnose makes a refusal of the client more precise, with one more question:
// the login page is served without a secret, but for active applications only.
// So who is refused there too is unknown or deactivated, and who is not has sent
// a wrong secret.
func (o *OAuth) Diagnose(ctx context.Context, e *Error) *Error {
	if e.Code != "invalid_client" {
		return e
	}
	known, asked := o.knows(ctx)
	better := *e
	switch {
	case !asked:
		return e
	case known:
		better.Code = codeSecret
		better.Hint = "the domain knows the application as active, so " + o.proof() + " is wrong or was replaced: copy it again from the application, and check that client_auth suits it"
	default:
		better.Code, better.Hint = codeDeactivated, deactivatedHint
	}
	return &better
}

// knows asks the login page for the client, and whether the answer tells.
func (o *OAuth) knows(ctx context.Context) (known, asked bool) {
	query := url.Values{"response_type": {"code"}, "client_id": {o.conf.ClientID}, "scope": {"openid"}, "state": {"check"},
		"redirect_uri": {first(o.conf.RedirectURL, "http://127.0.0.1/")}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.conf.AuthorizeURL+"?"+query.Encode(), nil)
	if err != nil {
		return false, false
	}
	_, a, err := exchange(o.opts.HTTP, req, o.opts.MaxReply)
	if err != nil || a.status >= 500 || a.status == http.StatusTooManyRequests || a.status == http.StatusNotFound {
		return false, false
	}
	code, message := explain(a)
	if to, err := url.Parse(a.header.Get("Location")); err == nil && to.Query().Has("error") {
		code, message = to.Query().Get("error"), to.Query().Get("error_description")
	}
	if code == "invalid_client" || inactive.MatchString(message) {
		return false, true
	}
	// A sign-in page, a redirect to one, or a complaint about the rest of the
	// request, which is judged after the client.
	known = a.status < 400 || code != ""
	return known, known
}

// grantee is who needs a role for what a token is refused.
func (o *OAuth) grantee() string {
	switch o.conf.Grant {
	case UserAssertion:
		return "the user " + clean(o.conf.User)
	case AuthorizationCode:
		return "the user who logged in"
	}
	return "the client application"
}

// audienceOf names the audience that a refused token is for.
func audienceOf(token string) string {
	const scope = "the scope's audience host"
	if aud := clean(strings.Trim(string(claimsOf(token).Audience), `"[]`)); aud != "" {
		return scope + " (" + aud + ")"
	}
	return scope
}
