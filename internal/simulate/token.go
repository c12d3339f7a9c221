package simulate

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
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
	subject string // the client, or the user it acts for
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

// newToken has the shape of a JWT; what counts is that it is in the list.
func (s *Simulator) newToken(subject string, scopes []string, now time.Time, life time.Duration) string {
	kind := "user"
	if subject == s.opts.ClientID {
		kind = "client"
	}
	claims, err := json.Marshal(map[string]any{"iss": "https://identity.oraclecloud.com/", "sub": subject, "sub_type": kind,
		"client_id": s.opts.ClientID, "aud": "https://" + s.opts.Audience, "scope": strings.Join(scopes, " "), "tok_type": "AT",
		"iat": now.Unix(), "exp": now.Add(life).Unix(), "jti": rand.Text()})
	if err != nil {
		claims = []byte("{}")
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + enc.EncodeToString(claims) + "." + enc.EncodeToString([]byte(rand.Text()))
}
