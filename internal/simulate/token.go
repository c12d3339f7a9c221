package simulate

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tokens are the access tokens in circulation.
type tokens struct {
	mu   sync.Mutex
	live map[string]grant
}

type grant struct {
	scopes  []string
	expires time.Time
}

func (g grant) allows(scope string) bool { return slices.Contains(g.scopes, scope) }

const mostTokens = 10_000

func newTokens() *tokens { return &tokens{live: map[string]grant{}} }

func (t *tokens) add(token string, g grant, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.live) >= mostTokens {
		for k, old := range t.live {
			if !now.Before(old.expires) {
				delete(t.live, k)
			}
		}
	}
	if len(t.live) >= mostTokens {
		clear(t.live)
	}
	t.live[token] = g
}

func (t *tokens) get(token string, now time.Time) (grant, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, ok := t.live[token]
	return g, ok && now.Before(g.expires)
}

func (t *tokens) revoke(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.live, token)
}

// RevokeTokens makes every token that was given out stop working.
func (s *Simulator) RevokeTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	clear(s.tokens.live)
}

const maxForm = 64 << 10

// serveToken is the token endpoint: client credentials in the header or in the
// body, errors as in RFC 6749, section 5.2.
func (s *Simulator) serveToken(w http.ResponseWriter, r *http.Request) {
	const key = "token"
	if f, ok := s.chance.fails(key, Token503, Token429, Token401); ok {
		switch f {
		case Token503:
			s.sendHTML(w, r, http.StatusServiceUnavailable)
		case Token429:
			s.send(w, r, http.StatusTooManyRequests, "text/plain", []byte("Too many requests"), damage{})
		default:
			s.oauthError(w, r, http.StatusUnauthorized, "invalid_client", "Client authentication failed.")
		}
		return
	}
	s.chance.passed(key)
	if r.Method != http.MethodPost {
		s.oauthError(w, r, http.StatusBadRequest, "invalid_request", "POST is the method of this endpoint.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		s.oauthError(w, r, http.StatusBadRequest, "invalid_request", "The body is not a form.")
		return
	}
	id, secret, inHeader := r.BasicAuth()
	if inHeader { // RFC 6749, section 2.3.1: encoded before they are joined
		id, secret = unescape(id), unescape(secret)
	}
	if inHeader && r.PostForm.Get("client_secret") != "" {
		s.oauthError(w, r, http.StatusBadRequest, "invalid_request", "The client authenticated twice.")
		return
	}
	if !inHeader {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if id != s.opts.ClientID || secret != s.opts.ClientSecret {
		w.Header().Set("WWW-Authenticate", `Basic realm="identity"`)
		s.oauthError(w, r, http.StatusUnauthorized, "invalid_client", "Client authentication failed.")
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		s.oauthError(w, r, http.StatusBadRequest, "unsupported_grant_type", "The grant is not enabled for this client.")
		return
	}
	s.grantToken(w, r)
}

func (s *Simulator) grantToken(w http.ResponseWriter, r *http.Request) {
	life := s.opts.TokenLife
	var scopes []string
	for _, scope := range strings.Fields(r.PostForm.Get("scope")) {
		if seconds, ok := strings.CutPrefix(scope, "urn:opc:resource:expiry="); ok {
			if n, err := strconv.Atoi(seconds); err == nil && n > 0 && time.Duration(n) < life/time.Second {
				life = time.Duration(n) * time.Second
			}
			continue
		}
		scopes = append(scopes, scope)
		if !slices.Contains(s.opts.Scopes, scope) {
			scopes = nil
			break
		}
	}
	if len(scopes) == 0 {
		s.oauthError(w, r, http.StatusBadRequest, "invalid_scope", "The scope is not granted to this client.")
		return
	}
	now := s.Now()
	token := s.newToken(scopes, now, life)
	s.tokens.add(token, grant{scopes, now.Add(life)}, now)
	w.Header().Set("Cache-Control", "no-store")
	s.sendJSON(w, r, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int64(life / time.Second)})
}

// newToken has the shape of a JWT; what counts is that it is in the list.
func (s *Simulator) newToken(scopes []string, now time.Time, life time.Duration) string {
	claims, err := json.Marshal(map[string]any{"iss": "https://identity.oraclecloud.com/", "sub": s.opts.ClientID, "sub_type": "client",
		"client_id": s.opts.ClientID, "aud": "https://" + s.opts.Audience, "scope": strings.Join(scopes, " "), "tok_type": "AT",
		"iat": now.Unix(), "exp": now.Add(life).Unix(), "jti": rand.Text()})
	if err != nil {
		claims = []byte("{}")
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + enc.EncodeToString(claims) + "." + enc.EncodeToString([]byte(rand.Text()))
}

func unescape(v string) string {
	if u, err := url.QueryUnescape(v); err == nil {
		return u
	}
	return v
}

func (s *Simulator) oauthError(w http.ResponseWriter, r *http.Request, status int, code, description string) {
	s.sendJSON(w, r, status, map[string]string{"error": code, "error_description": description + " ECID: simulated"})
}
