package plan

// Division lets the groups of a plan be computed a part at a time, for engines
// that cannot hold the state of all groups at once.
type Division struct {
	leaves []*leaf
	keys   []Expr // what the parts are told apart by
}

// leaf is an aggregation whose input is cut to the rows of one part.
type leaf struct {
	of   *Aggregate
	rows Node // its whole input
}

// Divide finds out how the groups that a plan yields can be computed in parts:
// by keys that all of its aggregations group by, and its joins join by. It
// reports false when a row may depend on rows of other groups.
func Divide(root Node) (*Division, bool) {
	d := &Division{}
	keys, ok := d.group(root)
	if !ok || len(keys) == 0 {
		return nil, false
	}
	seen := map[Expr]bool{}
	for _, e := range keys {
		if !seen[e] {
			seen[e] = true
			d.keys = append(d.keys, e)
		}
	}
	return d, true
}

// Part makes the plan compute the groups of part i of n, and Whole all of them.
func (d *Division) Part(i, n int) {
	number := call(Mod, Int, call(Digest, Int, d.keys...), whole(int64(n)))
	for _, l := range d.leaves {
		l.of.In = &Filter{In: l.rows, Cond: test(Eq, number, whole(int64(i)))}
	}
}

// Whole makes the plan compute all groups again.
func (d *Division) Whole() {
	for _, l := range d.leaves {
		l.of.In = l.rows
	}
}

// group returns the columns of a node that tell groups apart, with the
// expressions over records that they are of.
func (d *Division) group(n Node) (map[*Column]Expr, bool) {
	switch n := n.(type) {
	case *Filter:
		return d.group(n.In)
	case *Extend:
		return d.group(n.In)
	case *Sort:
		if n.Limit < 0 {
			return d.group(n.In)
		}
	case *Aggregate:
		if keys, ok := d.regrouped(n); ok {
			return keys, true
		}
		keys := map[*Column]Expr{}
		for _, k := range n.Keys {
			keys[k.Column] = k.By
		}
		d.leaves = append(d.leaves, &leaf{n, n.In})
		return keys, len(keys) > 0
	case *Join:
		left, ok := d.group(n.Left)
		right, both := d.group(n.Right)
		if !ok || !both {
			return nil, false
		}
		joined := map[Expr]bool{}
		for _, p := range n.On {
			a, b := left[keyColumn(p.Left)], right[keyColumn(p.Right)]
			joined[a] = a != nil && a == b
		}
		for c, e := range left {
			if !joined[e] {
				delete(left, c)
			}
		}
		return left, len(left) > 0
	}
	return nil, false
}

// regrouped is an aggregation of groups by some of their keys.
func (d *Division) regrouped(n *Aggregate) (map[*Column]Expr, bool) {
	inner := &Division{}
	in, ok := inner.group(n.In)
	if !ok {
		return nil, false
	}
	keys := map[*Column]Expr{}
	for _, k := range n.Keys {
		if e := in[keyColumn(k.By)]; e != nil {
			keys[k.Column] = e
		}
	}
	if len(keys) == 0 {
		return nil, false
	}
	d.leaves = append(d.leaves, inner.leaves...)
	return keys, true
}

// keyColumn is the column that an expression shows as it is or folded; nil when it does not.
func keyColumn(e Expr) *Column {
	if c, ok := e.(*Call); ok && c.Op == Fold {
		e = c.Args[0]
	}
	if r, ok := e.(*Ref); ok {
		return r.Column
	}
	return nil
}
