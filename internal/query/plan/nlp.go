package plan

import (
	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
)

// nlp adds columns of the keywords of a text, and of the cluster that they put
// it in. Texts longer than a sample of a cluster are cut.
func (p *planner) nlp(f *frame, c *syntax.NLP) {
	o := ops.NLP{Similarity: p.similarity(c.Similarity, 0.7)}
	if c.Table != nil {
		t, ok := p.table(*c.Table)
		if !ok {
			return
		}
		var err error
		if o.Dictionary, err = ops.NewDictionary(t.Columns, t.Rows); err != nil {
			p.report(c.Table, "Invalid table for NLP: %s: %v", c.Table.Text, err)
			return
		}
	}
	for _, fn := range c.Functions {
		col := p.field(f, fn.Field, p.clause)
		if col == nil {
			continue
		}
		words := call(Substr, String, asText(ref(col)), whole(0), whole(sampleLength))
		stands := p.column("", Type{Kind: Int})
		p.extend(f, stands, call(If, Int, test(NotNull, words), call(Digest, Int, words), &Const{nil, Type{Kind: Int}}))
		key, value, count := p.column("", Type{Kind: Int}), p.column("", Type{Kind: String}), p.column("", Type{Kind: Int})
		texts := &Aggregate{In: &Filter{f.node, test(NotNull, ref(stands))}, Keys: []Key{{key, ref(stands), ref(stands)}},
			Aggs: []Agg{{Column: value, Function: Any, Arg: words}, {Column: count, Function: CountRows}}}
		order := []Order{{ref(count), true}, {By: ref(value)}, {By: ref(key)}}
		out := p.column(fn.Alias.Text, Type{String, fn.Func == "keywords"})
		run := o.Cluster
		if fn.Func == "keywords" {
			run = o.Keywords
		}
		found := p.column("", Type{Kind: Int})
		l := &Local{Name: "nlp " + fn.Func, In: &Sort{In: texts, By: order, Limit: ops.MaxTexts + 1}, By: order,
			Read: []*Column{key, value}, Made: []*Column{found, out}, Run: run}
		f.node = &Join{Left: f.node, Right: l, On: []Pair{{ref(stands), ref(found)}}, Take: []*Column{out}, Mode: Outer}
		p.put(f, out)
	}
}
