package config

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func environment(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := pairs[name]; return v, ok }
}

// folder holds what the documented example names: a home with an OCI
// configuration and a public key beside the file.
func folder(t *testing.T) (dir string, env func(string) (string, bool)) {
	t.Helper()
	dir = t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "home", ".oci"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "home", ".oci", "config"), "[DEFAULT]\n")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key_public.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	return dir, environment(map[string]string{"HOME": filepath.Join(dir, "home"), "OIC_CLIENT_SECRET": "s3cret-value", "STREAM_AUTH_TOKEN": "s3cret-token"})
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDocumentedExampleLoads(t *testing.T) {
	dir, env := folder(t)
	text, err := os.ReadFile("../../docs/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Parse(filepath.Join(dir, "ledgerline.yaml"), text, env)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Data, filepath.Join(dir, "ledgerline-data"); got != want {
		t.Errorf("data is %s, want %s", got, want)
	}
	if got := cfg.Connections["oic"].OIC.OAuth.ClientSecret.Reveal(); got != "s3cret-value" {
		t.Errorf("the secret comes from the environment, got %q", got)
	}
	in := cfg.Integrations[0]
	if in.Every != 5*time.Minute || in.PageSize != 100 || in.Archive.Prefix != "oic-audit/" || len(in.Uploads) != 1 {
		t.Errorf("integration read wrongly: %+v", in)
	}
	if in.Uploads[0].UploadName != "oic audit logs push" {
		t.Errorf("a lone upload is a list of one, got %+v", in.Uploads)
	}
	r := cfg.Server.Retention
	if r.For("OCI Integration Activity Stream Logs") != 90*Day || r.For("anything else") != 400*Day {
		t.Errorf("retention read wrongly: %+v", r)
	}
	if len(cfg.Server.Users[0].Fingerprint) != 16*3-1 {
		t.Errorf("the fingerprint is computed from the key, got %q", cfg.Server.Users[0].Fingerprint)
	}
}

// Each line of the file that is wrong is reported, in one go.
func TestAllProblemsAreReportedTogether(t *testing.T) {
	dir, env := folder(t)
	text := `dat: ./x
connections:
  oic:
    type: oic
    url: http://example.com
    oauth:
      token_url: https://idcs.example.com/token
      client_id: abc
      client_secret: ${NOT_SET}
      client_auth: post
  oci:
    type: oci
    config_file: ./nowhere
integrations:
  oic-audit:
    kind: oic-audits
    connection: oci
    every: 5 minutes
    page_size: 5000
    upload: {connection: lokal, log_source: X, namespace: n, log_group: g, entity: oic-1}
server:
  listen: 0.0.0.0:80
  users:
    - {user: bob, public_key_file: ./key_public.pem, fingerprint: "00"}
`
	_, err := Parse(filepath.Join(dir, "f.yaml"), []byte(text), env)
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("want problems, got %v", err)
	}
	want := []struct {
		line int
		word string
	}{
		{1, "did you mean data?"}, {5, "https://"}, {6, "scope is missing"}, {9, "NOT_SET"}, {10, "body, header"},
		{13, "nowhere"}, {16, "oic-audit"}, {17, "did you mean oic?"}, {18, "5m"}, {19, "1 to 1000"},
		{20, "no connection \"lokal\""}, {20, "by their OCID"}, {22, "loopback"}, {24, "ocid1.user"}, {24, "16 pairs"},
	}
	for _, w := range want {
		found := false
		for _, p := range problems {
			found = found || p.Line == w.line && strings.Contains(p.Message, w.word)
		}
		if !found {
			t.Errorf("no problem on line %d about %q", w.line, w.word)
		}
	}
	if len(problems) != len(want) {
		t.Errorf("want %d problems, got:\n%v", len(want), err)
	}
}

func TestSecretNeverShows(t *testing.T) {
	dir, env := folder(t)
	text := "connections:\n  c:\n    type: oic\n    url: https://x.example.com\n    oauth: {token_url: 'https://t.example.com', client_id: a, client_secret: '${OIC_CLIENT_SECRET}', scope: s, oops: 1}\n"
	_, err := Parse(filepath.Join(dir, "f.yaml"), []byte(text), env)
	s := NewSecret("s3cret-value")
	for _, shown := range []string{fmt.Sprint(err), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), fmt.Sprint(s.LogValue())} {
		if strings.Contains(shown, "s3cret-value") {
			t.Errorf("the secret shows in %q", shown)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "400d": 400 * Day, "2w": 14 * Day, "250ms": 250 * time.Millisecond} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "5 m", "-5m", "1.5h", "m", "9999999999999999999d", "999999999d"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q must be refused, got %v", text, d)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("data: x\n")
	f.Add("server: {users: [{}]}\n")
	f.Add("integrations: {a: {upload: [1, {connection: local}]}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := Parse("f.yaml", []byte(text), environment(nil))
		if (cfg == nil) == (err == nil) {
			t.Fatalf("exactly one of configuration and error: %v, %v", cfg, err)
		}
	})
}
