package query

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// published is a published query with the records made for it.
type published struct {
	t     *testing.T
	store *store.Store
	text  string
	day   int
	now   time.Time // when it is asked; its records lie before

	known    taught
	query    *syntax.Query
	renamed  map[string]string   // new names to fields, folded
	literals map[string][]string // what fields are compared with, by folded name
}

// copies is how many records are made for a query: in each, conditions that
// can hold in several ways hold in the next one.
const copies = 6

func (c *published) run() {
	e := NewEngine(c.store, nil, Options{Clock: func() time.Time { return c.now }})
	var err error
	var bad *syntax.Errors
	if c.known, err = learn(e, c.text); err != nil {
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), "not supported") {
			c.t.Error(err)
		}
		return
	}
	for i, f := range c.known.list { // no type and no column is another query's
		if strings.HasPrefix(f.Name, "udf") {
			c.known.list[i].Name = fmt.Sprintf("q%d_%s", c.day, f.Name)
		}
	}
	e.catalogue = c.known
	if c.query, err = syntax.Parse(c.text); err != nil {
		c.t.Fatal(err)
	}
	c.compared()
	req := Request{Text: c.text, Window: record.Window{From: c.now.AddDate(0, 0, -1), To: c.now}}
	end := c.now
	if d, err := e.Describe(req); err == nil && !d.Window.To.IsZero() {
		end = d.Window.To
	}
	var recs []rec
	for i := range copies {
		r := rec{at: end.Add(-time.Duration(i+1) * time.Minute), fields: map[string]any{}}
		c.hold(&r, c.query.Commands[0].(*syntax.Search).Term, i)
		c.fill(&r, i)
		recs = append(recs, r)
	}
	ingestWith(c.t, c.known, c.store, c.day, recs)

	found := c.ask(e, req, c.cut(1))
	if len(found.Rows) != copies {
		c.t.Errorf("the search finds %d records of %d", len(found.Rows), copies)
	}
	c.checkLink(e, req, recs)
	res := c.ask(e, req, c.text)
	if answered := unanswered()[c.day] == ""; answered != tells(res) {
		c.t.Errorf("comes something back: %t, want %t: %v", !answered, answered, res.Rows)
	}
}

func (c *published) ask(e *Engine, req Request, text string) *Result {
	req.Text = text
	res, err := e.Run(c.t.Context(), req)
	if err != nil {
		c.t.Fatalf("%s\n%v", text, err)
	}
	return res
}

// cut is the text of the first commands.
func (c *published) cut(commands int) string {
	q := *c.query
	q.Commands = q.Commands[:commands]
	return q.String()
}

// tells reports whether a result has a row, and a value but zero and null in it.
func tells(res *Result) bool {
	for _, row := range res.Rows {
		for i, v := range row {
			if v != nil && v != int64(0) && v != 0.0 && (res.Series == nil || i > 0) {
				return true
			}
		}
	}
	return false
}

// compared notes what fields are compared with anywhere in the query.
func (c *published) compared() {
	c.renamed, c.literals = map[string]string{}, map[string][]string{}
	walk(reflect.ValueOf(c.query.Commands), func(n any) {
		switch n := n.(type) {
		case syntax.Aliased:
			if n.Alias != nil {
				c.renamed[strings.ToLower(n.Alias.Text)] = n.Field.Text
			}
		case *syntax.Compare:
			c.literal(n.Field.Text, literalOf(n.Value))
		case *syntax.Binary:
			if field, ok := n.X.(*syntax.Ref); ok {
				c.literal(field.Text, literalOf(n.Y))
			}
		}
	})
}

func (c *published) literal(name, value string) {
	if of := c.renamed[strings.ToLower(name)]; of != "" {
		name = of
	}
	if f, ok := c.known.Field(name); ok && value != "" {
		if _, field := c.known.Field(value); !field {
			c.literals[f.Name] = append(c.literals[f.Name], value)
		}
	}
}

// literalOf is the text of a literal; empty for what is none.
func literalOf(n any) string {
	switch n := n.(type) {
	case *syntax.Text:
		return n.Text
	case *syntax.Ref:
		return n.Text
	case *syntax.Number:
		return n.Text
	case *syntax.Variable:
		return literalOf(n.Value)
	}
	return ""
}

// walk calls f with every node of a tree.
func walk(v reflect.Value, f func(any)) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			if v.Kind() == reflect.Pointer {
				f(v.Interface())
			}
			walk(v.Elem(), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), f)
		}
	case reflect.Struct:
		f(v.Interface())
		for i := range v.NumField() {
			walk(v.Field(i), f)
		}
	}
}

// hold gives a record what a search term asks for.
func (c *published) hold(r *rec, t syntax.SearchTerm, i int) {
	switch t := t.(type) {
	case *syntax.And:
		for _, x := range t.Terms {
			c.hold(r, x, i)
		}
	case *syntax.Or:
		c.hold(r, t.Terms[i%len(t.Terms)], i)
	case *syntax.Keyword:
		r.text += " " + strings.Trim(t.Text, "*%")
	case *syntax.Compare:
		_, null := t.Value.(*syntax.Null)
		switch {
		case t.Op == syntax.OpNe:
			c.set(r, t.Field.Text, c.plausible(t.Field.Text, i))
		case t.Op == syntax.OpEq && null:
			f, _ := c.known.Field(t.Field.Text)
			r.fields[f.Display] = nil
		case t.Op == syntax.OpEq || t.Op == syntax.OpGe || t.Op == syntax.OpLe:
			c.set(r, t.Field.Text, literalOf(t.Value))
		}
	case *syntax.Like:
		if !t.Not {
			p := t.Patterns[i%len(t.Patterns)].Text
			c.set(r, t.Field.Text, strings.NewReplacer("*", "some", "%", "some", "?", "x").Replace(p))
		}
	case *syntax.InList:
		if !t.Not {
			c.set(r, t.Field.Text, literalOf(t.Values[i%len(t.Values)]))
		}
	case *syntax.Subquery:
		c.hold(r, t.Query.Commands[0].(*syntax.Search).Term, i)
		for _, name := range c.names(t.Query.Commands[1:]) { // what the rows are joined by
			c.set(r, name, c.plausible(name, i))
		}
	}
}

// names are the fields that commands name.
func (c *published) names(commands []syntax.Command) (out []string) {
	walk(reflect.ValueOf(commands), func(n any) {
		if name, ok := n.(syntax.Name); ok {
			if f, known := c.known.Field(name.Text); known {
				out = append(out, f.Display)
			}
		}
	})
	return out
}

// fill gives a record values for the other fields that the query names or
// reads: what they are compared with, plausible ones, and sometimes none.
func (c *published) fill(r *rec, i int) {
	names := c.names(c.query.Commands[1:])
	for _, f := range c.known.list[len(testFields().list):] {
		names = append(names, f.Display)
	}
	for _, name := range names {
		f, _ := c.known.Field(name)
		if _, set := r.fields[f.Display]; set || c.value(*r, f) != nil || f.Type == record.Timestamp {
			continue
		}
		values := c.literals[f.Name]
		switch at := i % (len(values) + 3); {
		case at < len(values):
			c.set(r, name, values[at])
		case at < len(values)+2:
			c.set(r, name, c.plausible(name, i/2))
		}
	}
	maps.DeleteFunc(r.fields, func(_ string, v any) bool { return v == nil })
}

func (c *published) plausible(name string, i int) string {
	f, _ := c.known.Field(name)
	switch {
	case f.Type != record.String:
		return fmt.Sprint(10 * (i + 1))
	case strings.HasSuffix(f.Display, "IP"):
		return fmt.Sprintf("192.0.2.%d", i)
	}
	return fmt.Sprintf("%s %d", strings.ToLower(f.Display), i)
}

// set gives a record a value, as its field wants it.
func (c *published) set(r *rec, name, value string) {
	f, ok := c.known.Field(name)
	if !ok || f.Type == record.Timestamp {
		return
	}
	switch f.Name {
	case store.ColSource:
		r.source = value
	case store.ColUploadName:
		r.upload = value
	case store.ColGroup:
		r.group = "ocid1.loggroup.oc1.." + value
		c.known.groups[r.group] = value
	case store.ColEntity:
		r.entity = value
	case store.ColEntityType:
		r.class = value
	case store.ColLabels:
		r.labels = []string{value}
	case store.ColText:
		r.text += " " + value
	default:
		r.fields[f.Display] = value
		if f.Type != record.String {
			n := 0.0
			fmt.Sscan(value, &n)
			r.fields[f.Display] = n
		}
	}
}

// value is what a record holds; nil when nothing.
func (c *published) value(r rec, f record.Field) any {
	text := map[string]string{
		store.ColSource: r.source, store.ColGroup: r.group, store.ColUploadName: r.upload,
		store.ColEntity: r.entity, store.ColEntityType: r.class, store.ColText: r.text,
	}
	if s, ok := text[f.Name]; ok {
		if s == "" {
			return nil
		}
		return s
	}
	if f.Name == store.ColLabels && r.labels != nil {
		return r.labels[0]
	}
	return r.fields[f.Display]
}

// checkLink compares the groups of a link right after the search with the
// combinations of values that the records hold.
func (c *published) checkLink(e *Engine, req Request, recs []rec) {
	if len(c.query.Commands) < 2 {
		return
	}
	l, ok := c.query.Commands[1].(*syntax.Link)
	if !ok || l.Every != nil {
		return
	}
	nulls := l.IncludeNulls != nil && l.IncludeNulls.Value
	// Buckets of time have no column, so that rows may show one combination twice.
	keys := slices.DeleteFunc(slices.Clone(l.Keys), func(k syntax.LinkKey) bool { return strings.EqualFold(k.Field.Text, "time") })
	var want, got []string
	for _, r := range recs {
		var tuple []string
		missing := 0
		for _, k := range keys {
			f, ok := c.known.Field(k.Field.Text)
			if k.Cluster != nil || !ok {
				return
			}
			v := c.value(r, f)
			if v == nil {
				missing++
			}
			tuple = append(tuple, strings.ToLower(fmt.Sprint(v)))
		}
		if missing == 0 || nulls && (missing < len(tuple) || len(keys) < len(l.Keys)) {
			want = append(want, fmt.Sprintf("%q", tuple))
		}
	}
	res := c.ask(e, req, c.cut(2))
	for _, row := range res.Rows {
		var tuple []string
		for _, k := range keys {
			at := slices.IndexFunc(res.Columns, func(col Column) bool { return strings.EqualFold(col.Name, k.Field.Text) })
			if at < 0 {
				c.t.Errorf("no column %s in %v", k.Field.Text, res.Columns)
				return
			}
			tuple = append(tuple, strings.ToLower(fmt.Sprint(row[at])))
		}
		got = append(got, fmt.Sprintf("%q", tuple))
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(keys) < len(l.Keys) {
		got = slices.Compact(got)
	}
	if want = slices.Compact(want); !slices.Equal(got, want) {
		c.t.Errorf("groups %s, want %s", got, want)
	}
}

// unanswered are the published queries, by their line, of which nothing can
// come back, and why.
func unanswered() map[int]string {
	return map[int]string{
		72: "it groups by what its regular expressions find in lines of one kind of hardware",
	}
}
