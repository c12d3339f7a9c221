package plan

import (
	"fmt"
	"slices"

	"ledgerline/internal/query/syntax"
)

// maxHints bounds the hints of one query.
const maxHints = 5

// misnamed reports a comparison or a condition about a name that is no field.
// Where an expression takes a value, such a name is a text (section 4.2 of the
// reference), but nobody asks whether a text of the query is what it is: it is
// a field misspelt. A comparison with a field on its other side is about that.
func (p *planner) misnamed(f *frame, x syntax.Expr, others ...Expr) bool {
	r, ok := x.(*syntax.Ref)
	if !ok || r.Template != "" || f.after == "" && f.scan == nil || p.known(f, r) || slices.ContainsFunc(others, readsField) {
		return false
	}
	p.unknown(f, r.Name, p.clause)
	return true
}

func (p *planner) known(f *frame, r *syntax.Ref) bool {
	return p.lookup(f, r.Text) != nil || p.queryTime(f, r.Text) != nil
}

func readsField(e Expr) bool {
	switch e := e.(type) {
	case *Ref:
		return true
	case *Call:
		return slices.ContainsFunc(e.Args, readsField)
	}
	return false
}

// suspect notes a hint when a bare word that a field is compared with is a text
// by the rule, but spelt much like another field.
func (p *planner) suspect(f *frame, x syntax.Expr) {
	r, ok := x.(*syntax.Ref)
	if !ok || r.Quoted || r.Template != "" || len(p.hints) >= maxHints || p.known(f, r) {
		return
	}
	if s := p.suggest(f, r.Text); s != "" {
		hint := fmt.Sprintf("%s is taken for a text, because there is no field of this name; the field %s is spelt much like it", r.Text, quoteAlways(s))
		if !slices.Contains(p.hints, hint) {
			p.hints = append(p.hints, hint)
		}
	}
}
