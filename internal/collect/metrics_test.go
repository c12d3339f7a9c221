package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// fakeMonitoring counts things that happened, in intervals, as Monitoring does
// with sums. An interval's value grows while it is open; a series may appear late.
type fakeMonitoring struct {
	t        testing.TB
	now      time.Time
	happened map[string][]time.Time // by flow
	late     time.Duration          // a thing is counted this long after it happened
	extra    map[string]time.Time   // flows whose points are shown from then on
	noDate   bool
	fail     func(q connect.MetricQuery) error
	widest   time.Duration
}

func (s *fakeMonitoring) SummarizeMetrics(_ context.Context, q connect.MetricQuery) (*connect.MetricAnswer, error) {
	s.now = s.now.Add(time.Second)
	if q.Resolution != "5m" {
		s.t.Fatalf("the resolution is %q; without it Monitoring answers for each minute", q.Resolution)
	}
	if s.fail != nil {
		if err := s.fail(q); err != nil {
			return nil, err
		}
	}
	s.widest = max(s.widest, q.To.Sub(q.From))
	answer := &connect.MetricAnswer{Date: s.now.Truncate(time.Second)}
	if s.noDate {
		answer.Date = time.Time{}
	}
	for flow, times := range s.happened {
		if s.now.Before(s.extra[flow]) {
			continue
		}
		sums := map[time.Time]float64{}
		for _, at := range times {
			if !at.Before(q.From) && at.Before(q.To) && !at.Add(s.late).After(s.now) {
				sums[at.Truncate(5*time.Minute)]++
			}
		}
		series := connect.Metric{Namespace: q.Namespace, Compartment: "c", Name: "N", Unit: "count", Dimensions: map[string]string{"integrationFlowIdentifier": flow, "resourceId": "r"}}
		for at, n := range sums {
			series.Points = append(series.Points, connect.MetricPoint{Time: at, Value: n})
		}
		answer.Series = append(answer.Series, series)
	}
	return answer, nil
}

// truth are the final values of intervals that ended before a time.
func (s *fakeMonitoring) truth(before time.Time) map[string]int {
	want := map[string]int{}
	for flow, times := range s.happened {
		sums := map[time.Time]int{}
		for _, at := range times {
			if from := at.Truncate(5 * time.Minute); !from.Add(5 * time.Minute).After(before) {
				sums[from]++
			}
		}
		for at, n := range sums {
			want[fmt.Sprintf(`{"namespace":"oci_integration","metric":"N","dimensions":{"integrationFlowIdentifier":%q,"resourceId":"r"},"value":%d,"unit":"count","time":%q,"statistic":"sum","interval":"5m","compartmentId":"c"}`,
				flow, n, at.UTC().Format(time.RFC3339))] = 1
		}
	}
	return want
}

func monitored(t testing.TB, n int, span time.Duration) *fakeMonitoring {
	s := &fakeMonitoring{t: t, now: epoch, happened: map[string][]time.Time{}, extra: map[string]time.Time{}, late: time.Minute}
	rng := rand.New(rand.NewPCG(9, uint64(n)))
	for range n {
		flow := fmt.Sprintf("FLOW_%d!01.00.0000", rng.IntN(4))
		s.happened[flow] = append(s.happened[flow], epoch.Add(-time.Duration(rng.Int64N(int64(span)))))
	}
	return s
}

func metricsReader(s *fakeMonitoring, l *fakeLedger, change ...func(*MetricsOptions)) *Metrics {
	o := MetricsOptions{Integration: "metrics", Compartment: "c", Namespace: "oci_integration", Backfill: 60 * 24 * time.Hour, Settle: 5 * time.Minute,
		Queries: []MetricQuery{{Text: "N[5m].sum()", Interval: "5m", Every: 5 * time.Minute, Statistic: "sum"}}, Clock: func() time.Time { return s.now }}
	for _, c := range change {
		c(&o)
	}
	return NewMetrics(s, l, o)
}

// Each point is staged once, with the value that its interval had in the end,
// however often it is read; series that appear late are met by the overlap.
func TestEachPointIsStagedOnceWithItsLastValue(t *testing.T) {
	s, l := monitored(t, 2000, 50*24*time.Hour), newLedger()
	a := metricsReader(s, l)
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.extra["LATE!1"] = s.now.Add(100 * time.Minute)
	for i := range 60 {
		s.happened["FLOW_1!01.00.0000"] = append(s.happened["FLOW_1!01.00.0000"], s.now, s.now.Add(7*time.Second))
		s.happened["LATE!1"] = append(s.happened["LATE!1"], s.now)
		s.now = s.now.Add(time.Duration(100+i) * time.Second)
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.now = s.now.Add(20 * time.Minute)
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(s.now.Add(-10*time.Minute)))
	if s.widest > 30*24*time.Hour {
		t.Errorf("a query spans %s; Monitoring takes 30 days of five-minute intervals", s.widest)
	}
	if whole := record.Union(l.covered...); len(whole) != 1 || whole[0].Length() < 60*24*time.Hour {
		t.Errorf("covered %v", whole)
	}
	for raw := range l.rows {
		if !json.Valid([]byte(raw)) {
			t.Fatalf("not JSON: %s", raw)
		}
	}
}

func TestMetricsSurviveACrashAtEveryWrite(t *testing.T) {
	crash := errors.New("crash")
	for at := range 60 {
		s, l := monitored(t, 300, 50*24*time.Hour), newLedger()
		n := 0
		l.fail = func(string) error {
			if n++; n == at+1 {
				return crash
			}
			return nil
		}
		_, err := metricsReader(s, l).Collect(t.Context())
		l.fail = nil
		s.now = s.now.Add(30 * time.Minute)
		if _, err := metricsReader(s, l).Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if compare(t, l.rows, s.truth(s.now.Add(-10*time.Minute))); t.Failed() {
			t.Fatalf("crash at write %d", at)
		}
		if err == nil {
			return
		}
	}
	t.Error("the reading writes more often than the test crashes")
}

// What the service refuses is a gap, and asked for again; its clock decides what is over.
func TestRefusedMetricsAreAGap(t *testing.T) {
	s, l := monitored(t, 500, 50*24*time.Hour), newLedger()
	refused := true
	s.fail = func(q connect.MetricQuery) error {
		if refused && q.From.Before(epoch.Add(-20*24*time.Hour)) {
			return &connect.Error{Kind: connect.Refused, Status: 400, Message: "too old"}
		}
		return nil
	}
	skew := 20 * time.Hour
	a := metricsReader(s, l, func(o *MetricsOptions) { o.Clock = func() time.Time { return s.now.Add(skew) } })
	out, err := a.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Gaps) == 0 || out.Staged == 0 {
		t.Fatalf("outcome %+v", out)
	}
	refused, skew = false, 0
	s.now = s.now.Add(7 * time.Hour)
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(s.now.Add(-10*time.Minute)))
	if gaps := l.openGaps(); len(gaps) != 0 {
		t.Errorf("gaps are left: %v", gaps)
	}
	s.fail = func(connect.MetricQuery) error { return &connect.Error{Kind: connect.Throttled, Status: 429} }
	if _, err := a.Collect(t.Context()); connect.KindOf(err) != connect.Throttled {
		t.Errorf("got %v", err)
	}
}
