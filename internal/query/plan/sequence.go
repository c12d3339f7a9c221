package plan

import (
	"time"

	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
)

// sequenceTable gives each group of a link a table of those of its records that
// match the rules in their order. Groups without a match keep null.
func (p *planner) sequenceTable(f *frame, c *syntax.Sequence) {
	if f.shape != links {
		p.report(c, "Unexpected input for SEQUENCE: it searches the records of groups, so link must come first")
		return
	}
	base := f.link.base.clone()
	at := base.time
	if c.Field != nil {
		if at = p.field(base, *c.Field, p.clause); at == nil {
			return
		}
		if at.Type != (Type{Kind: Time}) {
			p.report(c.Field, "Invalid field for SEQUENCE: %s is not a time", c.Field.Text)
			return
		}
	}
	l := &Local{Name: "sequence"}
	o := ops.Sequence{Keys: len(f.link.keys), Between: c.Between,
		Within: p.limitOfTime(c.Within), MaxPause: p.limitOfTime(c.MaxPause)}
	read := func(e Expr) *Column {
		col := p.column("", e.Type())
		p.extend(base, col, e)
		l.Read = append(l.Read, col)
		return col
	}
	j := &Join{Left: f.node, Right: l, Mode: Outer}
	for _, k := range f.link.keys {
		made := p.column("", k.By.Type())
		l.Made = append(l.Made, made)
		l.By = append(l.By, Order{By: ref(read(k.By))})
		j.On = append(j.On, Pair{keyed(k), ref(made)})
	}
	l.By = append(l.By, Order{By: ref(at)}, Order{By: p.sequence(base)})
	l.Read = append(l.Read, at)
	var any []Expr
	for _, r := range c.Rules {
		o.Rules = append(o.Rules, ops.SequenceRule{Min: r.Min, Max: r.Max})
		cond := p.groupCondition(base, r.Subquery.Query)
		if cond == nil {
			cond = truth(true)
		}
		any = append(any, ref(read(cond)))
	}
	if !c.Between { // there, other records are a part of the result
		base.restrict(disjunction(any))
	}
	table := p.column(c.Name.Text, Type{Kind: String})
	table.Table = []*Column{at}
	for _, s := range c.Select {
		col := p.field(base, s.Field, p.clause)
		if col == nil {
			return
		}
		l.Read = append(l.Read, col)
		if s.Alias != nil {
			again := *col
			again.Name, col = s.Alias.Text, &again
		}
		table.Table = append(table.Table, col)
	}
	l.In, l.Made, l.Run = base.node, append(l.Made, table), o.Run
	j.Take = []*Column{table}
	f.node = j
	p.put(f, table)
}

// limitOfTime is a length of time that no limit is when it is not given.
func (p *planner) limitOfTime(d *syntax.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return time.Duration(min(p.fixed(d), int64(time.Duration(1<<63-1)/time.Millisecond))) * time.Millisecond
}
