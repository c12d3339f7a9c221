package compile

import (
	"slices"
	"strings"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/store"
)

// counted answers a count of records, of all or by columns, from what is known
// of whole segments, as far as it can. It reports false when that is no help.
func (c *compiler) counted(n *plan.Aggregate) (string, bool) {
	scan, ok := n.In.(*plan.Scan)
	if !ok || len(n.Aggs) == 0 || slices.ContainsFunc(n.Aggs, func(a plan.Agg) bool { return a.Function != plan.CountRows || a.Where != nil }) {
		return "", false
	}
	t := tally{c: c, scan: scan}
	for _, k := range n.Keys {
		col := sourceColumn(k.By)
		if col == nil || col != sourceColumn(k.Show) || !slices.Contains(scan.Columns, col) {
			return "", false
		}
		if !slices.Contains(t.by, col) {
			t.by = append(t.by, col)
		}
	}
	parts, err := c.store.Parts(scan)
	if err != nil {
		c.fail(err)
		return "", true
	}
	parts, whole := c.judge(scan, parts)
	c.spellings(scan, parts)
	var rest []store.Part
	for i, p := range parts {
		if !t.add(p, whole[i]) {
			rest = append(rest, p)
		}
	}
	rest = t.search(rest)
	if len(rest) == len(parts) {
		return "", false
	}
	return c.sums(n, &t, rest), true
}

// tally counts the records of segments by columns without reading them.
type tally struct {
	c    *compiler
	scan *plan.Scan
	by   []*plan.Column
	rows [][]any // the values of by, then a number
	at   map[string]int
}

// add counts the records of a part that meet the condition of the scan. It
// reports false, having counted nothing, when it would have to read them.
func (t *tally) add(p store.Part, whole bool) bool {
	if whole {
		k := known{segment: p.Segment, scan: t.scan, rows: p.Segment.Rows}
		if key, ok := t.key(k); ok {
			t.count(key, k.rows)
			return true
		}
	}
	if !t.c.unbounded(t.scan, p) {
		return false
	}
	type line struct {
		key  []any
		rows int64
	}
	var lines []line
	for _, k := range alternatives(t.scan, p.Segment, t.by...) {
		meets := any(true)
		ok := k.rows >= 0
		if ok && t.scan.Where != nil {
			meets, ok = k.value(t.scan.Where)
		}
		if !ok {
			return false
		}
		if meets != true {
			continue
		}
		key, ok := t.key(k)
		if !ok {
			return false
		}
		lines = append(lines, line{key, k.rows})
	}
	for _, l := range lines {
		t.count(l.key, l.rows)
	}
	return true
}

// search counts what is left where the condition of the scan is a search for one
// text, which the store does in less time than an engine. It returns the parts
// that it could not count.
func (t *tally) search(parts []store.Part) (rest []store.Part) {
	column, text, ok := searched(t.scan.Where)
	if !ok || !slices.Contains(t.scan.Columns, column) {
		return parts
	}
	type line struct {
		part store.Part
		key  []any
	}
	names := map[string][]line{} // by the name that the segment has for the column
	for _, p := range parts {
		key, ok := t.key(known{segment: p.Segment, scan: t.scan})
		at := columnOf(p.Segment, column)
		if !ok || at < 0 || !t.c.open(t.scan, p.Segment) {
			rest = append(rest, p)
			continue
		}
		name := p.Segment.Columns[at].Name
		names[name] = append(names[name], line{p, key})
	}
	for name, lines := range names {
		asked := make([]store.Part, len(lines))
		for i, l := range lines {
			asked[i] = l.part
		}
		found, err := t.c.store.Count(asked, name, text)
		if err != nil {
			t.c.fail(err)
			return nil
		}
		for i, l := range lines {
			if found[i] < 0 {
				rest = append(rest, l.part)
			} else if found[i] > 0 {
				t.count(l.key, found[i])
			}
		}
	}
	return rest
}

func (t *tally) key(k known) ([]any, bool) {
	key := make([]any, len(t.by))
	for i, col := range t.by {
		v, ok := k.column(col)
		if !ok {
			return nil, false
		}
		key[i] = v
	}
	return key, true
}

func (t *tally) count(key []any, rows int64) {
	var name strings.Builder
	for _, v := range key {
		s, some := v.(string)
		if some {
			name.WriteByte('=')
		}
		name.WriteString(s)
		name.WriteByte(0)
	}
	at, ok := t.at[name.String()]
	if !ok {
		if t.at == nil {
			t.at = map[string]int{}
		}
		at = len(t.rows)
		t.at[name.String()] = at
		t.rows = append(t.rows, append(key, int64(0)))
	}
	row := t.rows[at]
	row[len(key)] = row[len(key)].(int64) + rows
}

// sums adds the known numbers of rows to those that are still to be counted.
func (c *compiler) sums(n *plan.Aggregate, t *tally, rest []store.Part) string {
	weight := &plan.Column{ID: "weight", Type: plan.Type{Kind: plan.Int}}
	c.used[weight.ID] = true
	table := c.values(&plan.Values{Columns: append(slices.Clone(t.by), weight), Rows: t.rows})
	if len(rest) > 0 {
		list := ""
		for _, col := range t.by {
			list += c.d.Ident(col.ID) + ", "
		}
		table += "\nUNION ALL\nSELECT " + list + c.literal(int64(1), plan.Int) + " FROM (" + indent(c.read(t.scan, rest)) + ")"
	}
	total := "CAST(coalesce(sum(" + c.d.Ident(weight.ID) + "), 0) AS BIGINT)"
	return c.grouped(n, "("+indent(table)+")", func(plan.Agg) string { return total })
}
