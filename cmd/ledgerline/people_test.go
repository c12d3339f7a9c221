package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/stage"
)

const (
	anaID = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	boID  = "00000000000000000000000000000b0b"
)

// identityDomain answers tokens and users like an identity domain.
func identityDomain(t *testing.T, users map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/v1/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
	})
	mux.HandleFunc("GET /admin/v1/Users", func(w http.ResponseWriter, r *http.Request) {
		var list []map[string]any
		for id, name := range users {
			list = append(list, map[string]any{"id": id, "userName": name})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"Resources": list, "totalResults": len(list)})
	})
	mux.HandleFunc("GET /admin/v1/Users/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// served starts a server of a configuration and returns its node and a runner of commands.
func served(t *testing.T, text string) (*node, func(args ...string) string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ll") // short: the socket's path has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "ledgerline.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	g := &globals{config: file, terminal: terminal{out: &log, err: &log, env: os.LookupEnv}}
	cfg, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	n, err := open(t.Context(), cfg, g)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop, err := n.start(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		stop()
		if err := n.close(); err != nil {
			t.Error(err)
		}
	})
	return n, func(args ...string) string {
		t.Helper()
		var out, errs strings.Builder
		if code := run(t.Context(), append([]string{"--config", file}, args...), terminal{out: &out, err: &errs, env: os.LookupEnv}); code != exitDone {
			t.Fatalf("%v: exit %d\n%s%s", args, code, out.String(), errs.String())
		}
		return out.String()
	}
}

// From a record with a GUID to a query that says who it was: by the field that
// ingest adds, and for records that were stored before by the lookup table.
func TestPeopleAreNamed(t *testing.T) {
	domain := identityDomain(t, map[string]string{anaID: "ana@example.com"})
	n, do := served(t, `
data: data
connections:
  identity:
    type: scim
    url: `+domain+`
    oauth: {token_url: `+domain+`/oauth2/v1/token, client_id: a, client_secret: b}
server: {}
`)
	event := func(id, user string) string {
		return fmt.Sprintf(`{"data":{"category":"catalog","ecid":"e","logLevel":"info","message":"m","userId":%q},"id":%q,"oracle":{},"source":"OAC","specversion":"1.0","time":%q,"type":"com.oraclecloud.analytics.analyticsinstance.audit"}`,
			user, id, time.Now().UTC().Format(time.RFC3339))
	}
	for deadline := time.Now().Add(20 * time.Second); len(n.people.List()) == 0; { // listed at start, in the background
		if time.Now().After(deadline) {
			t.Fatal("the domain was not listed")
		}
	}
	ingest(t, n, "OCI Analytics Cloud Audit Logs", event("1", anaID), event("2", boID), event("3", "cy@example.com"))

	out := do("people", "list")
	if !strings.Contains(out, "ana@example.com") || strings.Contains(out, boID) {
		t.Errorf("%s", out)
	}
	by := func(what string) string { return do("query", "--last", "1h", what) }
	out = by("'Log Source' = 'OCI Analytics Cloud Audit Logs' | stats count by 'User ID', 'User Name' | sort 'User ID'")
	for _, want := range []string{anaID + "  ana@example.com", "cy@example.com                    cy@example.com"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out := do("people", "backfill"); !strings.HasPrefix(out, "2 looked at, 0 new or changed, 1 nobody's") {
		t.Errorf("back-fill: %s", out)
	}
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("id,name\n"+boID+",bo@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := do("people", "import", file); !strings.HasPrefix(out, "1 looked at, 1 new or changed") {
		t.Errorf("import: %s", out)
	}
	out = by("'Log Source' = 'OCI Analytics Cloud Audit Logs' | lookup table = 'Known People' select Person using 'User ID' | stats count by Person | sort Person")
	if !strings.Contains(out, "ana@example.com") || !strings.Contains(out, "bo@example.com") {
		t.Errorf("by the lookup:\n%s", out)
	}
}

// ingest uploads records as one file and waits until they are stored.
func ingest(t *testing.T, n *node, source string, lines ...string) {
	t.Helper()
	before, err := n.store.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	up := stage.Upload{Reference: strings.ToLower(rand.Text()), Name: "test", File: "test.json", Source: source, LogGroup: n.defaultGroup, Received: time.Now().UTC()}
	if err := n.stage.Receive(t.Context(), up, []byte(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	if err := n.stage.SealReceived(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		now, err := n.store.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if now.Rows >= before.Rows+int64(len(lines)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d records are stored", now.Rows-before.Rows, len(lines))
		}
	}
}
