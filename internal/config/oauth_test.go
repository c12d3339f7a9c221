package config

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
)

// clientKeys writes a key, its certificate, and another's certificate.
func clientKeys(t *testing.T, dir string) *rsa.PrivateKey {
	t.Helper()
	var first *rsa.PrivateKey
	for _, name := range []string{"client", "other"} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name+".pem"), string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
		write(t, filepath.Join(dir, name+"_cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
		if first == nil {
			first = key
		}
	}
	write(t, filepath.Join(dir, "locked.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})))
	return first
}

func TestOAuth(t *testing.T) {
	dir, env := folder(t)
	key := clientKeys(t, dir)
	for name, c := range map[string]struct{ text, problem string }{
		"secret":                    {"client_secret: x", ""},
		"no secret":                 {"client_auth: header", "client_secret is missing"},
		"secret twice":              {"client_secret: x, client_secret_file: ./client.pem", "not both"},
		"client assertion":          {"client_auth: assertion, private_key_file: ./client.pem, key_id: a", ""},
		"by certificate":            {"client_auth: assertion, private_key_file: ./client.pem, certificate_file: ./client_cert.pem", ""},
		"another's certificate":     {"client_auth: assertion, private_key_file: ./client.pem, certificate_file: ./other_cert.pem", "not the certificate of private_key_file"},
		"no certificate":            {"client_auth: assertion, private_key_file: ./client.pem, certificate_file: ./client.pem", "no PEM certificate"},
		"no name of the key":        {"client_auth: assertion, private_key_file: ./client.pem", "key_id is missing"},
		"no key":                    {"client_auth: assertion, key_id: a", "private_key_file is missing"},
		"a certificate for a key":   {"client_auth: assertion, private_key_file: ./client_cert.pem, key_id: a", "not a private RSA key"},
		"a key with passphrase":     {"client_auth: assertion, private_key_file: ./locked.pem, key_id: a", "passphrase"},
		"a key without use":         {"client_secret: x, private_key_file: ./client.pem", "unknown key"},
		"user assertion":            {"grant: user_assertion, user: a@example.com, client_secret: x, private_key_file: ./client.pem, key_id: a", ""},
		"user assertion of nobody":  {"grant: user_assertion, client_secret: x, private_key_file: ./client.pem, key_id: a", "user is missing"},
		"authorization code":        {"grant: authorization_code, client_secret: x", ""},
		"code without a secret":     {"grant: authorization_code", "client_secret is missing"},
		"redirect to elsewhere":     {"grant: authorization_code, client_secret: x, redirect_url: 'http://192.0.2.1:80/x'", "on loopback"},
		"redirect without port":     {"grant: authorization_code, client_secret: x, redirect_url: 'http://127.0.0.1/x'", "on loopback"},
		"redirect with TLS":         {"grant: authorization_code, client_secret: x, redirect_url: 'https://127.0.0.1:1/x'", "on loopback"},
		"login page in clear":       {"grant: authorization_code, client_secret: x, authorize_url: 'http://example.com/a'", "https://"},
		"a grant that there is not": {"grant: password, client_secret: x", "client_credentials, user_assertion, authorization_code"},
	} {
		text := "connections: {c: {type: oic, url: 'https://x.example.com', oauth: {token_url: 'https://t.example.com/oauth2/v1/token', client_id: a, scope: s, " + c.text + "}}}\n"
		cfg, err := Parse(filepath.Join(dir, "f.yaml"), []byte(text), env)
		switch {
		case c.problem == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%s: %v, want %q", name, err, c.problem)
		case name == "by certificate":
			o := cfg.Connections["c"].OIC.OAuth
			if !key.Equal(o.Key.Reveal()) || o.Certificate == nil {
				t.Errorf("key read wrongly: %+v", o)
			}
			shown, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{string(shown), fmt.Sprintf("%v %+v %#v", o, o, o), fmt.Sprintf("%d %x", o.Key, o.Key)} {
				if d := key.D.String(); strings.Contains(text, d) || strings.Contains(text, key.D.Text(16)) {
					t.Errorf("the key shows in %s", text)
				}
			}
		}
	}
}
