package plan

import (
	"regexp"
	"strconv"
	"strings"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/store"
)

// extract makes columns of the named groups of a regular expression.
func (p *planner) extract(f *frame, c *syntax.Extract) {
	col := p.textField(f, c.Field, c)
	if col == nil {
		return
	}
	plain, names := plainGroups(c.Pattern.Text)
	re, err := regexp.Compile(plain)
	if err != nil {
		p.report(c.Pattern, "Unexpected input for EXTRACT: the regular expression cannot be read: %v", err)
		return
	}
	if len(names) == 0 {
		p.report(c.Pattern, "Unexpected input for EXTRACT: the regular expression needs a group like (?P<Name>...)")
		return
	}
	pattern := text(caseRule(col) + plain)
	for i, n := range re.SubexpNames() {
		if name, ok := names[n]; ok && n != "" {
			e := call(Extract, String, asText(ref(col)), pattern, whole(int64(i)))
			p.assign(f, syntax.Name{Span: c.Pattern.Span, Text: name}, e, "")
		}
	}
}

// caseRule is how regular expressions treat the letter case of a column.
func caseRule(c *Column) string {
	if c.CaseSensitive {
		return "(?s)"
	}
	return "(?is)"
}

// plainGroups gives named groups names that every engine can read, because in
// the language they may hold spaces, and says what they stand for.
func plainGroups(pattern string) (plain string, names map[string]string) {
	names = map[string]string{}
	var b strings.Builder
	for i := 0; i < len(pattern); {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			b.WriteString(pattern[i : i+2])
			i += 2
			continue
		}
		rest := pattern[i:]
		open := ""
		if strings.HasPrefix(rest, "(?P<") {
			open = "(?P<"
		} else if strings.HasPrefix(rest, "(?<") && !strings.HasPrefix(rest, "(?<=") && !strings.HasPrefix(rest, "(?<!") {
			open = "(?<"
		}
		if end := strings.IndexByte(rest, '>'); open != "" && end > len(open) {
			g := "g" + strconv.Itoa(len(names)+1)
			names[g] = rest[len(open):end]
			b.WriteString("(?P<" + g + ">")
			i += end + 1
			continue
		}
		b.WriteByte(pattern[i])
		i++
	}
	return b.String(), names
}

// textField is the field that extract and its like read; Message by default.
// The original text has to be copied by eval first, as in the service.
func (p *planner) textField(f *frame, n *syntax.Name, at syntax.Node) *Column {
	name := syntax.Name{Span: at.Pos(), Text: "msg"}
	if n != nil {
		name = *n
	}
	c := p.field(f, name, p.clause)
	if c != nil && c.Internal == store.ColText && f.scan != nil && f.scan.fields[store.ColText] == c {
		p.report(name, "Invalid field for %s: %s; copy it with eval first", p.clause, c.Name)
		return nil
	}
	return c
}

// regex keeps the rows whose whole value matches one of the expressions.
func (p *planner) regex(f *frame, c *syntax.Regex) {
	col := p.field(f, c.Field, p.clause)
	if col == nil {
		return
	}
	var any []Expr
	for _, pattern := range c.Patterns {
		if _, err := regexp.Compile(pattern.Text); err != nil {
			p.report(pattern, "Unexpected input for REGEX: the regular expression cannot be read: %v", err)
			return
		}
		any = append(any, test(Matches, asText(ref(col)), text(caseRule(col)+"^(?:"+pattern.Text+")$")))
	}
	e := disjunction(any)
	if c.Not {
		e = negation(e)
	}
	f.restrict(e)
}

// jsonPath is what paths of jsonextract may look like.
var jsonPath = regexp.MustCompile(`^\$(?:\.[\pL_][\pL\pN_-]*|\."[^"]+"|\['[^']+'\]|\["[^"]+"\]|\[\d{1,9}\])*$`)

// bracketed finds the members of a path that are written ['name'].
var bracketed = regexp.MustCompile(`\[(?:'([^']+)'|"([^"]+)")\]`)

// jsonExtract makes columns of paths into JSON text.
func (p *planner) jsonExtract(f *frame, c *syntax.JSONExtract) {
	col := p.textField(f, c.Field, c)
	if col == nil {
		return
	}
	for _, path := range c.Paths {
		if !jsonPath.MatchString(path.Path.Text) {
			p.report(path.Path, "Unexpected input for JSONEXTRACT: write the path like '$.data.items[0].name'")
			continue
		}
		s := bracketed.ReplaceAllString(path.Path.Text, `."$1$2"`)
		p.assign(f, path.Name, call(JSONPath, String, asText(ref(col)), text(s)), "")
	}
}
