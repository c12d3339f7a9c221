package compile

import (
	"fmt"
	"math"
	"strings"

	"ledgerline/internal/query/plan"
)

// Call writes an operation.
func (d DuckDB) Call(c *plan.Call, a []string) (string, error) {
	if s := logic(c, a); s != "" {
		return s, nil
	}
	if s := d.arithmetic(c, a); s != "" {
		return s, nil
	}
	if s := d.conversion(c, a); s != "" {
		return s, nil
	}
	if s := d.strings(c, a); s != "" {
		return s, nil
	}
	if s := d.times(c, a); s != "" {
		return s, nil
	}
	return "", fmt.Errorf("compile: DuckDB has no %s", c.Op)
}

// logic writes tests.
func logic(c *plan.Call, a []string) string {
	switch c.Op {
	case plan.And:
		return "(" + strings.Join(a, " AND ") + ")"
	case plan.Or:
		return "(" + strings.Join(a, " OR ") + ")"
	case plan.Not:
		return "(" + a[0] + " IS NOT TRUE)"
	case plan.IsNull:
		if c.Args[0].Type().List {
			return "(coalesce(len(" + a[0] + "), 0) = 0)"
		}
		return "(" + a[0] + " IS NULL)"
	case plan.NotNull:
		if c.Args[0].Type().List {
			return "(len(" + a[0] + ") > 0)"
		}
		return "(" + a[0] + " IS NOT NULL)"
	case plan.Eq, plan.Lt, plan.Gt, plan.Le, plan.Ge:
		return "(" + a[0] + " " + string(c.Op) + " " + a[1] + ")"
	case plan.In:
		return "(" + a[0] + " IN (" + strings.Join(a[1:], ", ") + "))"
	case plan.AnyMatch:
		return `(len(list_filter(` + a[0] + `, lambda "member": ` + a[1] + `)) > 0)`
	case plan.Glob:
		return "(" + a[0] + " LIKE " + text(likePattern(c.Args[1].(*plan.Const).Value.(string))) + ` ESCAPE '\')`
	case plan.Matches:
		return "regexp_matches(" + a[0] + ", " + a[1] + ")"
	case plan.Phrase:
		return phrase(a[0], c.Args[1].(*plan.Const).Value.(string))
	case plan.Starts:
		return "starts_with(" + a[0] + ", " + a[1] + ")"
	case plan.Contains:
		return "contains(" + a[0] + ", " + a[1] + ")"
	}
	return ""
}

// likePattern translates a pattern of the language, in which * and % are any
// run, ? is one character and a backslash makes one of them literal.
func likePattern(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch c := p[i]; c {
		case '*', '%':
			b.WriteByte('%')
		case '?':
			b.WriteByte('_')
		case '_':
			b.WriteString(`\_`)
		case '\\':
			if i+1 < len(p) && strings.IndexByte("*%?", p[i+1]) >= 0 {
				i++
				if p[i] == '%' {
					b.WriteByte('\\')
				}
				b.WriteByte(p[i])
			} else {
				b.WriteString(`\\`)
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// magnitude bounds the absolute value of a whole number, but for rounding. It
// goes by what little an expression says of itself: an engine computes several
// times faster where nothing has to be tried.
func magnitude(e plan.Expr) float64 {
	switch e := e.(type) {
	case *plan.Const:
		if n, ok := e.Value.(int64); ok {
			return math.Abs(float64(n))
		}
	case *plan.Call:
		switch e.Op {
		case plan.ToMillis:
			return math.MaxInt64 / 1000 // times are microseconds
		case plan.Add, plan.Sub:
			return magnitude(e.Args[0]) + magnitude(e.Args[1])
		case plan.Mul:
			return magnitude(e.Args[0]) * magnitude(e.Args[1])
		case plan.IntDiv:
			return magnitude(e.Args[0])
		}
	}
	return math.MaxInt64
}

// arithmetic of whole numbers is null where it overflows.
func (d DuckDB) arithmetic(c *plan.Call, a []string) string {
	float := func(i int) string { return d.Cast(a[i], c.Args[i].Type(), plan.Type{Kind: plan.Float}) }
	switch c.Op {
	case plan.Add, plan.Sub, plan.Mul:
		s := "(" + a[0] + " " + string(c.Op) + " " + a[1] + ")"
		if c.Of.Kind == plan.Int && magnitude(c) > math.MaxInt64/2 {
			return "TRY" + s
		}
		return s
	case plan.Neg:
		return "TRY(-" + a[0] + ")"
	case plan.Div:
		return "(" + float(0) + " / NULLIF(" + float(1) + ", 0))"
	case plan.Mod:
		return "(" + a[0] + " % NULLIF(" + a[1] + ", 0))"
	case plan.IntDiv:
		return "(" + a[0] + " // " + a[1] + ")"
	case plan.Abs:
		return "TRY(abs(" + a[0] + "))"
	case plan.Ceil:
		return "ceil(" + a[0] + ")"
	case plan.Floor:
		return "floor(" + a[0] + ")"
	case plan.Sqrt:
		return "CASE WHEN " + a[0] + " >= 0 THEN sqrt(" + a[0] + ") END"
	case plan.Round:
		digits := "CAST(" + between(a[1], "-30", "30") + " AS INTEGER)"
		if c.Of.Kind == plan.Int {
			return "CASE WHEN " + a[1] + " >= 0 THEN " + a[0] + " ELSE TRY_CAST(round(" + float(0) + ", " + digits + ") AS BIGINT) END"
		}
		return "round(" + float(0) + ", " + digits + ")"
	case plan.Power:
		power := "pow(" + float(0) + ", " + float(1) + ")"
		return "CASE WHEN isfinite(TRY(" + power + ")) THEN " + power + " END"
	case plan.Radians:
		return "radians(" + a[0] + ")"
	case plan.Greatest, plan.Least:
		return "CASE WHEN " + a[0] + " IS NOT NULL AND " + a[1] + " IS NOT NULL THEN " + string(c.Op) + "(" + a[0] + ", " + a[1] + ") END"
	case plan.Distance:
		// The haversine formula on a sphere of 3,958.7613 miles.
		part := fmt.Sprintf("sqrt(pow(sin(radians(%[3]s - %[1]s) / 2), 2) + "+
			"cos(radians(%[1]s)) * cos(radians(%[3]s)) * pow(sin(radians(%[4]s - %[2]s) / 2), 2))", a[0], a[1], a[2], a[3])
		return "(2 * 3958.7613 * asin(" + between(part, "0", "1") + "))"
	}
	return ""
}

// atLeast and between bound a value that may be null; the engine's own greatest
// and least pass over nulls.
func atLeast(value, low string) string {
	return "(CASE WHEN " + value + " < " + low + " THEN " + low + " ELSE " + value + " END)"
}

func between(value, low, high string) string {
	return "(CASE WHEN " + value + " < " + low + " THEN " + low + " WHEN " + value + " > " + high + " THEN " + high + " ELSE " + value + " END)"
}

// conversion writes conversions, conditions and lists.
func (d DuckDB) conversion(c *plan.Call, a []string) string {
	switch c.Op {
	case plan.Coalesce:
		return "coalesce(" + strings.Join(a, ", ") + ")"
	case plan.If:
		var b strings.Builder
		b.WriteString("CASE")
		for i := 0; i+1 < len(a); i += 2 {
			b.WriteString(" WHEN " + a[i] + " THEN " + a[i+1])
		}
		return b.String() + " ELSE " + a[len(a)-1] + " END"
	case plan.ToText:
		return d.toText(a[0], c.Args[0].Type().Kind)
	case plan.ToFloat:
		return "TRY_CAST(" + a[0] + " AS DOUBLE)"
	case plan.ToInt:
		if c.Args[0].Type().Kind == plan.Float {
			return "TRY_CAST(trunc(" + a[0] + ") AS BIGINT)"
		}
		return "TRY_CAST(" + a[0] + " AS BIGINT)"
	case plan.ReadNumber:
		return "CASE WHEN regexp_matches(" + a[0] + `, '^\s*0[xX][0-9a-fA-F]+\s*$') THEN CAST(TRY_CAST(trim(` + a[0] + ") AS BIGINT) AS DOUBLE) " +
			"WHEN regexp_matches(" + a[0] + `, '^0[0-7]+$') THEN CAST(list_reduce([0] || list_transform(string_split(` + a[0] +
			", ''), lambda x: CAST(x AS BIGINT)), lambda s, x: s * 8 + x) AS DOUBLE) ELSE TRY_CAST(" + a[0] + " AS DOUBLE) END"
	case plan.ToMillis:
		return "epoch_ms(" + a[0] + ")"
	case plan.FromMillis:
		return "TRY(epoch_ms(" + a[0] + "))"
	case plan.ToBit:
		return "CAST(CASE WHEN " + a[0] + " THEN 1 ELSE 0 END AS BIGINT)"
	case plan.First:
		return a[0] + "[1]"
	case plan.Size:
		return "coalesce(len(" + a[0] + "), 0)"
	case plan.ListText:
		delimiter := "', '"
		if len(a) > 1 {
			delimiter = a[1]
		}
		list := a[0]
		if k := c.Args[0].Type().Kind; k != plan.String {
			list = "list_transform(" + list + ", lambda x: " + d.toText("x", k) + ")"
		}
		return "array_to_string(" + list + ", " + delimiter + ")"
	case plan.Mask:
		return mask(a[0])
	case plan.Digest:
		return "CAST(hash(" + strings.Join(a, ", ") + ") >> 1 AS BIGINT)"
	case plan.Row:
		members := make([]string, len(a))
		for i, m := range a {
			members[i] = fmt.Sprintf("k%d := %s", i, m)
		}
		return "struct_pack(" + strings.Join(members, ", ") + ")"
	}
	return ""
}

// toText prints a value as results do: a whole number without a fraction, a
// time in ISO 8601.
func (d DuckDB) toText(s string, k plan.Kind) string {
	switch k {
	case plan.Float:
		return "CASE WHEN " + s + " = trunc(" + s + ") AND abs(" + s + ") < 1e15 THEN CAST(CAST(" + s + " AS BIGINT) AS VARCHAR) ELSE CAST(" + s + " AS VARCHAR) END"
	case plan.Time:
		return "strftime(" + s + ", '%Y-%m-%dT%H:%M:%S.%gZ')"
	case plan.Bool:
		return "CASE WHEN " + s + " THEN '1' ELSE '0' END"
	}
	return "CAST(" + s + " AS VARCHAR)"
}

// strings writes functions of text.
func (d DuckDB) strings(c *plan.Call, a []string) string {
	plain := func(name string) string { return name + "(" + strings.Join(a, ", ") + ")" }
	switch c.Op {
	case plan.Fold:
		return plain("lower")
	case plan.Concat:
		return plain("concat")
	case plan.Upper, plan.Reverse, plan.MD5, plan.SHA1, plan.SHA256, plan.SHA512, plan.Length:
		return plain(string(c.Op))
	case plan.Capitalize:
		return "(upper(substring(" + a[0] + ", 1, 1)) || substring(" + a[0] + ", 2))"
	case plan.Replace:
		return "CASE WHEN " + a[1] + " = '' THEN " + a[0] + " ELSE " + plain("replace") + " END"
	case plan.LTrim, plan.RTrim, plan.Trim:
		if len(a) == 1 {
			return string(c.Op) + "(" + a[0] + ", ' ' || chr(9) || chr(10) || chr(13))"
		}
		return plain(string(c.Op))
	case plan.Encode64:
		return "to_base64(encode(" + a[0] + "))"
	case plan.Decode64:
		return "TRY(decode(from_base64(" + a[0] + ")))"
	case plan.URLEncode:
		return plain("url_encode")
	case plan.URLDecode:
		return "TRY(" + plain("url_decode") + ")"
	case plan.Substr:
		start := atLeast(a[1], "0")
		length := ""
		if len(a) > 2 {
			length = ", " + atLeast(between(a[2], "0", "length("+a[0]+")")+" - "+start, "0")
		}
		return "CASE WHEN " + a[1] + " <= length(" + a[0] + ") THEN substring(" + a[0] + ", " + start + " + 1" + length + ") END"
	case plan.IndexOf:
		if len(a) == 2 {
			return "(instr(" + a[0] + ", " + a[1] + ") - 1)"
		}
		from := atLeast(a[2], "0")
		at := "instr(substring(" + a[0] + ", " + from + " + 1), " + a[1] + ")"
		return "CASE WHEN " + at + " = 0 OR " + from + " > length(" + a[0] + ") THEN -1 WHEN " + at + " > 0 THEN " + at + " + " + from + " - 1 END"
	case plan.LastIndexOf:
		s := a[0]
		if len(a) > 2 {
			s = "substring(" + s + ", 1, " + atLeast(a[2], "0") + " + length(" + a[1] + "))"
		}
		at := "instr(reverse(" + s + "), reverse(" + a[1] + "))"
		return "CASE WHEN " + at + " = 0 THEN -1 ELSE length(" + s + ") - length(" + a[1] + ") - " + at + " + 1 END"
	case plan.Extract:
		return "CASE WHEN regexp_matches(" + a[0] + ", " + a[1] + ") THEN regexp_extract(" + a[0] + ", " + a[1] + ", CAST(" + a[2] + " AS INTEGER)) END"
	case plan.AddressBits:
		return addressBits(a[0])
	case plan.JSONPath:
		return "TRY(json_extract_string(" + a[0] + ", " + a[1] + "))"
	}
	return ""
}

// times writes functions of time. Times are kept in UTC.
func (d DuckDB) times(c *plan.Call, a []string) string {
	local := func(t, zone string) string { return "timezone(" + zone + ", timezone('UTC', " + t + "))" }
	utc := func(t, zone string) string { return "timezone('UTC', timezone(" + zone + ", " + t + "))" }
	switch c.Op {
	case plan.FormatTime:
		return "strftime(" + local(a[0], a[2]) + ", " + a[1] + ")"
	case plan.ParseTime:
		return utc("try_strptime("+a[0]+", "+a[1]+")", a[2])
	case plan.ParseISO:
		return "CASE WHEN regexp_matches(" + a[0] + `, '([zZ]|[+-]\d\d:?\d\d)\s*$') THEN timezone('UTC', TRY_CAST(` + a[0] +
			" AS TIMESTAMPTZ)) ELSE " + utc("TRY_CAST("+a[0]+" AS TIMESTAMP)", a[1]) + " END"
	case plan.AddUnits:
		return d.addUnits(c, a, local, utc)
	case plan.SetUnits:
		return d.setUnits(c, a, local, utc)
	case plan.ParseDuration:
		unit := func(names string, ms int64) string {
			return fmt.Sprintf("coalesce(TRY_CAST(regexp_extract(lower(%s), '(\\d+(?:\\.\\d+)?)\\s*(?:%s)(?:[^a-z]|$)', 1) AS DOUBLE), 0) * %d", a[0], names, ms)
		}
		clock := func(group int) string {
			return fmt.Sprintf(`TRY_CAST(regexp_extract(%s, '^\s*(?:(\d+):)?(\d+):(\d\d(?:\.\d+)?)\s*$', %d) AS DOUBLE)`, a[0], group)
		}
		return "CASE WHEN regexp_matches(" + a[0] + `, '^\s*(?:\d+:)?\d+:\d\d(?:\.\d+)?\s*$') THEN CAST((coalesce(` + clock(1) + ", 0) * 3600 + " + clock(2) + " * 60 + " + clock(3) + ") * 1000 AS BIGINT) " +
			"WHEN regexp_matches(lower(" + a[0] + `), '\d\s*(ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)([^a-z]|$)') THEN CAST(` +
			strings.Join([]string{unit("ms|milliseconds?", 1), unit("s|secs?|seconds?", 1000), unit("m|mins?|minutes?", 60000),
				unit("h|hrs?|hours?", 3600000), unit("d|days?", 86400000), unit("w|weeks?", 604800000)}, " + ") + " AS BIGINT) END"
	case plan.PrintDuration:
		ms := "CAST(trunc(abs(" + a[0] + ")) AS BIGINT)"
		part := func(n, unit string) string { return "CASE WHEN " + n + " > 0 THEN " + n + " || ' " + unit + "' END" }
		return "CASE WHEN " + a[0] + " IS NULL THEN NULL WHEN " + ms + " < 1000 THEN " + a[0] + " || ' ms' ELSE CASE WHEN " + a[0] + " < 0 THEN '-' ELSE '' END || concat_ws(' ', " +
			strings.Join([]string{part("("+ms+" // 86400000)", "d"), part("("+ms+" // 3600000 % 24)", "h"),
				part("("+ms+" // 60000 % 60)", "min"), part("("+ms+" // 1000 % 60)", "s")}, ", ") + ") END"
	}
	return ""
}

func (d DuckDB) addUnits(c *plan.Call, a []string, local, utc func(t, zone string) string) string {
	n := "CAST(" + between(a[1], "-1000000", "1000000") + " AS INTEGER)"
	switch unit := c.Args[2].(*plan.Const).Value.(string); unit {
	case "year", "month", "week", "day":
		step := map[string]string{"year": "to_years", "month": "to_months", "week": "to_weeks", "day": "to_days"}[unit]
		return "TRY(" + utc(local(a[0], a[3])+" + "+step+"("+n+")", a[3]) + ")"
	default:
		step := map[string]string{"hour": "to_hours", "minute": "to_minutes", "second": "to_seconds", "millisecond": "to_milliseconds"}[unit]
		return "TRY(" + a[0] + " + " + step + "(" + a[1] + "))"
	}
}

func (d DuckDB) setUnits(c *plan.Call, a []string, local, utc func(t, zone string) string) string {
	l := local(a[0], a[3])
	unit := c.Args[1].(*plan.Const).Value.(string)
	var parts []string
	for _, part := range []string{"year", "month", "day", "hour", "minute"} {
		if part == unit {
			parts = append(parts, a[2])
		} else {
			parts = append(parts, part+"("+l+")")
		}
	}
	seconds := "second(" + l + ")"
	millis := "millisecond(" + l + ") % 1000"
	switch unit {
	case "second":
		seconds = a[2]
	case "millisecond":
		millis = a[2]
	}
	parts = append(parts, "("+seconds+" + ("+millis+") / 1000)")
	return "TRY(" + utc("make_timestamp("+strings.Join(parts, ", ")+")", a[3]) + ")"
}
