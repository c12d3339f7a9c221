package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/config"
)

// arguments splits a command line as a shell does that knows double quotes and
// lines that go on.
func arguments(line string) []string {
	var out []string
	var word strings.Builder
	quoted, begun := false, false
	for _, r := range strings.ReplaceAll(line, "\\\n", " ") {
		switch {
		case r == '"':
			quoted, begun = !quoted, true
		case !quoted && (r == ' ' || r == '\n'):
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	return out
}

// The commands of docs/access.md do what the page says, one after the other; the
// key that they make lets Oracle's own client in until it is revoked.
func TestAccessDocument(t *testing.T) {
	w := newWorld(t)
	n := w.serve(0)
	outputs := map[string]string{}
	for _, block := range blocks(t, "docs/access.md", "") {
		for _, line := range strings.Split(strings.ReplaceAll(block, "\\\n", " "), "\n") {
			if words := arguments(line + "\n"); len(words) > 0 {
				for i := range words {
					if words[i] == "./keys" {
						words[i] = w.path("keys")
					}
				}
				outputs[strings.Join(words[1:3], " ")] = w.must(words[1:]...)
			}
		}
	}
	if got := outputs["users list"]; !strings.Contains(got, "auditor") || !strings.Contains(got, "Uploaders") {
		t.Errorf("%s", got)
	}
	if got := outputs["policies list"]; !strings.Contains(got, "Allow group Uploaders to use log-groups in tenancy") {
		t.Errorf("%s", got)
	}
	if got := outputs["users link"]; !strings.HasPrefix(got, baseURL(n.cfg.Server)+"/ledgerline/v1/session/start?token=") {
		t.Errorf("%s", got)
	}

	w.write("oci_config_robot", outputs["keys add"])
	provider, err := common.ConfigurationProviderFromFileWithProfile(w.path("oci_config_robot"), "LEDGERLINE", "")
	if err != nil {
		t.Fatal(err)
	}
	client, err := loganalytics.NewLogAnalyticsClientWithConfigurationProvider(provider)
	if err != nil {
		t.Fatal(err)
	}
	never := common.NoRetryPolicy()
	client.Host = baseURL(n.cfg.Server)
	client.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
	ask := func() int {
		t.Helper()
		resp, err := client.ListNamespaces(t.Context(), loganalytics.ListNamespacesRequest{CompartmentId: common.String(n.cfg.Server.Tenancy)})
		if failure, ok := common.IsServiceError(err); ok {
			return failure.GetHTTPStatusCode()
		}
		if err != nil {
			t.Fatal(err)
		}
		return resp.RawResponse.StatusCode
	}
	if got := ask(); got != 200 {
		t.Errorf("with the new key: %d", got)
	}
	finger, err := provider.KeyFingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(outputs["keys list"], finger) {
		t.Errorf("%s", outputs["keys list"])
	}
	if info, err := os.Stat(w.path("keys/ledgerline_robot.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v, %v", info, err)
	}
	if _, problems, code := w.ask("keys", "add", "robot", "--out", w.path("keys")); code != exitFailed || !strings.Contains(problems, "there already") {
		t.Errorf("a key would be replaced: %d %s", code, problems)
	}
	w.must("keys", "revoke", "robot", finger)
	if got := ask(); got != 401 {
		t.Errorf("with the revoked key: %d", got)
	}
	w.must("policies", "delete", "Uploaders")
	if _, problems, code := w.ask("policies", "save", "x", "Allow x"); code != exitFailed || !strings.Contains(problems, "statement 1") {
		t.Errorf("%d %s", code, problems)
	}
}

// The configuration in docs/access.md is one.
func TestConfigurationOfTheAccessDocument(t *testing.T) {
	for _, text := range blocks(t, "docs/access.md", "yaml") {
		env := func(name string) (string, bool) { return "x", name == "OIDC_CLIENT_SECRET" }
		_, err := config.Parse(filepath.Join(t.TempDir(), "ledgerline.yaml"), []byte(text), env)
		// All but the certificate, which is nobody's.
		if err == nil || strings.Count(err.Error(), "\n") > 0 || !strings.Contains(err.Error(), "server.tls") {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// What is noted comes back as records, by the way that all records go.
func TestAuditIsALogSource(t *testing.T) {
	w := newWorld(t)
	w.server.Server.Access.Audit = true
	n := w.serve(0)
	w.must("users", "add", "auditor", "--group", "Readers", "--no-password")
	if err := n.parsed(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := w.must("query", "-o", "csv", "'Log Source' = 'Ledgerline Audit' | fields -*, Category, Action, 'User Name', Status, 'User Authentication Method', 'Log Group'")
	want := "Category,Action,User Name,Status,User Authentication Method,Log Group\nchange,OwnCreateUser,local,200,socket,Ledgerline Audit\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if n.defaultGroup != demoGroup {
		t.Errorf("records without a log group go to %s", n.defaultGroup)
	}
}
