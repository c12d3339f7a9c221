package simulate

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	tokenPath     = "/oauth2/v1/token"
	authorizePath = "/oauth2/v1/authorize"
	maxForm       = 64 << 10
	codeLife      = time.Minute
	// assertionLife is the longest that an assertion may be valid.
	assertionLife = time.Hour

	jwtBearer       = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	clientAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// oauthProblem is an error of RFC 6749, section 5.2.
type oauthProblem struct {
	status            int
	code, description string
}

func badRequest(code, description string) *oauthProblem {
	return &oauthProblem{http.StatusBadRequest, code, description}
}

// serveToken is the token endpoint: the client by secret, in the header or in
// the body, or by assertion; client credentials, user assertion, authorization
// code and refresh token; errors as in RFC 6749, section 5.2.
func (s *Simulator) serveToken(w http.ResponseWriter, r *http.Request) {
	const key = "token"
	if f, ok := s.chance.fails(key, Token503, Token429, Token401); ok {
		switch f {
		case Token503:
			s.sendHTML(w, r, http.StatusServiceUnavailable)
		case Token429:
			s.send(w, r, http.StatusTooManyRequests, "text/plain", []byte("Too many requests"), damage{})
		default:
			s.oauthError(w, r, oauthProblem{http.StatusUnauthorized, "invalid_client", "Client authentication failed."})
		}
		return
	}
	s.chance.passed(key)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	switch {
	case r.Method != http.MethodPost:
		s.oauthError(w, r, *badRequest("invalid_request", "POST is the method of this endpoint."))
		return
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"), r.ParseForm() != nil:
		s.oauthError(w, r, *badRequest("invalid_request", "The body is not a form."))
		return
	}
	refused := s.authenticate(r)
	if refused == nil {
		refused = s.grant(w, r)
	}
	if refused != nil {
		s.oauthError(w, r, *refused)
	}
}

// authenticate admits the one client the domain knows, by exactly one proof.
func (s *Simulator) authenticate(r *http.Request) *oauthProblem {
	id, secret, inHeader := r.BasicAuth()
	if inHeader { // RFC 6749, section 2.3.1: encoded before they are joined
		id, secret = unescape(id), unescape(secret)
	}
	form := r.PostForm
	proofs := 0
	for _, given := range []bool{inHeader, form.Has("client_secret"), form.Has("client_assertion")} {
		if given {
			proofs++
		}
	}
	if proofs > 1 {
		return badRequest("invalid_request", "The client authenticated twice.")
	}
	failed := &oauthProblem{http.StatusUnauthorized, "invalid_client", "Client authentication failed."}
	if form.Has("client_assertion") {
		if form.Get("client_assertion_type") != clientAssertion || s.verify(form.Get("client_assertion")) != s.opts.ClientID {
			return failed
		}
	} else {
		if !inHeader {
			id, secret = form.Get("client_id"), form.Get("client_secret")
		}
		if id != s.opts.ClientID || secret != s.opts.ClientSecret {
			return failed
		}
	}
	if s.Domain().Deactivated {
		return failed
	}
	return nil
}

// verify returns the subject of an assertion of this client (RFC 7523), or "".
func (s *Simulator) verify(text string) (subject string) {
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(token.Headers) != 1 {
		return ""
	}
	header := token.Headers[0]
	thumbprint, _ := header.ExtraHeaders["x5t"].(string)
	key := s.opts.TrustedKeys[cmp.Or(header.KeyID, thumbprint)]
	if key == nil {
		return ""
	}
	var c jwt.Claims
	now := s.Now()
	if err := token.Claims(key, &c); err != nil || c.Expiry == nil || c.IssuedAt == nil || c.Expiry.Time().Sub(c.IssuedAt.Time()) > assertionLife {
		return ""
	}
	if c.Validate(jwt.Expected{Issuer: s.opts.ClientID, AnyAudience: jwt.Audience{"https://identity.oraclecloud.com/"}, Time: now}) != nil {
		return ""
	}
	if !s.domain.first(c.ID, now, c.Expiry.Time().Add(jwt.DefaultLeeway)) {
		return ""
	}
	return c.Subject
}

// grant answers with a token, or says why not.
func (s *Simulator) grant(w http.ResponseWriter, r *http.Request) *oauthProblem {
	form, now := r.PostForm, s.Now()
	switch form.Get("grant_type") {
	case "client_credentials":
		return s.grantScope(w, r, s.opts.ClientID)
	case jwtBearer:
		user := s.verify(form.Get("assertion"))
		if !s.mayLogIn(user) {
			return badRequest("invalid_grant", "The assertion is not accepted.")
		}
		return s.grantScope(w, r, user)
	case "authorization_code":
		c, ok := s.domain.take(form.Get("code"), now)
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if !ok || c.redirect != form.Get("redirect_uri") || c.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return badRequest("invalid_grant", "The code is not accepted.")
		}
		refresh := ""
		if slices.Contains(c.scopes, offlineAccess) {
			c.scopes = slices.DeleteFunc(c.scopes, func(scope string) bool { return scope == offlineAccess })
			refresh = s.domain.loggedIn(c.user, c.scopes, now.Add(s.opts.RefreshLife))
		}
		s.sendToken(w, r, c.user, c.scopes, s.opts.TokenLife, refresh)
		return nil
	case "refresh_token":
		l, next, ok := s.domain.renew(form.Get("refresh_token"), now, now.Add(s.opts.RefreshLife))
		if !ok || !s.mayLogIn(l.user) {
			return badRequest("invalid_grant", "The refresh token is not accepted.")
		}
		s.sendToken(w, r, l.user, l.scopes, s.opts.TokenLife, next)
		return nil
	}
	return badRequest("unsupported_grant_type", "The grant is not enabled for this client.")
}

const offlineAccess = "offline_access"

// mayLogIn reports whether the domain has such an active user.
func (s *Simulator) mayLogIn(user string) bool {
	return !slices.Contains(s.Domain().Locked, user) &&
		slices.ContainsFunc(s.company.staff.people, func(p person) bool { return p.name == user && !p.gone })
}

// grantScope gives a token for the scope asked for.
func (s *Simulator) grantScope(w http.ResponseWriter, r *http.Request, subject string) *oauthProblem {
	life := s.opts.TokenLife
	var scopes []string
	for _, scope := range strings.Fields(r.PostForm.Get("scope")) {
		if seconds, ok := strings.CutPrefix(scope, "urn:opc:resource:expiry="); ok {
			if n, err := strconv.Atoi(seconds); err == nil && n > 0 && time.Duration(n) < life/time.Second {
				life = time.Duration(n) * time.Second
			}
			continue
		}
		if !slices.Contains(s.opts.Scopes, scope) {
			scopes = nil
			break
		}
		scopes = append(scopes, scope)
	}
	if len(scopes) == 0 {
		return badRequest("invalid_scope", "The scope is not granted to this client.")
	}
	s.sendToken(w, r, subject, scopes, life, "")
	return nil
}

func (s *Simulator) sendToken(w http.ResponseWriter, r *http.Request, subject string, scopes []string, life time.Duration, refresh string) {
	now := s.Now()
	token := s.newToken(subject, scopes, now, life)
	if !s.Domain().Foreign {
		s.tokens.add(token, grant{scopes: scopes, expires: now.Add(life), subject: subject}, now)
	}
	answer := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int64(life / time.Second)}
	if refresh != "" {
		answer["refresh_token"] = refresh
	}
	w.Header().Set("Cache-Control", "no-store")
	s.sendJSON(w, r, http.StatusOK, answer)
}

// serveAuthorize is the login page, without the page: its user is logged in
// already and agrees at once. The client is judged before anything else, and
// is told nothing by a redirect to an address that it may not use.
func (s *Simulator) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != s.opts.ClientID || s.Domain().Deactivated {
		s.oauthError(w, r, *badRequest("invalid_client", "The client is not known."))
		return
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Scheme != "http" || !net.ParseIP(back.Hostname()).IsLoopback() {
		s.oauthError(w, r, *badRequest("invalid_redirect_uri", "The client may not be sent back there."))
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	user := s.User()
	scopes := strings.Fields(q.Get("scope"))
	granted := len(scopes) > 0
	for _, scope := range scopes {
		granted = granted && (scope == offlineAccess || slices.Contains(s.opts.Scopes, scope))
	}
	switch {
	case q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "":
		answer.Set("error", "invalid_request")
		answer.Set("error_description", "A code with a challenge by S256 is what there is.")
	case !granted:
		answer.Set("error", "invalid_scope")
		answer.Set("error_description", "The scope is not granted to this client.")
	case !s.mayLogIn(user):
		answer.Set("error", "access_denied")
		answer.Set("error_description", "The user may not log in.")
	default:
		answer.Set("code", s.domain.begin(code{user: user, redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"),
			scopes: scopes, expires: s.Now().Add(codeLife)}))
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func unescape(v string) string {
	if u, err := url.QueryUnescape(v); err == nil {
		return u
	}
	return v
}

func (s *Simulator) oauthError(w http.ResponseWriter, r *http.Request, p oauthProblem) {
	if p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="identity"`)
	}
	s.sendJSON(w, r, p.status, map[string]string{"error": p.code, "error_description": p.description + " ECID: simulated"})
}
