package compile

import (
	"fmt"
	"regexp"
	"strings"

	"ledgerline/internal/query/plan"
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
