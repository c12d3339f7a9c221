package plan

import (
	"time"

	"ledgerline/internal/query/ops"
)

// Local is an operation that SQL cannot do. Before the statement around it is
// made, the engine runs In by itself, gives the columns Read of its rows in the
// order By to Run, and keeps what that yields in Values: rows of the columns
// Made, and nothing else of In.
type Local struct {
	Name string // of the command, for people
	In   Node
	By   []Order
	Read []*Column
	Made []*Column
	Run  ops.Func

	Limit   int           // rows that Run gets; 0 means all
	Timeout time.Duration // for computing In; 0 means that of the request alone

	Values *Values // nil until it was run
}

// Inputs of the node.
func (n *Local) Inputs() []Node { return []Node{n.In} }

// Source is what the engine computes for the operator.
func (n *Local) Source() *Sort {
	limit := -1
	if n.Limit > 0 {
		limit = n.Limit
	}
	return &Sort{In: n.In, By: n.By, Limit: limit}
}

// Locals lists the local operations that root depends on, each after those
// that it depends on itself. What has been run already ends the walk.
func Locals(root Node) []*Local {
	var out []*Local
	seen := map[Node]bool{}
	var visit func(n Node)
	var note func(e Expr)
	note = func(e Expr) {
		switch e := e.(type) {
		case *Call:
			for _, a := range e.Args {
				note(a)
			}
		case *Among:
			for _, list := range [][]Expr{e.Left, e.Right} {
				for _, x := range list {
					note(x)
				}
			}
			visit(e.In)
		}
	}
	visit = func(n Node) {
		l, local := n.(*Local)
		if seen[n] || local && l.Values != nil {
			return
		}
		seen[n] = true
		for _, e := range Exprs(n) {
			note(e)
		}
		for _, in := range n.Inputs() {
			visit(in)
		}
		if local {
			out = append(out, l)
		}
	}
	visit(root)
	return out
}
