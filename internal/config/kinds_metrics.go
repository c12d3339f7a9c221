package config

import (
	"regexp"
	"strings"
	"time"
)

// KindOICMetrics reads the metrics of Oracle Integration from OCI Monitoring.
const KindOICMetrics = "oic-metrics"

// Metrics says which data points of OCI Monitoring are read.
type Metrics struct {
	Compartment string // OCID
	Namespace   string
	Queries     []MetricQuery
	Backfill    time.Duration // how far back the first run reads
	Overlap     time.Duration // how far each run reads back for points that appear late
	Settle      time.Duration // an interval is read when it ended this long ago
}

// MetricQuery is one query of the Monitoring Query Language, and what its
// points are called by.
type MetricQuery struct {
	Text      string
	Interval  string // as written, such as 5m
	Every     time.Duration
	Statistic string // sum, percentile(.95), mean()/1000; of queries that join metrics, all of the text
}

const (
	integrationNamespace   = "oci_integration"
	longestMetricRetention = 90 * Day
	defaultMetricOverlap   = 2 * time.Hour // Monitoring takes points up to two hours late
	defaultMetricSettle    = 5 * time.Minute
)

// defaultMetricQueries are those of Oracle's dashboards for Oracle Integration.
// Without grouping, there is a series for each set of dimensions.
func defaultMetricQueries() []string {
	return []string{
		"NumberOfInboundRequests[5m].sum()",
		"InboundRequestProcessingTime[5m].percentile(.95)",
		"NumberOfOutboundRequests[5m].sum()",
		"OutboundRequestInvocationTime[5m].percentile(.95)",
		"OutboundRequestInvocationTime[5m].mean()",
		"MessagesReceivedCount[5m].sum()",
		"MessagesSuccessfulCount[5m].sum()",
		"MessagesFailedCount[5m].sum()",
		"TotalBilledMessageCount[5m].sum()",
	}
}

func readMetrics(s *section, in *Integration) {
	m := &Metrics{
		Compartment: s.need("compartment", "ocid1.compartment.oc1..x"),
		Namespace:   s.str("namespace", integrationNamespace),
		Backfill:    s.backfill(longestMetricRetention),
		Overlap:     s.duration("overlap", defaultMetricOverlap, 0),
		Settle:      s.duration("settle", defaultMetricSettle, 0),
	}
	s.checkCompartment("compartment", m.Compartment)
	texts := s.strings("queries")
	if len(texts) == 0 {
		texts = defaultMetricQueries()
	}
	for _, text := range texts {
		q, problem := parseMetricQuery(text)
		if problem != "" {
			s.r.problem(s.lineAt("queries"), "%s: %q %s", s.at("queries"), text, problem)
		}
		m.Queries = append(m.Queries, q)
	}
	in.Metrics = m
}

var (
	metricInterval = regexp.MustCompile(`\[([^\]]*)\]`)
	metricEvery    = regexp.MustCompile(`^([1-9][0-9]?[mh]|1d)$`)
	// metricOne is a query of one metric, whose statistic may be scaled by a number.
	metricOne = regexp.MustCompile(`^[A-Za-z0-9_.$-]+\[[^\]]*\](?:\{[^{}]*\})?(?:\.group(?:By|ing)\([^()]*\))?\.(\w+)\(([^()]*)\)([^\[\]]*)$`)
)

// parseMetricQuery finds what our records need of a query; the rest is for the service to judge.
func parseMetricQuery(text string) (q MetricQuery, problem string) {
	q = MetricQuery{Text: strings.TrimSpace(text), Statistic: strings.TrimSpace(text)}
	for _, m := range metricInterval.FindAllStringSubmatch(q.Text, -1) {
		if q.Interval != "" && m[1] != q.Interval {
			return q, "has two intervals; write one query for each"
		}
		q.Interval = m[1]
	}
	if !metricEvery.MatchString(q.Interval) {
		return q, "has no fixed interval; write it as in NumberOfInboundRequests[5m].sum(), with 1m to 60m, 1h to 24h, or 1d"
	}
	q.Every, _ = ParseDuration(q.Interval)
	if q.Every > Day || strings.HasSuffix(q.Interval, "m") && q.Every > time.Hour {
		return q, "has an interval that Monitoring does not know; write 1m to 60m, 1h to 24h, or 1d"
	}
	if m := metricOne.FindStringSubmatch(q.Text); m != nil {
		arguments, scale := strings.TrimSpace(m[2]), strings.ReplaceAll(m[3], " ", "")
		if q.Statistic = m[1]; arguments != "" || scale != "" {
			q.Statistic += "(" + arguments + ")" + scale
		}
	}
	return q, ""
}
