package simulate

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// noon is a Wednesday, so that people are at work.
var noon = time.Date(2024, 5, 15, 12, 0, 0, 0, time.UTC)

func fixed(t time.Time) func() time.Time { return func() time.Time { return t } }

// start serves a simulator and gives a client of it that never waits.
func start(t *testing.T, o Options, retry connect.RetryPolicy) (*Simulator, *connect.OIC, *httptest.Server) {
	t.Helper()
	if o.Clock == nil {
		o.Clock = fixed(noon)
	}
	if o.SlowFor == 0 {
		o.SlowFor = time.Millisecond
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	id, secret := s.Credentials()
	opts := connect.Options{Clock: s.Now, Retry: retry, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	auth := connect.NewOAuth(connect.OAuthConfig{TokenURL: server.URL + "/oauth2/v1/token", ClientID: id, ClientSecret: secret, Scope: s.Scope()}, opts)
	instance := ""
	if o.Generation == 3 {
		instance = s.opts.Instance
	}
	return s, connect.NewOIC(connect.OICConfig{URL: server.URL, IntegrationInstance: instance}, auth, opts), server
}

// readAll pages naively until a short page and counts identities.
func readAll(t *testing.T, c *connect.OIC, q connect.AuditQuery, instance string) map[record.Identity]int {
	t.Helper()
	out := map[record.Identity]int{}
	for {
		page, err := c.AuditRecords(t.Context(), q)
		if err != nil {
			t.Fatalf("offset %d: %v", q.Offset, err)
		}
		for _, raw := range page.Items {
			out[identify(t, raw, instance)]++
		}
		if q.Offset += len(page.Items); len(page.Items) < q.Limit {
			if page.Total != q.Offset {
				t.Fatalf("the page says %d records, read %d", page.Total, q.Offset)
			}
			return out
		}
	}
}

func identify(t *testing.T, raw json.RawMessage, instance string) record.Identity {
	t.Helper()
	var a struct {
		AuditTrailMessage, OperationName, ResourceCode, ResourceName, ResourceType, ResourceVersion, TimeStamp, UserName string
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatal(err)
	}
	return record.Audit{Instance: instance, TimeStamp: a.TimeStamp, UserName: a.UserName, OperationName: a.OperationName,
		ResourceType: a.ResourceType, ResourceCode: a.ResourceCode, ResourceVersion: a.ResourceVersion, AuditTrailMsg: a.AuditTrailMessage}.Identity()
}

func TestTruthIsWhatAFullReadFinds(t *testing.T) {
	for name, o := range map[string]Options{
		"generation 2": {History: 2500},
		"generation 3": {History: 700, Generation: 3, NumericTotal: true, HasMore: true, OneLine: true},
		"unordered":    {History: 1001, Unordered: true, TimeStamps: "mixed"},
		"tiny":         {History: 1, Users: 1, Integrations: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, c, _ := start(t, o, connect.RetryPolicy{})
			got := readAll(t, c, connect.AuditQuery{Window: connect.Retention, Limit: 100}, "x")
			truth := s.Truth("x")
			if truth.Count != o.History || Digest(got) != truth.Digest {
				t.Fatalf("read %d identities of %d; digest %s, truth %s", len(got), truth.Distinct, Digest(got), truth.Digest)
			}
		})
	}
}

// readPass reads once from the first page to the last; a pass in which the
// total or the first record changed is worth nothing, and says total -1.
func readPass(t *testing.T, fetch func(connect.AuditQuery) *connect.AuditPage) (map[record.Identity]int, int) {
	t.Helper()
	out, total := map[record.Identity]int{}, -1
	for offset := 0; ; {
		page := fetch(connect.AuditQuery{Window: connect.Retention, Offset: offset, Limit: 100})
		if total >= 0 && page.Total != total {
			return nil, -1
		}
		total = page.Total
		for _, raw := range page.Items {
			out[identify(t, raw, "x")]++
		}
		if offset += len(page.Items); len(page.Items) < 100 {
			return out, total
		}
	}
}
