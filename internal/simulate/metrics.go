package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// MetricNamespace is what Oracle Integration reports its metrics in.
const MetricNamespace = "oci_integration"

// metric is one of log sources, section 4, made of the runs.
type metric struct {
	name, unit string
	// of gives a run's data point, or none.
	of func(*run) (value float64, ok bool)
	// at is when it happened; side is which adapter it is about.
	at   func(*run) int64
	side func(*flow) *adapter
}

func began(r *run) int64          { return r.at }
func ended(r *run) int64          { return r.end() }
func atTrigger(f *flow) *adapter  { return &f.trigger }
func atTarget(f *flow) *adapter   { return &f.target }
func nowhere(*flow) *adapter      { return nil }
func always(*run) (float64, bool) { return 1, true }
func was(o outcome) func(*run) (float64, bool) {
	return func(r *run) (float64, bool) { return 1, r.outcome == o }
}

var metrics = [...]metric{
	{"NumberOfInboundRequests", "count", always, began, atTrigger},
	{"InboundRequestProcessingTime", "ms", func(r *run) (float64, bool) { return float64(r.took), true }, ended, atTrigger},
	{"NumberOfOutboundRequests", "count", func(r *run) (float64, bool) { return 1, r.outcome != aborted }, ended, atTarget},
	{"OutboundRequestInvocationTime", "ms", func(r *run) (float64, bool) { return float64(r.invoked), r.outcome != aborted }, ended, atTarget},
	{"MessagesReceivedCount", "count", always, began, nowhere},
	{"MessagesSuccessfulCount", "count", was(completed), ended, nowhere},
	{"MessagesFailedCount", "count", was(failed), ended, nowhere},
	{"TotalBilledMessageCount", "count", func(r *run) (float64, bool) { return float64(1 + r.number%3), true }, began, nowhere},
	{"BilledMessageCount", "count", always, began, nowhere},
}

// longestRun is how long before its end a run began, at most.
const longestRun = 24 * time.Hour

// metricDelay is how long after it happened Monitoring knows a data point.
const metricDelay = time.Minute

// sample is a data point as the service posted it.
type sample struct {
	at         int64
	value      float64
	dimensions map[string]string
}

// samples lists what a metric had in [from, to) and Monitoring knows by now.
func (s *Simulator) samples(name string, from, to, now int64, want map[string]string) []sample {
	var out []sample
	for _, m := range metrics {
		if m.name != name {
			continue
		}
		for _, r := range s.company.plant.runsBetween(from-longestRun.Milliseconds(), to) {
			at := m.at(r)
			v, ok := m.of(r)
			if !ok || at < from || at >= to || at+metricDelay.Milliseconds() > now {
				continue
			}
			d := s.dimensions(r, m.side(r.flow))
			fits := true
			for key, value := range want {
				fits = fits && d[key] == value
			}
			if fits {
				out = append(out, sample{at, v, d})
			}
		}
	}
	return out
}

func (s *Simulator) dimensions(r *run, side *adapter) map[string]string {
	d := map[string]string{"resourceId": s.opts.IntegrationID, "resourceName": s.opts.Instance, "integrationFlowIdentifier": r.flow.code + "!" + r.version,
		"flowCode": r.flow.code, "flowVersion": r.version}
	if side != nil {
		d["adapterIdentifier"] = side.kind
	}
	return d
}

// MetricSeries is what SummarizeMetricsData answers, once for each group.
type MetricSeries struct {
	Namespace     string            `json:"namespace"`
	CompartmentID string            `json:"compartmentId"`
	Name          string            `json:"name"`
	Dimensions    map[string]string `json:"dimensions"`
	Metadata      map[string]string `json:"metadata"`
	Resolution    string            `json:"resolution"`
	Points        []MetricPoint     `json:"aggregatedDatapoints"`
}

// MetricPoint is the value of one interval, named by its start in RFC 3339.
type MetricPoint struct {
	Timestamp string  `json:"timestamp"`
	Value     float64 `json:"value"`
}

// The longest time range of a query, by its interval, as Monitoring documents it.
func widest(interval time.Duration) time.Duration {
	switch {
	case interval < 5*time.Minute:
		return 7 * 24 * time.Hour
	case interval < time.Hour:
		return 30 * 24 * time.Hour
	default:
		return 90 * 24 * time.Hour
	}
}

// routeMonitoring answers SummarizeMetricsData and ListMetrics.
func (s *Simulator) routeMonitoring(w http.ResponseWriter, r *http.Request, path string) {
	c, ok := s.gate(w, r)
	if !ok {
		return
	}
	var details struct {
		Namespace, Query, Resolution, Name string
		StartTime, EndTime                 time.Time
	}
	if len(c.body) > 0 && json.Unmarshal(c.body, &details) != nil {
		c.refuse(http.StatusBadRequest, "CannotParseRequest", "the body is not JSON")
		return
	}
	if compartment := r.URL.Query().Get("compartmentId"); compartment != s.opts.Compartment && compartment != s.opts.Tenancy {
		c.refuse(http.StatusNotFound, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")
		return
	}
	switch r.Method + " " + path {
	case "POST /20180401/metrics/actions/summarizeMetricsData":
		s.summarize(c, details.Namespace, details.Query, details.StartTime, details.EndTime)
	case "POST /20180401/metrics/actions/listMetrics":
		list := []map[string]any{}
		for _, m := range metrics {
			if (details.Namespace == "" || details.Namespace == MetricNamespace) && (details.Name == "" || details.Name == m.name) {
				list = append(list, map[string]any{"name": m.name, "namespace": MetricNamespace, "compartmentId": s.opts.Compartment,
					"dimensions": map[string]string{"resourceId": s.opts.IntegrationID}})
			}
		}
		c.answer(encode(list))
	default:
		c.refuse(http.StatusNotImplemented, "MethodNotImplemented", "the simulator does not offer this operation")
	}
}

func (s *Simulator) summarize(c *call, namespace, query string, from, to time.Time) {
	if to.IsZero() {
		to = s.Now()
	}
	if from.IsZero() {
		from = to.Add(-3 * time.Hour)
	}
	if !from.Before(to) {
		c.bad("startTime is not before endTime")
		return
	}
	list := []MetricSeries{}
	if namespace == MetricNamespace {
		var err error
		if list, err = s.Summarize(query, from, to); err != nil {
			c.bad(err.Error())
			return
		}
	}
	c.answer(encode(list))
}

// Summarize evaluates a query of the Monitoring query language over [from, to).
// Timestamps are the starts of intervals; an interval that goes on has the value
// that is known by now.
func (s *Simulator) Summarize(query string, from, to time.Time) ([]MetricSeries, error) {
	q, err := parseMetricQuery(query)
	if err != nil {
		return nil, err
	}
	q.settle(to.Sub(from))
	if most := widest(q.interval()); to.Sub(from) > most {
		return nil, fmt.Errorf("the time range of a query of this interval is at most %v", most)
	}
	return q.evaluate(func(t *metricTerm) []MetricSeries { return s.evaluate(t, from, to) })
}

func (s *Simulator) evaluate(t *metricTerm, from, to time.Time) []MetricSeries {
	every := t.every.Milliseconds()
	start, end := from.UnixMilli(), to.UnixMilli()
	type group struct {
		dimensions map[string]string
		values     map[int64][]float64
	}
	groups := map[string]*group{}
	for _, p := range s.samples(t.metric, start, end, s.Now().UnixMilli(), t.want) {
		d := t.group(p.dimensions)
		key := string(encode(d)) // of a map: keys in order
		g := groups[key]
		if g == nil {
			g = &group{d, map[int64][]float64{}}
			groups[key] = g
		}
		at := p.at / every * every
		g.values[at] = append(g.values[at], p.value)
	}
	unit := ""
	for _, m := range metrics {
		if m.name == t.metric {
			unit = m.unit
		}
	}
	out := []MetricSeries{}
	for _, key := range sorted(groups) {
		g := groups[key]
		one := MetricSeries{Namespace: MetricNamespace, CompartmentID: s.opts.Compartment, Name: t.metric, Dimensions: g.dimensions,
			Metadata: map[string]string{"unit": unit, "displayName": spaced(t.metric)}, Resolution: t.interval}
		for _, at := range sorted(g.values) {
			one.Points = append(one.Points, MetricPoint{time.UnixMilli(at).UTC().Format(time.RFC3339), t.statistic(g.values[at])})
		}
		out = append(out, one)
	}
	return out
}

// spaced writes NumberOfInboundRequests as "Number Of Inbound Requests".
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
