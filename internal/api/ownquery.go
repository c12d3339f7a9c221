package api

import (
	"cmp"
	"time"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// ownQueryDetails is the body of our own calls about a query.
type ownQueryDetails struct {
	Query          string     `json:"query"`
	Saved          string     `json:"saved"` // name of a saved search, in place of query
	From           *time.Time `json:"from"`
	To             *time.Time `json:"to"`   // default: now
	Last           string     `json:"last"` // Go duration, instead of from; default that of the saved search, else 1h
	Zone           string     `json:"zone"`
	Limit          int        `json:"limit"` // 0: 2001; negative: as many as the server gives
	TimeoutSeconds int        `json:"timeoutSeconds"`
	Variables      []string   `json:"variables"`
	Analyze        bool       `json:"analyze"` // explain: run the query, too
	Format         string     `json:"format"`  // export: csv, json or parquet
}

type ownColumnModel struct {
	Name     string `json:"name"`
	Original string `json:"original,omitempty"`
	Internal string `json:"internal,omitempty"`
	Type     string `json:"type,omitempty"`
	Unit     string `json:"unit,omitempty"`
	List     bool   `json:"list,omitempty"`
	Hidden   bool   `json:"hidden,omitempty"`
}

type ownResultModel struct {
	Columns   []ownColumnModel `json:"columns"`
	Rows      [][]any          `json:"rows"`
	Series    *ownSeriesModel  `json:"series,omitempty"`
	Charts    []ownChartModel  `json:"charts,omitempty"`
	Tables    []ownTableModel  `json:"tables,omitempty"`
	From      *time.Time       `json:"from"`
	To        *time.Time       `json:"to"`
	Matched   *int64           `json:"matched,omitempty"`
	Groups    *int64           `json:"groups,omitempty"`
	Total     *int64           `json:"total,omitempty"`
	Partial   string           `json:"partial,omitempty"`
	Hints     []string         `json:"hints,omitempty"` // what looks like a slip of the text
	ElapsedMs float64          `json:"elapsedMs"`
}

type ownSeriesModel struct {
	Span    string           `json:"span"`
	Buckets []int64          `json:"buckets"`
	By      []ownColumnModel `json:"by"`
	Values  []ownColumnModel `json:"values"`
	Lines   []ownLineModel   `json:"lines"`
}

// ownChartModel and ownTableModel are results beside the rows.
type ownChartModel struct {
	Name   string          `json:"name"`
	Series *ownSeriesModel `json:"series"`
}

type ownTableModel struct {
	Name    string           `json:"name"`
	Columns []ownColumnModel `json:"columns"`
	Rows    [][]any          `json:"rows"`
}

type ownLineModel struct {
	Key    []any   `json:"key"`
	Points [][]any `json:"points"` // per value column, one value a bucket
}

func ownColumn(c query.Column) ownColumnModel {
	return ownColumnModel{Name: c.Name, Original: c.Original, Internal: c.Internal, Type: c.Type.String(), Unit: c.Unit, List: c.List, Hidden: c.Hidden}
}

// ownRequest reads the body of ownQuery, ownExplain and ownExport.
func (s *Server) ownRequest(c *call) (query.Request, ownQueryDetails, error) {
	var d ownQueryDetails
	r := query.Request{Zone: time.UTC, Timeout: s.limits.QueryTime}
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return r, d, err
	}
	last, err := s.fillSaved(c, &d)
	if err != nil {
		return r, d, err
	}
	r.Text, r.Variables = d.Query, d.Variables
	if d.Zone != "" {
		if r.Zone, err = zone(d.Zone); err != nil {
			return r, d, err
		}
	}
	if d.Last != "" {
		if last, err = time.ParseDuration(d.Last); err != nil || last <= 0 || d.From != nil {
			return r, d, invalid("last must be a duration such as 720h, without from")
		}
	}
	r.Window = record.Window{To: s.opts.Clock().UTC()}
	if d.To != nil {
		r.Window.To = d.To.UTC()
	}
	r.Window.From = r.Window.To.Add(-last)
	if d.From != nil {
		r.Window.From = d.From.UTC()
	}
	if r.Window.Empty() {
		return r, d, invalid("from must be before to")
	}
	switch {
	case d.Limit == 0:
		r.Limit = s.limits.QueryLimit
	case d.Limit < 0 || d.Limit > s.limits.OwnRowLimit:
		r.Limit = s.limits.OwnRowLimit
	default:
		r.Limit = d.Limit
	}
	if n := d.TimeoutSeconds; n > 0 && n < int(r.Timeout/time.Second) {
		r.Timeout = time.Duration(n) * time.Second
	}
	return r, d, nil
}

// fillSaved puts the text and zone of a saved search where the request names
// one, and returns the length of the default time range.
func (s *Server) fillSaved(c *call, d *ownQueryDetails) (time.Duration, error) {
	switch {
	case d.Saved == "" && d.Query == "":
		return 0, missing("query, or saved,")
	case d.Saved == "":
		return defaultWindow, nil
	case d.Query != "":
		return 0, invalid("give query or saved, not both")
	}
	saved, err := s.Catalog.SavedSearch(c.r.Context(), d.Saved)
	if err != nil {
		return 0, err
	}
	d.Query, d.Zone = saved.Query, cmp.Or(d.Zone, saved.Zone)
	return cmp.Or(saved.Last, defaultWindow), nil
}

func (s *Server) ownQuery(c *call) (*response, error) {
	r, _, err := s.ownRequest(c)
	if err != nil {
		return nil, err
	}
	result, err := s.Query.Run(c.r.Context(), r)
	if err != nil {
		return nil, err
	}
	return answer(ownResultOf(result)), nil
}

func ownResultOf(result *query.Result) ownResultModel {
	m := ownResultModel{Columns: mapped(result.Columns, ownColumn), Rows: mapped(result.Rows, cells), From: stamp(result.Window.From), To: stamp(result.Window.To),
		Matched: counted(result.Matched), Groups: counted(result.Groups), Total: counted(result.Total), Partial: result.Partial, Hints: result.Hints,
		ElapsedMs: milliseconds(result.Elapsed)}
	if result.Series != nil {
		m.Series = ownSeries(result.Series)
	}
	for _, chart := range result.Charts {
		m.Charts = append(m.Charts, ownChartModel{chart.Name, ownSeries(chart.Series)})
	}
	for _, t := range result.Tables {
		m.Tables = append(m.Tables, ownTableModel{t.Name, mapped(t.Columns, ownColumn), mapped(t.Rows, cells)})
	}
	return m
}

func ownSeries(v *query.Series) *ownSeriesModel {
	return &ownSeriesModel{Span: v.Span, Buckets: list(v.Buckets), By: mapped(v.By, ownColumn), Values: mapped(v.Values, ownColumn),
		Lines: mapped(v.Lines, func(l query.Line) ownLineModel {
			return ownLineModel{Key: cells(l.Key), Points: mapped(l.Points, cells)}
		})}
}

// ownExplain shows how a query is answered; with analyze also what each step took.
func (s *Server) ownExplain(c *call) (*response, error) {
	r, d, err := s.ownRequest(c)
	if err != nil {
		return nil, err
	}
	x, err := s.Query.Explain(c.r.Context(), r, d.Analyze)
	if err != nil {
		return nil, err
	}
	m := ownExplanationModel{Plan: x.String(), ElapsedMs: milliseconds(x.Elapsed)}
	if d.Analyze {
		m.Steps = mapped(x.Steps, func(v query.Step) ownStepModel {
			return ownStepModel{Name: v.Name, Read: counted(v.Read), Rows: counted(v.Rows), ElapsedMs: milliseconds(v.Elapsed)}
		})
	}
	return answer(m), nil
}

type ownExplanationModel struct {
	Plan      string         `json:"plan"` // as text, with its SQL
	Steps     []ownStepModel `json:"steps,omitempty"`
	ElapsedMs float64        `json:"elapsedMs"`
}

type ownStepModel struct {
	Name      string  `json:"name"`
	Read      *int64  `json:"rowsIn,omitempty"`
	Rows      *int64  `json:"rowsOut,omitempty"`
	ElapsedMs float64 `json:"elapsedMs"`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// cells encodes a row; a value that JSON cannot hold is null.
func cells(row []any) []any {
	out := make([]any, len(row))
	for i, v := range row {
		if c, ok := cell(v); ok {
			out[i] = c
		}
	}
	return out
}
