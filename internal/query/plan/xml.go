package plan

import (
	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
)

// xmlExtract makes columns of paths into XML text. Each text is read once,
// however many records hold it.
func (p *planner) xmlExtract(f *frame, c *syntax.XMLExtract) {
	col := p.textField(f, c.Field, c)
	if col == nil {
		return
	}
	var o ops.XML
	for _, path := range c.Paths {
		if err := ops.CheckXPath(path.Path.Text); err != nil {
			p.report(path.Path, "Unexpected input for XMLEXTRACT: the path cannot be read: %v", err)
			return
		}
		o.Paths = append(o.Paths, path.Path.Text)
	}
	content, digest := p.column("", Type{Kind: String}), p.column("", Type{Kind: Int})
	p.extend(f, content, asText(ref(col)))
	p.extend(f, digest, call(Digest, Int, ref(content)))
	maybe := &Filter{In: f.node, Cond: test(Contains, ref(content), text("<"))}
	key, document := Key{p.column("", Type{Kind: Int}), ref(digest), ref(digest)}, p.column("", Type{Kind: String})
	a := &Aggregate{In: maybe, Keys: []Key{key}, Aggs: []Agg{{Column: document, Function: Min, Arg: ref(content)}}}
	found := p.column("", Type{Kind: Int})
	l := &Local{Name: "xmlextract", In: a, By: []Order{{By: ref(key.Column)}},
		Read: []*Column{key.Column, document}, Made: []*Column{found}, Run: o.Run}
	j := &Join{Left: f.node, Right: l, On: []Pair{{ref(digest), ref(found)}}, Mode: Outer}
	for range c.Paths {
		j.Take = append(j.Take, p.column("", Type{Kind: String}))
	}
	l.Made = append(l.Made, j.Take...)
	f.node = j
	for i, path := range c.Paths {
		p.assign(f, path.Name, ref(j.Take[i]), "")
	}
}
