package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes server.pem and server_key.pem.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &form, &form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"server.pem": {Type: "CERTIFICATE", Bytes: der}, "server_key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAccess(t *testing.T) {
	dir, env := folder(t)
	certificate(t, dir)
	for name, c := range map[string]struct{ text, problem string }{
		"loopback":               {"listen: 127.0.0.1:1", ""},
		"open without TLS":       {"listen: 0.0.0.0:1", "in clear"},
		"open by name":           {"{listen: 0.0.0.0:1, plain_http: anywhere}", ""},
		"open by another name":   {"{listen: 0.0.0.0:1, plain_http: yes}", "plain_http"},
		"open with TLS":          {"{listen: 0.0.0.0:1, tls: {certificate: server.pem, key: server_key.pem}}", ""},
		"no such certificate":    {"tls: {certificate: nothing.pem, key: server_key.pem}", "server.tls"},
		"a key for certificate":  {"tls: {certificate: server_key.pem, key: server_key.pem}", "server.tls"},
		"no key":                 {"tls: {certificate: server.pem}", "key"},
		"a URL with a path":      {"url: https://logs.example.com/x", "scheme and host"},
		"a URL in clear":         {"url: http://logs.example.com", "https://"},
		"provider":               {"{url: https://logs.example.com, oidc: {issuer: https://id.example.com, client_id: a}}", ""},
		"provider without a URL": {"oidc: {issuer: https://id.example.com, client_id: a}", "server.url"},
		"provider in clear":      {"{url: https://logs.example.com, oidc: {issuer: http://id.example.com, client_id: a}}", "https://"},
		"limits":                 {"user_limits: {requests_per_second: 5, upload_per_minute: 1GB, queries_at_once: 2}", ""},
		"a limit of nothing":     {"user_limits: {queries_at_once: 0}", "queries_at_once"},
	} {
		text := c.text
		if !strings.HasPrefix(text, "{") {
			text = "{" + text + "}"
		}
		cfg, err := Parse(filepath.Join(dir, "f.yaml"), []byte("server: "+text+"\n"), env)
		switch {
		case c.problem == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%s: %v, want %q", name, err, c.problem)
		case name == "limits" && cfg.Server.Access.Limits != UserLimits{Requests: 5, Upload: 1 << 30, Queries: 2}:
			t.Errorf("%+v", cfg.Server.Access.Limits)
		case name == "provider" && (cfg.Server.Access.OIDC.GroupsClaim != "groups" || len(cfg.Server.Access.OIDC.Scopes) != 2):
			t.Errorf("%+v", cfg.Server.Access.OIDC)
		}
	}
}
