package deliver

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/content"
)

// What the table of docs/sources.md ("What is wrong with what came") says of uploads:
// each is kept or refused with a reason, and those beside it go on.
func TestTroubleOfUploads(t *testing.T) {
	event := func(category, at string) []byte {
		return fmt.Appendf(nil, `{"id":"x","type":"com.oraclecloud.analytics.analyticsinstance.audit","source":"s","time":%q,"data":{"category":%q,"userId":"u"}}`, at, category)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(event("security", "2023-11-14T10:00:00Z"))
	z.Close()
	timeless := []byte(`{"id":"y","type":"com.oraclecloud.analytics.analyticsinstance.audit","source":"s","data":{"category":"catalog"}}`)
	for name, c := range map[string]struct {
		body    []byte
		rows    int64
		warning string // code; empty: none
		failure string // part of it
	}{
		"good.json":      {event("security", "2023-11-14T10:00:00Z"), 1, "", ""},
		"truncated.gz":   {packed.Bytes()[:packed.Len()-12], 0, "", "damaged"},
		"slip.tar.gz":    {packed.Bytes(), 0, "", "damaged"},
		"not-json":       {[]byte("not JSON at all"), 1, "ParseFailed", ""},
		"half.json":      {event("security", "2023-11-14T10:00:00Z")[:60], 1, "ParseFailed", ""},
		"large.json":     {event(strings.Repeat("x", 20<<20), "2023-11-14T10:00:00Z"), 1, "", ""},
		"no-time.json":   {timeless, 1, "TimeAssumed", ""},
		"1970.json":      {event("security", "1970-01-01T00:00:00Z"), 1, "TimeAssumed", ""},
		"2100.json":      {event("security", "2100-01-01T00:00:00Z"), 1, "TimeAssumed", ""},
		"yesterday.json": {event("security", "yesterday"), 1, "TimeAssumed", ""},
		"category.json":  {event("nobodyKnows", "2023-11-14T10:00:00Z"), 1, "", ""},
		"empty.json":     {nil, 0, "", ""},
	} {
		st, files := received(t, map[string][]byte{name: c.body, "beside.json": event("query", "2023-11-14T10:00:00Z")}, content.SourceAnalyticsAudit)
		l, kept, books := newLocal(t, st)
		var log bytes.Buffer
		l.Logger = slog.New(slog.NewTextHandler(&log, nil))
		deliverAll(t, l, files)
		if lines := strings.Count(log.String(), "refused an upload"); lines != strings.Count(c.failure, "damaged") {
			t.Errorf("%s: %d lines in the log: %s", name, lines, log.String())
		}
		got := books[name]
		warned := slices.ContainsFunc(got.Warnings, func(w content.Warning) bool { return w.Code == c.warning })
		if got.Rows != c.rows || warned != (c.warning != "") || !strings.Contains(got.Failure, c.failure) || (got.Failure == "") != (c.failure == "") {
			t.Errorf("%s: %d rows, warnings %.300v, failure %q", name, got.Rows, got.Warnings, got.Failure)
		}
		if beside := books["beside.json"]; beside.Rows != 1 || beside.Failure != "" || kept.rows() != int(c.rows)+1 {
			t.Errorf("%s: beside it %+v, %d rows in all", name, beside, kept.rows())
		}
	}
}
