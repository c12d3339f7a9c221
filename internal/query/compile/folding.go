package compile

import (
	"fmt"
	"regexp"
	"strings"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/store"
)

// maxFolded bounds the texts that are looked for by an expression.
const maxFolded = 200

// unfolded rewrites tests of text without letter case as a search for a regular
// expression in the text as it is, for which an engine reads the text once;
// folding it first costs more than all the rest. Other tests stay.
func unfolded(c *plan.Call) *plan.Call {
	if len(c.Args) != 2 {
		return c
	}
	fold, ok := c.Args[0].(*plan.Call)
	pattern, constant := c.Args[1].(*plan.Const)
	if !ok || fold.Op != plan.Fold || !constant {
		return c
	}
	s, ok := pattern.Value.(string)
	if !ok || s == "" || len(s) > maxFolded || !printableASCII(s) {
		return c
	}
	var expression string
	switch c.Op {
	case plan.Contains:
		expression = anyCase(s)
	case plan.Starts:
		expression = `\A` + anyCase(s)
	case plan.Glob:
		if expression = globExpression(s); expression == "" {
			return c
		}
	default:
		return c
	}
	return &plan.Call{Op: plan.Matches, Of: c.Of, Args: []plan.Expr{fold.Args[0], &plan.Const{Value: expression, Of: pattern.Of}}}
}

// phrase tests for words that are no parts of longer words. Most texts are
// decided by an expression that takes all other letters than those of ASCII
// for parts of words; only the rest needs the function that the store adds to
// the engine. An expression with the classes of Unicode would do without, but
// reading one takes the engine 20 ms for each part of a scan.
func phrase(subject, words string) string {
	exact := "holds_phrase(" + subject + ", " + text(words) + ")"
	if len(words) > maxFolded || !printableASCII(words) {
		return exact
	}
	const edge = `[^0-9A-Za-z_\x{80}-\x{10FFFF}]`
	sure := `(?s)(?:\A|` + edge + `)` + anyCase(strings.ToLower(words)) + `(?:\z|` + edge + `)`
	return "(regexp_matches(" + subject + ", " + text(sure) + ") OR " + exact + ")"
}

// searched recognizes a condition that is true for the values of one column that
// hold a text in any letter case, and for no others.
func searched(e plan.Expr) (*plan.Column, store.Text, bool) {
	c, ok := e.(*plan.Call)
	if !ok {
		return nil, store.Text{}, false
	}
	if c.Op == plan.And && len(c.Args) == 2 {
		column, text, ok := searched(c.Args[0])
		phrase, isPhrase := c.Args[1].(*plan.Call)
		if !ok || text.Phrase != "" || !isPhrase || phrase.Op != plan.Phrase || sourceColumn(phrase.Args[0]) != column {
			return nil, store.Text{}, false
		}
		text.Phrase, ok = constant(phrase.Args[1])
		return column, text, ok && strings.EqualFold(text.Phrase, text.Part)
	}
	if len(c.Args) != 2 {
		return nil, store.Text{}, false
	}
	fold, ok := c.Args[0].(*plan.Call)
	if !ok || fold.Op != plan.Fold {
		return nil, store.Text{}, false
	}
	column := sourceColumn(fold)
	part, ok := constant(c.Args[1])
	if c.Op == plan.Glob {
		part, ok = inner(part)
	}
	ok = ok && (c.Op == plan.Glob || c.Op == plan.Contains) && column != nil && column.Type == (plan.Type{Kind: plan.String}) &&
		part != "" && len(part) <= maxFolded && printableASCII(part) && part == strings.ToLower(part)
	return column, store.Text{Part: part}, ok
}

// inner is what a pattern that matches anything around it has in its middle.
func inner(pattern string) (string, bool) {
	part := strings.Trim(pattern, "*%")
	at := strings.Index(pattern, part)
	return part, at > 0 && at+len(part) < len(pattern) && !strings.ContainsAny(part, `*%?\`)
}

// constant is the text that an expression is.
func constant(e plan.Expr) (string, bool) {
	c, ok := e.(*plan.Const)
	if !ok {
		return "", false
	}
	s, ok := c.Value.(string)
	return s, ok
}

// anyCase is the expression for all texts whose lower case is s.
func anyCase(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 'i': // also of I with a dot
			b.WriteString(`[iI\x{130}]`)
		case r == 'k': // also of the sign for Kelvin
			b.WriteString(`[kK\x{212A}]`)
		case 'a' <= r && r <= 'z':
			fmt.Fprintf(&b, "[%c%c]", r, r-'a'+'A')
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return b.String()
}

// globExpression translates a pattern as likePattern does, or is empty where it
// has no run, because then engines compare.
func globExpression(p string) string {
	var b strings.Builder
	runs, after := 0, false // after a run
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c == '*' || c == '%' {
			if runs++; i > 0 && !after {
				b.WriteString(".*")
			}
			after = true
			continue
		}
		if i == 0 {
			b.WriteString(`\A`)
		}
		after = false
		switch {
		case c == '?':
			b.WriteByte('.')
		case c == '\\' && i+1 < len(p) && strings.IndexByte("*%?", p[i+1]) >= 0:
			i++
			b.WriteString(regexp.QuoteMeta(p[i : i+1]))
		default:
			b.WriteString(anyCase(string(rune(c))))
		}
	}
	if runs == 0 || b.Len() == 0 {
		return ""
	}
	s := b.String()
	if after {
		s = strings.TrimSuffix(s, ".*")
	} else {
		s += `\z`
	}
	return "(?s)" + s
}

func printableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
