package plan

import (
	"iter"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// defaultColumns is what records show unless a fields command says otherwise.
func defaultColumns() []string {
	return []string{"time", "mtgt", "mtgttype", "msrcid", "srvrhostname", "mtagpriority", "mtag", "mbody"}
}

// records plans the search clause that starts a pipe.
func (p *planner) records(c *syntax.Search, window record.Window) *frame {
	p.window = window
	p.narrow(c.Term)
	if p.forced != nil {
		p.window, p.forced = *p.forced, nil
	}
	scan := &Scan{Window: p.window, Groups: p.env.Groups, fields: map[string]*Column{}}
	if p.main == nil {
		p.main, p.whole = scan, p.window
	}
	f := &frame{node: scan, scan: scan, names: map[string]*Column{}}
	for _, name := range defaultColumns() {
		if field, ok := p.env.Catalogue.Field(name); ok {
			f.visible = append(f.visible, scan.column(p, field))
		}
	}
	if field, ok := p.env.Catalogue.Field(store.ColTime); ok {
		f.time = scan.column(p, field)
		f.order = []Order{{By: ref(f.time), Desc: true},
			{By: p.hidden(f, store.ColUpload, String), Desc: true}, {By: p.hidden(f, store.ColOrdinal, Int), Desc: true}}
	}
	scan.Where = conjunction(p.restrictions(f), p.term(f, c.Term, true))
	return f
}

// hidden reads a column that every segment has, whether or not the catalogue shows it.
func (p *planner) hidden(f *frame, name string, k Kind) Expr {
	if c := f.scan.fields[name]; c != nil {
		return ref(c)
	}
	types := map[Kind]record.Type{String: record.String, Int: record.Long, Time: record.Timestamp}
	field := record.Field{Name: name, Display: name, Type: types[k], CaseSensitive: true}
	if known, ok := p.env.Catalogue.Field(name); ok && known.Name == name {
		field.Display = known.Display // the query may show it, too
	}
	return ref(f.scan.column(p, field))
}

// restrictions of the request's scope, beside the log groups.
func (p *planner) restrictions(f *frame) Expr {
	var all []Expr
	for _, r := range p.env.Filters {
		values := make([]Expr, len(r.Values))
		for i, v := range r.Values {
			values[i] = text(v)
		}
		n := syntax.Name{Text: r.Field}
		if c := p.field(f, n, "SCOPE FILTER"); c != nil {
			all = append(all, p.oneOf(n, ref(c), values))
		}
	}
	return conjunction(all...)
}

// narrow lets restrictions of Time that every record must meet replace the
// window (section 5.1 of the reference): a lower bound alone keeps the end.
func (p *planner) narrow(t syntax.SearchTerm) {
	terms := []syntax.SearchTerm{t}
	if and, ok := t.(*syntax.And); ok {
		terms = and.Terms
	}
	var from, to time.Time
	var lower, upper bool
	raise := func(t time.Time) {
		if !lower || t.After(from) {
			from, lower = t, true
		}
	}
	cut := func(t time.Time) {
		if !upper || t.Before(to) {
			to, upper = t, true
		}
	}
	for _, t := range terms {
		switch t := t.(type) {
		case *syntax.Compare:
			if at, ok := p.bound(t.Field, t.Value); ok {
				p.consumed[t] = t.Op != syntax.OpNe
				switch t.Op {
				case syntax.OpGt:
					raise(at.Add(time.Millisecond))
				case syntax.OpGe:
					raise(at)
				case syntax.OpLt:
					cut(at)
				case syntax.OpLe:
					cut(at.Add(time.Millisecond))
				case syntax.OpEq:
					raise(at)
					cut(at.Add(time.Millisecond))
				}
			}
		case *syntax.Between:
			if t.Not || !isTime(t.Field) {
				continue
			}
			p.narrowBetween(t, raise, cut, &lower, &upper)
		}
	}
	if lower {
		p.window.From = from
	}
	if upper {
		p.window.To = to
		if !lower && !p.window.From.Before(to) {
			p.window.From = time.Time{}
		}
	}
}

// narrowBetween takes both ends of a between; * opens an end.
func (p *planner) narrowBetween(t *syntax.Between, raise, cut func(time.Time), lower, upper *bool) {
	done := 0
	if _, ok := t.Low.(*syntax.Any); ok {
		*lower = true
		done++
	} else if at, ok := p.bound(t.Field, t.Low); ok {
		raise(at)
		done++
	}
	if _, ok := t.High.(*syntax.Any); ok {
		*upper = true
		done++
	} else if at, ok := p.bound(t.Field, t.High); ok {
		cut(at.Add(time.Millisecond))
		done++
	}
	p.consumed[t] = done == 2
}

func isTime(n syntax.Name) bool { return strings.EqualFold(n.Text, "time") }

// bound is the instant a restriction of Time compares with. Mistakes are left
// for the term itself to report.
func (p *planner) bound(n syntax.Name, v syntax.Value) (time.Time, bool) {
	if !isTime(n) {
		return time.Time{}, false
	}
	switch v := v.(type) {
	case *syntax.Variable:
		if v.Value != nil {
			return p.bound(n, v.Value)
		}
	case *syntax.TimeCall:
		before := len(p.errors.List)
		t, ok := p.timeCall(v)
		p.errors.List = p.errors.List[:before]
		return t, ok
	default:
		return p.timeArgument(v)
	}
	return time.Time{}, false
}

// maxAlternatives and maxKeywords bound what one search may ask for, because
// the time an engine takes to plan alternatives grows with their square.
const (
	maxAlternatives = 500
	maxKeywords     = 100
)

// term plans a search term. With must, every row of the result meets it, so
// what it says may narrow the scan itself.
func (p *planner) term(f *frame, t syntax.SearchTerm, must bool) Expr {
	must = must && f.node == Node(f.scan)
	if p.consumed[t] {
		return nil // the window says it
	}
	switch t := t.(type) {
	case *syntax.All:
		return nil
	case *syntax.And:
		var all []Expr
		for _, t := range t.Terms {
			all = append(all, p.term(f, t, must))
		}
		return conjunction(all...)
	case *syntax.Or:
		if len(t.Terms) > maxAlternatives {
			p.report(t.Terms[maxAlternatives], "a search clause may have %d alternatives; use in ( ) or a lookup", maxAlternatives)
			return nil
		}
		var any []Expr
		for _, t := range t.Terms {
			e := p.term(f, t, false)
			if e == nil { // matches everything, or a mistake was reported
				return nil
			}
			any = append(any, e)
		}
		return disjunction(any)
	case *syntax.Not:
		if e := p.term(f, t.Term, false); e != nil {
			return negation(e)
		}
		return truth(false)
	case *syntax.Keyword:
		return p.keyword(f, t, must)
	case *syntax.Compare:
		return p.compareTerm(f, t, must)
	case *syntax.Like:
		return p.like(f, t, must)
	case *syntax.InList:
		return p.inTerm(f, t, must)
	case *syntax.Between:
		return p.between(f, t)
	case *syntax.Subquery:
		return p.subquery(f, t)
	}
	p.report(t, "Unexpected input for %s", p.clause)
	return nil
}

func (p *planner) compareTerm(f *frame, t *syntax.Compare, must bool) Expr {
	c := p.field(f, t.Field, "SEARCH "+string(t.Op)+" operator")
	v := p.value(t.Value)
	if c == nil || v == nil || p.mistyped(c, t.Value) {
		return nil
	}
	if must && t.Op == syntax.OpEq {
		p.prune(f, c, []Expr{v})
	}
	if id := p.groupID(f, c); id != nil && (t.Op == syntax.OpEq || t.Op == syntax.OpNe) {
		e := p.oneOf(t.Value, id, []Expr{v})
		if e != nil {
			e = test(Or, e, p.compare(t.Value, syntax.OpEq, ref(c), v))
		}
		if e != nil && t.Op == syntax.OpNe {
			return negation(e)
		}
		return e
	}
	return p.compare(t.Value, t.Op, ref(c), v)
}

// groupID is the column with the OCID beside a column with the name of a log
// group: either may be compared with.
func (p *planner) groupID(f *frame, c *Column) Expr {
	if f.shape == records && f.scan.fields[store.ColGroup] == c && f.scan.groupID != nil {
		return ref(f.scan.groupID)
	}
	return nil
}

// mistyped reports, in strict mode, a literal that is not of the field's type.
func (p *planner) mistyped(c *Column, v syntax.Value) bool {
	if !p.env.Strict {
		return false
	}
	switch v := v.(type) {
	case *syntax.Number:
		if c.Type.Kind == String {
			p.report(v, "Invalid string value for the field %s: %s", quoteAlways(c.Name), v.Text)
			return true
		}
	case *syntax.Text:
		if c.Type.Kind == Int {
			p.report(v, "Invalid long value for the field %s: %s", quoteAlways(c.Name), quoteAlways(v.Text))
			return true
		}
	}
	return false
}

func (p *planner) inTerm(f *frame, t *syntax.InList, must bool) Expr {
	c := p.field(f, t.Field, "SEARCH in operator")
	if c == nil {
		return nil
	}
	var values []Expr
	for _, v := range t.Values {
		e := p.value(v)
		if e == nil || p.mistyped(c, v) {
			return nil
		}
		values = append(values, e)
	}
	if must && !t.Not {
		p.prune(f, c, values)
	}
	e := p.oneOf(t, ref(c), values)
	if id := p.groupID(f, c); id != nil && e != nil {
		e = test(Or, p.oneOf(t, id, values), e)
	}
	if e != nil && t.Not {
		return negation(e)
	}
	return e
}

// prune tells the scan which log sources or words a row must have because the
// column has one of the values.
func (p *planner) prune(f *frame, c *Column, values []Expr) {
	var texts []string
	for _, v := range values {
		s, ok := v.(*Const).Value.(string)
		if !ok {
			return
		}
		texts = append(texts, s)
	}
	if f.scan.fields[c.Internal] != c || c.Type.Kind != String {
		return
	}
	if c.Internal == store.ColSource {
		if f.scan.Sources == nil {
			f.scan.Sources = texts
		}
		return
	}
	if len(texts) == 1 && c.Internal != store.ColGroup {
		f.scan.Tokens = slices.AppendSeq(f.scan.Tokens, store.Words(texts[0]))
	}
}

func (p *planner) between(f *frame, t *syntax.Between) Expr {
	c := p.field(f, t.Field, "SEARCH between operator")
	if c == nil {
		return nil
	}
	var all []Expr
	for _, end := range []struct {
		op syntax.Op
		v  syntax.Value
	}{{syntax.OpGe, t.Low}, {syntax.OpLe, t.High}} {
		if _, open := end.v.(*syntax.Any); open {
			continue
		}
		v := p.value(end.v)
		if v == nil || p.mistyped(c, end.v) {
			return nil
		}
		e := p.compare(end.v, end.op, ref(c), v)
		if e == nil {
			return nil
		}
		all = append(all, e)
	}
	e := conjunction(all...)
	if e == nil && c != f.time {
		e = test(NotNull, ref(c))
	}
	if e != nil && t.Not {
		return negation(e)
	}
	return e
}

func (p *planner) like(f *frame, t *syntax.Like, must bool) Expr {
	c := p.field(f, t.Field, "SEARCH like operator")
	if c == nil {
		return nil
	}
	if must && !t.Not && len(t.Patterns) == 1 && f.scan.fields[c.Internal] == c && c.Type.Kind == String && c.Internal != store.ColSource && c.Internal != store.ColGroup {
		f.scan.Tokens = slices.AppendSeq(f.scan.Tokens, patternWords(t.Patterns[0].Text))
	}
	var any []Expr
	for _, pattern := range t.Patterns {
		any = append(any, globTest(ref(c), pattern.Text))
	}
	e := disjunction(any)
	if t.Not {
		return negation(e)
	}
	return e
}

// patternWords yields the words that every value holds that matches a pattern: a
// word beside a wildcard may go on.
func patternWords(pattern string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if strings.Contains(pattern, `\`) {
			return // what is escaped is not worth the trouble
		}
		// The ends of the value are ends of words.
		for piece := range strings.FieldsFuncSeq(" "+pattern+" ", func(r rune) bool { return strings.ContainsRune("*%?", r) }) {
			for w := range store.InnerWords(piece) {
				if !yield(w) {
					return
				}
			}
		}
	}
}

// globTest matches the whole of a value without letter case. A run of any
// length alone means "has a value".
func globTest(e Expr, pattern string) Expr {
	if t := e.Type(); t.List {
		return test(AnyMatch, e, globTest(Member(t.Kind), pattern))
	}
	if strings.Trim(pattern, "*%") == "" && pattern != "" {
		return test(NotNull, e)
	}
	return test(Glob, folded(asText(e)), text(fold(pattern)))
}
