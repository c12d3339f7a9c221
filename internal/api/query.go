package api

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// queryDetails is the body of Query, as Oracle's clients send it.
type queryDetails struct {
	CompartmentID string `json:"compartmentId"`
	QueryString   string `json:"queryString"`
	SavedSearchID string `json:"savedSearchId"` // whose text is run when there is none
	SubSystem     string `json:"subSystem"`
	MaxTotalCount *int   `json:"maxTotalCount"`
	TimeFilter    *struct {
		TimeStart *time.Time `json:"timeStart"`
		TimeEnd   *time.Time `json:"timeEnd"`
		TimeZone  string     `json:"timeZone"`
	} `json:"timeFilter"`
	ScopeFilters            []scopeFilterModel `json:"scopeFilters"`
	Variables               []string           `json:"variables"`
	QueryTimeoutInSeconds   *int               `json:"queryTimeoutInSeconds"`
	ShouldRunAsync          bool               `json:"shouldRunAsync"`
	AsyncMode               string             `json:"asyncMode"`
	ShouldIncludeTotalCount bool               `json:"shouldIncludeTotalCount"`
	ShouldIncludeColumns    *bool              `json:"shouldIncludeColumns"`
	ShouldIncludeFields     *bool              `json:"shouldIncludeFields"`
}

type scopeFilterModel struct {
	FieldName string `json:"fieldName"`
	Values    []any  `json:"values"`
}

// defaultWindow is the time range of a query that names none.
const defaultWindow = time.Hour

// queryPage is a page of a result. What its id holds includes the window, so that
// all pages look at the same time range.
type queryPage struct {
	queryPlace
	limit int
	zone  *time.Location
	of    string // what the id is bound to
}

type queryPlace struct {
	Offset   int   `json:"o"`
	From, To int64 // epoch milliseconds
}

func (s *Server) query(c *call) (*response, error) {
	var d queryDetails
	text, err := c.decode(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if d.QueryString == "" && d.SavedSearchID != "" {
		if d.QueryString, err = s.savedQuery(c.r.Context(), d.SavedSearchID); err != nil {
			return nil, err
		}
	}
	if d.ShouldRunAsync {
		return s.submitQuery(c, d)
	}
	r, err := s.queryRequest(d, s.limits.QueryTime)
	if err != nil {
		return nil, err
	}
	page, err := c.queryPage(string(text), r)
	if err != nil {
		return nil, err
	}
	r.Window = record.Window{From: time.UnixMilli(page.From).UTC(), To: time.UnixMilli(page.To).UTC()}
	result, err := s.Query.Run(c.r.Context(), r)
	if err != nil {
		return nil, err
	}
	return s.resultPage(result, page, resultOptions{noColumns: d.ShouldIncludeColumns != nil && !*d.ShouldIncludeColumns,
		fields: d.ShouldIncludeFields != nil && *d.ShouldIncludeFields, next: "opc-next-page-id", prev: "opc-prev-page-id"}), nil
}

// resultOptions say what a page of a result holds and which headers lead to others.
type resultOptions struct {
	noColumns, fields bool
	next, prev        string
}

func (s *Server) resultPage(result *query.Result, page queryPage, o resultOptions) *response {
	start := min(page.Offset, len(result.Rows))
	end := min(start+page.limit, len(result.Rows))
	body := aggregation(result, result.Rows[start:end], page.zone)
	if o.noColumns {
		body.Columns = nil
	}
	if o.fields {
		body.Fields = s.drillDownFields()
	}
	resp := answer(body)
	if end < len(result.Rows) {
		next := page
		next.Offset = end
		resp.with(o.next, next.seal())
	}
	if start > 0 {
		prev := page
		prev.Offset = max(0, start-page.limit)
		resp.with(o.prev, prev.seal())
	}
	return resp
}

func (d queryDetails) check() error {
	if d.CompartmentID == "" {
		return missing("compartmentId")
	}
	return checkSubSystem(d.SubSystem)
}

func checkSubSystem(name string) error {
	switch name {
	case "":
		return missing("subSystem")
	case "LOG":
		return nil
	}
	return invalid("subSystem must be LOG")
}

// queryRequest checks a body and makes the request of the engine, which may take
// so long at most.
func (s *Server) queryRequest(d queryDetails, longest time.Duration) (query.Request, error) {
	r := query.Request{Text: d.QueryString, Variables: d.Variables, Limit: s.limits.QueryLimit, Timeout: longest, Zone: time.UTC, Matched: d.ShouldIncludeTotalCount}
	if d.QueryString == "" {
		return r, missing("queryString")
	}
	if n := d.MaxTotalCount; n != nil && *n > 0 {
		r.Limit = min(*n, r.Limit)
	}
	if n := d.QueryTimeoutInSeconds; n != nil && *n > 0 && *n < int(r.Timeout/time.Second) {
		r.Timeout = time.Duration(*n) * time.Second
	}
	r.Window.To = s.opts.Clock().UTC()
	if f := d.TimeFilter; f != nil {
		if f.TimeZone != "" {
			var err error
			if r.Zone, err = zone(f.TimeZone); err != nil {
				return r, err
			}
		}
		if f.TimeEnd != nil {
			r.Window.To = f.TimeEnd.UTC()
		}
		if f.TimeStart != nil {
			r.Window.From = f.TimeStart.UTC()
		}
	}
	if r.Window.From.IsZero() {
		r.Window.From = r.Window.To.Add(-defaultWindow)
	}
	if r.Window.Empty() {
		return r, invalid("timeFilter: timeStart must be before timeEnd")
	}
	for _, f := range d.ScopeFilters {
		if f.FieldName == "" {
			return r, missing("scopeFilters.fieldName")
		}
		filter := query.ScopeFilter{Field: f.FieldName}
		for _, v := range f.Values {
			filter.Values = append(filter.Values, fmt.Sprint(v))
		}
		r.Scope.Filters = append(r.Scope.Filters, filter)
	}
	return r, nil
}

// queryPage reads limit and page. Ids of pages are bound to the user and to what
// was asked for.
func (c *call) queryPage(of string, r query.Request) (queryPage, error) {
	page := queryPage{queryPlace: queryPlace{From: r.Window.From.UnixMilli(), To: r.Window.To.UnixMilli()}, limit: r.Limit, zone: r.Zone, of: c.user + "\n" + of}
	var text, token string
	if err := c.params(map[string]*string{"limit": &text, "page": &token}); err != nil {
		return page, err
	}
	if text != "" {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || n < 1 && n != -1:
			return page, invalid("limit must be a positive number, or -1 for all")
		case n > 0:
			page.limit = min(n, page.limit)
		}
	}
	if token != "" {
		sealed, err := openPage(page.of, token)
		if err != nil {
			return page, err
		}
		if err := json.Unmarshal([]byte(sealed), &page.queryPlace); err != nil || page.Offset < 0 || page.From >= page.To {
			return page, invalid("page: the token cannot be read; start again without it")
		}
	}
	return page, nil
}

func (p queryPage) seal() string {
	text, err := json.Marshal(p.queryPlace)
	if err != nil { // three numbers always marshal
		return ""
	}
	return sealPage(p.of, string(text))
}

// drillDownFields are the fields a query can be narrowed by.
func (s *Server) drillDownFields() []columnModel {
	list := s.Library.Fields()
	out := make([]columnModel, 0, len(list))
	for _, f := range list {
		if f.LargeData {
			continue
		}
		out = append(out, columnOf(query.Column{Name: f.Display, Original: f.Display, Internal: f.Name, Type: f.Type, List: f.MultiValued,
			CaseSensitive: f.CaseSensitive, Groupable: true}))
	}
	return out
}

// cell encodes a value of a result; ok is false for what is left out of a row.
func cell(v any) (out any, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, false
	case time.Time:
		return v.UnixMilli(), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0) // JSON has no such numbers
	case []any:
		list := make([]any, 0, len(v))
		for _, e := range v {
			if c, ok := cell(e); ok {
				list = append(list, c)
			}
		}
		return list, true
	case *query.Table:
		if v == nil {
			return nil, false
		}
		return rowMaps(v.Columns, v.Rows), true
	case *query.Series:
		if v == nil {
			return nil, false
		}
		return timeStats("", v), true
	}
	return v, true
}

// rowMaps keys rows by the display names of their columns and leaves out nulls.
func rowMaps(columns []query.Column, rows [][]any) []map[string]any {
	out := make([]map[string]any, len(rows))
	for i, row := range rows {
		m := make(map[string]any, len(columns))
		for j, col := range columns {
			if j >= len(row) {
				break
			}
			if v, ok := cell(row[j]); ok {
				m[col.Name] = v
			}
		}
		out[i] = m
	}
	return out
}
