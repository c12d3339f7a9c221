package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const withoutKind = `data: ./d
integrations:
  in:
    upload: {connection: local, log_source: S}
`

func parseKind(t *testing.T, keys string) (*Config, error) {
	t.Helper()
	dir, env := folder(t)
	return Parse(filepath.Join(dir, "ledgerline.yaml"), []byte(withoutKind+keys), env)
}

func TestFilesAreConfigured(t *testing.T) {
	cfg, err := parseKind(t, "    kind: files\n    path: sub/logs\n    pattern: '*.gz'\n    settle: 5s\n")
	if err != nil {
		t.Fatal(err)
	}
	f := cfg.Integrations[0].Files
	if filepath.Base(f.Path) != "logs" || !filepath.IsAbs(f.Path) || f.Pattern != "*.gz" || f.Settle != 5*time.Second {
		t.Errorf("%+v", f)
	}
}

func TestStreamingIsConfigured(t *testing.T) {
	cfg, err := parseKind(t, "    kind: streaming\n    bootstrap: cell-1.example.com:9092\n    stream: s\n    username: a/b/c\n    auth_token: ${STREAM_AUTH_TOKEN}\n    backfill: none\n")
	if err != nil {
		t.Fatal(err)
	}
	s := cfg.Integrations[0].Streaming
	if s.Group != "ledgerline-in" || s.AuthToken.Reveal() != "s3cret-token" || !s.FromEnd || s.Plain {
		t.Errorf("%+v", s)
	}
}

func TestKindsSayWhatIsWrong(t *testing.T) {
	for keys, want := range map[string]string{
		"    kind: files\n": "path is missing",
		"    kind: files\n    path: x\n    pattern: '[a'\n":                                                                        "write a file name",
		"    kind: streaming\n    stream: s\n    bootstrap: host\n    username: a/b/c\n    auth_token: t\n":                        "host:port",
		"    kind: streaming\n    stream: s\n    bootstrap: host:9092\n    username: ana\n    auth_token: t\n":                     "<tenancy>/<user>/<stream pool OCID>",
		"    kind: streaming\n    stream: s\n    bootstrap: host.example.com:9092\n    tls: off\n":                                 "in clear",
		"    kind: streaming\n    stream: s\n    bootstrap: h:1\n    username: a/b/c\n    auth_token: t\n    auth_token_file: f\n": "not both",
	} {
		if _, err := parseKind(t, keys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v, want %q", keys, err, want)
		}
	}
}
