package plan

import (
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/query/syntax"
)

// maxMillis bounds instants to some 290,000 years around the epoch, which is what engines can hold.
const maxMillis = 9_000_000_000_000_000

// parseTime reads an instant: ISO 8601 with or without zone (then the
// request's), milliseconds, or a date alone; or '<n> <unit> ago'.
func (p *planner) parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), true
	}
	for _, layout := range []string{
		"2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999",
		"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
	} {
		if t, err := time.ParseInLocation(layout, s, p.env.Zone); err == nil {
			return t.UTC(), true
		}
	}
	if before, ok := strings.CutSuffix(fold(s), " ago"); ok {
		if d, ok := friendly(before); ok {
			return p.env.Now.Add(-time.Duration(d) * time.Millisecond), true
		}
	}
	return time.Time{}, false
}

// friendly reads '<n> <unit of time>' as milliseconds.
func friendly(s string) (int64, bool) {
	s = strings.TrimSpace(fold(s))
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if i <= 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil || n > 1_000_000 {
		return 0, false
	}
	unit, ok := unitOf(strings.TrimSpace(s[i:]))
	if !ok {
		return 0, false
	}
	return n * unitMillis(unit), true
}

// unitOf reads the name of a unit of time (section 1.5 of the reference).
func unitOf(s string) (syntax.Unit, bool) {
	switch fold(s) {
	case "s", "sec", "secs", "second", "seconds":
		return syntax.Second, true
	case "m", "min", "mins", "minute", "minutes":
		return syntax.Minute, true
	case "h", "hr", "hrs", "hour", "hours":
		return syntax.Hour, true
	case "d", "day", "days":
		return syntax.Day, true
	case "w", "week", "weeks":
		return syntax.Week, true
	case "mon", "month", "months":
		return syntax.Month, true
	case "y", "year", "years":
		return syntax.Year, true
	}
	return "", false
}

// unitMillis is the length of a unit where no calendar is at hand: 30 days a
// month, 365 a year.
func unitMillis(u syntax.Unit) int64 {
	const second = 1000
	switch u {
	case syntax.Second:
		return second
	case syntax.Minute:
		return 60 * second
	case syntax.Hour:
		return 3600 * second
	case syntax.Day:
		return 86400 * second
	case syntax.Week:
		return 7 * 86400 * second
	case syntax.Month:
		return 30 * 86400 * second
	default:
		return 365 * 86400 * second
	}
}

// maxUnits bounds the count of a duration, so that no calculation overflows.
const maxUnits = 1_000_000_000

// fixed is a duration in milliseconds.
func (p *planner) fixed(d *syntax.Duration) int64 {
	if d.Count > maxUnits || d.Count < -maxUnits {
		p.report(d, "the duration is too long")
		return 0
	}
	return d.Count * unitMillis(d.Unit)
}

// shift moves an instant by a duration, along the calendar of the request's
// zone for days and longer units.
func (p *planner) shift(t time.Time, count int64, unit syntax.Unit) time.Time {
	n := int(max(-maxUnits, min(maxUnits, count)))
	local := t.In(p.env.Zone)
	switch unit {
	case syntax.Day:
		local = local.AddDate(0, 0, n)
	case syntax.Week:
		local = local.AddDate(0, 0, 7*n)
	case syntax.Month:
		local = local.AddDate(0, n, 0)
	case syntax.Year:
		local = local.AddDate(n, 0, 0)
	default:
		return time.UnixMilli(clampMillis(t.UnixMilli() + int64(n)*unitMillis(unit))).UTC()
	}
	return time.UnixMilli(clampMillis(local.UnixMilli())).UTC()
}

func clampMillis(ms int64) int64 { return max(-maxMillis, min(maxMillis, ms)) }

// isDuration reports whether a column of the unit holds a length of time.
func isDuration(unit string) bool {
	switch fold(unit) {
	case "micro", "µs", "millisecond", "ms", "yr", "yrs":
		return true
	}
	_, ok := unitOf(unit)
	return ok
}

// value plans a literal of the search clause or of an option.
func (p *planner) value(v syntax.Value) Expr {
	switch v := v.(type) {
	case *syntax.Text:
		return text(v.Text)
	case *syntax.Number:
		return p.number(v)
	case *syntax.Duration:
		return whole(p.fixed(v))
	case *syntax.Null:
		return null()
	case *syntax.Variable:
		if v.Value == nil {
			p.report(v, "the variable $%s has no constant value", v.Name)
			return nil
		}
		return p.value(v.Value)
	case *syntax.TimeCall:
		if t, ok := p.timeCall(v); ok {
			return instant(t)
		}
		return nil
	}
	p.report(v, "Unexpected input for %s", p.clause)
	return nil
}

// timeCall computes one of the time functions of the search clause.
func (p *planner) timeCall(c *syntax.TimeCall) (time.Time, bool) {
	bad := func() (time.Time, bool) {
		p.report(c, "wrong arguments for %s; usage: now(), dateRelative(8hour), dateAdd(time, unit, number), dateSet(time, unit, number)", c.Func)
		return time.Time{}, false
	}
	switch c.Func {
	case "now":
		return p.env.Now, len(c.Args) == 0
	case "daterelative":
		if len(c.Args) == 1 {
			if d, ok := c.Args[0].(*syntax.Duration); ok {
				return p.shift(p.env.Now, -d.Count, d.Unit), true
			}
			if t, ok := c.Args[0].(*syntax.Text); ok {
				if d, ok := friendly(t.Text); ok {
					return p.env.Now.Add(-time.Duration(d) * time.Millisecond), true
				}
			}
		}
		if len(c.Args) == 2 {
			if n, unit, ok := countAndUnit(c.Args[0], c.Args[1]); ok {
				return p.shift(p.env.Now, -n, unit), true
			}
		}
		return bad()
	case "dateadd", "dateset":
		if len(c.Args) < 3 || len(c.Args)%2 == 0 {
			return bad()
		}
		base, ok := p.timeArgument(c.Args[0])
		if !ok {
			return bad()
		}
		for i := 1; i < len(c.Args); i += 2 {
			name, ok1 := c.Args[i].(*syntax.Text)
			n, ok2 := intValue(c.Args[i+1])
			if !ok1 || !ok2 {
				return bad()
			}
			if c.Func == "dateadd" {
				base, ok = p.addProperty(base, name.Text, n)
			} else {
				base, ok = p.setProperty(base, name.Text, n)
			}
			if !ok {
				return bad()
			}
		}
		return base, true
	}
	return bad()
}

func (p *planner) timeArgument(v syntax.Value) (time.Time, bool) {
	switch v := v.(type) {
	case *syntax.TimeCall:
		return p.timeCall(v)
	case *syntax.Text:
		return p.parseTime(v.Text)
	case *syntax.Number:
		if n, ok := intValue(v); ok && n < maxMillis && n > -maxMillis {
			return time.UnixMilli(n).UTC(), true
		}
	}
	return time.Time{}, false
}

func countAndUnit(n, unit syntax.Value) (int64, syntax.Unit, bool) {
	count, ok := intValue(n)
	name, ok2 := unit.(*syntax.Text)
	if !ok || !ok2 {
		return 0, "", false
	}
	u, ok := unitOf(name.Text)
	return count, u, ok
}

func intValue(v syntax.Value) (int64, bool) {
	n, ok := v.(*syntax.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(n.Text, 10, 64)
	return i, err == nil
}

// addProperty moves an instant by n of the named unit.
func (p *planner) addProperty(t time.Time, name string, n int64) (time.Time, bool) {
	if property(name) == "millisecond" {
		return time.UnixMilli(clampMillis(t.UnixMilli() + max(-maxMillis, min(maxMillis, n)))).UTC(), true
	}
	u, ok := unitOf(property(name))
	if !ok {
		return t, false
	}
	return p.shift(t, n, u), true
}

// property is the singular name of a part of a date.
func property(name string) string {
	name = strings.TrimSuffix(fold(name), "s")
	if name == "m" { // "ms" without its s
		return "millisecond"
	}
	return name
}

// setProperty replaces a part of a date, in the request's zone.
func (p *planner) setProperty(t time.Time, name string, n int64) (time.Time, bool) {
	if n < 0 || n > 9999 {
		return t, false
	}
	l := t.In(p.env.Zone)
	year, month, day := l.Date()
	hour, minute, second := l.Clock()
	nano := l.Nanosecond()
	v := int(n)
	switch property(name) {
	case "year":
		year = v
	case "month":
		month = time.Month(v)
	case "day":
		day = v
	case "hour":
		hour = v
	case "minute":
		minute = v
	case "second":
		second = v
	case "millisecond":
		nano = v * int(time.Millisecond)
	default:
		return t, false
	}
	return time.Date(year, month, day, hour, minute, second, nano, p.env.Zone).UTC(), true
}
