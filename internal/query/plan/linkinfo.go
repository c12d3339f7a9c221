package plan

import (
	"strings"

	"ledgerline/internal/record"
)

// linkInfo is what `link includeinfo = true` tells about a query.
type linkInfo struct {
	before Node // the records before link
	window record.Window
	span   span
}

// information is the table "Query Information": one row about the groups of f,
// as they are after all that filtered them.
func (p *planner) information(f *frame) attachment {
	count := func(name string, in Node) (*Column, Node) {
		c := p.column(name, Type{Kind: Int})
		return c, &Aggregate{In: in, Aggs: []Agg{{Column: c, Function: CountRows}}}
	}
	info := f.link.info
	matched, n := count("Total Matched Count", info.before)
	made, all := count("Total Group Count", f.link.group)
	left, rest := count("Total Count", f.node)
	n = &Join{Left: n, Right: all, Take: []*Column{made}, Mode: Outer}
	n = &Join{Left: n, Right: rest, Take: []*Column{left}, Mode: Outer}
	ext := &Extend{In: n}
	columns := []*Column{matched, made, left}
	add := func(name string, e Expr) {
		c := p.column(name, e.Type())
		ext.Items = append(ext.Items, Assign{c, e})
		columns = append(columns, c)
	}
	add("Query Start Time", instant(info.window.From))
	add("Query End Time", instant(info.window.To))
	add("Trend Interval", whole(info.span.count))
	add("Trend Interval Unit", text(strings.ToUpper(string(info.span.unit))))
	return attachment{"Query Information", &frame{node: ext, shape: groups, visible: columns, made: columns}}
}
