package api

import (
	"time"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// ownQueryDetails is the body of our own query call.
type ownQueryDetails struct {
	Query          string     `json:"query"`
	From           *time.Time `json:"from"`
	To             *time.Time `json:"to"`   // default: now
	Last           string     `json:"last"` // Go duration, instead of from; default 1h
	Zone           string     `json:"zone"`
	Limit          int        `json:"limit"` // 0: 2001; negative: as many as the server gives
	TimeoutSeconds int        `json:"timeoutSeconds"`
	Variables      []string   `json:"variables"`
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
	From      *time.Time       `json:"from"`
	To        *time.Time       `json:"to"`
	Matched   *int64           `json:"matched,omitempty"`
	Groups    *int64           `json:"groups,omitempty"`
	Total     *int64           `json:"total,omitempty"`
	Partial   string           `json:"partial,omitempty"`
	ElapsedMs float64          `json:"elapsedMs"`
}

type ownSeriesModel struct {
	Span    string           `json:"span"`
	Buckets []int64          `json:"buckets"`
	By      []ownColumnModel `json:"by"`
	Values  []ownColumnModel `json:"values"`
	Lines   []ownLineModel   `json:"lines"`
}

type ownLineModel struct {
	Key    []any   `json:"key"`
	Points [][]any `json:"points"` // per value column, one value a bucket
}

func ownColumn(c query.Column) ownColumnModel {
	return ownColumnModel{Name: c.Name, Original: c.Original, Internal: c.Internal, Type: c.Type.String(), Unit: c.Unit, List: c.List, Hidden: c.Hidden}
}

// ownRequest reads the body of ownQuery and ownExplain.
func (s *Server) ownRequest(c *call) (query.Request, error) {
	var d ownQueryDetails
	r := query.Request{Zone: time.UTC, Timeout: s.limits.QueryTime}
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return r, err
	}
	if d.Query == "" {
		return r, missing("query")
	}
	r.Text, r.Variables = d.Query, d.Variables
	if d.Zone != "" {
		var err error
		if r.Zone, err = zone(d.Zone); err != nil {
			return r, err
		}
	}
	last := defaultWindow
	if d.Last != "" {
		var err error
		if last, err = time.ParseDuration(d.Last); err != nil || last <= 0 || d.From != nil {
			return r, invalid("last must be a duration such as 720h, without from")
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
		return r, invalid("from must be before to")
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
	return r, nil
}

func (s *Server) ownQuery(c *call) (*response, error) {
	r, err := s.ownRequest(c)
	if err != nil {
		return nil, err
	}
	result, err := s.Query.Run(c.r.Context(), r)
	if err != nil {
		return nil, err
	}
	m := ownResultModel{Columns: mapped(result.Columns, ownColumn), Rows: mapped(result.Rows, cells), From: stamp(result.Window.From), To: stamp(result.Window.To),
		Matched: counted(result.Matched), Groups: counted(result.Groups), Total: counted(result.Total), Partial: result.Partial,
		ElapsedMs: float64(result.Elapsed.Microseconds()) / 1000}
	if v := result.Series; v != nil {
		m.Series = &ownSeriesModel{Span: v.Span, Buckets: list(v.Buckets), By: mapped(v.By, ownColumn), Values: mapped(v.Values, ownColumn),
			Lines: mapped(v.Lines, func(l query.Line) ownLineModel {
				return ownLineModel{Key: cells(l.Key), Points: mapped(l.Points, cells)}
			})}
	}
	return answer(m), nil
}

func (s *Server) ownExplain(c *call) (*response, error) {
	r, err := s.ownRequest(c)
	if err != nil {
		return nil, err
	}
	text, err := s.Query.Explain(c.r.Context(), r)
	if err != nil {
		return nil, err
	}
	return answer(map[string]string{"plan": text}), nil
}

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
