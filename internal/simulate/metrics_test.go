package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/monitoring"

	"ledgerline/internal/connect"
)

// The metrics agree with the runs, counted another way, for every form of query
// that Oracle's dashboards use.
func TestMetricsAgreeWithTheRuns(t *testing.T) {
	s, _, server := start(t, Options{Clock: time.Now, History: -1, Activity: 6000, Days: 5}, connect.RetryPolicy{})
	c, err := monitoring.NewMonitoringClientWithConfigurationProvider(provider(t))
	if err != nil {
		t.Fatal(err)
	}
	sdk(t, &c.BaseClient, server.URL)
	now := time.Now()
	from, to := now.Add(-4*24*time.Hour).Truncate(time.Hour), now.Add(-10*time.Minute).Truncate(time.Hour)
	ask := func(query string) []monitoring.MetricData {
		t.Helper()
		resp, err := c.SummarizeMetricsData(t.Context(), monitoring.SummarizeMetricsDataRequest{CompartmentId: &s.opts.Compartment,
			SummarizeMetricsDataDetails: monitoring.SummarizeMetricsDataDetails{Namespace: common.String(MetricNamespace), Query: &query,
				StartTime: &common.SDKTime{Time: from}, EndTime: &common.SDKTime{Time: to}}})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return resp.Items
	}
	total := func(list []monitoring.MetricData) (sum float64, points int) {
		for _, m := range list {
			for _, p := range m.AggregatedDatapoints {
				sum, points = sum+*p.Value, points+1
				if p.Timestamp.Time.Before(from.Truncate(24*time.Hour)) || !p.Timestamp.Time.Before(to) {
					t.Fatalf("a point at %v", p.Timestamp)
				}
			}
		}
		return sum, points
	}
	var began, longest, faults float64
	flows := map[string]bool{}
	for _, r := range s.company.plant.runs {
		if r.at >= from.UnixMilli() && r.at < to.UnixMilli() {
			began++
			flows[r.flow.identifier()] = true
		}
		if r.end() >= from.UnixMilli() && r.end() < to.UnixMilli() {
			longest = max(longest, float64(r.took))
			if r.outcome == failed {
				faults++
			}
		}
	}
	const where = `{resourceId="ocid1.integrationinstance.oc1.iad.simulated"}`
	plain := ask("NumberOfInboundRequests[1h]" + where + ".sum()")
	if sum, _ := total(plain); sum != began || began == 0 {
		t.Errorf("%v inbound requests, want %v", sum, began)
	}
	if m := plain[0]; m.Dimensions["resourceId"] != s.opts.IntegrationID || m.Dimensions["flowCode"] == "" || m.Dimensions["adapterIdentifier"] != "rest" || m.Metadata["unit"] != "count" || *m.Resolution != "1h" {
		t.Errorf("%+v", m)
	}
	grouped := ask("NumberOfInboundRequests[auto].groupBy(integrationFlowIdentifier).sum()")
	if sum, _ := total(grouped); sum != began || len(grouped) != len(flows) || len(grouped[0].Dimensions) != 1 || *grouped[0].Resolution != "1h" {
		t.Errorf("%v in %d series, want %v in %d", sum, len(grouped), began, len(flows))
	}
	if sum, points := total(ask("MessagesReceivedCount[1d].grouping().count()")); sum != began || points > 5 {
		t.Errorf("%v in %d points", sum, points)
	}
	most := 0.0
	for _, p := range ask("InboundRequestProcessingTime[1d].grouping().max()")[0].AggregatedDatapoints {
		most = max(most, *p.Value)
	}
	if most != longest {
		t.Errorf("the longest took %v, want %v", most, longest)
	}
	a, n := total(ask("OutboundRequestInvocationTime[1h].grouping().mean()"))
	b, m := total(ask("OutboundRequestInvocationTime[1h].grouping().mean()/1000"))
	if n != m || math.Abs(a/1000-b) > 1e-6 {
		t.Errorf("%v ms, %v s", a, b)
	}
	if rate, points := total(ask("MessagesFailedCount[24h].grouping().count()/MessagesReceivedCount[24h].grouping().count()*100")); points == 0 || rate/float64(points) > 20 || faults == 0 {
		t.Errorf("faults: %v %% in %d points", rate, points)
	}
	if list := ask("NumberOfOutboundRequests[1h]{adapterIdentifier = atpdatabase}.groupBy(adapterIdentifier).sum()"); len(list) != 1 || list[0].Dimensions["adapterIdentifier"] != "atpdatabase" {
		t.Errorf("%+v", list)
	}
	for _, bad := range []string{"", "X", "X[1h]", "X[1h].sum", "X[30s].sum()", "X[1h]{a=}.sum()", "X[1h].percentile(2)", "X[1h].sum()+", "5", "X[1m].sum()" /* over 4 days it may */} {
		if _, err := s.Summarize(bad, from, to); (err == nil) != (bad == "X[1m].sum()") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := s.Summarize("X[1m].sum()", from.Add(-8*24*time.Hour), to); err == nil {
		t.Error("12 days by the minute")
	}
}

func TestStatistics(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3, 10, 9, 8, 7, 6}
	for call, want := range map[string]float64{"sum": 55, "mean": 5.5, "count": 10, "max": 10, "min": 1, "rate": 55.0 / 60, "percentile(.95)": 10, "percentile(0.5)": 5} {
		text := "X[1m]." + call
		if call[len(call)-1] != ')' {
			text += "()"
		}
		q, err := parseMetricQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.terms[0].metric.statistic(values); got != want {
			t.Errorf("%s is %v, want %v", call, got, want)
		}
	}
}

func FuzzMetricQuery(f *testing.F) {
	f.Add(`A[1h]{a="b",c=d}.groupBy("x", y).percentile(.95)/B[auto].grouping().mean()*100`)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseMetricQuery(text)
		if err != nil {
			return
		}
		q.settle(time.Hour)
		list, err := q.evaluate(func(m *metricTerm) []MetricSeries {
			return []MetricSeries{{Dimensions: m.group(map[string]string{"x": "1"}), Points: []MetricPoint{{"t", m.statistic([]float64{1, 2})}}}}
		})
		if err != nil || q.interval() < time.Minute {
			t.Fatal(err, q.interval())
		}
		for _, s := range list {
			for _, p := range s.Points {
				if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
					t.Fatal(p)
				}
			}
		}
	})
}
