package burst

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

type noDocuments struct{}

func (noDocuments) LoadContent(context.Context) ([]content.Document, error) { return nil, nil }
func (noDocuments) SaveContent(context.Context, []content.Document, []content.DocumentKey) error {
	return errors.New("nothing is stored here")
}

// rig is a joiner with a clock by hand and a sink that keeps each batch once, as
// the store does.
type rig struct {
	t    *testing.T
	dir  string
	now  time.Time
	lib  *content.Library
	j    *Joiner
	kept map[[32]byte]string
	fail func() error // asked before and after a batch is kept
}

func newRig(t *testing.T) *rig {
	t.Helper()
	lib, err := content.Open(t.Context(), noDocuments{}, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: t.TempDir(), now: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC), lib: lib, kept: map[[32]byte]string{}, fail: func() error { return nil }}
	r.open()
	t.Cleanup(func() { r.j.Close() })
	return r
}

func (r *rig) open() {
	r.t.Helper()
	var err error
	if r.j, err = Open(r.t.Context(), r.dir, content.SourceAnalyticsDiagnostic, Options{Clock: func() time.Time { return r.now }}); err != nil {
		r.t.Fatal(err)
	}
}

// reopen is a crash: the process is another one, what is on disk the same.
func (r *rig) reopen() {
	r.t.Helper()
	if err := r.j.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.open()
}

func (r *rig) sink(_ context.Context, id [32]byte, group string, body []byte) error {
	if err := r.fail(); err != nil {
		return err
	}
	r.kept[id] = group + "\n" + string(body)
	return r.fail()
}

func (r *rig) pass() int {
	r.t.Helper()
	n, err := r.j.Pass(r.t.Context(), r.sink)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// records are all that the sink has kept.
func (r *rig) records() (out []Record) {
	r.t.Helper()
	for _, text := range r.kept {
		_, lines, _ := strings.Cut(text, "\n")
		for line := range strings.Lines(lines) {
			var one Record
			if err := json.Unmarshal([]byte(line), &one); err != nil {
				r.t.Fatal(err)
			}
			out = append(out, one)
		}
	}
	return out
}

// parse makes entries of events as ingest does.
func (r *rig) parse(source, body string) (out []record.Entry) {
	r.t.Helper()
	up := content.Upload{Origin: &record.Origin{Upload: "u", Source: source, LogGroup: "group", Received: r.now.UnixMilli()}}
	if _, err := r.lib.Parse(r.t.Context(), up, []byte(body), func(e *record.Entry) error { out = append(out, *e); return nil }); err != nil {
		r.t.Fatal(err)
	}
	return out
}

func event(id, ecid, user string, at time.Time, message string) string {
	text, _ := json.Marshal(map[string]any{"id": id, "source": "SalesOAC", "specversion": "1.0", "time": at.Format("2006-01-02T15:04:05.000Z"),
		"type": "com.oraclecloud.analytics.analyticsinstance.diagnostic",
		"data": map[string]any{"category": "query", "ecid": ecid, "userId": user, "logLevel": "info", "message": message, "additionalDetails": map[string]any{}}})
	return string(text)
}

// The burst of log-sources.md, section 5.6.
const rule = "--------------------"

func documented(n int, at time.Time) []string {
	ecid := fmt.Sprintf("%08x-22aa-4bcd-8e9f-001122334455-0000c3d4", n)
	var out []string
	for i, m := range []string{
		"##############################################\n" + rule + " SQL Request, logical request hash:\n1f2e3d4c\nSET VARIABLE QUERY_SRC_CD='Report',SAW_SRC_PATH='/shared/Sales/Pipeline',SAW_DASHBOARD='/shared/Sales/Overview';SELECT \"Sales\".\"Amount\" s_1 FROM \"Sales Area\"\n",
		rule + " General Query Info:\nRepository: Star, Subject Area: Sales Area, Presentation: Sales Area\n",
		fmt.Sprintf(rule+" Sending query to database named SALES_ADW (id: <<%d>>), connection pool named ADW_CP, logical request hash 1f2e3d4c, physical request hash 9a8b7c6d: select sum(T1.AMT) as c1 from SALES T1\n", n),
		rule + " Query Status: Successful Completion\n",
		fmt.Sprintf(rule+" Rows 12, bytes 480 retrieved from database query id: <<%d>>, physical request hash 9a8b7c6d\n", n),
		fmt.Sprintf(rule+" Physical query response time 0.412 (seconds), id <<%d>>\n", n),
		rule + "Physical Query Summary Stats: Number of physical queries 1, Cumulative time 0.412, DB-connect time 0.004 (seconds)\n",
		rule + " Rows returned to Client 12\n",
		rule + " Logical Query Summary Stats: Elapsed time 0.655, Response time 0.651, Compilation time 0.120 (seconds)\n",
	} {
		out = append(out, event(fmt.Sprintf("%d-%d", n, i), ecid, "ana", at.Add(time.Duration(i)*time.Millisecond), m))
	}
	return out
}

// From the events of a burst to the fields of one record, through the real parsers.
func TestBurstBecomesOneRecord(t *testing.T) {
	r := newRig(t)
	at := r.now.Add(-time.Hour)
	entries := r.parse(content.SourceAnalyticsDiagnostic, strings.Join(documented(5010, at), "\n"))
	entries = append(entries, r.parse(content.SourceAnalyticsAudit, event("x", "e", "ana", at, "not a query"))...)
	if err := r.j.Observe(t.Context(), [32]byte{1}, 0, entries); err != nil {
		t.Fatal(err)
	}
	if n := r.pass(); n != 0 {
		t.Errorf("%d records before the query settled", n)
	}
	r.now = r.now.Add(2 * time.Minute)
	if n := r.pass(); n != 1 || len(r.kept) != 1 {
		t.Fatalf("%d records", n)
	}
	var e record.Entry
	for _, text := range r.kept {
		group, body, _ := strings.Cut(text, "\n")
		back := r.parse(content.SourceAnalyticsQueries, body)
		if group != "group" || len(back) != 1 {
			t.Fatalf("log group %q, %d entries", group, len(back))
		}
		e = back[0]
	}
	if e.Time != at.UnixMilli() {
		t.Errorf("time %v, want that of the request", time.UnixMilli(e.Time))
	}
	for field, want := range map[string]record.Value{
		"usrid": record.Text("ana"), "ocirsrcname": record.Text("SalesOAC"), "ecidid": record.Text("00001392-22aa-4bcd-8e9f-001122334455-0000c3d4"),
		"logicalhash": record.Text("1f2e3d4c"), "physicalhash": record.Text("9a8b7c6d"), "queryid": record.Text("5010"),
		"querysource": record.Text("Report"), "reportpath": record.Text("/shared/Sales/Pipeline"), "dashboardpath": record.Text("/shared/Sales/Overview"),
		"repository": record.Text("Star"), "subjectarea": record.Text("Sales Area"), "dbname": record.Text("SALES_ADW"), "connpool": record.Text("ADW_CP"),
		"querystatus": record.Text("Successful Completion"), "rowcount": record.Whole(12), "bytecount": record.Whole(480), "clientrows": record.Whole(12),
		"physicalqueries": record.Whole(1), "physicalresptime": record.Fraction(0.412), "cumulativetime": record.Fraction(0.412), "dbconnecttime": record.Fraction(0.004),
		"elapsedtime": record.Fraction(0.655), "logicalresptime": record.Fraction(0.651), "compiletime": record.Fraction(0.12),
		"querymessages": record.Whole(9), "joinedby": record.Text("ECID"), "querycomplete": record.Whole(1),
		"sql": record.Text("SET VARIABLE QUERY_SRC_CD='Report',SAW_SRC_PATH='/shared/Sales/Pipeline',SAW_DASHBOARD='/shared/Sales/Overview';SELECT \"Sales\".\"Amount\" s_1 FROM \"Sales Area\""),
	} {
		found := false
		for _, c := range e.Cells {
			if c.Field == field {
				found = true
				if fmt.Sprint(c.Value) != fmt.Sprint(want) {
					t.Errorf("%s is %+v, want %+v", field, c.Value, want)
				}
			}
		}
		if !found {
			t.Errorf("%s is absent", field)
		}
	}
}

// A query that lacks its end is written all the same, later, and says so; what
// comes after it was written makes no second record.
func TestQueryWithoutAnEnd(t *testing.T) {
	r := newRig(t)
	events := documented(1, r.now)
	observe := func(chunk int, from, to int) {
		t.Helper()
		if err := r.j.Observe(t.Context(), [32]byte{1}, chunk, r.parse(content.SourceAnalyticsDiagnostic, strings.Join(events[from:to], "\n"))); err != nil {
			t.Fatal(err)
		}
	}
	observe(0, 0, 5)
	r.now = r.now.Add(14 * time.Minute)
	if n := r.pass(); n != 0 {
		t.Errorf("%d records while there is patience", n)
	}
	r.now = r.now.Add(time.Minute)
	if n := r.pass(); n != 1 {
		t.Errorf("%d records after it", n)
	}
	observe(1, 3, 9) // two of them for the second time
	r.now = r.now.Add(time.Hour)
	if n := r.pass(); n != 0 {
		t.Errorf("%d records of late messages", n)
	}
	got := r.records()
	if len(got) != 1 || got[0].Complete != 0 || got[0].Messages != 5 {
		t.Errorf("%+v", got)
	}
	if n, err := r.j.book.ripe(t.Context(), false, r.now.UnixMilli(), 10); err != nil || len(n) != 0 {
		t.Errorf("late messages wait for ever: %v %v", n, err)
	}
}

// Whatever is delivered twice or out of order, and wherever the process dies or
// the store's answer is lost, each query becomes one record, and all of it.
func TestExactlyOnceAcrossCrashes(t *testing.T) {
	seeds, queries := uint64(2), 10
	if os.Getenv("LEDGERLINE_CAMPAIGN") == "long" {
		seeds, queries = 40, 25
	}
	for seed := range seeds {
		r := newRig(t)
		rnd := rand.New(rand.NewPCG(seed, 2))
		lost := errors.New("the answer is lost")
		r.fail = func() error {
			if rnd.IntN(3) == 0 {
				return lost
			}
			return nil
		}
		var chunks []string
		for n := range queries {
			events := documented(n, r.now.Add(time.Duration(n)*time.Second))
			rnd.Shuffle(len(events), func(i, k int) { events[i], events[k] = events[k], events[i] })
			for len(events) > 0 {
				size := 1 + rnd.IntN(len(events))
				chunks = append(chunks, strings.Join(events[:size], "\n"))
				events = events[size:]
			}
		}
		rnd.Shuffle(len(chunks), func(i, k int) { chunks[i], chunks[k] = chunks[k], chunks[i] })
		try := func() {
			for range 50 {
				_, err := r.j.Pass(t.Context(), r.sink)
				if rnd.IntN(2) == 0 {
					r.reopen()
				}
				if err == nil {
					return
				}
				if !errors.Is(err, lost) {
					t.Fatal(err)
				}
			}
			t.Fatal("it never gets through")
		}
		for i, chunk := range chunks {
			for range 1 + rnd.IntN(2) { // again, as after a crash before the cursor moved
				if err := r.j.Observe(t.Context(), [32]byte{9}, i, r.parse(content.SourceAnalyticsDiagnostic, chunk)); err != nil {
					t.Fatal(err)
				}
			}
			r.now = r.now.Add(time.Duration(rnd.IntN(2000)) * time.Millisecond)
			try()
		}
		r.now = r.now.Add(time.Hour)
		try()
		r.fail = func() error { return nil }
		r.pass()
		seen := map[string]Record{}
		for _, one := range r.records() {
			if _, twice := seen[one.ECID]; twice {
				t.Fatalf("seed %d: %s was written twice", seed, one.ECID)
			}
			seen[one.ECID] = one
			if one.Complete != 1 || one.Messages != 9 || *one.Rows != 12 {
				t.Fatalf("seed %d: %+v", seed, one)
			}
		}
		if len(seen) != queries {
			t.Fatalf("seed %d: %d records of %d queries", seed, len(seen), queries)
		}
	}
}

// The same events in two log groups are two queries: each group has its own record,
// of its own messages, whoever else can write them.
func TestLogGroupsKeepTheirQueries(t *testing.T) {
	r := newRig(t)
	events := documented(1, r.now)
	for chunk, group := range []string{"public", "secret"} {
		entries := r.parse(content.SourceAnalyticsDiagnostic, strings.Join(events[chunk:], "\n")) // the request is public alone
		for i := range entries {
			entries[i].Origin = &record.Origin{Source: content.SourceAnalyticsDiagnostic, LogGroup: group}
		}
		if err := r.j.Observe(t.Context(), [32]byte{1}, chunk, entries); err != nil {
			t.Fatal(err)
		}
	}
	r.now = r.now.Add(time.Hour)
	r.pass()
	kept := map[string]int{}
	for _, text := range r.kept {
		group, lines, _ := strings.Cut(text, "\n")
		kept[group] += strings.Count(lines, "\n")
		if hasSQL := strings.Contains(lines, `"sql"`); hasSQL != (group == "public") {
			t.Errorf("%s: %s", group, lines)
		}
	}
	if len(kept) != 2 || kept["public"] != 1 || kept["secret"] != 1 {
		t.Errorf("%v", kept)
	}
}

// Records without an event id are told apart by their place in their stage file.
func TestMessagesWithoutID(t *testing.T) {
	r := newRig(t)
	body := strings.ReplaceAll(strings.Join(documented(1, r.now), "\n"), `"id":"1-`, `"no":"1-`)
	for range 2 {
		if err := r.j.Observe(t.Context(), [32]byte{1}, 0, r.parse(content.SourceAnalyticsDiagnostic, body)); err != nil {
			t.Fatal(err)
		}
	}
	r.now = r.now.Add(time.Hour)
	r.pass()
	if got := r.records(); len(got) != 1 || got[0].Messages != 9 {
		t.Errorf("%+v", got)
	}
}

// The memory of what was joined is cut.
func TestMemoryIsCut(t *testing.T) {
	r := newRig(t)
	if err := r.j.Observe(t.Context(), [32]byte{1}, 0, r.parse(content.SourceAnalyticsDiagnostic, strings.Join(documented(1, r.now), "\n"))); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		if err := r.j.book.db.QueryRowContext(t.Context(), "SELECT coalesce(sum(length(seen) / 16), 0) FROM roots").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	r.now = r.now.Add(time.Hour)
	r.pass()
	if n := count(); n != 9 {
		t.Errorf("%d ids are kept", n)
	}
	r.now = r.now.Add(41 * 24 * time.Hour)
	r.pass()
	if n := count(); n != 0 {
		t.Errorf("%d ids are kept for ever", n)
	}
}

func BenchmarkObserveAndPass(b *testing.B) {
	lib, err := content.Open(b.Context(), noDocuments{}, content.Options{})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	var body strings.Builder
	for n := range 2000 {
		body.WriteString(strings.Join(documented(n, now), "\n") + "\n")
	}
	up := content.Upload{Origin: &record.Origin{Upload: "u", Source: content.SourceAnalyticsDiagnostic, LogGroup: "group", Received: now.UnixMilli()}}
	var entries []record.Entry
	if _, err := lib.Parse(b.Context(), up, []byte(body.String()), func(e *record.Entry) error { entries = append(entries, *e); return nil }); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		at := now
		j, err := Open(b.Context(), b.TempDir(), content.SourceAnalyticsDiagnostic, Options{Clock: func() time.Time { return at }})
		if err != nil {
			b.Fatal(err)
		}
		if err := j.Observe(b.Context(), [32]byte{1}, 0, entries); err != nil {
			b.Fatal(err)
		}
		at = at.Add(time.Hour)
		if n, err := j.Pass(b.Context(), func(context.Context, [32]byte, string, []byte) error { return nil }); err != nil || n != 2000 {
			b.Fatal(n, err)
		}
		j.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(entries)), "µs/message")
}
