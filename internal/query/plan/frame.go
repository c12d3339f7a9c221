package plan

import (
	"maps"
	"slices"
	"strings"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// shape is the kind of rows a command receives (section 6.1 of the reference).
type shape uint8

const (
	records shape = iota
	groups        // of stats and its like
	links         // of link: the records of each group stay reachable
	series        // of timestats
)

// frame is what a command receives: a relation and the names for its columns.
type frame struct {
	node  Node
	shape shape
	after string // command that made the rows, in upper case; empty for records

	scan    *Scan              // of records: where further fields come from
	names   map[string]*Column // by folded name; nil for a name that has gone
	made    []*Column          // in order: columns of groups, or those added to records
	visible []*Column
	order   []Order
	time    *Column // time of the row; nil when it has none

	keys   []Key // of groups
	link   *link
	points *Series

	attached []attachment
}

// attachment is a result beside the rows: a chart or a table of groups.
type attachment struct {
	name  string
	frame *frame
}

func (f *frame) grouped() bool { return f.shape != records }

func fold(s string) string { return strings.ToLower(s) }

// define makes the column known under its name.
func (f *frame) define(c *Column) {
	f.names[fold(c.Name)] = c
	if !slices.Contains(f.made, c) {
		f.made = append(f.made, c)
	}
}

// show puts a column at the end of the result, in place of a visible one of the same name.
func (f *frame) show(c *Column) {
	if slices.Contains(f.visible, c) {
		return
	}
	for i, v := range f.visible {
		if strings.EqualFold(v.Name, c.Name) {
			f.visible = slices.Clone(f.visible)
			f.visible[i] = c
			return
		}
	}
	f.visible = append(slices.Clip(f.visible), c)
}

// lookup finds a column by name: what the query made comes first, then, for
// records, display and internal names of the catalogue.
func (p *planner) lookup(f *frame, name string) *Column {
	if c, ok := f.names[fold(name)]; ok {
		return c
	}
	if f.grouped() {
		for _, c := range f.made {
			if c.Internal != "" && strings.EqualFold(c.Internal, name) {
				return c
			}
		}
		return f.lookupCall(name)
	}
	field, ok := p.env.Catalogue.Field(name)
	if !ok {
		return nil
	}
	// A field shown under a new name is no longer found under its old one, but
	// its internal name stays an alias of the display name.
	if c, ok := f.names[fold(field.Display)]; ok && !strings.EqualFold(field.Display, name) {
		return c
	}
	return f.scan.column(p, field)
}

// lookupCall finds a column named by the text of a call, whatever its spacing.
func (f *frame) lookupCall(name string) *Column {
	if !strings.Contains(name, "(") {
		return nil
	}
	want := squeeze(name)
	for _, c := range f.made {
		if squeeze(c.Name) == want && f.names[fold(c.Name)] == c {
			return c
		}
	}
	return nil
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\'' || r == '"' {
			return -1
		}
		return r
	}, fold(s))
}

// field finds the column for a slot that takes only fields, and reports one that does not exist.
func (p *planner) field(f *frame, n syntax.Name, clause string) *Column {
	if c := p.lookup(f, n.Text); c != nil {
		return c
	}
	p.unknown(f, n, clause)
	return nil
}

// column returns the scan's column for a field and makes it on first use.
func (s *Scan) column(p *planner, field record.Field) *Column {
	if c := s.fields[field.Name]; c != nil {
		return c
	}
	if field.Name == store.ColGroup && len(p.env.Catalogue.LogGroups()) > 0 && field.Display != field.Name {
		return s.groupNames(p, field)
	}
	c := p.column(field.Display, Type{KindOf(field.Type), field.MultiValued})
	c.ID = field.Name + "_" + c.ID
	c.Internal, c.Field, c.Unit = field.Name, field.Type, field.Unit
	c.CaseSensitive, c.Large = field.CaseSensitive, field.LargeData
	s.fields[field.Name] = c
	s.Columns = append(s.Columns, c)
	return c
}

// groupNames shows log groups by name; records hold their OCIDs.
func (s *Scan) groupNames(p *planner, field record.Field) *Column {
	raw := p.column(field.Display, Type{Kind: String})
	raw.Internal, raw.CaseSensitive = store.ColGroup, true
	s.Columns = append(s.Columns, raw)
	names := p.env.Catalogue.LogGroups()
	var args []Expr
	for _, id := range slices.Sorted(maps.Keys(names)) {
		args = append(args, test(Eq, ref(raw), text(id)), text(names[id]))
	}
	c := p.column(field.Display, Type{Kind: String})
	c.Internal, c.Field = field.Name, field.Type
	s.Derived = append(s.Derived, Assign{c, call(If, String, append(args, ref(raw))...)})
	s.fields[field.Name], s.groupID = c, raw
	return c
}

// column makes a column with an identifier of its own.
func (p *planner) column(name string, t Type) *Column {
	p.columns++
	return &Column{ID: "c" + itoa(p.columns), Type: t, Name: name, Original: name}
}

// extend adds one computed column to the frame.
func (p *planner) extend(f *frame, c *Column, value Expr) {
	f.node = &Extend{In: f.node, Items: []Assign{{c, value}}}
}

// restrict keeps the rows for which cond is true.
func (f *frame) restrict(cond Expr) {
	if cond != nil {
		f.node = &Filter{In: f.node, Cond: cond}
	}
}

// clone copies the frame, so that one branch may go on without the other noticing.
func (f *frame) clone() *frame {
	c := *f
	c.names = make(map[string]*Column, len(f.names))
	for k, v := range f.names {
		c.names[k] = v
	}
	c.made, c.visible, c.order = slices.Clone(f.made), slices.Clone(f.visible), slices.Clone(f.order)
	return &c
}

// seriesShown is the time series with the numbers that are shown: after
// timestats, eval and fields may have put others in their place.
func (f *frame) seriesShown() *Series {
	if f.points == nil {
		return nil
	}
	out := *f.points
	out.Values = nil
	for _, c := range f.visible {
		number := c.Type.Kind.Numeric() && !c.Type.List && c != f.points.Bucket && !slices.Contains(f.points.By, c)
		if number || slices.Contains(f.points.Values, c) {
			out.Values = append(out.Values, c)
		}
	}
	if out.Values == nil {
		return f.points
	}
	return &out
}
