package compile

import (
	"fmt"
	"strings"

	"ledgerline/internal/query/plan"
)

func (c *compiler) exprs(es []plan.Expr) []string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = c.expr(e)
	}
	return out
}

func (c *compiler) expr(e plan.Expr) string {
	switch e := e.(type) {
	case *plan.Ref:
		if e.Column.ID == "" {
			return c.d.Ident("member")
		}
		return c.d.Ident(e.Column.ID)
	case *plan.Const:
		s, err := c.d.Literal(e.Value, e.Of)
		if err != nil {
			c.fail(err)
		}
		return s
	case *plan.Among:
		return c.among(e)
	case *plan.Call:
		e = unfolded(e)
		s, err := c.d.Call(e, c.exprs(e.Args))
		if err != nil {
			c.fail(err)
		}
		return s
	}
	c.fail(fmt.Errorf("compile: no SQL for %T", e))
	return ""
}

// among tests whether values agree with a row of another relation: rows without
// nulls by a membership test, which engines hash, the others one by one.
func (c *compiler) among(e *plan.Among) string {
	left, right := c.exprs(e.Left), c.exprs(e.Right)
	rows := c.table(e.In)
	var whole, same, some, inner []string
	for i := range left {
		name := c.d.Ident(fmt.Sprintf("among%d", i))
		inner = append(inner, right[i]+" AS "+name)
		whole = append(whole, "s."+name+" IS NOT NULL")
		same = append(same, "(s."+name+" IS NULL OR "+left[i]+" = s."+name+")")
		some = append(some, "s."+name)
	}
	child := "(SELECT " + strings.Join(inner, ", ") + " FROM " + rows + ") AS s"
	all := strings.Join(whole, " AND ")
	subject := left[0]
	if len(left) > 1 {
		subject = "(" + strings.Join(left, ", ") + ")"
	}
	list := strings.Join(some, ", ")
	if len(left) > 1 {
		list = "(" + list + ")"
	}
	s := "(" + subject + " IN (SELECT " + list + " FROM " + child + " WHERE " + all + ")"
	if len(left) == 1 {
		return s + ")"
	}
	return s + " OR EXISTS (SELECT 1 FROM " + child + " WHERE NOT (" + all + ") AND coalesce(" + strings.Join(casts(some), ", ") + ") IS NOT NULL AND " + strings.Join(same, " AND ") + "))"
}

func casts(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = "CAST(" + s + " AS VARCHAR)"
	}
	return out
}
