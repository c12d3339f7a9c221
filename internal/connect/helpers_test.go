package connect

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	secret = "s3cr3t-Value/+=&"
	bearer = "opaque-access-token-4711"
)

// bench is what a client under test is surrounded by: a clock that stands
// still, sleeps that are only noted, and a log that is kept.
type bench struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
	log   bytes.Buffer
}

func newBench() *bench { return &bench{now: time.Date(2024, 5, 15, 12, 0, 0, 0, time.UTC)} }

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) slept() []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]time.Duration(nil), b.waits...)
}

func (b *bench) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

func (b *bench) logged() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.String()
}

func (b *bench) options() Options {
	return Options{
		Clock:  b.clock,
		Logger: slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})),
		HTTP:   &http.Client{Timeout: 5 * time.Second},
		Retry:  RetryPolicy{Random: func() float64 { return 1 }}, // the full ceiling
		Sleep: func(ctx context.Context, d time.Duration) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.waits = append(b.waits, d)
			b.now = b.now.Add(d)
			return ctx.Err()
		},
	}
}

// reply is one canned answer.
type reply struct {
	status int
	header map[string]string
	body   string
}

// script answers with one reply after the other, the last one for ever.
type script struct {
	mu       sync.Mutex
	replies  []reply
	requests []*http.Request
	bodies   []string
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.bodies = append(s.bodies, body.String())
	a := s.replies[0]
	if len(s.replies) > 1 {
		s.replies = s.replies[1:]
	}
	s.mu.Unlock()
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

const goodToken = `{"access_token":"` + bearer + `","token_type":"Bearer","expires_in":3600}`

var jsonType = map[string]string{"Content-Type": "application/json"}

func tokenReply(body string) reply { return reply{200, jsonType, body} }

// oicClient talks to a token endpoint that always agrees and to the replies.
func oicClient(t testing.TB, b *bench, replies ...reply) (*OIC, *script) {
	t.Helper()
	tokens := serve(t, &script{replies: []reply{tokenReply(goodToken)}})
	s := &script{replies: replies}
	auth := NewOAuth(OAuthConfig{TokenURL: tokens + "/oauth2/v1/token", ClientID: "abc", ClientSecret: secret, Scope: "s"}, b.options())
	return NewOIC(OICConfig{URL: serve(t, s)}, auth, b.options()), s
}

var testKey = sync.OnceValue(func() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
})

func keyFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, testKey(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func inline(t testing.TB, endpoint string) OCIConfig {
	return OCIConfig{Tenancy: "ocid1.tenancy.oc1..x", User: "ocid1.user.oc1..x", Fingerprint: strings.Repeat("ab:", 15) + "ab",
		KeyFile: keyFile(t), Region: "eu-frankfurt-1", Endpoints: map[string]string{LogAnalytics: endpoint, ObjectStorage: endpoint,
			LoggingSearch: endpoint, LoggingManagement: endpoint, Monitoring: endpoint}}
}

func ociClient(t testing.TB, b *bench, replies ...reply) (*OCI, *script) {
	t.Helper()
	s := &script{replies: replies}
	o, err := NewOCI(inline(t, serve(t, s)), b.options())
	if err != nil {
		t.Fatal(err)
	}
	return o, s
}

// noSecrets fails when a log or an error gives something away.
func noSecrets(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, s := range []string{secret, "s3cr3t", bearer, "PRIVATE KEY", "passw0rd"} {
			if strings.Contains(text, s) {
				t.Errorf("%q gives away %q", text, s)
			}
		}
	}
}
