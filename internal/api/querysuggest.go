package api

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ledgerline/internal/query"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// suggestOutput is Oracle's SuggestOutput. What it lists is written as in a
// query, in quotes where they are needed, in place of what follows Position.
type suggestOutput struct {
	Position    int      `json:"position"` // characters from the start
	Commands    []string `json:"commands"`
	Fields      []string `json:"fields"`
	FieldValues []string `json:"fieldValues"`
	Terms       []string `json:"terms"`   // functions and operators
	Options     []string `json:"options"` // of the command
	Examples    []string `json:"examples"`
}

// Bounds of suggestions, and of the look into the store for values.
const (
	maxSuggestions = 50
	valueWindow    = 24 * time.Hour
	valueTime      = 2 * time.Second
)

// suggest tells what may come at the end of a query.
func (s *Server) suggest(c *call) (*response, error) {
	d, err := s.text(c)
	if err != nil {
		return nil, err
	}
	if d.CompartmentID == "" {
		return nil, missing("compartmentId")
	}
	at := syntax.Complete(d.QueryString, len(d.QueryString))
	out := suggestOutput{Position: utf8.RuneCountInString(d.QueryString[:at.Start]), Commands: []string{}, Fields: []string{},
		FieldValues: []string{}, Terms: []string{}, Options: []string{}, Examples: []string{}}
	for _, e := range at.Expect {
		switch e {
		case syntax.ExpectCommand:
			for _, info := range syntax.CommandInfos() {
				out.Commands = offer(out.Commands, at.Prefix, info.Name, info.Name)
			}
		case syntax.ExpectOption:
			for _, o := range at.Options {
				out.Options = offer(out.Options, at.Prefix, o, o+" = ")
			}
		case syntax.ExpectField:
			for _, f := range s.Library.Fields() {
				out.Fields = offer(out.Fields, at.Prefix, f.Display, written(f.Display))
			}
		case syntax.ExpectValue:
			for _, v := range s.valuesOf(c.r.Context(), at) {
				out.FieldValues = offer(out.FieldValues, at.Prefix, v, written(v))
			}
		case syntax.ExpectFunction:
			functions := syntax.Scalars()
			if at.Command != "where" && at.Command != "eval" {
				functions = syntax.Aggregates()
			}
			for _, f := range functions {
				out.Terms = offer(out.Terms, at.Prefix, f.Name, f.Name)
			}
		case syntax.ExpectOperator:
			for _, t := range []string{"=", "!=", "<", ">", "<=", ">=", "and", "or", "not", "in", "like", "between", "by", "as", "|"} {
				out.Terms = offer(out.Terms, at.Prefix, t, t)
			}
		}
	}
	for _, info := range syntax.CommandInfos() {
		if info.Name == at.Command && info.Usage != "" {
			out.Examples = append(out.Examples, info.Name+" "+info.Usage)
		}
	}
	return answer(out), nil
}

// offer adds what starts like the prefix, in any letter case.
func offer(list []string, prefix, name, text string) []string {
	if len(list) == maxSuggestions || len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return list
	}
	return append(list, text)
}

// written is a name or value as a query spells it.
func written(s string) string {
	return syntax.Format(&syntax.Ref{Name: syntax.Name{Text: s}})
}

// valuesOf returns values of the field whose value is expected: the most frequent
// of the last day, as far as they are found at once.
func (s *Server) valuesOf(ctx context.Context, at syntax.Context) []string {
	f, ok := s.Library.Field(at.Field)
	if !ok || f.LargeData || f.Type != record.String {
		return nil
	}
	if f.Name == "msrcid" { // known without a look
		var names []string
		for _, source := range s.Library.Sources() {
			names = append(names, source.Name)
		}
		slices.Sort(names)
		return names
	}
	now := s.opts.Clock().UTC()
	q := &syntax.Query{Commands: []syntax.Command{
		&syntax.Search{Term: suggestionTerm(f.Display, at.Prefix)},
		&syntax.Top{Limit: &syntax.Int{Value: maxSuggestions}, Field: syntax.Name{Text: f.Display}},
	}}
	result, err := s.Query.Run(ctx, query.Request{Text: q.String(), Window: record.Window{From: now.Add(-valueWindow), To: now}, Limit: maxSuggestions, Timeout: valueTime})
	if err != nil {
		return nil // suggestions are a help, not an answer
	}
	column := slices.IndexFunc(result.Columns, func(c query.Column) bool { return c.Internal == f.Name || c.Name == f.Display })
	if column < 0 {
		return nil
	}
	var values []string
	for _, row := range result.Rows {
		if text, ok := row[column].(string); ok {
			values = append(values, text)
		}
	}
	return values
}

func suggestionTerm(field, prefix string) syntax.SearchTerm {
	return &syntax.Like{Field: syntax.Name{Text: field}, Patterns: []syntax.Text{{Name: syntax.Name{Text: syntax.LikeLiteral(prefix) + "%"}}}}
}
