// Package compile turns a plan into one SQL statement. compile.go and scan.go
// know the plan's algebra, which most engines share; a dialect knows how one
// engine spells it. Values and names of the query reach SQL through the
// dialect's Literal and Ident alone.
package compile

import (
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/store"
)

// Dialect is how an engine spells what all engines can do.
type Dialect interface {
	// Ident quotes a name.
	Ident(name string) string
	// Literal writes a value of the type; nil is a typed null.
	Literal(v any, t plan.Type) (string, error)
	// Call writes an operation on arguments that are SQL already.
	Call(c *plan.Call, args []string) (string, error)
	// Aggregate writes an aggregate function, directly followed by the suffix.
	Aggregate(a plan.Agg, arg, order, suffix string) string
	// Dense gathers values into a list of n, each at its place from 0.
	Dense(value, place, empty string, n int) string
	// Cast converts a value; what does not fit becomes null.
	Cast(value string, from, to plan.Type) string
	// Files reads segment files as a table. With numbered there is a column
	// RowNumber that counts the rows of each file from 0.
	Files(paths []string, numbered bool) string
	// Table makes a relation of many rows.
	Table(columns []*plan.Column, rows [][]any) (string, error)
	// Series makes a table of one column of the numbers 0 to n-1.
	Series(column string, n int) string
}

// Segments is what is asked of the store while a statement is written.
type Segments interface {
	// Parts finds the parts of segments that a scan has to read.
	Parts(*plan.Scan) ([]store.Part, error)
	// Count counts the rows of each part that hold a text in a column; below 0 it cannot tell.
	Count(parts []store.Part, column string, text store.Text) ([]int64, error)
	// Table names a file that holds a lookup table as text columns called by [TableColumn], its rows
	// in their order; an empty name: there is none, and the rows go into the statement.
	Table(*plan.Lookup) string
}

// TableColumn is what the n-th column of a lookup table is called in its file, from 0.
func TableColumn(n int) string { return fmt.Sprintf("c%d", n) }

// Parts are segments of which nothing is known but what to read.
type Parts func(*plan.Scan) ([]store.Part, error)

// Parts calls the function.
func (p Parts) Parts(scan *plan.Scan) ([]store.Part, error) { return p(scan) }

// Count can tell of no part.
func (Parts) Count(parts []store.Part, _ string, _ store.Text) ([]int64, error) {
	return slices.Repeat([]int64{-1}, len(parts)), nil
}

// Table has no files.
func (Parts) Table(*plan.Lookup) string { return "" }

// compiler writes one statement.
type compiler struct {
	d       Dialect
	store   Segments
	used    map[string]bool      // identifiers of columns that something reads
	parents map[plan.Node]int    // how often a node is read
	named   map[plan.Node]string // common table expressions
	with    []string
	plain   map[*plan.Column]bool // columns in which no two values differ in letter case alone
	err     error
}

// SQL writes the statement that yields the columns of root, in that order.
func SQL(root plan.Node, columns []*plan.Column, d Dialect, segments Segments) (string, error) {
	c := &compiler{d: d, store: segments, used: map[string]bool{}, parents: map[plan.Node]int{}, named: map[plan.Node]string{}, plain: map[*plan.Column]bool{}}
	for _, col := range columns {
		c.used[col.ID] = true
	}
	c.visit(root)
	body := c.rows(root)
	var list []string
	for _, col := range columns {
		list = append(list, d.Ident(col.ID))
	}
	if len(list) == 0 {
		list = []string{"1"}
	}
	// The order of a sub-select is not kept, so the last sort is written outside.
	sql := "SELECT " + strings.Join(list, ", ") + "\nFROM (" + indent(body) + ")"
	if s, ok := root.(*plan.Sort); ok {
		sql += c.orderBy(s.By)
	}
	if len(c.with) > 0 {
		sql = "WITH " + strings.Join(c.with, ",\n") + "\n" + sql
	}
	return sql, c.err
}

func (c *compiler) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// visit counts how often nodes are read and notes the columns that are.
func (c *compiler) visit(n plan.Node) {
	c.parents[n]++
	if c.parents[n] > 1 {
		return
	}
	for _, e := range plan.Exprs(n) {
		c.note(e)
	}
	if _, local := n.(*plan.Local); local {
		return // its input was a statement of its own
	}
	for _, in := range n.Inputs() {
		c.visit(in)
	}
}

func (c *compiler) note(e plan.Expr) {
	switch e := e.(type) {
	case *plan.Ref:
		c.used[e.Column.ID] = true
	case *plan.Call:
		for _, a := range e.Args {
			c.note(a)
		}
	case *plan.Among:
		for _, x := range slices.Concat(e.Left, e.Right) {
			c.note(x)
		}
		c.visit(e.In)
	}
}

// table is a node as an item of FROM.
func (c *compiler) table(n plan.Node) string {
	if c.parents[n] < 2 {
		return "(" + indent(c.rows(n)) + ")"
	}
	name, ok := c.named[n]
	if !ok {
		name = fmt.Sprintf("shared%d", len(c.named)+1)
		c.named[n] = name
		body := c.rows(n)
		keep := " AS MATERIALIZED ("
		if cheap(n) {
			keep = " AS NOT MATERIALIZED ("
		}
		c.with = append(c.with, name+keep+indent(body)+")")
	}
	return name
}

// cheap reports whether reading a node twice is better than keeping its rows.
func cheap(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Scan:
		return true
	case *plan.Values:
		return n.Len() <= maxRowLiterals
	case *plan.Filter:
		return cheap(n.In)
	case *plan.Extend:
		return cheap(n.In)
	}
	return false
}

func indent(s string) string { return "\n  " + strings.ReplaceAll(s, "\n", "\n  ") + "\n" }

// rows is the select of one node.
func (c *compiler) rows(n plan.Node) string {
	switch n := n.(type) {
	case *plan.Scan:
		return c.scan(n)
	case *plan.Filter:
		return "SELECT * FROM " + c.table(n.In) + "\nWHERE " + c.expr(n.Cond)
	case *plan.Extend:
		var b strings.Builder
		b.WriteString("SELECT *")
		for _, it := range n.Items {
			b.WriteString(", " + c.expr(it.Value) + " AS " + c.d.Ident(it.Column.ID))
		}
		return b.String() + "\nFROM " + c.table(n.In)
	case *plan.Aggregate:
		return c.aggregate(n)
	case *plan.Window:
		return c.window(n)
	case *plan.Sort:
		s := "SELECT * FROM " + c.table(n.In)
		if n.Limit >= 0 {
			s += c.orderBy(n.By) + fmt.Sprintf("\nLIMIT %d", n.Limit)
		}
		return s
	case *plan.Unnest:
		// A list without members still makes a row.
		list := c.expr(n.List)
		empty := c.d.Literal
		null, err := empty(nil, n.Column.Type)
		if err != nil {
			c.fail(err)
		}
		return "SELECT *, unnest(CASE WHEN len(" + list + ") > 0 THEN " + list + " ELSE [" + null + "] END) AS " +
			c.d.Ident(n.Column.ID) + "\nFROM " + c.table(n.In)
	case *plan.Join:
		return c.join(n)
	case *plan.Grid:
		return "SELECT * FROM " + c.table(n.Lines) + "\nCROSS JOIN " + c.d.Series(n.Column.ID, n.Buckets)
	case *plan.Union:
		var parts []string
		for i, part := range n.Parts {
			var list []string
			for j, e := range n.Values[i] {
				list = append(list, c.expr(e)+" AS "+c.d.Ident(n.Columns[j].ID))
			}
			parts = append(parts, "SELECT "+strings.Join(list, ", ")+" FROM "+c.table(part))
		}
		return strings.Join(parts, "\nUNION ALL\n")
	case *plan.Values:
		return c.values(n)
	case *plan.Local:
		if n.Values == nil {
			return c.nothing(n.Made) // only to be shown
		}
		return c.values(n.Values)
	}
	c.fail(fmt.Errorf("compile: no SQL for %T", n))
	return ""
}

func (c *compiler) aggregate(n *plan.Aggregate) string {
	if s, ok := c.counted(n); ok {
		return s
	}
	return c.grouped(n, c.table(n.In), c.agg)
}

// grouped writes an aggregation of a table whose aggregates are written by agg.
func (c *compiler) grouped(n *plan.Aggregate, table string, agg func(plan.Agg) string) string {
	var list, by []string
	for _, k := range n.Keys {
		show, key := c.expr(k.Show), c.expr(k.By)
		if col := sourceColumn(k.By); col != nil && c.plain[col] {
			key = c.d.Ident(col.ID)
		}
		if key != show {
			show = c.agg(plan.Agg{Function: plan.Any, Arg: k.Show})
		}
		list = append(list, show+" AS "+c.d.Ident(k.Column.ID))
		by = append(by, key)
	}
	for _, a := range n.Aggs {
		list = append(list, agg(a)+" AS "+c.d.Ident(a.Column.ID))
	}
	if len(list) == 0 {
		list = []string{"count(*)"}
	}
	s := "SELECT " + strings.Join(list, ", ") + "\nFROM " + table
	if len(by) > 0 {
		s += "\nGROUP BY " + strings.Join(by, ", ")
	}
	return s
}

// agg writes an aggregate.
func (c *compiler) agg(a plan.Agg) string {
	var arg, order string
	if a.Arg != nil {
		arg = c.expr(a.Arg)
	}
	if a.Order != nil {
		order = c.expr(a.Order)
	}
	empty := ""
	if a.Empty != nil {
		empty = c.expr(a.Empty)
	}
	filter := ""
	if a.Where != nil {
		filter = " FILTER (WHERE " + c.expr(a.Where) + ")"
	}
	if a.Function == plan.Dense {
		return c.d.Dense(arg, order, empty, a.N)
	}
	return c.d.Aggregate(a, arg, order, filter)
}

func (c *compiler) window(n *plan.Window) string {
	var over []string
	if len(n.By) > 0 {
		over = append(over, "PARTITION BY "+strings.Join(c.exprs(n.By), ", "))
	}
	if len(n.Order) > 0 {
		over = append(over, strings.TrimSpace(c.orderBy(n.Order)))
	}
	if over == nil {
		// Over neither, DuckDB 1.4 and 1.5 fail now and then, or end the process:
		// issues 22352 and 25713 of duckdb/duckdb.
		over = []string{"PARTITION BY TRUE"}
	}
	list := []string{"*"}
	for _, r := range n.Ranks {
		arg := ""
		if r.Arg != nil {
			arg = c.expr(r.Arg)
		}
		list = append(list, rank(r, arg, strings.Join(over, " "))+" AS "+c.d.Ident(r.Column.ID))
	}
	return "SELECT " + strings.Join(list, ", ") + "\nFROM " + c.table(n.In)
}

func rank(r plan.Rank, arg, over string) string {
	frame := over + " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
	switch r.Function {
	case plan.DenseRank:
		return "dense_rank() OVER (" + over + ")"
	case plan.Lag:
		return fmt.Sprintf("lag(%s, %d) OVER (%s)", arg, r.Offset, over)
	case plan.Lead:
		return fmt.Sprintf("lead(%s, %d) OVER (%s)", arg, r.Offset, over)
	case plan.FirstOf:
		return "first_value(" + arg + ") OVER (" + frame + ")"
	case plan.LastOf:
		return "last_value(" + arg + ") OVER (" + frame + ")"
	case plan.NthOf:
		return fmt.Sprintf("nth_value(%s, %d) OVER (%s)", arg, r.Offset, frame)
	default:
		return "row_number() OVER (" + over + ")"
	}
}

func (c *compiler) join(n *plan.Join) string {
	on := []string{}
	for _, p := range n.On {
		on = append(on, c.expr(p.Left)+" IS NOT DISTINCT FROM "+c.expr(p.Right))
	}
	if n.Cond != nil {
		on = append(on, c.expr(n.Cond))
	}
	if len(on) == 0 {
		on = []string{"TRUE"}
	}
	word := map[plan.JoinMode]string{plan.Outer: "LEFT JOIN ", plan.Inner: "JOIN ", plan.Semi: "SEMI JOIN "}[n.Mode]
	list := "l.*"
	for _, t := range n.Take {
		list += ", r." + c.d.Ident(t.ID)
	}
	return "SELECT " + list + "\nFROM " + c.table(n.Left) + " AS l\n" + word + c.table(n.Right) + " AS r\nON " + strings.Join(on, " AND ")
}

// maxRowLiterals bounds the tables whose rows are written one by one: engines
// parse such statements slowly.
const maxRowLiterals = 50

func (c *compiler) values(n *plan.Values) string {
	if n.Len() > maxRowLiterals {
		if n.Table != nil {
			if path := c.store.Table(n.Table); path != "" {
				return c.filed(n, path)
			}
		}
		columns, rows := c.needed(n)
		s, err := c.d.Table(columns, rows)
		if err != nil {
			c.fail(err)
		}
		return s
	}
	var rows []string
	for _, r := range n.All() {
		var cells []string
		for i, v := range r {
			s, err := c.d.Literal(v, n.Columns[i].Type)
			if err != nil {
				c.fail(err)
			}
			if len(rows) == 0 {
				s = c.d.Cast(s, n.Columns[i].Type, n.Columns[i].Type) + " AS " + c.d.Ident(n.Columns[i].ID)
			}
			cells = append(cells, s)
		}
		rows = append(rows, "SELECT "+strings.Join(cells, ", "))
	}
	if len(rows) == 0 {
		return c.nothing(n.Columns)
	}
	return strings.Join(rows, "\nUNION ALL ")
}

// filed reads a lookup table from its file.
func (c *compiler) filed(n *plan.Values, path string) string {
	var list []string
	for i, col := range n.Columns {
		name := RowNumber
		if i < len(n.Columns)-1 {
			name = TableColumn(i)
		}
		list = append(list, c.d.Ident(name)+" AS "+c.d.Ident(col.ID))
	}
	return "SELECT " + strings.Join(list, ", ") + "\nFROM " + c.d.Files([]string{path}, true)
}

// needed cuts a table to the columns that something reads, and one to count by.
func (c *compiler) needed(n *plan.Values) (columns []*plan.Column, rows [][]any) {
	var at []int
	for i, col := range n.Columns {
		if c.used[col.ID] || i == len(n.Columns)-1 && len(at) == 0 {
			at = append(at, i)
			columns = append(columns, col)
		}
	}
	all := n.All()
	if len(at) == len(n.Columns) {
		return n.Columns, all
	}
	rows = make([][]any, len(all))
	for i, r := range all {
		rows[i] = make([]any, len(at))
		for j, k := range at {
			rows[i][j] = r[k]
		}
	}
	return columns, rows
}

// nothing is a table without rows.
func (c *compiler) nothing(columns []*plan.Column) string {
	list := []string{}
	for _, col := range columns {
		null, err := c.d.Literal(nil, col.Type)
		if err != nil {
			c.fail(err)
		}
		list = append(list, null+" AS "+c.d.Ident(col.ID))
	}
	if len(list) == 0 {
		list = []string{"1"}
	}
	return "SELECT " + strings.Join(list, ", ") + " WHERE FALSE"
}

func (c *compiler) orderBy(by []plan.Order) string {
	if len(by) == 0 {
		return ""
	}
	keys := make([]string, len(by))
	for i, o := range by {
		dir := " ASC NULLS LAST"
		if o.Desc {
			dir = " DESC NULLS LAST"
		}
		keys[i] = c.expr(o.By) + dir
	}
	return "\nORDER BY " + strings.Join(keys, ", ")
}
