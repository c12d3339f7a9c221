// Package plan decides what a query means: which names are fields, of which
// type an expression is, over which window of time the query runs, which
// columns it yields. A plan is relational algebra over records; it knows
// neither SQL nor how records are stored.
package plan

import (
	"time"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// Catalogue knows the fields of records and the names of log groups.
type Catalogue interface {
	// Field finds a field by display or internal name, in any letter case.
	Field(name string) (record.Field, bool)
	// Fields lists all fields.
	Fields() []record.Field
	// LogGroups maps OCIDs of log groups to their names.
	LogGroups() map[string]string
}

// Env is what a plan depends on beside the text.
type Env struct {
	Catalogue Catalogue
	Now       time.Time
	Zone      *time.Location
	Window    record.Window // of the request; zero ends are open
	Groups    []string      // log groups the caller may see; nil means all
	Filters   []Restriction
	// Extent narrows a window with an open end to what the store holds.
	Extent func(record.Window) (record.Window, error)
	// Table finds a lookup table by name; nil when there are none.
	Table func(name string) (*Lookup, bool)
	// Strict refuses literals whose type is not the field's, as Oracle's
	// service does, in place of converting them.
	Strict bool
}

// Restriction keeps rows whose field has one of the values.
type Restriction struct {
	Field  string
	Values []string
}

// Lookup is a table to enrich rows from. It does not change once a query may have it.
type Lookup struct {
	Columns []string
	Rows    [][]string
	// What holds for a query that does not say otherwise: how many rows a record may
	// get (0: one), and the values, by column, of a record without a match.
	MaxMatches int
	Defaults   map[string]string
}

// Row appends the values of a row, one a column; empty ones are null.
func (l *Lookup) Row(to []any, n int) []any {
	row := l.Rows[n]
	for i := range l.Columns {
		if i < len(row) && row[i] != "" {
			to = append(to, row[i])
		} else {
			to = append(to, nil)
		}
	}
	return to
}

// Plan is a checked query.
type Plan struct {
	Root     Node      // yields the rows in their final order
	Columns  []*Column // what to send back
	Window   record.Window
	Series   *Series // set when the rows are points of a time series
	Grouped  bool    // rows are groups, not records
	Attached []Attached
	Search   *Scan    // the records that pass the first search clause
	Hints    []string // what is not wrong but looks like a slip
	// ByTime is set when the rows are records by time, whichever comes first, and each
	// row depends on its own record only, so that they may be read from one end on.
	ByTime *Sort
}

// Series describes rows that are points: one of each line and bucket.
type Series struct {
	Span    string
	span    span
	Buckets []int64 // starts, epoch milliseconds
	Bucket  *Column // number of the bucket
	By      []*Column
	Values  []*Column
}

// Make checks the query and plans it. The error is a *syntax.Errors that holds
// every mistake found, or one of Env's functions' own.
func Make(q *syntax.Query, env Env) (*Plan, error) {
	if env.Zone == nil {
		env.Zone = time.UTC
	}
	p := &planner{env: env, errors: syntax.Errors{Source: q.Source}, consumed: map[syntax.SearchTerm]bool{}}
	f := p.query(q, env.Window)
	if err := p.failure(); err != nil {
		return nil, err
	}
	out := p.finish(f)
	if err := p.failure(); err != nil {
		return nil, err
	}
	return out, nil
}

// Attached is a result beside the rows: a chart when its plan has a series, else a table.
type Attached struct {
	Name string
	Plan *Plan
}
