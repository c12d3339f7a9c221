package plan

import "ledgerline/internal/query/syntax"

// identifier names a group by its keys, so that the same group has the same
// name in every run.
func (l *link) identifier() Expr {
	args := []Expr{whole(int64(len(l.keys)))}
	for _, k := range l.keys {
		args = append(args, keyed(k))
	}
	return asText(call(Digest, Int, args...))
}

// linkDetails goes back from groups to their records. Nothing is kept of groups
// between queries: link is a part of the query, so the collection says nothing new.
func (p *planner) linkDetails(f *frame, c *syntax.LinkDetails) {
	if f.shape != links {
		p.report(c, "Unexpected input for LINKDETAILS: it shows the records of groups, so link must come first")
		return
	}
	ids := p.identifiers(c, c.IDs, "groups", "link")
	if ids == nil {
		return
	}
	args := []Expr{ref(p.field(f, syntax.Name{Span: c.Span, Text: "ID"}, p.clause))}
	for _, id := range ids {
		args = append(args, text(id))
	}
	f.restrict(test(In, args...))
	out := f.link.base.clone()
	j := &Join{Left: out.node, Right: f.node, Mode: Inner}
	for _, k := range f.link.keys {
		j.On = append(j.On, Pair{k.By, keyed(k)})
	}
	out.node, out.attached = j, f.attached
	*f = *out
}
