package compile

import (
	"slices"
	"strings"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/store"
)

// known is what is known, without reading them, of some records of one segment:
// which log source they have, which columns are null in all of them, where all
// have the same log group or none, which that is, and the value that they have in
// a column whose values have been counted.
type known struct {
	segment *store.Segment
	scan    *plan.Scan
	group   any
	grouped bool         // group is known
	counted *plan.Column // nil: none
	cell    any          // its value
	rows    int64        // how many records they are; below 0: nobody knows
}

// alternatives are what the records of a segment may be; each of them is one of
// these. Besides what the condition of the scan reads, some columns matter.
func alternatives(scan *plan.Scan, seg *store.Segment, matter ...*plan.Column) []known {
	if all := byValue(scan, seg, matter); all != nil {
		return all
	}
	if len(seg.Groups) != 1 {
		return []known{{segment: seg, scan: scan, rows: -1}}
	}
	return []known{{segment: seg, scan: scan, group: seg.Groups[0], grouped: true, rows: -1}, {segment: seg, scan: scan, grouped: true, rows: -1}}
}

// byValue tells the records of a segment apart by the one column that matters and
// is not known anyway, if its values have been counted.
func byValue(scan *plan.Scan, seg *store.Segment, matter []*plan.Column) []known {
	columns := slices.Clone(matter)
	if scan.Where != nil {
		columns = append(columns, columnsOf(scan, scan.Where)...)
	}
	var one *plan.Column
	at := -1
	for _, col := range columns {
		if col == one || strings.EqualFold(col.Internal, store.ColSource) {
			continue
		}
		i := columnOf(seg, col)
		if i < 0 {
			continue
		}
		if one != nil && i != at {
			return nil
		}
		one, at = col, i
	}
	if one == nil || one.Type != (plan.Type{Kind: plan.String}) {
		return nil
	}
	counts, ok := seg.Values(seg.Columns[at].Name)
	if !ok {
		return nil
	}
	var all []known
	left := seg.Rows
	for _, v := range counts {
		all = append(all, known{segment: seg, scan: scan, counted: one, cell: v.Value, rows: v.Rows})
		left -= v.Rows
	}
	if left > 0 {
		all = append(all, known{segment: seg, scan: scan, counted: one, rows: left})
	}
	return all
}

// columnsOf lists the columns of a scan that an expression is computed from.
func columnsOf(scan *plan.Scan, e plan.Expr) (out []*plan.Column) {
	switch e := e.(type) {
	case *plan.Ref:
		if i := slices.IndexFunc(scan.Derived, func(a plan.Assign) bool { return a.Column == e.Column }); i >= 0 {
			return columnsOf(scan, scan.Derived[i].Value)
		}
		return []*plan.Column{e.Column}
	case *plan.Call:
		for _, a := range e.Args {
			out = append(out, columnsOf(scan, a)...)
		}
	}
	return out
}

// value returns the value that an expression has for every record; nil is null.
func (k known) value(e plan.Expr) (v any, ok bool) {
	switch e := e.(type) {
	case *plan.Const:
		return e.Value, true
	case *plan.Ref:
		return k.column(e.Column)
	case *plan.Call:
		switch e.Op {
		case plan.And, plan.Or:
			return k.junction(e)
		case plan.Not:
			v, ok = k.value(e.Args[0])
			return v != true, ok
		case plan.IsNull:
			v, ok = k.value(e.Args[0])
			return v == nil, ok
		case plan.NotNull:
			v, ok = k.value(e.Args[0])
			return v != nil, ok
		case plan.If:
			return k.choice(e)
		}
		return k.strict(e)
	}
	return nil, false
}

func (k known) column(c *plan.Column) (v any, ok bool) {
	if i := slices.IndexFunc(k.scan.Derived, func(a plan.Assign) bool { return a.Column == c }); i >= 0 {
		return k.value(k.scan.Derived[i].Value)
	}
	if !slices.Contains(k.scan.Columns, c) {
		return nil, false
	}
	if k.counted != nil && columnOf(k.segment, k.counted) == columnOf(k.segment, c) && c.Type == k.counted.Type {
		return k.cell, true
	}
	if k.grouped && strings.EqualFold(c.Internal, store.ColGroup) {
		return k.group, true
	}
	if strings.EqualFold(c.Internal, store.ColSource) {
		if k.segment.Source == "" {
			return nil, true
		}
		return k.segment.Source, true
	}
	return nil, columnOf(k.segment, c) < 0
}

// choice is the value of the first condition that is true.
func (k known) choice(e *plan.Call) (v any, ok bool) {
	last := len(e.Args) - 1
	for i := 0; i < last; i += 2 {
		switch v, ok := k.value(e.Args[i]); {
		case !ok:
			return nil, false
		case v == true:
			return k.value(e.Args[i+1])
		}
	}
	return k.value(e.Args[last])
}

// junction is And and Or of three values.
func (k known) junction(e *plan.Call) (v any, ok bool) {
	decides := e.Op == plan.Or
	v, ok = !decides, true
	for _, a := range e.Args {
		switch x, found := k.value(a); {
		case !found:
			ok = false
		case x == decides:
			return decides, true
		case x == nil:
			v = nil
		}
	}
	return v, ok
}

// never reports whether a condition is true for no record.
func (k known) never(e plan.Expr) bool {
	if c, ok := e.(*plan.Call); ok {
		switch c.Op {
		case plan.And:
			return slices.ContainsFunc(c.Args, k.never)
		case plan.Or:
			return !slices.ContainsFunc(c.Args, func(a plan.Expr) bool { return !k.never(a) })
		}
	}
	v, ok := k.value(e)
	return ok && v != true
}

// strict is an operation that is null when an argument is.
func (k known) strict(e *plan.Call) (v any, ok bool) {
	var args []string
	switch e.Op {
	case plan.Eq, plan.In, plan.Lt, plan.Gt, plan.Le, plan.Ge, plan.Glob, plan.Matches, plan.Contains, plan.Starts, plan.Fold:
	default:
		return nil, false
	}
	for i, a := range e.Args {
		v, ok := k.value(a)
		if ok && v == nil && (i == 0 || e.Op != plan.In) {
			return nil, true
		}
		if s, text := v.(string); text {
			args = append(args, s)
		}
	}
	if len(args) < len(e.Args) {
		return nil, false
	}
	switch e.Op {
	case plan.Eq, plan.In:
		return slices.Contains(args[1:], args[0]), true
	case plan.Fold:
		return strings.ToLower(args[0]), printableASCII(args[0]) // other letters are the engine's business
	case plan.Contains:
		return strings.Contains(args[0], args[1]), true
	case plan.Starts:
		return strings.HasPrefix(args[0], args[1]), true
	case plan.Glob:
		if printableASCII(args[0]) && printableASCII(args[1]) && !strings.Contains(args[1], `\`) {
			return globMatches(args[1], args[0]), true
		}
	}
	return nil, false
}

// globMatches reports whether a pattern without escapes matches the whole of a
// text, both of ASCII: where a run was tried too short it is taken longer.
func globMatches(pattern, s string) bool {
	run, from := -1, 0 // the last run of the pattern, and where the text goes on after it
	i := 0
	for j := 0; j < len(s); {
		switch {
		case i < len(pattern) && (pattern[i] == '*' || pattern[i] == '%'):
			run, from = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			i++
			j++
		case run >= 0:
			from++
			i, j = run+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*%") == ""
}

// columnOf is the place of a column in a segment, or -1.
func columnOf(seg *store.Segment, c *plan.Column) int {
	return slices.IndexFunc(seg.Columns, func(s store.Column) bool { return strings.EqualFold(s.Name, c.Internal) })
}

// judge drops parts in which no record can meet the condition of a scan, and
// reports which of the others hold no record that does not, nor one outside of
// the window or of the log groups.
func (c *compiler) judge(n *plan.Scan, parts []store.Part) (left []store.Part, whole []bool) {
	for _, p := range parts {
		always := true
		if n.Where != nil {
			all := alternatives(n, p.Segment)
			if !slices.ContainsFunc(all, func(k known) bool { return !k.never(n.Where) }) {
				continue
			}
			always = !slices.ContainsFunc(all, func(k known) bool {
				v, ok := k.value(n.Where)
				return !ok || v != true
			})
		}
		left = append(left, p)
		whole = append(whole, always && c.unbounded(n, p))
	}
	return left, whole
}

// unbounded reports whether a part is a whole segment of which neither the window
// nor the log groups leave out a record.
func (c *compiler) unbounded(n *plan.Scan, p store.Part) bool {
	return p.FirstRow == 0 && p.EndRow == p.Segment.Rows && c.open(n, p.Segment)
}

// open reports whether neither the window nor the log groups leave out a record
// of a segment.
func (c *compiler) open(n *plan.Scan, seg *store.Segment) bool {
	return len(c.within(n, seg)) == 0 && visible(n.Groups, seg.Groups)
}

// visible reports whether all groups are allowed. No list allows all.
func visible(allowed, groups []string) bool {
	return allowed == nil || !slices.ContainsFunc(groups, func(g string) bool { return !slices.Contains(allowed, g) })
}

// spellings notes whether every log source of the parts is spelled in one way,
// so that grouping need not fold its name.
func (c *compiler) spellings(n *plan.Scan, parts []store.Part) {
	names := map[string]string{}
	for _, p := range parts {
		name := p.Segment.Source
		folded := strings.ToLower(name)
		if other, ok := names[folded]; ok && other != name || !printableASCII(name) {
			return
		}
		names[folded] = name
	}
	for _, col := range n.Columns {
		if strings.EqualFold(col.Internal, store.ColSource) {
			c.plain[col] = true
		}
	}
}

// sourceColumn is the column that an expression reads, as it is or folded.
func sourceColumn(e plan.Expr) *plan.Column {
	if f, ok := e.(*plan.Call); ok && f.Op == plan.Fold {
		e = f.Args[0]
	}
	if r, ok := e.(*plan.Ref); ok {
		return r.Column
	}
	return nil
}

// source writes the name of a log source, of which an empty one is stored as null.
func (c *compiler) source(name string) string {
	if name == "" {
		return c.literal(nil, plan.String)
	}
	return c.literal(name, plan.String)
}

func (c *compiler) literal(v any, k plan.Kind) string {
	s, err := c.d.Literal(v, plan.Type{Kind: k})
	if err != nil {
		c.fail(err)
	}
	return s
}

func (c *compiler) null(t plan.Type) string {
	s, err := c.d.Literal(nil, t)
	if err != nil {
		c.fail(err)
	}
	return s
}
