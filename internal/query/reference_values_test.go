package query

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is what a column of the reference evaluator holds: nil, or a string, a
// float64, a time.Time, or a list of them.
type kind int

const (
	loose kind = iota // text in which letter case does not count
	spelt             // text in which it does
	numbers
	fractions // numbers that may differ in their last digit: nothing is grouped or ordered by them
	instants
	lists
)

// formula is an expression with its meaning.
type formula struct {
	text string
	of   func(cells map[string]any) any
}

// drawer draws queries and notes what of the language they use.
type drawer struct {
	r    *rand.Rand
	used map[string]bool
}

// kindOf tells whether an expression of numbers is computed alike everywhere.
func kindOf(text string) kind {
	for _, inexact := range []string{"/", "sqrt", "toradians", "distance", "power", "round"} {
		if strings.Contains(text, inexact) {
			return fractions
		}
	}
	return numbers
}

func (d drawer) oneOf(list ...string) string { return pick(d.r, list) }

// call notes the use of a scalar function.
func (d drawer) call(name string) string {
	d.used["function "+name] = true
	return name
}

// number draws an expression of numbers. Whole is true where fractions would be
// spelt in ways that differ.
func (d drawer) number(s sheet, depth int, whole bool) formula {
	if depth == 0 {
		if names := s.of(numbers); len(names) > 0 && d.r.IntN(3) > 0 && !whole {
			return column(pick(d.r, names))
		}
		if s.kinds["Content Size Out"] == numbers && s.has("Content Size Out") && d.r.IntN(2) == 0 {
			return column("Content Size Out")
		}
		n := float64(d.r.IntN(8) - 2)
		return formula{strconv.FormatFloat(n, 'f', -1, 64), func(map[string]any) any { return n }}
	}
	a, b := d.number(s, depth-1, whole), d.number(s, depth-1, whole)
	digits := d.r.IntN(3)
	type one struct {
		name string
		f    func(x float64) float64
	}
	type two struct {
		form string
		f    func(x, y float64) float64
	}
	if whole {
		return arithmetic("(%s - %s)", a, b, func(x, y float64) float64 { return x - y })
	}
	switch d.r.IntN(6) {
	case 0:
		f := []one{{"abs", math.Abs}, {"ceil", math.Ceil}, {"floor", math.Floor}, {"sqrt", math.Sqrt}, {"round", math.Round},
			{"toradians", func(x float64) float64 { return x / 180 * math.Pi }}}[d.r.IntN(6)]
		return arithmetic(d.call(f.name)+"(%s)", a, a, func(x, _ float64) float64 { return f.f(x) })
	case 1:
		scale := math.Pow(10, float64(digits))
		return arithmetic(fmt.Sprintf("%s(%%s, %d)", d.call("round"), digits), a, a, func(x, _ float64) float64 { return math.Round(x*scale) / scale })
	case 2:
		e := float64(d.r.IntN(5) - 1)
		return arithmetic(fmt.Sprintf("%s(%%s, %v)", d.call("power"), e), a, a, func(x, _ float64) float64 { return math.Pow(x, e) })
	case 3:
		return d.measured(s, depth)
	case 4:
		c := d.truth(s, depth-1)
		if d.r.IntN(2) == 0 {
			return formula{d.call("ifnull") + "(" + a.text + ", " + b.text + ")", func(m map[string]any) any {
				if v := a.of(m); v != nil {
					return v
				}
				return b.of(m)
			}}
		}
		return formula{d.call("if") + "(" + c.text + ", " + a.text + ", " + b.text + ")", func(m map[string]any) any {
			if c.of(m) == 1.0 {
				return a.of(m)
			}
			return b.of(m)
		}}
	}
	f := []two{{"(%s + %s)", func(x, y float64) float64 { return x + y }}, {"(%s - %s)", func(x, y float64) float64 { return x - y }},
		{"%s * %s", func(x, y float64) float64 { return x * y }}, {"%s / (%s)", func(x, y float64) float64 { return x / y }},
		{"%s %% (%s)", math.Mod}, {"max(%s, %s)", math.Max}, {"min(%s, %s)", math.Min}}[d.r.IntN(7)]
	if name, _, ok := strings.Cut(f.form, "("); ok && name != "" && !strings.Contains(name, "%") {
		d.call(name)
	}
	return arithmetic(f.form, formula{"(" + a.text + ")", a.of}, b, f.f)
}

// measured draws a number that tells something of a text or a time.
func (d drawer) measured(s sheet, depth int) formula {
	t := d.word(s, depth-1)
	part := d.oneOf("o", "B", "%", "ne", "zz", "")
	at := func(f func(s, part []rune) int) func(m map[string]any) any {
		return ofText(t, func(x string) any { return float64(f([]rune(strings.ToLower(x)), []rune(strings.ToLower(part)))) })
	}
	switch d.r.IntN(10) {
	case 0:
		return formula{d.call("length") + "(" + t.text + ")", ofText(t, func(x string) any { return float64(len([]rune(x))) })}
	case 1:
		return formula{d.call("indexof") + "(" + t.text + ", " + quoted(part) + ")", at(func(x, p []rune) int { return runeIndex(x, p, 0) })}
	case 2:
		from := d.r.IntN(3)
		return formula{fmt.Sprintf("%s(%s, %s, %d)", d.call("indexof"), t.text, quoted(part), from), at(func(x, p []rune) int { return runeIndex(x, p, from) })}
	case 3:
		return formula{d.call("lastindexof") + "(" + t.text + ", " + quoted(part) + ")", at(func(x, p []rune) int {
			for i := len(x) - len(p); i >= 0; i-- {
				if slices.Equal(x[i:i+len(p)], p) {
					return i
				}
			}
			return -1
		})}
	case 4:
		x := map[string]any{"0x1F": 31.0, "017": 15.0, "-2.5": -2.5, "12": 12.0, "1e3": 1000.0, "12 apples": nil, "": nil}
		v := pick(d.r, slices.Sorted(maps.Keys(x)))
		return formula{d.call("tonumber") + "(" + quoted(v) + ")", func(map[string]any) any { return x[v] }}
	case 5:
		x := map[string]any{"1h 20m": 4_800_000.0, "00:01:30": 90_000.0, "2 seconds": 2000.0, "soon": nil}
		v := pick(d.r, slices.Sorted(maps.Keys(x)))
		return formula{d.call("toduration") + "(" + quoted(v) + ")", func(map[string]any) any { return x[v] }}
	case 6: // along the equator
		degrees := d.r.IntN(180)
		return formula{fmt.Sprintf("%s(0, 0, 0, %d)", d.call("distance"), degrees), func(map[string]any) any { return float64(degrees) / 180 * math.Pi * globe }}
	case 7:
		n := d.number(s, depth-1, false)
		return formula{d.call("unit") + "(" + n.text + ", byte)", n.of}
	case 8:
		a, b := d.instant(s, depth-1), d.instant(s, depth-1)
		return formula{"(" + a.text + " - " + b.text + ")", func(m map[string]any) any {
			x, ok := a.of(m).(time.Time)
			y, ok2 := b.of(m).(time.Time)
			if !ok || !ok2 {
				return nil
			}
			return float64(x.Sub(y).Milliseconds())
		}}
	}
	c := d.truth(s, depth-1)
	return formula{"(" + c.text + ")", c.of}
}

// word draws an expression of text.
func (d drawer) word(s sheet, depth int) formula {
	if depth == 0 {
		if names := s.of(loose); len(names) > 0 && d.r.IntN(3) > 0 {
			return column(pick(d.r, names))
		}
		v := d.oneOf("Ada", " pad ", "a b&c/ü", "xXyx", "100%", "it's", "")
		if d.r.IntN(4) == 0 {
			return formula{d.call("literal") + "(Status)", func(map[string]any) any { return "Status" }}
		}
		return formula{quoted(v), func(map[string]any) any { return v }}
	}
	a, b := d.word(s, depth-1), d.word(s, depth-1)
	set, from := d.oneOf("xX", "a ", "o'"), d.r.IntN(4)
	type one struct {
		form string
		f    func(x string) any
	}
	hex := func(sum []byte) any { return fmt.Sprintf("%x", sum) }
	all := []one{
		{"lower(%s)", func(x string) any { return strings.ToLower(x) }},
		{"upper(%s)", func(x string) any { return strings.ToUpper(x) }},
		{"capitalize(%s)", func(x string) any {
			if x == "" {
				return x
			}
			r := []rune(x)
			return strings.ToUpper(string(r[:1])) + string(r[1:])
		}},
		{"reverse(%s)", func(x string) any { r := []rune(x); slices.Reverse(r); return string(r) }},
		{"trim(%s)", func(x string) any { return strings.TrimSpace(x) }},
		{"trim(%s, " + quoted(set) + ")", func(x string) any { return strings.Trim(x, set) }},
		{"ltrim(%s, " + quoted(set) + ")", func(x string) any { return strings.TrimLeft(x, set) }},
		{"rtrim(%s, " + quoted(set) + ")", func(x string) any { return strings.TrimRight(x, set) }},
		{"replace(%s, a, '<>', x, '')", func(x string) any { return strings.ReplaceAll(strings.ReplaceAll(x, "a", "<>"), "x", "") }},
		{fmt.Sprintf("substr(%%s, %d)", from), func(x string) any { return substring(x, from, math.MaxInt) }},
		{fmt.Sprintf("substr(%%s, %d, %d)", from, from+2), func(x string) any { return substring(x, from, from+2) }},
		{"encode64(%s)", func(x string) any { return base64.StdEncoding.EncodeToString([]byte(x)) }},
		{"decode64(encode64(%s))", func(x string) any { return x }},
		{"urlencode(%s)", func(x string) any { return percentEncoded(x) }},
		{"urldecode(urlencode(%s))", func(x string) any { return x }},
		{"url(%s, here)", func(x string) any { return x }},
		{"md5(%s)", func(x string) any { h := md5.Sum([]byte(x)); return hex(h[:]) }},
		{"sha1(%s)", func(x string) any { h := sha1.Sum([]byte(x)); return hex(h[:]) }},
		{"sha256(%s)", func(x string) any { h := sha256.Sum256([]byte(x)); return hex(h[:]) }},
		{"sha512(%s)", func(x string) any { h := sha512.Sum512([]byte(x)); return hex(h[:]) }},
	}
	switch d.r.IntN(6) {
	case 0:
		form := "(%s || %s)"
		if d.r.IntN(2) == 0 {
			form = d.call("concat") + "(%s, %s)"
		}
		return formula{fmt.Sprintf(form, a.text, b.text), func(m map[string]any) any {
			x, _ := a.of(m).(string)
			y, _ := b.of(m).(string)
			return x + y
		}}
	case 1:
		n := d.number(s, depth-1, true)
		return formula{d.call("tostring") + "(" + n.text + ")", func(m map[string]any) any {
			if v, ok := n.of(m).(float64); ok {
				return strconv.FormatFloat(v, 'f', -1, 64)
			}
			return nil
		}}
	case 2:
		t := d.instant(s, depth-1)
		pattern := [][2]string{{"yyyy-MM-dd HH:mm", "2006-01-02 15:04"}, {"dd/MM/yy", "02/01/06"}, {"EEE HH:mm:ss", "Mon 15:04:05"}}[d.r.IntN(3)]
		return formula{d.call("formatdate") + "(" + t.text + ", " + quoted(pattern[0]) + ")", func(m map[string]any) any {
			if v, ok := t.of(m).(time.Time); ok {
				return v.UTC().Format(pattern[1])
			}
			return nil
		}}
	case 3:
		c := d.truth(s, depth-1)
		return formula{d.call("if") + "(" + c.text + ", " + a.text + ", " + b.text + ")", func(m map[string]any) any {
			if c.of(m) == 1.0 {
				return a.of(m)
			}
			return b.of(m)
		}}
	}
	f := all[d.r.IntN(len(all))]
	for _, name := range strings.FieldsFunc(f.form, func(r rune) bool { return strings.ContainsRune("(), %'<>", r) }) {
		if len(name) > 2 && name != "here" {
			d.call(name)
		}
	}
	return formula{fmt.Sprintf(strings.ReplaceAll(f.form, "100%", "100%%"), a.text), ofText(a, f.f)}
}

// subject draws a text that is not a constant: to the left of a comparison a
// name that is no field is a mistake.
func (d drawer) subject(s sheet, depth int) formula {
	if x := d.word(s, depth); strings.Contains(x.text, "(") || slices.Contains(s.of(loose), strings.Trim(x.text, "'")) {
		return x
	}
	return formula{d.call("lower") + "('Nobody')", func(map[string]any) any { return "nobody" }}
}

// instant draws an expression of time.
func (d drawer) instant(s sheet, depth int) formula {
	names := s.of(instants)
	if depth == 0 || d.r.IntN(3) == 0 {
		if len(names) > 0 && d.r.IntN(4) > 0 {
			return column(pick(d.r, names))
		}
		if d.r.IntN(2) == 0 {
			return formula{d.call("daterelative") + "(3hour)", func(map[string]any) any { return testNow.Add(-3 * time.Hour) }}
		}
		return formula{d.call("now") + "()", func(map[string]any) any { return testNow }}
	}
	t := d.instant(s, depth-1)
	n := d.r.IntN(30) - 10
	type part struct {
		name string
		add  func(time.Time) time.Time
		set  func(time.Time) time.Time
	}
	set := abs(n) + 1
	of := func(x time.Time, y, mo, day, h, m, s int) time.Time {
		return time.Date(y, time.Month(mo), day, h, m, s, 0, time.UTC)
	}
	p := []part{
		{"hour", func(x time.Time) time.Time { return x.Add(time.Duration(n) * time.Hour) }, func(x time.Time) time.Time {
			return of(x, x.Year(), int(x.Month()), x.Day(), set, x.Minute(), x.Second())
		}},
		{"minute", func(x time.Time) time.Time { return x.Add(time.Duration(n) * time.Minute) }, func(x time.Time) time.Time {
			return of(x, x.Year(), int(x.Month()), x.Day(), x.Hour(), set, x.Second())
		}},
		{"second", func(x time.Time) time.Time { return x.Add(time.Duration(n) * time.Second) }, func(x time.Time) time.Time {
			return of(x, x.Year(), int(x.Month()), x.Day(), x.Hour(), x.Minute(), set)
		}},
		{"day", func(x time.Time) time.Time { return x.AddDate(0, 0, n) }, func(x time.Time) time.Time {
			return of(x, x.Year(), int(x.Month()), set, x.Hour(), x.Minute(), x.Second())
		}},
		{"week", func(x time.Time) time.Time { return x.AddDate(0, 0, 7*n) }, nil},
	}[d.r.IntN(5)]
	apply := func(f func(time.Time) time.Time) func(m map[string]any) any {
		return func(m map[string]any) any {
			if v, ok := t.of(m).(time.Time); ok {
				return f(v.UTC())
			}
			return nil
		}
	}
	switch {
	case d.r.IntN(3) == 0:
		return formula{d.call("todate") + "(" + d.call("formatdate") + "(" + t.text + ", 'yyyy-MM-dd HH:mm'), 'yyyy-MM-dd HH:mm')", apply(func(x time.Time) time.Time { return x.Truncate(time.Minute) })}
	case p.set != nil && set < 24 && d.r.IntN(2) == 0:
		return formula{fmt.Sprintf("%s(%s, %s, %d)", d.call("dateset"), t.text, p.name, set), apply(p.set)}
	}
	return formula{fmt.Sprintf("%s(%s, %s, %d)", d.call("dateadd"), t.text, p.name, n), apply(p.add)}
}

// truth draws a condition, which is 1 or 0.
func (d drawer) truth(s sheet, depth int) formula {
	bit := func(f func(m map[string]any) bool) func(m map[string]any) any {
		return func(m map[string]any) any {
			if f(m) {
				return 1.0
			}
			return 0.0
		}
	}
	if depth > 0 && d.r.IntN(2) == 0 {
		a, b := d.truth(s, depth-1), d.truth(s, depth-1)
		switch d.r.IntN(3) {
		case 0:
			return formula{"(" + a.text + " and " + b.text + ")", bit(func(m map[string]any) bool { return a.of(m) == 1.0 && b.of(m) == 1.0 })}
		case 1:
			return formula{"(" + a.text + " or " + b.text + ")", bit(func(m map[string]any) bool { return a.of(m) == 1.0 || b.of(m) == 1.0 })}
		}
		return formula{"(not " + a.text + ")", bit(func(m map[string]any) bool { return a.of(m) != 1.0 })}
	}
	depth = max(0, depth-1)
	a, b := d.number(s, depth, false), d.number(s, depth, false)
	x, y := d.subject(s, depth), d.word(s, depth)
	op := d.oneOf("<", "<=", ">", ">=", "=", "!=")
	switch d.r.IntN(6) {
	case 0:
		return formula{"(" + a.text + ") " + op + " (" + b.text + ")", bit(func(m map[string]any) bool {
			v, ok := a.of(m).(float64)
			w, ok2 := b.of(m).(float64)
			if !ok || !ok2 {
				return op == "!="
			}
			return map[string]bool{"<": v < w, "<=": v <= w, ">": v > w, ">=": v >= w, "=": v == w, "!=": v != w}[op]
		})}
	case 1:
		op = d.oneOf("=", "!=")
		return formula{x.text + " " + op + " " + y.text, bit(func(m map[string]any) bool {
			v, ok := x.of(m).(string)
			w, ok2 := y.of(m).(string)
			return (ok && ok2 && strings.EqualFold(v, w)) == (op == "=")
		})}
	case 2:
		not := d.oneOf("", "not ")
		return formula{x.text + " " + not + "in (ADA, 'x%y', '404')", bit(func(m map[string]any) bool {
			v, ok := x.of(m).(string)
			return (ok && slices.Contains([]string{"ada", "x%y", "404"}, strings.ToLower(v))) == (not == "")
		})}
	case 3:
		op = d.oneOf("=", "!=")
		n := a
		if names := s.of(loose, numbers, instants); len(names) > 0 {
			n = column(pick(d.r, names))
		}
		return formula{n.text + " " + op + " null", bit(func(m map[string]any) bool { return (n.of(m) == nil) == (op == "=") })}
	case 4:
		part := d.oneOf("A", "o", "%", "04")
		return formula{d.call("contains") + "(" + x.text + ", " + quoted(part) + ") = 1", bit(func(m map[string]any) bool {
			v, ok := x.of(m).(string)
			return ok && strings.Contains(strings.ToLower(v), strings.ToLower(part))
		})}
	}
	address, network := d.oneOf("10.1.2.3", "192.168.0.1", "2001:db8::1", "no address"), d.oneOf("10.0.0.0/8", "10.1.2.0/29", "2001:db8::/32", "0.0.0.0/0")
	return formula{fmt.Sprintf("%s('%s', '%s') = 1", d.call("cidrmatch"), address, network), bit(func(map[string]any) bool {
		a, err := netip.ParseAddr(address)
		return err == nil && netip.MustParsePrefix(network).Contains(a)
	})}
}

func column(name string) formula {
	return formula{quoted(name), func(m map[string]any) any { return m[name] }}
}

// arithmetic is missing where an operand is, and where the result is no number.
func arithmetic(form string, a, b formula, f func(x, y float64) float64) formula {
	text := fmt.Sprintf(form, a.text)
	if strings.Count(form, "%s") == 2 {
		text = fmt.Sprintf(form, a.text, b.text)
	}
	return formula{text, func(m map[string]any) any {
		x, ok := a.of(m).(float64)
		y, ok2 := b.of(m).(float64)
		if v := f(x, y) + 0; ok && ok2 && !math.IsNaN(v) && !math.IsInf(v, 0) { // + 0: no negative zero
			return v
		}
		return nil
	}}
}

func ofText(t formula, f func(string) any) func(m map[string]any) any {
	return func(m map[string]any) any {
		if v, ok := t.of(m).(string); ok {
			return f(v)
		}
		return nil
	}
}

func runeIndex(x, part []rune, from int) int {
	for i := from; i+len(part) <= len(x); i++ {
		if slices.Equal(x[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

func substring(x string, from, to int) any {
	r := []rune(x)
	if from > len(r) {
		return nil
	}
	return string(r[from:min(to, len(r))])
}

// percentEncoded leaves the unreserved characters of RFC 3986.
func percentEncoded(x string) string {
	var b strings.Builder
	for _, c := range []byte(x) {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func abs(n int) int { return max(n, -n) }
