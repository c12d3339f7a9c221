// Package query answers questions in the OCI Log Analytics query language:
// text becomes a syntax tree, the tree a checked plan, the plan one SQL
// statement for what SQL can do and operators for the rest.
package query

import (
	"time"

	"ledgerline/internal/record"
)

// Request is one question.
type Request struct {
	Text      string
	Window    record.Window  // the request's time range; a restriction on Time in the text overrides it
	Zone      *time.Location // for buckets and for times without a zone; nil is UTC
	Scope     Scope
	Limit     int           // rows to return; 0 means the default of 2001, negative no limit
	Timeout   time.Duration // 0 means the engine's default
	Variables []string      // init blocks put before the text
	Matched   bool          // count the records that pass the search, which may cost a scan of its own
}

// Scope restricts what a request may see, whatever its text says.
type Scope struct {
	// Groups lists the log groups (OCIDs) the caller may read. Nil means all;
	// an empty list means none.
	Groups []string
	// Filters are the scope filters of the request: one field each, any of its values.
	Filters []ScopeFilter
}

// ScopeFilter keeps rows whose field has one of the values.
type ScopeFilter struct {
	Field  string
	Values []string
}

// Result is the answer to a request.
type Result struct {
	Columns []Column
	Rows    [][]any // nil, string, int64, float64, bool, time.Time, []any, *Table or *Series
	Window  record.Window
	Matched int64  // records that passed the search; -1 when not counted
	Groups  int64  // groups made by stats or link; -1 when there are none
	Total   int64  // rows before Limit; -1 when not counted
	Partial string // why the result is not complete; empty when it is
	Elapsed time.Duration
	Series  *Series // the result of timestats, also flattened into Rows
	Charts  []Chart // further results of timestats, made of the groups of a link
	Tables  []NamedTable
	Hints   []string // what is not wrong in the text but looks like a slip
}

// Chart is a time series beside the rows.
type Chart struct {
	Name   string
	Series *Series
}

// NamedTable is what createtable attaches to a result.
type NamedTable struct {
	Name string
	Table
}

// Column of a result.
type Column struct {
	Name                     string // header
	Original                 string // header before renaming
	Internal                 string // internal name, or func<N>_<function>[_<field>] of an aggregate
	Type                     record.Type
	List                     bool
	Unit                     string
	Hidden                   bool
	CaseSensitive, Groupable bool
	Table                    []Column // columns of the tables that its cells are; nil for other cells
}

// Table is a nested table of a result.
type Table struct {
	Columns []Column
	Rows    [][]any
}

// Series is a result over time: one point per bucket, also for empty ones.
type Series struct {
	Span    string  // such as "1hour"
	Buckets []int64 // starts, epoch milliseconds
	By      []Column
	Values  []Column
	Lines   []Line
}

// Line is one group of a series.
type Line struct {
	Key    []any   // values of Series.By
	Points [][]any // per column of Series.Values, one value a bucket
}
