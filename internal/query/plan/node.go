package plan

import (
	"ledgerline/internal/record"
)

// Column is a column of a relation. It is one and the same object from the
// node that makes it to the end of the plan, so a rename changes what the user
// sees and nothing else.
type Column struct {
	ID   string // unique in the plan; what the engine calls it
	Type Type

	Name          string // as the user sees it
	Original      string // name before renaming
	Internal      string
	Field         record.Type // type told to clients; zero follows Type
	Unit          string
	CaseSensitive bool
	Large         bool // may not be grouped by
	Delimiter     string
	Table         []*Column // of the table that each value is, as JSON text; nil for other values
}

// Node is one operation of the plan. A node may feed several others.
type Node interface {
	Inputs() []Node
}

// Assign gives a new column a value.
type Assign struct {
	Column *Column
	Value  Expr
}

// Order is one key of a sort. Nulls come last in both directions.
type Order struct {
	By   Expr
	Desc bool
}

// Scan reads records. Columns grows while the plan is made: it lists exactly
// the fields that something later needs.
type Scan struct {
	Window  record.Window // zero ends are open
	Sources []string      // log sources that may match; nil means any
	Left    []string      // log sources of which commands right after the search leave records; nil means any
	Groups  []string      // log groups the caller may see; nil means all
	Tokens  []string      // words that every matching record holds
	Where   Expr          // may be nil
	Columns []*Column
	Derived []Assign // computed from Columns before Where is tested
	fields  map[string]*Column
	groupID *Column // OCID of the log group, when the name is shown
}

// Filter keeps rows for which Cond is true.
type Filter struct {
	In   Node
	Cond Expr
}

// Extend adds columns, computed from those of In.
type Extend struct {
	In    Node
	Items []Assign
}

// Aggregate makes one row of each combination of keys; without keys it makes
// exactly one row, even of nothing.
type Aggregate struct {
	In   Node
	Keys []Key
	Aggs []Agg
}

// Key of a group: rows belong together when By is equal (null equals null);
// Column shows one deterministic value of Show.
type Key struct {
	Column   *Column
	By, Show Expr
}

// Agg is one aggregate.
type Agg struct {
	Column   *Column
	Function AggOp
	Arg      Expr    // nil for count of rows
	Order    Expr    // what "first" and "last" mean, for those functions that need it
	P        float64 // of Percentile, between 0 and 1
	N        int     // of FirstN, and the number of buckets of Dense
	Empty    Expr    // of Dense: the member where there is nothing
	Where    Expr    // may be nil; only rows for which it is true count
}

// AggOp names an aggregate function.
type AggOp string

// The aggregate functions of engines. All but CountRows skip nulls.
const (
	CountRows  AggOp = "count"
	Count      AggOp = "countof"
	CountDist  AggOp = "distinctcount"
	Sum        AggOp = "sum"
	Avg        AggOp = "avg"
	Min        AggOp = "min"
	Max        AggOp = "max"
	Percentile AggOp = "pct"
	StdDev     AggOp = "stddev"
	Earliest   AggOp = "earliest" // value at the least Order
	Latest     AggOp = "latest"   // value at the greatest Order
	FirstN     AggOp = "firstn"   // list of the first N values by Order
	Any        AggOp = "any"      // one deterministic value: the least
	Dense      AggOp = "dense"    // list of N values, each at the place that Order gives from 0
)

// Window writes into every row what the rows around it hold, or where it is
// among them: those of its partition, in an order.
type Window struct {
	In    Node
	By    []Expr
	Order []Order
	Ranks []Rank
}

// Rank is a positional function of a Window.
type Rank struct {
	Column   *Column
	Function RankOp
	Arg      Expr
	Offset   int
}

// RankOp names a positional function.
type RankOp string

// The positional functions.
const (
	RowNumber RankOp = "rownumber"
	DenseRank RankOp = "denserank"
	Lag       RankOp = "lag"
	Lead      RankOp = "lead"
	FirstOf   RankOp = "first"
	LastOf    RankOp = "last"
	NthOf     RankOp = "nth"
)

// Sort orders rows and keeps Limit of them after Offset; Limit below 0 keeps all.
type Sort struct {
	In    Node
	By    []Order
	Limit int
}

// Unnest makes one row of each member of a list; an empty or missing list
// makes one row with null.
type Unnest struct {
	In     Node
	List   Expr
	Column *Column
}

// Join adds columns of Right to each row of Left for which all pairs are equal
// (null equals null) and Cond, if there is one, is true.
type Join struct {
	Left, Right Node
	On          []Pair
	Cond        Expr
	Take        []*Column
	Mode        JoinMode
}

// JoinMode says what happens to rows of Left without a partner.
type JoinMode string

// The modes of a join. Semi takes no columns and keeps left rows with a partner.
const (
	Outer JoinMode = "left"
	Inner JoinMode = "inner"
	Semi  JoinMode = "semi"
)

// Pair of expressions, over Left and over Right.
type Pair struct{ Left, Right Expr }

// Grid makes one row of each bucket of time and each row of Lines.
type Grid struct {
	Lines   Node
	Buckets int
	Column  *Column // number of the bucket, from 0
}

// Union puts relations one after the other. Each gives its values for Columns.
type Union struct {
	Columns []*Column
	Parts   []Node
	Values  [][]Expr // one list a part
}

// Values is a table that is part of the query.
type Values struct {
	Columns []*Column
	Rows    [][]any
	// Table, when set, is what the rows are made of: its columns, and in the last one the number of
	// the row, from 0.
	Table *Lookup
}

// Len is the number of rows.
func (n *Values) Len() int {
	if n.Table != nil {
		return len(n.Table.Rows)
	}
	return len(n.Rows)
}

// All returns the rows.
func (n *Values) All() [][]any {
	if n.Table == nil {
		return n.Rows
	}
	rows := make([][]any, len(n.Table.Rows))
	for i := range rows {
		rows[i] = append(n.Table.Row(make([]any, 0, len(n.Columns)), i), int64(i))
	}
	return rows
}

// Inputs of a scan: none.
func (*Scan) Inputs() []Node { return nil }

// Inputs of the node.
func (n *Filter) Inputs() []Node { return []Node{n.In} }

// Inputs of the node.
func (n *Extend) Inputs() []Node { return []Node{n.In} }

// Inputs of the node.
func (n *Aggregate) Inputs() []Node { return []Node{n.In} }

// Inputs of the node.
func (n *Window) Inputs() []Node { return []Node{n.In} }

// Inputs of the node.
func (n *Sort) Inputs() []Node { return []Node{n.In} }

// Inputs of the node.
func (n *Unnest) Inputs() []Node { return []Node{n.In} }

// Inputs of the node.
func (n *Join) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs of the node.
func (n *Grid) Inputs() []Node { return []Node{n.Lines} }

// Inputs of the node.
func (n *Union) Inputs() []Node { return n.Parts }

// Inputs of a literal table: none.
func (*Values) Inputs() []Node { return nil }

// Exprs returns the expressions of a node itself, without its inputs.
func Exprs(n Node) []Expr {
	var out []Expr
	add := func(e Expr) {
		if e != nil {
			out = append(out, e)
		}
	}
	order := func(by []Order) {
		for _, o := range by {
			add(o.By)
		}
	}
	switch n := n.(type) {
	case *Scan:
		add(n.Where)
		for _, a := range n.Derived {
			add(a.Value)
		}
	case *Filter:
		add(n.Cond)
	case *Extend:
		for _, it := range n.Items {
			add(it.Value)
		}
	case *Aggregate:
		for _, k := range n.Keys {
			add(k.By)
			add(k.Show)
		}
		for _, a := range n.Aggs {
			add(a.Arg)
			add(a.Order)
			add(a.Where)
			add(a.Empty)
		}
	case *Window:
		for _, e := range n.By {
			add(e)
		}
		order(n.Order)
		for _, r := range n.Ranks {
			add(r.Arg)
		}
	case *Union:
		for _, list := range n.Values {
			for _, e := range list {
				add(e)
			}
		}
	case *Sort:
		order(n.By)
	case *Unnest:
		add(n.List)
	case *Join:
		for _, p := range n.On {
			add(p.Left)
			add(p.Right)
		}
		add(n.Cond)
		for _, c := range n.Take {
			add(ref(c))
		}
	}
	return out
}
