package api

import (
	"strings"
	"time"

	"ledgerline/internal/query/facet"
	"ledgerline/internal/query/syntax"
)

type filterOutput struct {
	DisplayQueryString  string `json:"displayQueryString"`
	InternalQueryString string `json:"internalQueryString"`
	ResponseTimeInMs    int64  `json:"responseTimeInMs"`
}

// maxFilters bounds one call.
const maxFilters = 1000

// filter adds conditions to the search clause of a query, or takes them away.
func (s *Server) filter(c *call) (*response, error) {
	began := time.Now()
	var d struct {
		textDetails
		Filters []facet.Filter `json:"filters"`
	}
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	if err := checkSubSystem(d.SubSystem); err != nil {
		return nil, err
	}
	if len(d.Filters) > maxFilters {
		return nil, invalid("at most %d filters at once", maxFilters)
	}
	text := d.QueryString
	if strings.TrimSpace(text) == "" {
		text = "*"
	}
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	for _, f := range d.Filters {
		if err := checkFilter(f); err != nil {
			return nil, err
		}
	}
	if err := facet.Apply(q, d.Filters, s.Library.Field); err != nil {
		return nil, invalid("filters: %v", err)
	}
	// What is answered is what a parser makes of it.
	again, err := syntax.Parse(q.String())
	if err != nil {
		return nil, err
	}
	m := s.parsed(again, nil)
	return answer(filterOutput{m.DisplayQueryString, m.InternalQueryString, time.Since(began).Milliseconds()}), nil
}

// checkFilter says what a filter lacks.
func checkFilter(f facet.Filter) error {
	switch {
	case f.Operator == "":
		return missing("filters.operator")
	case f.Operator == facet.AddSubquery, f.Operator == facet.ClearSubquery:
	case f.Field == "":
		return missing("filters.fieldName")
	case len(f.Values) == 0 && f.Operator != facet.Clear && f.Operator != facet.Replace:
		return missing("filters.values")
	}
	return nil
}
