package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
	"github.com/oracle/oci-go-sdk/v65/loggingingestion"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
	"ledgerline/internal/quota"
	"ledgerline/internal/signature"
)

func TestLimitsAnswer429(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Users = quota.Limits{Requests: 2, Queries: 1, Upload: 100} })
	g.user("chief", catalog.Administrators)
	b := g.browser()
	b.logIn("chief", password)
	statuses := map[int]int{}
	for range 8 {
		code, _ := b.call("GET", nsPath, "")
		statuses[code]++
	}
	if statuses[200] < 4 || statuses[429] < 1 {
		t.Errorf("%v", statuses)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", g.web.URL+nsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", b.cookie)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 429 || resp.Header.Get("retry-after") != "1" {
		t.Errorf("%d, retry-after %q", resp.StatusCode, resp.Header.Get("retry-after"))
	}

	// One query runs; another is refused until it ends, also when the first is a job.
	g.advance(time.Minute)
	entered, leave := make(chan bool), make(chan bool)
	g.engine.runCtx = func(ctx context.Context, r query.Request) (*query.Result, error) {
		if r.Text == "slow" {
			entered <- true
			<-leave
		}
		return &query.Result{}, nil
	}
	body := `{"queryString":"slow","subSystem":"LOG","compartmentId":"` + tenancy + `","shouldRunAsync":true}`
	if code, m := b.call("POST", nsPath+"/search/actions/query", body); code != 201 {
		t.Fatalf("%d %v", code, m)
	}
	<-entered
	if code, m := b.call("POST", ownBase+"/query", `{"query":"*"}`); code != 429 {
		t.Errorf("%d %v", code, m)
	}
	leave <- true
	g.server.jobs.Wait()
	g.advance(time.Minute)
	if code, m := b.call("POST", ownBase+"/query", `{"query":"*"}`); code != 200 {
		t.Errorf("%d %v", code, m)
	}

	g.advance(time.Hour)
	upload := nsPath + "/actions/uploadLogFile?logSourceName=x&filename=x"
	for i, want := range []bool{false, true} { // the first takes the whole minute
		code, _ := b.call("POST", upload, strings.Repeat("x", 100))
		if (code == 429) != want {
			t.Errorf("upload %d: %d", i, code)
		}
	}
}

// signedBy is the official client of a user, signing with a key of its own.
func (g *rig) signedBy(user string) la.LogAnalyticsClient {
	g.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		g.t.Fatal(err)
	}
	finger, err := signature.Fingerprint(&key.PublicKey)
	if err == nil {
		_, err = g.cat.AddKey(g.t.Context(), user, finger, &key.PublicKey)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	c, err := la.NewLogAnalyticsClientWithConfigurationProvider(common.NewRawConfigurationProvider(tenancy, user, "eu-frankfurt-1", finger, string(text), nil))
	if err != nil {
		g.t.Fatal(err)
	}
	own := g.sdk()
	c.Host, c.Interceptor = own.Host, own.Interceptor
	never := common.NoRetryPolicy()
	c.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
	return c
}

// slowed checks that a call was refused for its number, and when to come again.
func slowed(t *testing.T, what string, raw *http.Response, err error, after string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: not refused", what)
		return
	}
	refused(t, err, 429, "TooManyRequests")
	if raw == nil || raw.Header.Get("retry-after") != after {
		t.Errorf("%s: retry-after is not %s: %+v", what, after, raw)
	}
}

// A user has one share of requests, however it comes: by either of two keys, or by a
// browser. Another user has its own.
func TestSDKLimitOfRequests(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Users = quota.Limits{Requests: 4} })
	g.fixed = time.Now()
	chief, other := g.user("chief", catalog.Administrators), g.user("other", catalog.Administrators)
	first, second, third := g.signedBy(chief.ID), g.signedBy(chief.ID), g.signedBy(other.ID)
	b := g.browser()
	b.logIn("chief", password)
	get := func(c la.LogAnalyticsClient) (la.GetNamespaceResponse, error) {
		return c.GetNamespace(t.Context(), la.GetNamespaceRequest{NamespaceName: ptr("demo")})
	}
	for i := range 8 { // two seconds' worth, saved up
		var err error
		switch i % 3 {
		case 0:
			_, err = get(first)
		case 1:
			_, err = get(second)
		default:
			if code, m := b.call("GET", nsPath, ""); code != 200 {
				t.Errorf("request %d: %d %v", i, code, m)
			}
		}
		if err != nil {
			t.Errorf("request %d: %v", i, err)
		}
	}
	r, err := get(first)
	slowed(t, "first key", r.RawResponse, err, "1")
	r, err = get(second)
	slowed(t, "second key", r.RawResponse, err, "1")
	if code, _ := b.call("GET", nsPath, ""); code != 429 {
		t.Errorf("session: %d", code)
	}
	for range 8 {
		if _, err := get(third); err != nil {
			t.Errorf("another user: %v", err)
		}
	}
	g.advance(time.Second)
	if _, err := get(second); err != nil {
		t.Errorf("a second later: %v", err)
	}
}

// Bytes count by whichever operation they come, and are not counted for others.
func TestSDKLimitOfUploads(t *testing.T) {
	const share = 60_000 // a minute
	g := newRig(t, func(o *Options) { o.Users, o.LogGroup = quota.Limits{Upload: share}, groupID })
	g.fixed = time.Now()
	chief, other := g.user("chief", catalog.Administrators), g.user("other", catalog.Administrators)
	mine, theirs := g.signedBy(chief.ID), g.signedBy(other.ID)
	text := strings.Repeat("x", 20_000)
	file := func(c la.LogAnalyticsClient) (*http.Response, error) {
		r, err := c.UploadLogFile(t.Context(), la.UploadLogFileRequest{NamespaceName: ptr("demo"), LogSourceName: ptr("OCI Unified Schema Logs"), Filename: ptr("a"),
			OpcMetaLoggrpid: ptr(groupID), UploadLogFileBody: io.NopCloser(bytes.NewReader([]byte(text)))})
		return r.RawResponse, err
	}
	events := func(c la.LogAnalyticsClient) (*http.Response, error) {
		body := strings.Replace(evilEvents, `"evil"`, `"`+text+`"`, 1)
		r, err := c.UploadLogEventsFile(t.Context(), la.UploadLogEventsFileRequest{NamespaceName: ptr("demo"), LogGroupId: ptr(groupID),
			UploadLogEventsFileDetails: io.NopCloser(strings.NewReader(body))})
		return r.RawResponse, err
	}
	push := func(c la.LogAnalyticsClient) (*http.Response, error) {
		in := loggingingestion.LoggingClient{BaseClient: c.BaseClient}
		in.BasePath = ingestionBase
		at := common.SDKTime{Time: g.now()}
		r, err := in.PutLogs(t.Context(), loggingingestion.PutLogsRequest{LogId: ptr("ocid1.log.oc1..x"), PutLogsDetails: loggingingestion.PutLogsDetails{Specversion: ptr("1.0"),
			LogEntryBatches: []loggingingestion.LogEntryBatch{{Source: ptr("s"), Type: ptr("t"), Defaultlogentrytime: &at,
				Entries: []loggingingestion.LogEntry{{Id: ptr("1"), Data: &text}}}}}})
		return r.RawResponse, err
	}
	content := func(c la.LogAnalyticsClient) (*http.Response, error) {
		body := evilContent + strings.Repeat(" ", len(text))
		r, err := c.ImportCustomContent(t.Context(), la.ImportCustomContentRequest{NamespaceName: ptr("demo"), ImportCustomContentFileBody: io.NopCloser(strings.NewReader(body))})
		return r.RawResponse, err
	}
	ways := map[string]func(la.LogAnalyticsClient) (*http.Response, error){"UploadLogFile": file, "UploadLogEventsFile": events, "PutLogs": push, "ImportCustomContent": content}
	for name, way := range ways {
		g.advance(time.Hour) // the share is whole
		for i := range 2 {
			if _, err := way(mine); err != nil {
				t.Errorf("%s %d: %v", name, i, err)
			}
		}
		for next, way := range ways { // less than 20,000 bytes are left
			raw, err := way(mine)
			if name == next && name == "UploadLogFile" { // 20,000 fit
				if err != nil {
					t.Errorf("%s, the last bytes: %v", name, err)
				}
				raw, err = way(mine)
			}
			if err == nil {
				t.Errorf("%s after %s is not refused", next, name)
				continue
			}
			if raw == nil || raw.StatusCode != 429 || raw.Header.Get("retry-after") == "" {
				t.Errorf("%s after %s: %v", next, name, err)
			}
		}
		if _, err := way(theirs); err != nil {
			t.Errorf("%s of another user: %v", name, err)
		}
	}
	// A length that is only claimed costs no more than the largest body.
	g.advance(time.Hour)
	if statuses, _ := g.raw(g.signed(rawRequest{method: "GET", target: nsPath, cover: getHeaders})); len(statuses) != 1 || statuses[0] != 200 {
		t.Errorf("%v", statuses)
	}
}

// Queries at once are counted over keys, jobs and exports; another user's run meanwhile.
func TestSDKLimitOfQueries(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Users = quota.Limits{Queries: 2} })
	g.fixed = time.Now()
	chief, other := g.user("chief", catalog.Administrators), g.user("other", catalog.Administrators)
	first, second, theirs := g.signedBy(chief.ID), g.signedBy(chief.ID), g.signedBy(other.ID)
	entered, leave := make(chan bool), make(chan bool)
	g.engine.runCtx = func(_ context.Context, r query.Request) (*query.Result, error) {
		if r.Text == "slow" {
			entered <- true
			<-leave
		}
		return &query.Result{}, nil
	}
	ask := func(c la.LogAnalyticsClient, text string, async bool) (la.QueryResponse, error) {
		return c.Query(t.Context(), la.QueryRequest{NamespaceName: ptr("demo"), Limit: ptr(10), QueryDetails: la.QueryDetails{CompartmentId: ptr(tenancy),
			QueryString: &text, SubSystem: la.SubSystemNameLog, ShouldRunAsync: &async}})
	}
	done := make(chan error, 1)
	go func() {
		_, err := ask(first, "slow", false)
		done <- err
	}()
	<-entered
	if _, err := ask(second, "slow", true); err != nil {
		t.Fatal(err)
	}
	<-entered
	for name, c := range map[string]la.LogAnalyticsClient{"first key": first, "second key": second} {
		r, err := ask(c, "*", false)
		slowed(t, name, r.RawResponse, err, "1")
	}
	if _, err := ask(theirs, "*", false); err != nil {
		t.Errorf("another user: %v", err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
	g.server.jobs.Wait()
	if _, err := ask(second, "*", false); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
