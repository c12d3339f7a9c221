package plan

import (
	"strings"
	"time"

	"ledgerline/internal/query/syntax"
)

// dateCall plans the functions that calculate with dates.
func (p *planner) dateCall(f *frame, x *syntax.Call) Expr {
	zone := text(p.env.Zone.String())
	if x.Func == "daterelative" {
		if d, ok := x.Args[0].(*syntax.Duration); ok && len(x.Args) == 1 {
			return instant(p.shift(p.env.Now, -d.Count, d.Unit))
		}
		if n, ok := x.Args[0].(*syntax.Number); ok && len(x.Args) == 2 {
			if unit, ok := x.Args[1].(*syntax.Ref); ok {
				if count, u, ok := countAndUnit(n, &syntax.Text{Name: unit.Name}); ok {
					return instant(p.shift(p.env.Now, -count, u))
				}
			}
		}
		if r, ok := x.Args[0].(*syntax.Ref); ok && len(x.Args) == 1 {
			if d, ok := friendly(r.Text); ok {
				return instant(p.env.Now.Add(-time.Duration(d) * time.Millisecond))
			}
		}
		p.report(x, "Unexpected input for %s: write dateRelative(8hour)", p.clause)
		return nil
	}
	e := p.asTime(x.Args[0], p.expr(f, x.Args[0]))
	if e == nil {
		return nil
	}
	if len(x.Args)%2 == 0 {
		p.report(x, "Missing input for %s: each property needs a value", x.Func)
		return nil
	}
	for i := 1; i < len(x.Args); i += 2 {
		unit := propertyOf(x.Args[i])
		n := p.expr(f, x.Args[i+1])
		if n != nil {
			n = p.integer(x.Args[i+1], n)
		}
		if unit == "" {
			p.report(x.Args[i], "Unexpected input for %s: the property is one of year, month, week, day, hour, minute, second, millisecond", x.Func)
		}
		if unit == "" || n == nil {
			return nil
		}
		if x.Func == "dateadd" {
			e = call(AddUnits, Time, e, n, text(unit), zone)
		} else {
			e = call(SetUnits, Time, e, text(unit), n, zone)
		}
	}
	return e
}

func propertyOf(x syntax.Expr) string {
	r, ok := x.(*syntax.Ref)
	if !ok {
		return ""
	}
	name := property(r.Text)
	if name == "millisecond" {
		return name
	}
	u, _ := unitOf(name)
	return string(u)
}

// asTime reads a value as a time.
func (p *planner) asTime(at syntax.Node, e Expr) Expr {
	if e == nil {
		return nil
	}
	e = single(e)
	switch e.Type().Kind {
	case Time:
		return e
	case Null:
		return &Const{nil, Type{Kind: Time}}
	case Int, Float:
		return call(FromMillis, Time, call(ToInt, Int, e))
	case String:
		if c, ok := e.(*Const); ok {
			if t, ok := p.parseTime(c.Value.(string)); ok {
				return instant(t)
			}
			p.report(at, "Invalid time value: %s", quoteAlways(c.Value.(string)))
			return nil
		}
		return call(ParseISO, Time, e, text(p.env.Zone.String()))
	}
	p.report(at, "Unexpected input for %s: a time is wanted here", p.clause)
	return nil
}

// formatCall plans the functions whose second argument says how a value is shown.
func (p *planner) formatCall(f *frame, x *syntax.Call) Expr {
	e := p.expr(f, x.Args[0])
	if e == nil {
		return nil
	}
	zone := text(p.env.Zone.String())
	switch x.Func {
	case "unit":
		r, ok := x.Args[1].(*syntax.Ref)
		if !ok || !knownUnit(r.Text) {
			p.report(x.Args[1], "Unexpected input for unit: not a unit; see 'byte', 'ms', 'hour', 'percent', 'currency_usd'")
			return nil
		}
		return e
	case "url":
		return asText(e)
	case "formatdate":
		t := p.asTime(x.Args[0], e)
		if t == nil {
			return nil
		}
		if len(x.Args) == 1 {
			return call(FormatTime, String, t, text("%Y-%m-%dT%H:%M:%S.%gZ"), text("UTC"))
		}
		format, ok := p.dateFormat(x.Args[1])
		if !ok {
			return nil
		}
		return call(FormatTime, String, t, text(format), zone)
	default: // todate
		if len(x.Args) == 1 {
			return p.asTime(x.Args[0], e)
		}
		format, ok := p.dateFormat(x.Args[1])
		if !ok {
			return nil
		}
		return call(ParseTime, Time, asText(e), text(format), zone)
	}
}

func (p *planner) dateFormat(x syntax.Expr) (string, bool) {
	r, ok := x.(*syntax.Ref)
	if !ok {
		p.report(x, "a date format is a quoted string such as 'yyyy-MM-dd HH:mm:ss'")
		return "", false
	}
	format, bad := strftime(r.Text)
	if bad != "" {
		p.report(x, "the date format letter %s is not supported", bad)
		return "", false
	}
	return format, true
}

// strftime translates a date pattern of Java's SimpleDateFormat. bad names the
// first run of letters that has no counterpart.
func strftime(pattern string) (format, bad string) {
	var b strings.Builder
	literal := func(s string) { b.WriteString(strings.ReplaceAll(s, "%", "%%")) }
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if c == '\'' {
			end := strings.IndexByte(pattern[i+1:], '\'')
			switch {
			case end == 0:
				literal("'")
				end = 0
			case end < 0:
				end = len(pattern) - i - 2
				literal(pattern[i+1:])
			default:
				literal(pattern[i+1 : i+1+end])
			}
			i += end + 2
			continue
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			literal(string(c))
			i++
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		s := directive(c, n)
		if s == "" {
			return "", pattern[i : i+n]
		}
		b.WriteString(s)
		i += n
	}
	return b.String(), ""
}

// directive of strftime for n times a letter of a date pattern.
func directive(c byte, n int) string {
	pick := func(short, long string) string {
		if n == 1 {
			return short
		}
		return long
	}
	switch c {
	case 'y', 'u', 'Y':
		if n == 2 {
			return "%y"
		}
		return "%Y"
	case 'M', 'L':
		if n > 3 {
			return "%B"
		}
		if n == 3 {
			return "%b"
		}
		return pick("%-m", "%m")
	case 'd':
		return pick("%-d", "%d")
	case 'D':
		return pick("%-j", "%j")
	case 'E':
		if n > 3 {
			return "%A"
		}
		return "%a"
	case 'a':
		return "%p"
	case 'H':
		return pick("%-H", "%H")
	case 'h':
		return pick("%-I", "%I")
	case 'm':
		return pick("%-M", "%M")
	case 's':
		return pick("%-S", "%S")
	case 'S':
		return "%g"
	}
	return ""
}
