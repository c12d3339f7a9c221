package plan

import (
	"strconv"
	"strings"

	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/store"
)

// sampleLength bounds the message that stands for a cluster, in characters.
const sampleLength = 4000

// signed is a frame of records with the signature of each.
type signed struct {
	f                          *frame
	source, message, signature *Column
	key                        *Column // stands for log source and signature
}

// sign adds the signature of their message to records: of Message, else of the
// original text, or of the fields given. Records without either have none.
func (p *planner) sign(f *frame, fields []syntax.Name) *signed {
	if f.shape != records || f.scan == nil {
		p.report(syntax.Span{}, "Unexpected input for %s: it reads records, and there are none after %s", p.clause, f.after)
		return nil
	}
	var parts []Expr
	for i, n := range fields {
		c := p.field(f, n, p.clause)
		if c == nil {
			return nil
		}
		if i > 0 {
			parts = append(parts, text(" "))
		}
		parts = append(parts, asText(ref(c)))
	}
	message := p.hidden(f, store.ColText, String)
	switch _, ok := p.env.Catalogue.Field("msg"); {
	case len(parts) == 1:
		message = parts[0]
	case len(parts) > 1:
		message = call(Concat, String, parts...)
	case ok:
		message = call(Coalesce, String, p.hidden(f, "msg", String), message)
	}
	s := &signed{f: f, source: p.hidden(f, store.ColSource, String).(*Ref).Column}
	column := func(k Kind, e Expr) *Column {
		c := p.column("", Type{Kind: k})
		p.extend(f, c, e)
		return c
	}
	s.message = column(String, message)
	s.signature = column(String, call(Mask, String, ref(s.message)))
	s.key = column(Int, call(Digest, Int, ref(s.source), ref(s.signature)))
	return s
}

// counted are the records of each signature and bucket of time, with the values
// that operators of package ops want.
func (p *planner) counted(s *signed, b buckets, baseline int64) (Node, []Expr) {
	g := s.f.clone()
	bucket := p.column("", Type{Kind: Int})
	number := Expr(&Const{nil, Type{Kind: Int}})
	if g.time != nil {
		number = b.number(ref(g.time))
	}
	p.extend(g, bucket, number)
	g.restrict(test(NotNull, ref(s.message))) // cheaper than to ask for the signature
	rank := Expr(&Const{nil, Type{Kind: Int}})
	if field, ok := p.env.Catalogue.Field("mtagpriority"); ok {
		named := folded(asText(ref(g.scan.column(p, field))))
		rank = call(If, Int, test(Eq, named, text("high")), whole(1), test(Eq, named, text("medium")), whole(2), test(Eq, named, text("low")), whole(3), rank)
	}
	key := Key{p.column("", Type{Kind: Int}), ref(s.key), ref(s.key)}
	at := Key{p.column("", Type{Kind: Int}), ref(bucket), ref(bucket)}
	a := &Aggregate{In: g.node, Keys: []Key{key, at}}
	aggregate := func(k Kind, op AggOp, arg Expr) Expr {
		c := p.column("", Type{Kind: k})
		a.Aggs = append(a.Aggs, Agg{Column: c, Function: op, Arg: arg})
		return ref(c)
	}
	source := aggregate(String, Any, ref(s.source))
	signature := aggregate(String, Any, ref(s.signature))
	count := aggregate(Int, CountRows, nil)
	sample := aggregate(String, Min, call(Substr, String, ref(s.message), whole(0), whole(sampleLength)))
	priority := aggregate(Int, Min, rank)
	return a, []Expr{ref(key.Column), source, signature, ref(at.Column), count, sample, priority, whole(baseline)}
}

// gather is the input of an operator over the signatures of one or more sets
// of records: those with the most records first.
func (p *planner) gather(name string, run ops.Func, made []*Column, parts []Node, values [][]Expr) *Local {
	kinds := []Kind{Int, String, String, Int, Int, String, Int, Int}
	u := &Union{Parts: parts, Values: values}
	for _, k := range kinds {
		u.Columns = append(u.Columns, p.column("", Type{Kind: k}))
	}
	key, source, signature, bucket, count, baseline := u.Columns[0], u.Columns[1], u.Columns[2], u.Columns[3], u.Columns[4], u.Columns[7]
	total := p.column("", Type{Kind: Int})
	in := p.alongside(u, []Expr{ref(key)}, Agg{Column: total, Function: Sum, Arg: ref(count)})
	return &Local{Name: name, In: in, Read: u.Columns, Made: made, Run: run,
		By: []Order{{ref(total), true}, {By: ref(source)}, {By: ref(signature)}, {By: ref(key)}, {By: ref(baseline)}, {By: ref(bucket)}}}
}

// clusterColumns are the columns of cluster and its like.
func (p *planner) clusterColumns() []*Column {
	t := func(k Kind) Type { return Type{Kind: k} }
	return []*Column{
		p.column("Collection", t(String)), p.column("ID", t(String)), p.column("Log Source", t(String)), p.column("Count", t(Int)),
		p.column("Cluster Sample", t(String)), p.column("Sample Count", t(Int)), p.column("Shape", t(Int)),
		p.column("Trend", Type{Int, true}), p.column("Score", t(Float)), p.column("Potential Issue", t(String)),
		p.column("Problem Priority", t(String)),
	}
}

// clusters makes f a frame of clusters by descending score.
func (p *planner) clusters(f *frame, l *Local) {
	p.groups(f, l, nil, l.Made)
	id, score := l.Made[1], l.Made[8]
	f.order = []Order{{ref(score), true}, {By: ref(id)}}
}

// cluster groups records by the signature of their message.
func (p *planner) cluster(f *frame, c *syntax.Cluster) {
	similarity := p.similarity(c.Similarity, ops.DefaultSimilarity)
	s := p.sign(f, c.Fields)
	if s == nil {
		return
	}
	b := p.divide(nil, false)
	o := ops.Clusters{Similarity: similarity, Buckets: len(b.edges), Collection: collection{similarity, c.Fields}.String()}
	part, values := p.counted(s, b, 0)
	p.clusters(f, p.gather("cluster", o.Run, p.clusterColumns(), []Node{part}, [][]Expr{values}))
}

// similarity reads an option between 0 and 1.
func (p *planner) similarity(n *syntax.Number, def float64) float64 {
	if n == nil {
		return def
	}
	e := p.number(n)
	v := -1.0
	if c, ok := e.(*Const); ok {
		switch x := c.Value.(type) {
		case int64:
			v = float64(x)
		case float64:
			v = x
		}
	}
	if v < 0 || v > 1 {
		p.report(n, "Unexpected input for %s: the similarity is between 0 and 1", p.clause)
		return def
	}
	return v
}

// collection says how clusters were made. Nothing is kept of them: commands
// that drill down name the collection, and the clusters are made again from the
// records that their own search finds. Clusters are named by their signature,
// so the same records yield the same clusters.
type collection struct {
	similarity float64
	fields     []syntax.Name
}

const collectionMark = "cluster:"

func (c collection) String() string {
	s := collectionMark + strconv.FormatFloat(c.similarity, 'g', -1, 64)
	for _, n := range c.fields {
		s += ":" + strings.NewReplacer("%", "%25", ":", "%3A").Replace(n.Text)
	}
	return s
}

// collection reads what String wrote; without a name it is that of cluster without options.
func (p *planner) collection(n *syntax.Name) (collection, bool) {
	if n == nil {
		return collection{similarity: ops.DefaultSimilarity}, true
	}
	rest, ok := strings.CutPrefix(n.Text, collectionMark)
	parts := strings.Split(rest, ":")
	v, err := strconv.ParseFloat(parts[0], 64)
	if !ok || err != nil || !(v >= 0 && v <= 1) {
		p.report(n, "Invalid collection for %s: %s; give a value of the column Collection of cluster", p.clause, n.Text)
		return collection{}, false
	}
	c := collection{similarity: v}
	for _, s := range parts[1:] {
		c.fields = append(c.fields, syntax.Name{Span: n.Span, Text: strings.NewReplacer("%3A", ":", "%25", "%").Replace(s)})
	}
	return c, true
}
