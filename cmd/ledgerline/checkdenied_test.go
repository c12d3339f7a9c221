package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
)

const deniedFile = `data: ./data
connections:
  oic: {type: oic, url: ORACLE, oauth: {token_url: ORACLE/oauth2/v1/token, client_id: ledgerline, client_secret: simulated-secret, scope: "SCOPE"}}
  identity: {type: scim, url: ORACLE, oauth: {token_url: ORACLE/oauth2/v1/token, client_id: ledgerline, client_secret: simulated-secret, scope: "urn:opc:idm:__myscopes__"}}
  oci: {type: oci, config_file: ./oci_config, endpoints: {objectstorage: ORACLE, logging: ORACLE, loggingmanagement: ORACLE, monitoring: ORACLE}}
integrations:
  audit: {kind: oic-audit, connection: oic, upload: {connection: local, log_source: OCI Integration Audit Logs}}
  runs: {kind: oic-instances, connection: oic, upload: {connection: local, log_source: OCI Integration Instances}}
  steps: {kind: oic-activity, connection: oic, upload: {connection: local, log_source: OCI Integration Activity Stream Logs}}
  oac: {kind: oci-logging, connection: oci, compartment: COMPARTMENT, upload: {connection: local, log_source: OCI Analytics Cloud Audit Logs}}
  activity: {kind: object-storage, connection: oci, namespace: demo, bucket: logs, prefix: activity/, compartment: COMPARTMENT, upload: {connection: local, log_source: OCI Integration Activity Stream Logs}}
  metrics: {kind: oic-metrics, connection: oci, compartment: COMPARTMENT, queries: ["NumberOfInboundRequests[1h].sum()"], upload: {connection: local, log_source: OCI Integration Metrics}}
`

// Of each kind whose calls are not permitted, check says what to grant. Streams are
// tested with a broker, in internal/collect.
func TestCheckWithoutPermission(t *testing.T) {
	p := newPlant(t, 50)
	oracle, err := url.Parse(p.oracle.url)
	if err != nil {
		t.Fatal(err)
	}
	status := 0 // of what is not permitted; 0: all is
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(oracle)
		r.Out.Host = r.In.Host // which is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != 0 && !strings.HasPrefix(r.URL.Path, "/oauth2/") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprint(w, `{"code":"NotAuthorizedOrNotFound","message":"Authorization failed or requested resource not found."}`)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	text := strings.NewReplacer("ORACLE", front.URL, "SCOPE", p.oracle.Scope(), "COMPARTMENT", "ocid1.compartment.oc1..simulated").Replace(deniedFile)
	if err := os.WriteFile(p.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, code := p.cli("check"); code != exitDone {
		t.Fatalf("all permitted: check exits with %d:\n%s", code, output)
	}
	for of, hints := range map[int]map[string]int{ // how often each is said
		403: {"role ServiceMonitor": 3, "User Viewer": 1, "to read log-content in compartment": 1, "to read log-groups in compartment": 2, "to read objects in compartment": 1, "to read metrics in compartment": 1},
		404: {"check url": 4, "to read log-content in compartment": 1, "to read log-groups in compartment": 2, "to read objects in compartment": 1, "to read metrics in compartment": 1},
	} {
		status = of
		output, code := p.cli("check")
		if code != exitFailed || strings.Contains(output, "simulated-secret") {
			t.Errorf("%d: check exits with %d", of, code)
		}
		for hint, want := range hints {
			if got := strings.Count(output, hint); got < want {
				t.Errorf("%d: %q is said %d times, want %d", of, hint, got, want)
			}
		}
		if t.Failed() {
			t.Log(output)
		}
	}
}
