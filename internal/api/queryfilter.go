package api

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// filterModel is one click on a facet.
type filterModel struct {
	Operator  string            `json:"operator"`
	FieldName string            `json:"fieldName"`
	Values    []json.RawMessage `json:"values"`
}

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
		Filters []filterModel `json:"filters"`
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
	f := newFiltering(q, s.Library.Field)
	for _, one := range d.Filters {
		if err := f.apply(one); err != nil {
			return nil, err
		}
	}
	f.done()
	// What is answered is what a parser makes of it.
	again, err := syntax.Parse(q.String())
	if err != nil {
		return nil, err
	}
	m := s.parsed(again, nil)
	return answer(filterOutput{m.DisplayQueryString, m.InternalQueryString, time.Since(began).Milliseconds()}), nil
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

func (f *filtering) apply(m filterModel) error {
	switch m.Operator {
	case "":
		return missing("filters.operator")
	case "CLEAR_SUBQUERY":
		f.terms = slices.DeleteFunc(f.terms, func(t syntax.SearchTerm) bool { _, ok := t.(*syntax.Subquery); return ok })
		return nil
	case "ADD_SUBQUERY":
		return f.addSubquery(m)
	}
	if m.FieldName == "" {
		return missing("filters.fieldName")
	}
	if m.Operator == "CLEAR" || m.Operator == "REPLACE" {
		f.terms = slices.DeleteFunc(f.terms, func(t syntax.SearchTerm) bool { return f.about(t, m.FieldName) })
		if m.Operator == "CLEAR" || len(m.Values) == 0 {
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
func (f *filtering) term(m filterModel) (syntax.SearchTerm, error) {
	values, err := f.values(m)
	if err != nil {
		return nil, err
	}
	name := syntax.Name{Text: m.FieldName}
	if known, ok := f.field(m.FieldName); ok {
		name.Text = known.Display
	}
	one := func(op syntax.Op) (syntax.SearchTerm, error) {
		if len(values) != 1 {
			return nil, invalid("filters: %s takes one value, not %d", m.Operator, len(values))
		}
		return &syntax.Compare{Field: name, Op: op, Value: values[0]}, nil
	}
	like := func(before, after string, not bool) (syntax.SearchTerm, error) {
		l := &syntax.Like{Field: name, Not: not, In: len(values) > 1}
		for _, v := range values {
			text, ok := v.(*syntax.Text)
			if !ok {
				return nil, invalid("filters: %s takes texts", m.Operator)
			}
			l.Patterns = append(l.Patterns, syntax.Text{Name: syntax.Name{Text: before + likeLiteral(text.Text) + after}})
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
			return nil, invalid("filters: %s takes two values, not %d", m.Operator, len(values))
		}
		return &syntax.Between{Field: name, Not: m.Operator == "IS_NOT_BETWEEN", Low: values[0], High: values[1]}, nil
	}
	return nil, invalid("filters: %.64q is no operator", m.Operator)
}

// likeLiteral makes a text a pattern that matches itself. The language has no
// way to write a backslash before a wildcard: there ? stands for it.
func likeLiteral(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case strings.IndexByte("*%?", c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\\' && (i+1 == len(s) || strings.IndexByte(`*%?\`, s[i+1]) >= 0):
			b.WriteByte('?')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// values reads the values of a filter: texts, numbers, booleans and null. A
// number for a field of time is in epoch milliseconds.
func (f *filtering) values(m filterModel) ([]syntax.Value, error) {
	known, _ := f.field(m.FieldName)
	var out []syntax.Value
	for _, raw := range m.Values {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, invalid("filters: a value cannot be read: %v", err)
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
			return nil, invalid("filters: values must be texts, numbers, true, false or null")
		}
	}
	if len(out) == 0 {
		return nil, missing("filters.values")
	}
	return out, nil
}

// addSubquery adds the sub-query in the only value, with or without its brackets.
func (f *filtering) addSubquery(m filterModel) error {
	var text string
	if len(m.Values) != 1 || json.Unmarshal(m.Values[0], &text) != nil {
		return invalid("filters: ADD_SUBQUERY takes one value, the text of a sub-query")
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
