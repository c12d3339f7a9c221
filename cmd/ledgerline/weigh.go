package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/content"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/simulate"
)

// balance compares the store with the truth.
type balance struct {
	truth, found, duplicates, strangers int
}

func (b balance) complete() bool {
	return b.found == b.truth && b.duplicates == 0 && b.strangers == 0
}

func (b balance) add(c balance) balance {
	return balance{b.truth + c.truth, b.found + c.found, b.duplicates + c.duplicates, b.strangers + c.strangers}
}

func (b balance) String() string {
	s := "complete"
	if !b.complete() {
		s = "incomplete"
	}
	s = fmt.Sprintf("%s: %d of %d records, %d duplicates", s, b.found, b.truth, b.duplicates)
	if b.strangers > 0 {
		s += fmt.Sprintf(", %d records that never happened", b.strangers)
	}
	return s
}

const demoSource = content.SourceIntegrationAudit

// weighing is how the records of one log source are compared with the truth.
type weighing struct {
	source   string
	truth    map[record.Identity]int
	identify func(text []byte) record.Identity
}

// weighAudit is about the audit of an instance of Oracle Integration.
func weighAudit(truth map[record.Identity]int, instance string) weighing {
	return weighing{content.SourceIntegrationAudit, truth, func(text []byte) record.Identity { return collect.AuditIdentity(instance, text) }}
}

// weighEvents is about a log of OCI Logging.
func weighEvents(source string, truth map[record.Identity]int) weighing {
	var p fastjson.Parser
	return weighing{source, truth, func(text []byte) record.Identity { return simulate.EventIdentity(&p, text) }}
}

// metricTruth is what Monitoring knows of the intervals of a query that are over
// by a time.
func metricTruth(q config.MetricQuery, series []simulate.MetricSeries, by time.Time) map[record.Identity]int {
	out := map[record.Identity]int{}
	for _, s := range series {
		for _, p := range s.Points {
			if at, err := time.Parse(time.RFC3339, p.Timestamp); err == nil && !at.Add(q.Every).After(by) {
				out[identifyPoint(s.Name, s.Dimensions, p.Timestamp, q.Statistic, q.Interval, p.Value)]++
			}
		}
	}
	return out
}

// weighMetrics is about data points; docs/sources.md has the shape of their records.
func weighMetrics(truth map[record.Identity]int) weighing {
	return weighing{content.SourceIntegrationMetrics, truth, func(text []byte) record.Identity {
		var m struct {
			Metric, Time, Statistic, Interval string
			Dimensions                        map[string]string
			Value                             float64
		}
		if json.Unmarshal(text, &m) != nil {
			return record.Identify(string(text))
		}
		return identifyPoint(m.Metric, m.Dimensions, m.Time, m.Statistic, m.Interval, m.Value)
	}}
}

func identifyPoint(metric string, dimensions map[string]string, at, statistic, interval string, value float64) record.Identity {
	parts := []string{metric, at, statistic, interval, fmt.Sprint(value)}
	for _, d := range sortedKeys(dimensions) {
		parts = append(parts, d, dimensions[d])
	}
	return record.Identify(parts...)
}

// weigh reads every stored record back and compares its identity with the truth.
func weigh(ctx context.Context, q *query.Engine, w weighing) (balance, error) {
	stored := map[record.Identity]int{}
	// The simulator's past is younger than this, and its users do not work ahead.
	window := record.Window{From: time.Now().AddDate(-1, 0, 0), To: time.Now().AddDate(0, 0, 2)}
	request := query.Request{Text: "'Log Source' = '" + w.source + "' | fields -*, 'Original Log Content'", Window: window, Limit: -1}
	err := q.Export(ctx, request, func([]query.Column) error { return nil }, func(row []any) error {
		text, ok := row[0].(string)
		if !ok {
			return fmt.Errorf("a record has no original text")
		}
		stored[w.identify([]byte(text))]++
		return nil
	})
	if err != nil {
		return balance{}, err
	}
	var b balance
	for id, n := range w.truth {
		b.truth += n
		b.found += min(n, stored[id])
		b.duplicates += max(0, stored[id]-n)
		delete(stored, id)
	}
	for _, n := range stored {
		b.strangers += n
	}
	return b, nil
}

// readWindow is what an integration says it has read, first to last.
func readWindow(ctx context.Context, n *node, integration string) (w record.Window, err error) {
	covered, err := n.stage.Coverage(ctx, integration)
	for _, c := range covered {
		if w.From.IsZero() || c.Window.From.Before(w.From) {
			w.From = c.Window.From
		}
		if c.Window.To.After(w.To) {
			w.To = c.Window.To
		}
	}
	return w, err
}
