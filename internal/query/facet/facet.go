// Package facet narrows a query as clicks on its facets do: it adds conditions to the
// search clause, or takes them away. Source of the operators: Oracle's Filter model,
// official Go SDK v65.129.0, package loganalytics.
package facet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// Filter is one click.
type Filter struct {
	Operator string            `json:"operator"`
	Field    string            `json:"fieldName"` // display or internal name; none for sub-queries
	Values   []json.RawMessage `json:"values"`    // texts, numbers, booleans, null
}

// Operators that take no values, or need none; the others compare.
const (
	Clear         = "CLEAR"   // takes the conditions on a field away
	Replace       = "REPLACE" // puts a value in their place
	AddSubquery   = "ADD_SUBQUERY"
	ClearSubquery = "CLEAR_SUBQUERY"
)

// Apply changes the search clause of a query, filter by filter. field finds fields by
// either name. An error says what of a filter is wrong.
func Apply(q *syntax.Query, filters []Filter, field func(string) (record.Field, bool)) error {
	f := newFiltering(q, field)
	for _, one := range filters {
		if err := f.apply(one); err != nil {
			return err
		}
	}
	f.done()
	return nil
}

// filtering edits the conditions that all must hold.
type filtering struct {
	search *syntax.Search
	terms  []syntax.SearchTerm
	field  func(string) (record.Field, bool)
}

// newFiltering finds the search clause of a query. Below searchlookup it is the
// search command next to it, which is made when there is none.
func newFiltering(q *syntax.Query, field func(string) (record.Field, bool)) *filtering {
	f := &filtering{field: field}
	at := 0
	if _, ok := q.Commands[0].(*syntax.SearchLookup); ok {
		at = 1
	}
	if at < len(q.Commands) {
		f.search, _ = q.Commands[at].(*syntax.Search)
	}
	if f.search == nil {
		f.search = &syntax.Search{Term: &syntax.All{}}
		q.Commands = slices.Insert(q.Commands, at, syntax.Command(f.search))
	}
	switch t := f.search.Term.(type) {
	case *syntax.All:
	case *syntax.And:
		f.terms = t.Terms
	default:
		f.terms = []syntax.SearchTerm{t}
	}
	return f
}

// done writes the conditions back.
func (f *filtering) done() {
	switch len(f.terms) {
	case 0:
		f.search.Term = &syntax.All{}
	case 1:
		f.search.Term = f.terms[0]
	default:
		f.search.Term = &syntax.And{Terms: f.terms}
	}
}

func (f *filtering) apply(m Filter) error {
	switch m.Operator {
	case ClearSubquery:
		f.terms = slices.DeleteFunc(f.terms, func(t syntax.SearchTerm) bool { _, ok := t.(*syntax.Subquery); return ok })
		return nil
	case AddSubquery:
		return f.addSubquery(m)
	}
	if m.Operator == Clear || m.Operator == Replace {
		f.terms = slices.DeleteFunc(f.terms, func(t syntax.SearchTerm) bool { return f.about(t, m.Field) })
		if m.Operator == Clear || len(m.Values) == 0 {
			return nil
		}
		m.Operator = "EQUALS"
	}
	term, err := f.term(m)
	if err != nil {
		return err
	}
	f.terms = append(f.terms, term)
	return nil
}

// about reports whether a condition is one on this field and no other.
func (f *filtering) about(t syntax.SearchTerm, field string) bool {
	all := func(terms []syntax.SearchTerm) bool {
		return !slices.ContainsFunc(terms, func(t syntax.SearchTerm) bool { return !f.about(t, field) })
	}
	switch t := t.(type) {
	case *syntax.Compare:
		return f.same(t.Field.Text, field)
	case *syntax.Like:
		return f.same(t.Field.Text, field)
	case *syntax.InList:
		return f.same(t.Field.Text, field)
	case *syntax.Between:
		return f.same(t.Field.Text, field)
	case *syntax.Not:
		return f.about(t.Term, field)
	case *syntax.Or:
		return all(t.Terms)
	case *syntax.And:
		return all(t.Terms)
	}
	return false
}

// same compares names of fields, display or internal, in any letter case.
func (f *filtering) same(a, b string) bool {
	x, okX := f.field(a)
	y, okY := f.field(b)
	if okX && okY {
		return x.Name == y.Name
	}
	return strings.EqualFold(a, b)
}

// term makes the condition of an operator that takes values.
func (f *filtering) term(m Filter) (syntax.SearchTerm, error) {
	values, err := f.values(m)
	if err != nil {
		return nil, err
	}
	name := syntax.Name{Text: m.Field}
	if known, ok := f.field(m.Field); ok {
		name.Text = known.Display
	}
	one := func(op syntax.Op) (syntax.SearchTerm, error) {
		if len(values) != 1 {
			return nil, fmt.Errorf("%s takes one value, not %d", m.Operator, len(values))
		}
		return &syntax.Compare{Field: name, Op: op, Value: values[0]}, nil
	}
	like := func(before, after string, not bool) (syntax.SearchTerm, error) {
		l := &syntax.Like{Field: name, Not: not, In: len(values) > 1}
		for _, v := range values {
			text, ok := v.(*syntax.Text)
			if !ok {
				return nil, fmt.Errorf("%s takes texts", m.Operator)
			}
			l.Patterns = append(l.Patterns, syntax.Text{Name: syntax.Name{Text: before + syntax.LikeLiteral(text.Text) + after}})
		}
		return l, nil
	}
	switch m.Operator {
	case "EQUALS", "NOT_EQUALS":
		not := m.Operator == "NOT_EQUALS"
		switch {
		case len(values) > 1:
			return &syntax.InList{Field: name, Not: not, Values: values}, nil
		case not:
			return one(syntax.OpNe)
		}
		return one(syntax.OpEq)
	case "STARTS_WITH", "DOES_NOT_START_WITH":
		return like("", "%", m.Operator != "STARTS_WITH")
	case "ENDS_WITH", "DOES_NOT_END_WITH":
		return like("%", "", m.Operator != "ENDS_WITH")
	case "CONTAINS", "DOES_NOT_CONTAIN":
		return like("%", "%", m.Operator != "CONTAINS")
	case "IS_LESS_THAN":
		return one(syntax.OpLt)
	case "IS_LESS_THAN_OR_EQUAL_TO":
		return one(syntax.OpLe)
	case "IS_GREATER_THAN":
		return one(syntax.OpGt)
	case "IS_GREATER_THAN_OR_EQUAL_TO":
		return one(syntax.OpGe)
	case "IS_BETWEEN", "IS_NOT_BETWEEN":
		if len(values) != 2 {
			return nil, fmt.Errorf("%s takes two values, not %d", m.Operator, len(values))
		}
		return &syntax.Between{Field: name, Not: m.Operator == "IS_NOT_BETWEEN", Low: values[0], High: values[1]}, nil
	}
	return nil, fmt.Errorf("%.64q is no operator", m.Operator)
}

// values reads the values of a filter: texts, numbers, booleans and null. A
// number for a field of time is in epoch milliseconds.
func (f *filtering) values(m Filter) ([]syntax.Value, error) {
	known, _ := f.field(m.Field)
	var out []syntax.Value
	for _, raw := range m.Values {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("a value cannot be read: %v", err)
		}
		text := func(s string) { out = append(out, &syntax.Text{Name: syntax.Name{Text: s, Quoted: true}}) }
		switch v := v.(type) {
		case nil:
			out = append(out, &syntax.Null{})
		case string:
			text(v)
		case bool:
			text(map[bool]string{true: "true", false: "false"}[v])
		case json.Number:
			ms, err := v.Int64()
			switch {
			case known.Type == record.Timestamp && err == nil:
				text(time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z"))
			case known.Type == record.String:
				text(v.String())
			default:
				out = append(out, &syntax.Number{Text: v.String()})
			}
		default:
			return nil, errors.New("values must be texts, numbers, true, false or null")
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s takes values", m.Operator)
	}
	return out, nil
}

// addSubquery adds the sub-query in the only value, with or without its brackets.
func (f *filtering) addSubquery(m Filter) error {
	var text string
	if len(m.Values) != 1 || json.Unmarshal(m.Values[0], &text) != nil {
		return errors.New("ADD_SUBQUERY takes one value, the text of a sub-query")
	}
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	q, err := syntax.Parse(text)
	if err != nil {
		return err
	}
	f.terms = append(f.terms, &syntax.Subquery{Query: q})
	return nil
}
