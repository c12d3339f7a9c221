package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// planner is the state of planning one query with its sub-queries.
type planner struct {
	env     Env
	columns int
	depth   int // of sub-queries
	nesting int // of expressions
	// keywords counts the words and phrases looked for.
	keywords int
	errors   syntax.Errors
	hints    []string         // what is not wrong but looks like a slip
	failed   error            // of Env's functions
	clause   string           // command being planned, in upper case
	main     *Scan            // of the outermost search
	before   prefix           // of the command being planned
	rest     []syntax.Command // after it
	// forced replaces the effective window of the next search, for commands
	// that run what is before them over another window.
	forced *record.Window
	// every replaces the span of time series, for commands that compare them
	// bucket by bucket.
	every *span
	views map[string]*frame // of createview, by folded name
	// consumed are the terms that the window of their search stands for.
	consumed map[syntax.SearchTerm]bool
	// window is the effective one of the pipe being planned, whole that of the outermost.
	window, whole record.Window
}

// maxDepth bounds sub-queries within sub-queries.
const maxDepth = 16

func itoa(n int) string { return strconv.Itoa(n) }

// query plans a whole pipe over the given window.
func (p *planner) query(q *syntax.Query, window record.Window) *frame {
	outer, clause := p.window, p.clause
	defer func() { p.window, p.clause = outer, clause }()
	if len(q.Commands) > maxCommands {
		p.report(q.Commands[maxCommands], "a query may have %d commands", maxCommands)
		return nil
	}
	return p.pipe(q.Commands, window)
}

// pipe plans commands, of which the first is a source of rows.
func (p *planner) pipe(commands []syntax.Command, window record.Window) *frame {
	var f *frame
	before := p.before
	defer func() { p.before = before }()
	for i, c := range commands {
		p.before, p.rest = prefix{commands[:i], window}, commands[i+1:]
		p.clause = strings.ToUpper(c.Keyword())
		if i == 0 {
			f = p.first(c, window)
		} else {
			p.command(f, c)
		}
		if f == nil || p.failed != nil || len(p.errors.List) >= maxErrors {
			return f
		}
	}
	return f
}

// prefix is what comes before a command, for those that run it again.
type prefix struct {
	commands []syntax.Command
	window   record.Window
}

// maxCommands bounds a pipe, because engines bound how deep statements nest.
const maxCommands = 150

// maxErrors ends planning: more would not help the reader.
const maxErrors = 20

// first plans the first command of a pipe.
func (p *planner) first(c syntax.Command, window record.Window) *frame {
	switch c := c.(type) {
	case *syntax.Search:
		return p.records(c, window)
	case *syntax.SearchLookup:
		p.window = window
		return p.searchLookup(c)
	}
	p.report(c, "a query starts with a search clause")
	return nil
}

// finish sorts the rows and lists the columns to send back.
func (p *planner) finish(f *frame) *Plan {
	out := &Plan{Window: p.whole, Search: p.main, Grouped: f.grouped(), Series: f.seriesShown(), Hints: p.hints}
	out.Columns = append(out.Columns, f.visible...)
	s := &Sort{In: f.node, By: f.order, Limit: -1}
	if inner, ok := f.node.(*Sort); ok && slices.EqualFunc(inner.By, f.order, sameOrder) {
		s = inner
	}
	out.Root = s
	if f.shape == records {
		out.ByTime = byTime(s, f)
	}
	if f.link != nil && f.link.info != nil {
		f.attached = append(f.attached, p.information(f))
	}
	for _, a := range f.attached {
		a.frame.link = nil
		out.Attached = append(out.Attached, Attached{a.name, p.finish(a.frame)})
	}
	return out
}

func sameOrder(a, b Order) bool { return a.By == b.By && a.Desc == b.Desc }

// report notes a mistake at a place of the text, with the usage of its command.
func (p *planner) report(at syntax.Node, format string, args ...any) {
	if p.errors.Full() { // what would be told about it costs more than the place
		return
	}
	p.errors.Add(syntax.Error{Span: at.Pos(), Message: fmt.Sprintf(format, args...), Usage: syntax.Usage(p.clause)})
}

// unknown reports a name that is no field here, in the service's wording.
func (p *planner) unknown(f *frame, n syntax.Name, clause string) {
	if p.errors.Full() {
		return
	}
	if f.after != "" {
		clause += " after " + f.after
	}
	e := syntax.Error{Span: n.Span, Message: fmt.Sprintf("Invalid field for %s: %s", clause, n.Text), Usage: syntax.Usage(p.clause)}
	if s := p.suggest(f, n.Text); s != "" {
		e.Suggestion = quoteAlways(s)
	}
	p.errors.Add(e)
}

func (p *planner) failure() error {
	if p.failed != nil {
		return p.failed
	}
	return p.errors.Err()
}

// suggest returns the name of a field that is spelt much like name.
func (p *planner) suggest(f *frame, name string) string {
	var names []string
	for _, c := range f.made {
		names = append(names, c.Name)
	}
	if !f.grouped() {
		for _, field := range p.env.Catalogue.Fields() {
			names = append(names, field.Display)
		}
	}
	return syntax.Closest(name, names)
}
