package api

import (
	"errors"
	"unicode/utf16"

	"ledgerline/internal/query"
	"ledgerline/internal/query/syntax"
)

// checkModel is what an editor needs to know of a query while it is typed.
type checkModel struct {
	Errors   []mistakeModel   `json:"errors"`
	Hints    []string         `json:"hints,omitempty"` // what looks like a slip
	Commands []string         `json:"commands"`        // in order; empty when the text does not parse
	Columns  []ownColumnModel `json:"columns"`
	Display  string           `json:"display,omitempty"` // in canonical form
}

// mistakeModel is one mistake. Positions count UTF-16 units, as browsers do.
type mistakeModel struct {
	Start      int    `json:"start"`
	End        int    `json:"end"`
	Message    string `json:"message"`
	Usage      string `json:"usage,omitempty"`
	Suggestion string `json:"suggestion,omitempty"`
}

// ownCheck checks a query without running it. A query with mistakes is no error
// of the call.
func (s *Server) ownCheck(c *call) (*response, error) {
	var d struct {
		Query string `json:"query"`
	}
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	m := checkModel{Errors: []mistakeModel{}, Commands: []string{}, Columns: []ownColumnModel{}}
	about, err := s.Query.Describe(query.Request{Text: d.Query})
	var many *syntax.Errors
	var one *syntax.Error
	switch {
	case errors.As(err, &many):
		m.Errors = mapped(many.List, func(e *syntax.Error) mistakeModel { return mistakeOf(d.Query, e) })
		return answer(m), nil
	case errors.As(err, &one):
		m.Errors = append(m.Errors, mistakeOf(d.Query, one))
		return answer(m), nil
	case err != nil:
		return nil, err
	}
	q, err := syntax.Parse(d.Query)
	if err != nil {
		return nil, err
	}
	described := s.parsed(q, nil)
	m.Hints = about.Hints
	m.Columns, m.Display = mapped(about.Columns, ownColumn), described.DisplayQueryString
	m.Commands = mapped(described.Commands, func(d descriptorModel) string { return d.Name })
	return answer(m), nil
}

func mistakeOf(text string, e *syntax.Error) mistakeModel {
	start := min(max(e.Start, 0), len(text))
	end := min(max(e.End, start), len(text))
	return mistakeModel{Start: units(text[:start]), End: units(text[:end]), Message: e.Message, Usage: e.Usage, Suggestion: e.Suggestion}
}

// units is the length of a text in UTF-16.
func units(s string) (n int) {
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
