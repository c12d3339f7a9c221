package compile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// RowNumber is the column that counts the rows of a file.
const RowNumber = "file_row_number"

func isRowNumber(c *plan.Column) bool { return c.Internal == RowNumber }

// maxRanges bounds the row ranges of one statement; beyond it whole files are read.
const maxRanges = 512

// scan reads the parts of segments: files that hold the needed columns in the
// same types in one go, each row range by itself, because an engine skips row
// groups for a range of row numbers but not for several.
func (c *compiler) scan(n *plan.Scan) string {
	parts, err := c.store.Parts(n)
	if err != nil {
		c.fail(err)
		return ""
	}
	parts, _ = c.judge(n, parts)
	c.spellings(n, parts)
	return c.read(n, parts)
}

// read is a scan of these parts.
func (c *compiler) read(n *plan.Scan, parts []store.Part) string {
	columns := slices.DeleteFunc(slices.Clone(n.Columns), func(col *plan.Column) bool { return !c.used[col.ID] })
	derived := slices.DeleteFunc(slices.Clone(n.Derived), func(a plan.Assign) bool { return !c.used[a.Column.ID] })
	source := c.nothing(columns)
	if branches := c.branches(n, columns, parts); len(branches) > 0 {
		source = strings.Join(branches, "\nUNION ALL\n")
	}
	if len(derived) == 0 && n.Where == nil {
		return source
	}
	list := "*"
	for _, a := range derived {
		list += ", " + c.expr(a.Value) + " AS " + c.d.Ident(a.Column.ID)
	}
	s := "SELECT " + list + " FROM (" + indent(source) + ")"
	if n.Where != nil {
		if len(derived) > 0 {
			s = "SELECT * FROM (" + indent(s) + ")"
		}
		s += "\nWHERE " + c.expr(n.Where)
	}
	return s
}

// branch is what can be read in one go.
type branch struct {
	list  string // of the select
	where []string
	paths []string
	rows  bool
}

func (c *compiler) branches(n *plan.Scan, columns []*plan.Column, parts []store.Part) []string {
	parts = coarse(parts)
	named := fewSources(parts)
	var order []string
	all := map[string]*branch{}
	for _, p := range parts {
		b := branch{list: c.selectList(columns, p.Segment, named)}
		b.where = c.within(n, p.Segment)
		if n.Groups != nil {
			b.where = append(b.where, c.groups(n.Groups))
		}
		b.rows = slices.ContainsFunc(columns, isRowNumber)
		if p.FirstRow > 0 || p.EndRow < p.Segment.Rows {
			b.rows = true
			b.where = append(b.where, fmt.Sprintf("%s >= %d AND %s < %d", RowNumber, p.FirstRow, RowNumber, p.EndRow))
		}
		key := b.list + "\x00" + strings.Join(b.where, "\x00")
		if b.rows {
			key += "\x00" + strconv.FormatInt(p.Segment.ID, 10)
		}
		if all[key] == nil {
			all[key] = &b
			order = append(order, key)
		}
		all[key].paths = append(all[key].paths, p.Segment.Path)
	}
	var out []string
	for _, key := range order {
		b := all[key]
		s := "SELECT " + b.list + " FROM " + c.d.Files(b.paths, b.rows)
		if len(b.where) > 0 {
			s += "\nWHERE " + strings.Join(b.where, " AND ")
		}
		out = append(out, s)
	}
	return out
}

// nearRows is how many rows may lie between two ranges of a file that are read as
// one: an engine reads a row group from its start to the rows it wants.
const nearRows = 8192

// coarse joins ranges that are near each other, and reads whole files where there
// would be too many.
func coarse(parts []store.Part) []store.Part {
	var near []store.Part
	for _, p := range parts {
		if n := len(near); n > 0 && near[n-1].Segment == p.Segment && p.FirstRow-near[n-1].EndRow < nearRows {
			near[n-1].EndRow = p.EndRow
		} else {
			near = append(near, p)
		}
	}
	if len(near) <= maxRanges {
		return near
	}
	var out []store.Part
	seen := map[int64]bool{}
	for _, p := range parts {
		if !seen[p.Segment.ID] {
			seen[p.Segment.ID] = true
			out = append(out, store.Part{Segment: p.Segment, EndRow: p.Segment.Rows})
		}
	}
	return out
}

// maxNamed bounds the log sources that are read one by one.
const maxNamed = 16

// fewSources reports whether the parts are of so few log sources that each may
// be read by itself, its name being a literal: a column that is a constant costs
// an engine next to nothing, whatever is computed of it.
func fewSources(parts []store.Part) bool {
	names := map[string]bool{}
	for _, p := range parts {
		names[p.Segment.Source] = true
	}
	return len(names) <= maxNamed
}

// selectList reads the columns from a segment: those it lacks are null, those of
// another type are converted. With named, its log source is a literal.
func (c *compiler) selectList(columns []*plan.Column, seg *store.Segment, named bool) string {
	var list []string
	for _, col := range columns {
		if isRowNumber(col) {
			list = append(list, RowNumber+" AS "+c.d.Ident(col.ID))
			continue
		}
		if named && strings.EqualFold(col.Internal, store.ColSource) {
			list = append(list, c.source(seg.Source)+" AS "+c.d.Ident(col.ID))
			continue
		}
		at := columnOf(seg, col)
		if at < 0 {
			list = append(list, c.null(col.Type)+" AS "+c.d.Ident(col.ID))
			continue
		}
		s := seg.Columns[at]
		value := c.d.Cast(c.d.Ident(s.Name), plan.Type{Kind: plan.KindOf(s.Type), List: s.List}, col.Type)
		list = append(list, value+" AS "+c.d.Ident(col.ID))
	}
	if len(list) == 0 {
		return "1"
	}
	return strings.Join(list, ", ")
}

// within restricts the time of a segment that reaches beyond the window.
func (c *compiler) within(n *plan.Scan, seg *store.Segment) []string {
	var where []string
	add := func(op string, v any) {
		s, err := c.d.Literal(v, plan.Type{Kind: plan.Time})
		if err != nil {
			c.fail(err)
		}
		where = append(where, c.d.Ident(store.ColTime)+op+s)
	}
	if !n.Window.From.IsZero() && seg.From < n.Window.From.UnixMilli() {
		add(" >= ", n.Window.From)
	}
	if !n.Window.To.IsZero() && seg.To >= n.Window.To.UnixMilli() {
		add(" < ", n.Window.To)
	}
	return where
}

func (c *compiler) groups(allowed []string) string {
	if len(allowed) == 0 {
		return "FALSE"
	}
	var list []string
	for _, g := range allowed {
		s, err := c.d.Literal(g, plan.Type{Kind: plan.KindOf(record.String)})
		if err != nil {
			c.fail(err)
		}
		list = append(list, s)
	}
	return c.d.Ident(store.ColGroup) + " IN (" + strings.Join(list, ", ") + ")"
}
