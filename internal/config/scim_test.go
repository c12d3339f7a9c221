package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestIdentityDomain(t *testing.T) {
	dir, env := folder(t)
	parse := func(text string) (*Config, error) {
		return Parse(filepath.Join(dir, "ledgerline.yaml"), []byte(text), env)
	}
	cfg, err := parse(`
connections:
  people:
    type: scim
    url: https://idcs-1.identity.oraclecloud.com/
    oauth: {token_url: "https://idcs-1.identity.oraclecloud.com/oauth2/v1/token", client_id: a, client_secret: b}
`)
	if err != nil {
		t.Fatal(err)
	}
	c := cfg.Connections["people"].SCIM
	if c.URL != "https://idcs-1.identity.oraclecloud.com" || c.OAuth.Scope != "urn:opc:idm:__myscopes__" || c.OAuth.ClientSecret.Reveal() != "b" {
		t.Errorf("%+v", c)
	}
	for text, want := range map[string]string{
		"{type: scim}": "url",
		"{type: scim, url: \"http://elsewhere.example.com\", oauth: {token_url: \"https://x.example.com\", client_id: a, client_secret: b}}": "https://",
		"{type: ldap}": "scim",
		"{type: scim, url: \"https://x.example.com\", oauth: {token_url: \"https://x.example.com\", client_id: a, client_secret: b}, page_size: 3}": "page_size",
	} {
		if _, err := parse("connections:\n  people: " + text + "\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
