package simulate

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/objectstorage"

	"ledgerline/internal/connect"
)

const (
	tenancy     = "ocid1.tenancy.oc1..x"
	user        = "ocid1.user.oc1..x"
	fingerprint = "ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab"
)

func newKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// storage gives a client of the simulated Object Storage whose clock may differ.
func storage(t *testing.T, address string, clock func() time.Time) *connect.OCI {
	t.Helper()
	return storageWith(t, address, connect.Options{Clock: clock, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
}

func storageWith(t *testing.T, address string, opts connect.Options) *connect.OCI {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte(newKey(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := connect.NewOCI(connect.OCIConfig{Tenancy: tenancy, User: user, Fingerprint: fingerprint, KeyFile: file, Region: "eu-frankfurt-1",
		Endpoints: map[string]string{connect.ObjectStorage: address}}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestObjectStorageKeepsWhatItAcknowledges(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "directory": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			f, err := ParseFaults("store503=2x,store429=1x,storelost=2x")
			if err != nil {
				t.Fatal(err)
			}
			o := Options{History: -1, Directory: dir, KeyIDs: []string{tenancy + "/" + user + "/" + fingerprint}, Faults: f}
			s, _, server := start(t, o, connect.RetryPolicy{})
			client := storage(t, server.URL, s.Now)
			for _, name := range []string{"oic-audit/a b.json", "oic-audit/ä.json", "x"} {
				if err := client.PutObject(t.Context(), connect.Object{Namespace: "demo", Bucket: "logs", Name: name, Body: []byte(name), CreateOnly: true}); err != nil {
					t.Fatal(err)
				}
			}
			other := connect.Object{Namespace: "demo", Bucket: "logs", Name: "x", Body: []byte("other"), CreateOnly: true}
			if err := client.PutObject(t.Context(), other); connect.KindOf(err) != connect.Refused {
				t.Errorf("an object was replaced: %v", err)
			}
			if dir != "" { // another run finds them
				if s, err = New(o); err != nil {
					t.Fatal(err)
				}
			}
			list, err := s.objects.list("logs")
			if err != nil || len(list) != 3 {
				t.Fatalf("%d objects, %v", len(list), err)
			}
			for _, e := range list {
				if o, err := s.objects.get("logs", e.name); err != nil || string(o.body) != e.name {
					t.Errorf("%s holds %v (%v)", e.name, o, err)
				}
			}
		})
	}
}

func TestLostAnswerStoresTheObject(t *testing.T) {
	s, _, server := start(t, Options{History: -1, Faults: Faults{Rates: map[Fault]Rate{StoreLost: {Count: 1}}}}, connect.RetryPolicy{})
	var held bool
	retried := connect.Options{Clock: s.Now, Sleep: func(context.Context, time.Duration) error {
		_, err := s.objects.get("logs", "x") // between the lost answer and the next try
		held = err == nil
		return nil
	}}
	if err := storageWith(t, server.URL, retried).PutObject(t.Context(), connect.Object{Namespace: "demo", Bucket: "logs", Name: "x", CreateOnly: true}); err != nil || !held {
		t.Errorf("held after the first try: %v, error %v", held, err)
	}
}

func TestObjectStorageRefuses(t *testing.T) {
	s, _, server := start(t, Options{History: -1, KeyIDs: []string{"another/key/id"}}, connect.RetryPolicy{})
	if err := storage(t, server.URL, s.Now).HeadBucket(t.Context(), "demo", "logs"); connect.KindOf(err) != connect.Unauthorized {
		t.Errorf("an unknown key: %v", err)
	}
	s, _, server = start(t, Options{History: -1}, connect.RetryPolicy{})
	client := storage(t, server.URL, s.Now)
	if err := client.HeadBucket(t.Context(), "demo", "logs"); err != nil {
		t.Error(err)
	}
	if err := client.HeadBucket(t.Context(), "demo", "none"); connect.KindOf(err) != connect.NotFound {
		t.Errorf("an unknown bucket: %v", err)
	}
	if err := client.HeadBucket(t.Context(), "other", "logs"); connect.KindOf(err) != connect.NotFound {
		t.Errorf("an unknown namespace: %v", err)
	}
	late := storage(t, server.URL, func() time.Time { return s.Now().Add(-10 * time.Minute) })
	err := late.PutObject(t.Context(), connect.Object{Namespace: "demo", Bucket: "logs", Name: "x"})
	if err == nil || !strings.Contains(err.Error(), "clock is 10 minutes behind") {
		t.Errorf("a clock ten minutes off: %v", err)
	}
	unsigned, err := http.Get(server.URL + "/n")
	if err != nil {
		t.Fatal(err)
	}
	unsigned.Body.Close()
	if unsigned.StatusCode != http.StatusUnauthorized {
		t.Errorf("an unsigned call: %d", unsigned.StatusCode)
	}
}

// The official client understands every answer.
func TestOfficialClientOfObjectStorage(t *testing.T) {
	_, _, server := start(t, Options{History: -1, Clock: time.Now}, connect.RetryPolicy{})
	provider := common.NewRawConfigurationProvider(tenancy, user, "eu-frankfurt-1", fingerprint, newKey(t), nil)
	c, err := objectstorage.NewObjectStorageClientWithConfigurationProvider(provider)
	if err != nil {
		t.Fatal(err)
	}
	c.Host = server.URL
	ctx, ns, bucket, name := t.Context(), "demo", "made", "a/b c.json"
	if n, err := c.GetNamespace(ctx, objectstorage.GetNamespaceRequest{}); err != nil || *n.Value != ns {
		t.Error(n, err)
	}
	create := objectstorage.CreateBucketRequest{NamespaceName: &ns, CreateBucketDetails: objectstorage.CreateBucketDetails{Name: &bucket, CompartmentId: common.String(tenancy)}}
	if made, err := c.CreateBucket(ctx, create); err != nil || *made.Name != bucket {
		t.Error(made, err)
	}
	if _, err := c.CreateBucket(ctx, create); err == nil || err.(common.ServiceError).GetCode() != "BucketAlreadyExists" {
		t.Error(err)
	}
	if got, err := c.GetBucket(ctx, objectstorage.GetBucketRequest{NamespaceName: &ns, BucketName: &bucket}); err != nil || *got.Namespace != ns {
		t.Error(got, err)
	}
	if list, err := c.ListBuckets(ctx, objectstorage.ListBucketsRequest{NamespaceName: &ns, CompartmentId: common.String(tenancy)}); err != nil || len(list.Items) != 2 {
		t.Error(list, err)
	}
	for _, n := range []string{name, "a/c", "d"} {
		if _, err := c.PutObject(ctx, objectstorage.PutObjectRequest{NamespaceName: &ns, BucketName: &bucket, ObjectName: &n, OpcMeta: map[string]string{"origin": "oic"},
			PutObjectBody: io.NopCloser(bytes.NewReader([]byte("x" + n)))}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.GetObject(ctx, objectstorage.GetObjectRequest{NamespaceName: &ns, BucketName: &bucket, ObjectName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(got.Content); string(b) != "x"+name || got.OpcMeta["origin"] != "oic" {
		t.Errorf("%q %v", b, got.OpcMeta)
	}
	list, err := c.ListObjects(ctx, objectstorage.ListObjectsRequest{NamespaceName: &ns, BucketName: &bucket, Delimiter: common.String("/"), Fields: common.String("name,size,timeCreated")})
	if err != nil || len(list.Objects) != 1 || *list.Objects[0].Size != 2 || len(list.Prefixes) != 1 || list.Prefixes[0] != "a/" {
		t.Error(list, err)
	}
	list, err = c.ListObjects(ctx, objectstorage.ListObjectsRequest{NamespaceName: &ns, BucketName: &bucket, Limit: common.Int(2)})
	if err != nil || len(list.Objects) != 2 || *list.NextStartWith != "d" {
		t.Error(list, err)
	}
	if _, err := c.DeleteObject(ctx, objectstorage.DeleteObjectRequest{NamespaceName: &ns, BucketName: &bucket, ObjectName: &name}); err != nil {
		t.Error(err)
	}
	if _, err := c.HeadObject(ctx, objectstorage.HeadObjectRequest{NamespaceName: &ns, BucketName: &bucket, ObjectName: &name}); err == nil || err.(common.ServiceError).GetHTTPStatusCode() != 404 {
		t.Error(err)
	}
}

func TestTokenEndpointSpeaksOAuth(t *testing.T) {
	s, _, server := start(t, Options{History: -1, TokenLife: time.Minute}, connect.RetryPolicy{})
	id, secret := s.Credentials()
	form := func(kv ...string) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {s.Scope()}}
		for i := 0; i < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	for name, c := range map[string]struct {
		form   url.Values
		basic  bool
		status int
		want   string
	}{
		"body":   {form(), false, 200, `"expires_in":60`},
		"header": {url.Values{"grant_type": {"client_credentials"}, "scope": {s.Scope()}}, true, 200, `"token_type":"Bearer"`},
		"short":  {form("scope", s.Scope()+" urn:opc:resource:expiry=5"), false, 200, `"expires_in":5`},
		"both":   {form(), true, 400, "invalid_request"},
		"secret": {form("client_secret", "wrong"), false, 401, "invalid_client"},
		"scope":  {form("scope", s.Scope()+" other"), false, 400, "invalid_scope"},
		"none":   {form("scope", ""), false, 400, "invalid_scope"},
		"grant":  {form("grant_type", "password"), false, 400, "unsupported_grant_type"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/oauth2/v1/token", strings.NewReader(c.form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		if c.basic {
			req.SetBasicAuth(id, secret)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.status || !strings.Contains(string(body), c.want) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
}

func TestMisconfigurationsAreTold(t *testing.T) {
	q := connect.AuditQuery{Window: "1h", Limit: 2000}
	for name, c := range map[string]struct {
		options Options
		change  func(*connect.OAuthConfig, *connect.OICConfig)
		kind    connect.Kind
		hint    string
	}{
		"secret":         {Options{}, func(a *connect.OAuthConfig, _ *connect.OICConfig) { a.ClientSecret = "wrong" }, connect.Unauthorized, "check client_secret"},
		"scope":          {Options{}, func(a *connect.OAuthConfig, _ *connect.OICConfig) { a.Scope += "x" }, connect.Unauthorized, "check scope"},
		"audience":       {Options{Scopes: []string{"https://OTHER:443urn:opc:resource:consumer::all"}}, nil, connect.Unauthorized, "primary audience"},
		"role":           {Options{NoRole: true}, nil, connect.Forbidden, "ServiceMonitor"},
		"no instance":    {Options{Generation: 3}, func(_ *connect.OAuthConfig, o *connect.OICConfig) { o.IntegrationInstance = "" }, connect.Refused, "integration_instance"},
		"wrong instance": {Options{Generation: 3}, func(_ *connect.OAuthConfig, o *connect.OICConfig) { o.IntegrationInstance = "x" }, connect.NotFound, "integration_instance"},
		"page size":      {Options{RefuseLimit: true}, nil, connect.Refused, "page_size"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, server := start(t, c.options, connect.RetryPolicy{})
			id, secret := s.Credentials()
			a := connect.OAuthConfig{TokenURL: server.URL + "/oauth2/v1/token", ClientID: id, ClientSecret: secret, Scope: s.Scope()}
			o := connect.OICConfig{URL: server.URL, IntegrationInstance: s.opts.Instance}
			if c.change != nil {
				c.change(&a, &o)
			}
			_, err := connect.NewOIC(o, connect.NewOAuth(a, connect.Options{}), connect.Options{}).AuditRecords(t.Context(), q)
			if connect.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.hint) {
				t.Errorf("kind %v: %v", connect.KindOf(err), err)
			}
		})
	}
}

func TestOffsetsAndRevokedTokens(t *testing.T) {
	s, c, _ := start(t, Options{History: 1000, MaxOffset: 500}, connect.RetryPolicy{})
	if _, err := c.AuditRecords(t.Context(), connect.AuditQuery{Window: connect.Retention, Offset: 501}); connect.KindOf(err) != connect.OffsetRefused {
		t.Error(err)
	}
	for _, spoil := range []func(){s.RevokeTokens, func() { s.Advance(2 * time.Hour) }} {
		spoil()
		if page, err := c.AuditRecords(t.Context(), connect.AuditQuery{Window: connect.Retention, Offset: 500}); err != nil || page.Total != 1000 || len(page.Items) != 15 {
			t.Errorf("%v %v", page, err)
		}
	}
}

func TestControls(t *testing.T) {
	s, _, server := start(t, Options{History: 50, Rate: 3600}, connect.RetryPolicy{})
	call := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(method, server.URL+path, strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
	if status, body := call("POST", "/simulator/faults", "429=1x"); status != 200 || !strings.Contains(body, "429=1x") {
		t.Error(status, body)
	}
	if status, body := call("POST", "/simulator/faults", "nonsense"); status != 400 {
		t.Error(status, body)
	}
	call("POST", "/simulator/step", "")
	if status, body := call("POST", "/simulator/clock", `{"advance":"1h"}`); status != 200 || !s.Now().Equal(noon.Add(time.Hour)) {
		t.Error(status, body)
	}
	if status, body := call("POST", "/simulator/step", ""); status != 200 || s.Count() == 50 {
		t.Error(status, body)
	}
	var got struct {
		Truth
		Identities map[string]int
	}
	_, body := call("GET", "/simulator/truth?instance=x&list=true", "")
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if named := s.Truth(""); named.Instance != s.opts.Instance || named.Digest != s.Truth(s.opts.Instance).Digest || named.Digest == got.Digest {
		t.Errorf("the truth of no name is that of %q", named.Instance)
	}
	want, sum := s.Truth("x"), 0
	for _, n := range got.Identities {
		sum += n
	}
	if got.Count != s.Count() || sum != got.Count || got.Digest != want.Digest || got.Instance != "x" {
		t.Errorf("%s", body[:200])
	}
	if status, _ := call("DELETE", "/simulator/truth", ""); status != 404 {
		t.Error(status)
	}
}
