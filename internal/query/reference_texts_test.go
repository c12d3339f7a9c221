package query

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What the reference evaluator takes out of texts.

// expressions are patterns with a group named Got.
func expressions() []string {
	return []string{`(?P<Got>o+)`, `^(?P<Got>.)`, `(?P<Got>\d+)`, `(?P<Got>[a-m]+)$`, `b(?P<Got>x*)`}
}

func (d drawer) extract(s sheet) (string, sheet) {
	names := s.of(loose)
	if len(names) == 0 {
		return d.where(s)
	}
	field, x, to := pick(d.r, names), pick(d.r, expressions()), s.fresh()
	re := regexp.MustCompile("(?i)" + x)
	return d.command("extract") + "field = " + quoted(field) + " '" + strings.Replace(x, "Got", to, 1) + "'", s.with(to, loose, func(_ int, l line) any {
		t, ok := l.cells[field].(string)
		if m := re.FindStringSubmatch(t); ok && m != nil {
			return m[1]
		}
		return nil
	})
}

func (d drawer) regex(s sheet) (string, sheet) {
	names := s.of(loose)
	if len(names) == 0 {
		return d.where(s)
	}
	field, x, not := pick(d.r, names), d.oneOf(`ad.`, `.*[4b].*`, `[^a-z]+`, ``), d.r.IntN(2) == 0
	form := map[bool]string{false: "%s = '%s'", true: "%s not in ('%s', 'no such')"}[not]
	re := regexp.MustCompile("(?i)^(?:" + x + ")$")
	return d.command("regex") + fmt.Sprintf(form, quoted(field), x), s.keep(func(l line) bool {
		t, ok := l.cells[field].(string)
		return (ok && re.MatchString(t)) != not
	})
}

func (d drawer) jsonextract(s sheet) (string, sheet) {
	f := d.number(s, 0, true)
	text, to := s.fresh(), s.fresh()
	path := map[string]any{"$.a.n": nil, "$['b'][1]": "y", "$.missing": nil}
	p := pick(d.r, slices.Sorted(maps.Keys(path)))
	json := fmt.Sprintf(`concat('{"a":{"n":', %s, '},"b":["x","y"]}')`, f.text)
	s = s.with(text, loose, func(_ int, l line) any {
		n := ""
		if v := f.of(l.cells); v != nil {
			n = fmt.Sprint(v)
		}
		return `{"a":{"n":` + n + `},"b":["x","y"]}`
	})
	return d.command("eval") + text + " = " + json + d.command("jsonextract") + fmt.Sprintf(`field = %s %s = "%s"`, text, to, p),
		s.with(to, loose, func(_ int, l line) any {
			n := f.of(l.cells)
			switch {
			case n == nil: // no JSON
				return nil
			case p == "$.a.n":
				return fmt.Sprint(n)
			}
			return path[p]
		})
}

func (d drawer) xmlextract(s sheet) (string, sheet) {
	f := d.number(s, 0, true)
	text, to := s.fresh(), s.fresh()
	p := d.oneOf("/r/v", "/r/@k", "count(//v)", "/r/none")
	s = s.with(text, loose, func(_ int, l line) any {
		n := ""
		if v := f.of(l.cells); v != nil {
			n = fmt.Sprint(v)
		}
		return "<r k=\"7\"><v>" + n + "</v><v>2</v></r>"
	})
	return d.command("eval") + fmt.Sprintf(`%s = concat('<r k="7"><v>', %s, '</v><v>2</v></r>')`, text, f.text) + d.command("xmlextract") + fmt.Sprintf("field = %s %s = '%s'", text, to, p),
		s.with(to, loose, func(_ int, l line) any {
			n := ""
			if v := f.of(l.cells); v != nil {
				n = fmt.Sprint(v)
			}
			return map[string]any{"/r/v": n, "/r/@k": "7", "count(//v)": "2"}[p]
		})
}
