package plan

import (
	"slices"
	"strings"

	"ledgerline/internal/query/syntax"
)

// createView keeps the rows that a sub-query makes of the current groups under
// a name; the groups themselves pass unchanged.
func (p *planner) createView(f *frame, c *syntax.CreateView) {
	if f.shape != groups && f.shape != links {
		p.report(c, "Unexpected input for CREATEVIEW: a grouping command such as link must come first")
		return
	}
	view := p.over(f, c.Subquery)
	if view == nil {
		return
	}
	if p.views == nil {
		p.views = map[string]*frame{}
	}
	p.views[fold(c.Name.Text)] = view
}

// over runs a sub-query over the rows of f, which stays as it is. Its search
// clause filters those rows.
func (p *planner) over(f *frame, sub *syntax.Subquery) *frame {
	clause, rest := p.clause, p.rest
	defer func() { p.clause, p.rest = clause, rest }()
	g := f.clone()
	g.attached = nil
	mistakes := len(p.errors.List)
	for _, c := range sub.Query.Commands {
		p.clause, p.rest = clause, nil
		switch c.(type) {
		case *syntax.Search, *syntax.Where, *syntax.Eval, *syntax.Rename, *syntax.Fields, *syntax.Sort, *syntax.Head, *syntax.Tail,
			*syntax.Top, *syntax.Bottom, *syntax.Distinct, *syntax.Dedup, *syntax.Delta, *syntax.Bucket, *syntax.Frequent, *syntax.Rare,
			*syntax.EventStats, *syntax.Extract, *syntax.Regex, *syntax.JSONExtract, *syntax.XMLExtract, *syntax.Lookup:
		case *syntax.Stats: // regroups the rows, and is not about the records of a link
			g.shape, g.link = groups, nil
		default:
			p.report(c, "Unexpected input for %s: %s", clause, c.Keyword())
			return nil
		}
		p.clause = strings.ToUpper(c.Keyword())
		p.command(g, c)
	}
	if len(p.errors.List) > mistakes || p.failed != nil {
		return nil
	}
	return g
}

// mapView gives each group columns computed from it and the first row of a view
// for which the condition holds. A name is the group's before it is the view's.
// Groups without such a row get null.
func (p *planner) mapView(f *frame, c *syntax.Map) {
	view := p.views[fold(c.View.Text)]
	if view == nil {
		p.report(c.View, "Invalid view for MAP: %s; name one with createview before", c.View.Text)
		return
	}
	if f.shape != groups && f.shape != links {
		p.report(c, "Unexpected input for MAP: a grouping command such as link must come first")
		return
	}
	both, right := p.beside(f, view)
	var cond Expr
	evals := 0
	found := ref(right.Columns[len(right.Columns)-1])
	for i, cmd := range c.Subquery.Query.Commands {
		switch cmd := cmd.(type) {
		case *syntax.Search:
			if _, all := cmd.Term.(*syntax.All); !all || i > 0 {
				p.report(cmd, "Unexpected input for MAP: write [ * | where <condition> | eval <name> = <expression> ]")
				return
			}
		case *syntax.Where:
			if evals > 0 {
				p.report(cmd, "Unexpected input for MAP: where comes before eval")
				return
			}
			cond = conjunction(cond, p.condition(both, cmd.Cond))
		case *syntax.Eval:
			if evals++; evals == 1 {
				both.node = p.firstMatch(f, right, cond, found)
			}
			for _, as := range cmd.Assignments {
				if e := p.expr(both, as.X); e != nil {
					value := p.assign(both, as.Name, onlyIf(test(NotNull, found), e), unitIn(as.X))
					f.node = both.node
					p.put(f, value)
				}
			}
		default:
			p.report(cmd, "Unexpected input for MAP: %s", cmd.Keyword())
			return
		}
	}
	if evals == 0 {
		p.report(c.Subquery, "Missing input for MAP: eval <name> = <expression>")
	}
}

// beside is the frame in which the names of both a group and a row of a view are
// known. right holds the columns of the view under identifiers of their own,
// because the view is made of the groups, and last the number of the row.
func (p *planner) beside(f, view *frame) (both *frame, right *Union) {
	both = f.clone()
	source := view.clone()
	number := p.position(source)
	right = &Union{Parts: []Node{source.node}, Values: [][]Expr{nil}}
	take := func(c *Column, e Expr) {
		right.Columns = append(right.Columns, c)
		right.Values[0] = append(right.Values[0], e)
	}
	for _, c := range view.made {
		if view.names[fold(c.Name)] != c {
			continue
		}
		again := p.described(c, c.Type)
		take(again, ref(c))
		if _, taken := both.names[fold(c.Name)]; !taken {
			both.names[fold(c.Name)] = again
		}
	}
	take(p.column("", Type{Kind: Int}), number)
	return both, right
}

// firstMatch joins each row of f with the first row of right for which cond holds.
func (p *planner) firstMatch(f *frame, right *Union, cond, number Expr) Node {
	g := f.clone()
	row := p.position(g)
	if cond == nil {
		cond = truth(true)
	}
	rank := p.column("", Type{Kind: Int})
	w := &Window{In: &Join{Left: g.node, Right: right, Cond: cond, Take: right.Columns, Mode: Outer},
		By: []Expr{row}, Order: []Order{{By: number}}, Ranks: []Rank{{Column: rank, Function: RowNumber}}}
	return &Filter{w, test(Eq, ref(rank), whole(1))}
}

// onlyIf is e where cond is true, else null.
func onlyIf(cond, e Expr) Expr {
	if isNull(e) {
		return e
	}
	if t := e.Type(); t.Kind == Bool && !t.List {
		e = call(ToBit, Int, e)
	}
	return &Call{If, []Expr{cond, e, &Const{nil, e.Type()}}, e.Type()}
}

// updateTable replaces the table of a name by what the sub-query makes of its rows.
func (p *planner) updateTable(f *frame, c *syntax.UpdateTable) {
	for i, a := range f.attached {
		if fold(a.name) != fold(c.Name.Text) || a.frame.shape == series {
			continue
		}
		if table := p.over(a.frame, c.Subquery); table != nil {
			f.attached = slices.Clone(f.attached)
			f.attached[i].frame = table
		}
		return
	}
	p.report(c.Name, "Invalid table for UPDATETABLE: %s; make one with createtable before", c.Name.Text)
}
