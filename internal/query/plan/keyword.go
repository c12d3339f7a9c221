package plan

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/store"
)

// keyword plans a word or phrase that the original text must hold (section 3.2
// of the reference). Where the words of a phrase begin and end is decided here
// alone: at letters, digits and the underscore, as the store's token filters do.
func (p *planner) keyword(f *frame, t *syntax.Keyword, must bool) Expr {
	if strings.Trim(t.Text, "*%") == "" {
		return nil
	}
	if p.keywords++; p.keywords > maxKeywords {
		if p.keywords == maxKeywords+1 {
			p.report(t, "a query may look for %d words and phrases", maxKeywords)
		}
		return nil
	}
	subject := p.searched(f)
	if subject == nil {
		p.report(t, "Invalid field for SEARCH: no text to look for %s in", quoteAlways(t.Text))
		return nil
	}
	if !strings.ContainsAny(t.Text, "*%?") {
		if must {
			f.scan.Tokens = slices.AppendSeq(f.scan.Tokens, store.Words(t.Text))
		}
		return phraseTest(subject, t.Text)
	}
	return test(Matches, subject, text(wildcardExpression(t.Text, t.Phrase)))
}

// searched is the text that keywords look in: the original text of records, all
// columns of text of other rows.
func (p *planner) searched(f *frame) Expr {
	if !f.grouped() {
		if field, ok := p.env.Catalogue.Field(store.ColText); ok {
			return ref(f.scan.column(p, field))
		}
		return nil
	}
	var parts []Expr
	for _, c := range f.made {
		if c.Type.Kind == String {
			if len(parts) > 0 {
				parts = append(parts, text("\n"))
			}
			parts = append(parts, asText(ref(c)))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return call(Concat, String, parts...)
}

// phraseTest finds the phrase first as it is, which is cheap, and then with its ends at
// the ends of words.
func phraseTest(subject Expr, phrase string) Expr {
	found := test(Contains, folded(subject), text(fold(phrase)))
	first, _ := utf8.DecodeRuneInString(phrase)
	last, _ := utf8.DecodeLastRuneInString(phrase)
	if !wordRune(first) && !wordRune(last) {
		return found
	}
	return test(And, found, test(Phrase, subject, text(phrase)))
}

func wordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// bounded is a regular expression that wants what it finds not to go on as a word.
func bounded(expression string, first, last rune) string {
	if wordRune(first) {
		expression = `(?:^|[^\pL\p{Nd}_])` + expression
	}
	if wordRune(last) {
		expression += `(?:$|[^\pL\p{Nd}_])`
	}
	return "(?is)" + expression
}

// wildcardExpression translates * and % (any run) and ? (one character). Within
// a bare word a run does not leave the word; in a phrase it may.
func wildcardExpression(s string, phrase bool) string {
	run, one := `[\pL\p{Nd}_]*`, `[\pL\p{Nd}_]`
	if phrase {
		run, one = `.*`, `.`
	}
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '*', '%':
			b.WriteString(run)
		case '?':
			b.WriteString(one)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if !phrase {
		// A wildcard at an end still ends at the end of a word.
		if strings.ContainsRune("*%?", first) {
			first = 'w'
		}
		if strings.ContainsRune("*%?", last) {
			last = 'w'
		}
	}
	return bounded(b.String(), first, last)
}
