package connect

import (
	"context"
	"net/http"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/monitoring"
)

// MetricQuery asks OCI Monitoring for the data points of a window.
type MetricQuery struct {
	Compartment string // OCID
	Subtree     bool   // with all compartments below; the compartment must be the tenancy's root then
	Namespace   string // such as oci_integration
	Query       string // Monitoring Query Language, such as NumberOfInboundRequests[5m].sum()
	Resolution  string // distance of the points, such as 5m; the service's default is one minute
	From, To    time.Time
}

// Metric is one series of data points: a metric with one set of dimensions.
type Metric struct {
	Namespace, Compartment, Name string
	Dimensions                   map[string]string
	Unit                         string
	Points                       []MetricPoint
}

// MetricPoint is one aggregated value.
type MetricPoint struct {
	Time  time.Time
	Value float64
}

// MetricAnswer holds all series of a query; there are no pages.
type MetricAnswer struct {
	Series []Metric
	Date   time.Time // the service's clock when it answered; zero when it did not say
}

// SummarizeMetrics fetches the data points of a window. Everything transient is retried.
func (o *OCI) SummarizeMetrics(ctx context.Context, q MetricQuery) (*MetricAnswer, error) {
	var out *MetricAnswer
	err := o.call(ctx, "summarize metrics", metricsHint, func(ctx context.Context) error {
		resp, err := o.metrics.SummarizeMetricsData(ctx, monitoring.SummarizeMetricsDataRequest{
			CompartmentId: &q.Compartment, CompartmentIdInSubtree: &q.Subtree,
			SummarizeMetricsDataDetails: monitoring.SummarizeMetricsDataDetails{Namespace: &q.Namespace, Query: &q.Query, Resolution: optional(q.Resolution),
				StartTime: &common.SDKTime{Time: q.From.UTC()}, EndTime: &common.SDKTime{Time: q.To.UTC()}}})
		if err != nil {
			return err
		}
		out = &MetricAnswer{}
		out.Date, _ = http.ParseTime(ctx.Value(answerKey{}).(*sent).answer.header.Get("Date"))
		for _, m := range resp.Items {
			s := Metric{Namespace: value(m.Namespace), Compartment: value(m.CompartmentId), Name: value(m.Name), Dimensions: m.Dimensions, Unit: m.Metadata["unit"]}
			for _, p := range m.AggregatedDatapoints {
				if p.Timestamp != nil && p.Value != nil {
					s.Points = append(s.Points, MetricPoint{p.Timestamp.UTC(), *p.Value})
				}
			}
			out.Series = append(out.Series, s)
		}
		return nil
	})
	return out, err
}

func metricsHint(e *Error) {
	switch e.Kind {
	case NotFound, Forbidden:
		e.Hint = "check compartment, and grant: allow group G to read metrics in compartment C"
	case Refused:
		e.Hint = "the service does not take this query: check namespace and queries"
	}
}

// ProbeMetrics tests whether Monitoring takes each of the queries, over the last day.
func (o *OCI) ProbeMetrics(ctx context.Context, queries []MetricQuery) []Probe {
	const name = "metrics"
	ctx = withAttempts(ctx, probeAttempts)
	now := o.opts.Clock()
	series := 0
	for _, q := range queries {
		q.From, q.To = now.Add(-24*time.Hour), now
		answer, err := o.SummarizeMetrics(ctx, q)
		if err != nil {
			p := failed(name, err)
			p.Detail = clean(q.Query) + ": " + p.Detail
			return []Probe{p}
		}
		series += len(answer.Series)
	}
	return []Probe{passed(name, "%d queries accepted; %d series of the last day", len(queries), series)}
}
