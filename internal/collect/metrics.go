package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// MetricReader asks OCI Monitoring for the data points of a window. It retries what is transient itself.
type MetricReader interface {
	SummarizeMetrics(ctx context.Context, q connect.MetricQuery) (*connect.MetricAnswer, error)
}

// MetricQuery is one query of the Monitoring Query Language, and what its points are called by.
type MetricQuery struct {
	Text      string
	Interval  string // as written in it, such as 5m
	Every     time.Duration
	Statistic string
}

// MetricsOptions say what to read and how.
type MetricsOptions struct {
	Integration string
	Compartment string
	Namespace   string
	Queries     []MetricQuery
	Backfill    time.Duration // how far back the first run reads
	Overlap     time.Duration // how late a point may appear; default 2 h
	Settle      time.Duration // an interval is read when it ended this long ago; its value moves until then
	RetryGaps   time.Duration // how often a window that could not be read is asked for again; default 6 h
	Clock       func() time.Time
	Logger      *slog.Logger
	Progress    func(Progress) // called after each answer; may be nil
}

// Metrics reads data points of OCI Monitoring as records. Collect must not run
// twice at once.
//
// Monitoring gives all points of a query in one answer, so an answer proves its
// window. Only intervals that are over are taken, and only those that lie whole
// in what was asked for: the value of any other would be another one later. A
// point is named by its metric, dimensions, time, statistic and interval, so
// that reading it again changes nothing.
type Metrics struct {
	client MetricReader
	ledger Ledger
	opts   MetricsOptions
}

// NewMetrics returns a reader; nothing is asked before Collect.
func NewMetrics(client MetricReader, ledger Ledger, opts MetricsOptions) *Metrics {
	opts.Overlap = cmp.Or(opts.Overlap, 2*time.Hour)
	opts.RetryGaps = cmp.Or(opts.RetryGaps, 6*time.Hour)
	surroundings(&opts.Clock, &opts.Logger, &opts.Progress)
	return &Metrics{client: client, ledger: ledger, opts: opts}
}

// Collect reads from the watermark to now, by the service's clock. The outcome
// counts what was done also when an error ended it; everything counted as staged
// is durable.
func (m *Metrics) Collect(ctx context.Context) (Outcome, error) {
	s := &summarizing{Metrics: m, marks: marks{books: m.ledger, integration: m.opts.Integration}}
	if err := s.collect(ctx); err != nil {
		return s.out, fmt.Errorf("collect: %s: %w", m.opts.Integration, err)
	}
	return s.out, nil
}

// summarizing is one Collect under way.
type summarizing struct {
	*Metrics
	marks
	out Outcome
	end time.Time // intervals that end before are over
}

func (s *summarizing) collect(ctx context.Context) error {
	if err := s.load(ctx); err != nil {
		return err
	}
	if err := s.askTime(ctx); err != nil {
		return err
	}
	if s.watermark.IsZero() {
		// Kept before anything is staged, so that later runs have the same limit.
		if err := s.advance(ctx, s.end.Add(-s.opts.Backfill)); err != nil {
			return err
		}
	}
	s.out.Window = record.Window{From: s.watermark, To: s.end}
	for _, g := range s.due(s.opts.Clock(), s.opts.RetryGaps) {
		if err := s.readAll(ctx, g, true); err != nil {
			return err
		}
	}
	return s.readAll(ctx, s.out.Window, false)
}

// askTime learns the service's time, which ours may differ from by hours.
func (s *summarizing) askTime(ctx context.Context) error {
	now := s.opts.Clock().UTC()
	s.end = now
	for _, q := range s.opts.Queries {
		answer, err := s.client.SummarizeMetrics(ctx, s.query(q, record.Window{From: now.Add(-q.Every), To: now}))
		if err != nil {
			return fmt.Errorf("%s: %w", q.Text, err) // also tells which query is not accepted
		}
		if !answer.Date.IsZero() {
			s.end = answer.Date.UTC()
		}
	}
	s.end = s.end.Add(-s.opts.Settle).Truncate(time.Millisecond)
	return nil
}

func (s *summarizing) query(q MetricQuery, w record.Window) connect.MetricQuery {
	return connect.MetricQuery{Compartment: s.opts.Compartment, Namespace: s.opts.Namespace, Query: q.Text, Resolution: q.Interval, From: w.From, To: w.To}
}

// pointsAsked bounds the answer: intervals of one series in one query.
const pointsAsked = 10_000

// shortestAsked is a window that is not divided further.
const shortestAsked = 24 * time.Hour

// longest is how much time one round of queries covers. What Monitoring takes in
// one query depends on the interval: 7 days below five minutes, 30 below an
// hour, else 90 (reference of SummarizeMetricsData).
func (s *summarizing) longest() time.Duration {
	out := 90 * 24 * time.Hour
	for _, q := range s.opts.Queries {
		widest := 90 * 24 * time.Hour
		switch {
		case q.Every < 5*time.Minute:
			widest = 7 * 24 * time.Hour
		case q.Every < time.Hour:
			widest = 30 * 24 * time.Hour
		}
		// Cutting at whole intervals may add one.
		out = min(out, widest-q.Every, pointsAsked*q.Every)
	}
	return out
}

// readAll reads a window, oldest part first. After each part the watermark may
// move, so that a crash loses only the part under way.
func (s *summarizing) readAll(ctx context.Context, whole record.Window, again bool) error {
	pending := divide(whole, s.longest())
	for len(pending) > 0 {
		w := pending[0]
		pending = pending[1:]
		before := s.out.Staged
		reason, err := s.read(ctx, w)
		switch {
		case err != nil:
			return err
		case reason == "":
			err = s.cover(ctx, w, s.out.Staged-before)
		case w.Length() > shortestAsked:
			s.out.Splits++
			half := w.From.Add(w.Length() / 2).Truncate(time.Millisecond)
			pending = append([]record.Window{{From: w.From, To: half}, {From: half, To: w.To}}, pending...)
			continue
		default:
			s.opts.Logger.Warn("a window could not be read", "integration", s.opts.Integration, "window", w.String(), "reason", reason)
			s.out.Gaps = append(s.out.Gaps, Gap{w, reason})
			s.out.note("%s could not be read: %s", w, reason)
			err = s.gap(ctx, w, reason, s.opts.Clock())
		}
		if err != nil {
			return err
		}
		if to := earlier(w.To, s.end.Add(-s.opts.Overlap)); !again && to.After(s.watermark) {
			if err := s.advance(ctx, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// read asks every query for a window. The reason says why it, but not the next
// one, cannot be read.
func (s *summarizing) read(ctx context.Context, w record.Window) (reason string, err error) {
	for _, q := range s.opts.Queries {
		// Whole intervals, counted from the beginning of the epoch as Monitoring does.
		asked := record.Window{From: w.From.Truncate(q.Every), To: w.To.Truncate(q.Every)}
		if asked.Empty() {
			continue
		}
		answer, err := s.client.SummarizeMetrics(ctx, s.query(q, asked))
		switch {
		case connect.KindOf(err) == connect.Refused, connect.KindOf(err) == connect.BadPayload && w.Length() > shortestAsked: // perhaps too large an answer
			return fmt.Sprintf("%s: %v", q.Text, err), nil
		case err != nil:
			return "", err
		}
		s.out.Pages++
		if err := s.stage(ctx, q, asked, answer); err != nil {
			return "", err
		}
		s.opts.Progress(Progress{Integration: s.opts.Integration, Window: w.String(), Read: s.out.Received, Total: -1, Staged: s.out.Staged})
	}
	return "", nil
}

// metricRecord is a data point as it is staged; docs/sources.md has its shape.
type metricRecord struct {
	Namespace   string            `json:"namespace"`
	Metric      string            `json:"metric"`
	Dimensions  map[string]string `json:"dimensions"`
	Value       float64           `json:"value"`
	Unit        string            `json:"unit,omitempty"`
	Time        string            `json:"time"`
	Statistic   string            `json:"statistic"`
	Interval    string            `json:"interval"`
	Compartment string            `json:"compartmentId,omitempty"`
}

// stage makes the points of an answer durable.
func (s *summarizing) stage(ctx context.Context, q MetricQuery, asked record.Window, answer *connect.MetricAnswer) error {
	var items []record.Counted
	for _, series := range answer.Series {
		dimensions, err := json.Marshal(series.Dimensions) // keys in order
		if err != nil {
			return err
		}
		for _, p := range series.Points {
			switch {
			case p.Time.Before(asked.From.Add(-q.Every)) || p.Time.After(asked.To.Add(q.Every)):
				s.out.Refused++
				s.out.note("a point of %s is dated %s, which was not asked for", q.Text, p.Time.UTC().Format(time.RFC3339))
				continue
			case p.Time.Before(asked.From) || p.Time.Add(q.Every).After(asked.To): // not all of it was asked for
				continue
			}
			r := metricRecord{Namespace: series.Namespace, Metric: series.Name, Dimensions: series.Dimensions, Value: p.Value, Unit: series.Unit,
				Time: p.Time.UTC().Format(time.RFC3339Nano), Statistic: q.Statistic, Interval: q.Interval, Compartment: series.Compartment}
			if r.Dimensions == nil {
				r.Dimensions = map[string]string{}
			}
			raw, err := json.Marshal(r)
			if err != nil {
				return err
			}
			id := record.Identify("metric", r.Namespace, r.Compartment, r.Metric, string(dimensions), r.Time, r.Statistic, r.Interval)
			items = append(items, record.Counted{Item: record.Item{ID: id, Time: p.Time, Raw: raw}, Count: 1})
		}
	}
	s.out.Received += len(items)
	added, err := s.ledger.Add(ctx, s.opts.Integration, items)
	if err != nil {
		return err
	}
	s.out.Staged += added
	s.out.Duplicates += len(items) - added
	return nil
}
