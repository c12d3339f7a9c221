package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/query"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/signature"
	"ledgerline/internal/stage"
	"ledgerline/internal/store"
)

const (
	tenancy  = "ocid1.tenancy.oc1..t"
	userID   = "ocid1.user.oc1..u"
	groupID  = "ocid1.loganalyticsloggroup.oc1..g"
	auditLog = "OCI Integration Audit Logs"
)

// rig is a server with a real catalogue, stage and library; the engine and the
// store are stood in for, since what they compute is tested where they live.
type rig struct {
	t       testing.TB
	cat     *catalog.Catalog
	stage   *stage.Stage
	lib     *content.Library
	engine  *fakeEngine
	store   *fakeStore
	server  *Server
	web     *httptest.Server
	log     *logBuffer
	key     *rsa.PrivateKey
	keyID   string
	finger  string
	clockMu sync.Mutex
	offset  time.Duration
	fixed   time.Time // when set, the clock stands still but for advance
}

// testKey is made once: it takes most of a second under the race detector.
var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

type fakeEngine struct {
	run     func(query.Request) (*query.Result, error)
	explain func(query.Request) (*query.Explanation, error)
	export  func(ctx context.Context, r query.Request, header func([]query.Column) error, row func([]any) error) error
	runCtx  func(context.Context, query.Request) (*query.Result, error) // in place of run
	matched []query.Request
}

func (e *fakeEngine) Matching(r query.Request) (func(context.Context, *store.Segment) ([]bool, error), error) {
	e.matched = append(e.matched, r)
	if strings.Contains(r.Text, "|") {
		return nil, &syntax.Errors{List: []*syntax.Error{{Message: "only a search clause"}}}
	}
	return func(context.Context, *store.Segment) ([]bool, error) { return nil, nil }, nil
}

func (e *fakeEngine) Run(ctx context.Context, r query.Request) (*query.Result, error) {
	if e.runCtx != nil {
		return e.runCtx(ctx, r)
	}
	return e.run(r)
}

func (e *fakeEngine) Explain(_ context.Context, r query.Request, _ bool) (*query.Explanation, error) {
	return e.explain(r)
}

func (e *fakeEngine) Export(ctx context.Context, r query.Request, header func([]query.Column) error, row func([]any) error) error {
	if e.export == nil {
		return header(nil)
	}
	return e.export(ctx, r, header, row)
}

func (e *fakeEngine) Describe(query.Request) (*query.Description, error) {
	return &query.Description{}, nil
}

type fakeStore struct {
	busy   bool
	report store.VerifyReport
	days   []store.DayStats
	purged []store.Purge
	purge  func(store.Purge) error // in place of what succeeds
}

func (s *fakeStore) Purge(_ context.Context, p store.Purge) (store.PurgeReport, error) {
	if s.purge != nil {
		return store.PurgeReport{}, s.purge(p)
	}
	s.purged = append(s.purged, p)
	return store.PurgeReport{Segments: 1, Rows: 3, Bytes: 300}, nil
}

func (s *fakeStore) CountPurge(context.Context, store.Purge) (store.PurgeReport, error) {
	return store.PurgeReport{Segments: 1, Rows: 3, Bytes: 300}, nil
}

func (s *fakeStore) Busy() bool                                          { return s.busy }
func (s *fakeStore) Verify(context.Context) (*store.VerifyReport, error) { return &s.report, nil }
func (s *fakeStore) Stats(context.Context) (store.Stats, error) {
	return store.Stats{Segments: 2, Rows: 30, Bytes: 4096, Days: s.days}, nil
}

type documents struct{ *catalog.Catalog }

func (d documents) LoadContent(ctx context.Context) ([]content.Document, error) {
	list, err := d.Catalog.LoadContent(ctx)
	return mapped(list, func(v catalog.Document) content.Document { return content.Document(v) }), err
}

func (d documents) SaveContent(ctx context.Context, put []content.Document, remove []content.DocumentKey) error {
	return d.Catalog.SaveContent(ctx, mapped(put, func(v content.Document) catalog.Document { return catalog.Document(v) }),
		mapped(remove, func(v content.DocumentKey) catalog.DocumentKey { return catalog.DocumentKey(v) }))
}

// lookup gives log sources the lookups of the catalogue.
func (g *rig) lookup(name string) (*content.LookupTable, bool) {
	_, t, err := g.cat.LookupTable(context.Background(), name)
	return &content.LookupTable{Columns: t.Columns, Rows: t.Rows}, err == nil
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (g *rig) now() time.Time {
	g.clockMu.Lock()
	defer g.clockMu.Unlock()
	if !g.fixed.IsZero() {
		return g.fixed.Add(g.offset)
	}
	return time.Now().Add(g.offset)
}

func (g *rig) advance(d time.Duration) {
	g.clockMu.Lock()
	defer g.clockMu.Unlock()
	g.offset += d
}

func newRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	g := &rig{t: t, engine: &fakeEngine{}, store: &fakeStore{}, log: &logBuffer{}}
	var err error
	g.key, err = testKey()
	must(err)
	g.finger, err = signature.Fingerprint(&g.key.PublicKey)
	must(err)
	g.keyID = tenancy + "/" + userID + "/" + g.finger
	o := Options{Clock: g.now, Logger: slog.New(slog.NewTextHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Tenancy: tenancy, Namespace: "demo", Version: "test"}
	for _, f := range change {
		f(&o)
	}
	g.cat, err = catalog.Open(ctx, t.TempDir(), catalog.Seeds{Tenancy: tenancy, Audit: o.Audit, Keys: []catalog.Key{{User: userID, Fingerprint: g.finger, Public: &g.key.PublicKey}},
		LogGroups: []catalog.SeedGroup{{ID: groupID, Name: "Audit"}}}, catalog.Options{Clock: g.now})
	must(err)
	t.Cleanup(func() { g.cat.Close() })
	g.stage, err = stage.Open(t.TempDir(), stage.Options{Clock: g.now})
	must(err)
	t.Cleanup(func() { g.stage.Close() })
	g.lib, err = content.Open(ctx, documents{g.cat}, content.Options{Clock: g.now, Lookups: g.lookup})
	must(err)
	g.server, err = New(Parts{Stage: g.stage, Library: g.lib, Content: g.lib, Store: g.store, Query: g.engine, Catalog: g.cat}, o)
	must(err)
	t.Cleanup(g.server.Close)
	g.web = httptest.NewUnstartedServer(nil)
	g.web.Config = g.server.HTTPServer(g.server.Handler())
	g.web.Start()
	t.Cleanup(g.web.Close)
	// Whatever a test did: no credential may reach the log.
	t.Cleanup(func() {
		if text := g.log.String(); strings.Contains(text, "Signature ") || strings.Contains(text, "signature=") {
			t.Errorf("the log holds an Authorization header:\n%s", text)
		}
	})
	return g
}

// provider makes official clients sign with the rig's key.
func (g *rig) provider() common.ConfigurationProvider {
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(g.key)})
	return common.NewRawConfigurationProvider(tenancy, userID, "eu-frankfurt-1", g.finger, string(text), nil)
}

// sdk returns the official client, signing with the rig's key.
func (g *rig) sdk() loganalytics.LogAnalyticsClient {
	g.t.Helper()
	c, err := loganalytics.NewLogAnalyticsClientWithConfigurationProvider(g.provider())
	if err != nil {
		g.t.Fatal(err)
	}
	c.Host = g.web.URL
	c.Interceptor = func(r *http.Request) error { // before it is signed
		r.Header.Set("Date", g.now().UTC().Format(http.TimeFormat))
		return nil
	}
	never := common.NoRetryPolicy()
	c.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
	return c
}

// received reads what is staged.
func (g *rig) received() []stage.ReceivedUpload {
	g.t.Helper()
	ctx := context.Background()
	if err := g.stage.SealReceived(ctx); err != nil {
		g.t.Fatal(err)
	}
	files, err := g.stage.Files(ctx, stage.ReceivedIntegration, 0, 100_000)
	if err != nil {
		g.t.Fatal(err)
	}
	var out []stage.ReceivedUpload
	for _, f := range files {
		if err := g.stage.ReadReceived(ctx, f, func(u stage.ReceivedUpload) error {
			u.Body = bytes.Clone(u.Body)
			out = append(out, u)
			return nil
		}); err != nil {
			g.t.Fatal(err)
		}
	}
	return out
}

// refused checks status and code of an error of the official client.
func refused(t testing.TB, err error, status int, code string) {
	t.Helper()
	var e common.ServiceError
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %d %s", err, status, code)
		return
	}
	if e.GetHTTPStatusCode() != status || e.GetCode() != code {
		t.Errorf("%d %s %q, want %d %s", e.GetHTTPStatusCode(), e.GetCode(), e.GetMessage(), status, code)
	}
	if e.GetOpcRequestID() == "" {
		t.Error("no opc-request-id")
	}
}

func ptr[T any](v T) *T { return &v }
