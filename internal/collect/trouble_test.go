package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/connect"
)

// What the table of docs/sources.md ("What is wrong with what came") says of oic-audit
// and oic-metrics. The other kinds have tests of their own beside their readers.

var cutOff = &connect.Error{Kind: connect.BadPayload, Status: 200, Message: "the answer was cut off, or is no JSON"}

// An answer that is cut off or no JSON is asked for again with smaller pages.
func TestAuditAnswersThatCannotBeRead(t *testing.T) {
	s, l := newService(t, 11), newLedger()
	s.history(200, 24*time.Hour)
	tries := 0
	s.fail = func(connect.AuditQuery) error {
		if tries++; tries == 3 || tries == 4 || tries == 7 {
			return cutOff
		}
		return nil
	}
	out, err := reader(s, l).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(time.Time{}))
	if tries < 8 || out.Refused != 0 || len(out.Gaps) != 0 {
		t.Errorf("%d tries, %+v", tries, out)
	}
}

// Records of 20 MB are kept, as long as an answer can hold one: pages become smaller
// until it does.
func TestAuditRecordsOf20MB(t *testing.T) {
	const most = 64 << 20 // connect's MaxReply
	s, l := newService(t, 12), newLedger()
	s.twins = 0
	s.history(60, 24*time.Hour)
	large := func(e *event) bool { return len(e.body) > 20<<20 }
	for _, i := range []int{30, 31, 32, 33} {
		s.events[i].body = strings.Replace(s.events[i].body, `"m`, `"`+strings.Repeat("x", 20<<20)+`m`, 1)
	}
	refused := 0
	s.fail = func(q connect.AuditQuery) error {
		list, size := s.list(q), 0
		for _, e := range list[min(q.Offset, len(list)):min(q.Offset+q.Limit, len(list))] {
			size += len(e.body)
		}
		if size > most {
			refused++
			return cutOff
		}
		return nil
	}
	out, err := reader(s, l, func(o *AuditOptions) { o.PageSize = 20 }).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for i := range s.events {
		if l.rows[s.events[i].body] != 1 {
			t.Errorf("event %d is staged %d times", i, l.rows[s.events[i].body])
		}
		if large(&s.events[i]) {
			kept++
		}
	}
	if kept != 4 || refused == 0 || len(out.Gaps) != 0 {
		t.Errorf("%d large ones, %d refusals, gaps %v", kept, refused, out.Gaps)
	}
}

// Whatever a record says of its time and category, it is kept as it is.
func TestOddAuditRecords(t *testing.T) {
	s, l := newService(t, 13), newLedger()
	s.history(40, 24*time.Hour)
	odd := []string{
		`{"auditTrailMessage":"no time","operationName":"update"}`,
		`{"auditTrailMessage":"a","timeStamp":"1970-01-01T00:00:00.000+0000"}`,
		`{"auditTrailMessage":"b","timeStamp":"2100-01-01T00:00:00.000+0000"}`,
		`{"auditTrailMessage":"c","timeStamp":"yesterday"}`,
		`{"auditTrailMessage":"d","operationName":"NOBODY_KNOWS","resourceType":"NEW_TYPE","timeStamp":"2024-05-01T11:00:00.000+0000"}`,
		`{}`,
		`[1]`,
		`"a text"`,
	}
	for i, body := range odd {
		at := s.now.Add(-time.Duration(i+1) * time.Hour)
		s.events = append(s.events, event{at: at, shown: at, body: body})
	}
	out, err := reader(s, l).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(time.Time{}))
	if out.Staged != len(s.events) || len(out.Gaps) != 0 {
		t.Errorf("%d of %d staged, gaps %v", out.Staged, len(s.events), out.Gaps)
	}
}

// Records leave the list at its old end while it is read, as they expire: it is read
// again until what is left adds up.
func TestAuditRecordsGoneWhileRead(t *testing.T) {
	s, l := newService(t, 14), newLedger()
	s.twins = 0
	s.history(120, 24*time.Hour)
	asked := 0
	s.fail = func(connect.AuditQuery) error {
		if asked++; asked == 3 {
			s.events = slices.Delete(s.events, 0, 3)
		}
		return nil
	}
	out, err := reader(s, l, func(o *AuditOptions) { o.PageSize = 20 }).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for body, n := range s.truth(time.Time{}) {
		if l.rows[body] != n {
			t.Errorf("staged %d times: %s", l.rows[body], body)
		}
	}
	if out.Drifts == 0 || len(out.Gaps) != 0 {
		t.Errorf("%+v", out)
	}
}

// An answer of Monitoring that cannot be read is asked for again in halves; one that is
// short ends the run, and the next one reads what is missing.
func TestMetricAnswersThatCannotBeRead(t *testing.T) {
	s, l := monitored(t, 500, 20*24*time.Hour), newLedger()
	s.fail = func(q connect.MetricQuery) error {
		if q.To.Sub(q.From) > 3*24*time.Hour {
			return cutOff
		}
		return nil
	}
	a := metricsReader(s, l, func(o *MetricsOptions) { o.Clock = func() time.Time { return s.now } })
	out, err := a.Collect(t.Context())
	if err != nil || out.Splits == 0 || len(out.Gaps) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	s.now = s.now.Add(2 * time.Hour)
	s.fail = func(connect.MetricQuery) error { return cutOff }
	if _, err := a.Collect(t.Context()); connect.KindOf(err) != connect.BadPayload {
		t.Errorf("got %v", err)
	}
	s.fail = nil
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(s.now.Add(-10*time.Minute)))
}

// A point of a time that was not asked for is refused, and the others are kept. A name
// of 20 MB and one that nobody knows are names.
func TestOddMetricPoints(t *testing.T) {
	s, l := monitored(t, 50, 24*time.Hour), newLedger()
	s.happened["NOBODY KNOWS "+strings.Repeat("x", 20<<20)] = []time.Time{epoch.Add(-time.Hour)}
	odd := oddPoints{s}
	a := metricsReader(s, l, func(o *MetricsOptions) { o.Clock = func() time.Time { return s.now } })
	a.client = odd
	out, err := a.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(epoch.Add(-5*time.Minute)))
	if out.Refused != 2*out.Pages || !strings.Contains(fmt.Sprint(out.Notes), "1970-01-01") {
		t.Errorf("%d refused of %d answers, notes %.300q", out.Refused, out.Pages, out.Notes)
	}
}

// oddPoints adds to each answer a point of 1970 and one of 2100.
type oddPoints struct{ *fakeMonitoring }

func (o oddPoints) SummarizeMetrics(ctx context.Context, q connect.MetricQuery) (*connect.MetricAnswer, error) {
	answer, err := o.fakeMonitoring.SummarizeMetrics(ctx, q)
	if err == nil {
		answer.Series = append(answer.Series, connect.Metric{Namespace: q.Namespace, Name: "N", Points: []connect.MetricPoint{
			{Time: time.Unix(0, 0), Value: 1}, {Time: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), Value: 1}}})
	}
	return answer, err
}
