package content

import (
	"strconv"
	"strings"
	"time"
)

// timeParser reads time stamps of many spellings. It remembers the layout that
// fitted last, because the stamps of one source look alike. It is not safe for
// concurrent use.
type timeParser struct {
	zone   *time.Location // of stamps that name none
	year   int            // of stamps without one; 0 means the year that puts them nearest before now
	now    int64          // epoch milliseconds
	custom string         // Go layout tried first; may be empty
	last   int            // index into timeLayouts
}

// timeLayouts are tried in order on a stamp whose runs of blanks are one blank.
// The ISO 8601 family and epoch numbers are read by hand before. A fraction
// after the seconds is accepted by package time without being named.
var timeLayouts = []string{
	"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 2006 15:04:05",
	"2/Jan/2006:15:04:05 -0700", "2/Jan/2006:15:04:05", "2/Jan/2006 15:04:05 -0700", "2/Jan/2006 15:04:05",
	"Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 -0700", "Monday, 2-Jan-06 15:04:05 MST",
	"2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05",
	"2-Jan-2006 15:04:05 MST", "2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05", "2-Jan-06 3.04.05 PM", "2-Jan-06 15:04:05",
	"Jan 2, 2006 3:04:05 PM", "Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006 3:04:05 PM MST", "Jan 2, 2006 15:04:05", "Jan 2 2006 15:04:05",
	"Jan 2 15:04:05",
	"1/2/2006 15:04:05", "1/2/2006 3:04:05 PM", "1/2/06 15:04:05", "1/2/06 3:04:05 PM",
	"20060102-150405", "20060102T150405Z0700", "20060102T150405", "20060102 150405", "20060102150405",
	"20060102T15:04:05Z07:00", "20060102T15:04:05", "2006-01-02", "2006/01/02", "20060102",
}

// parse returns epoch milliseconds.
func (p *timeParser) parse(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > 64 {
		return 0, false
	}
	if p.custom != "" {
		if t, ok := p.layout(p.custom, s); ok {
			return t, true
		}
	}
	if ms, ok := p.iso(s); ok {
		return ms, true
	}
	if ms, ok := epoch(s); ok {
		return ms, true
	}
	if strings.Contains(s, "  ") {
		s = strings.Join(strings.Fields(s), " ")
	}
	if ms, ok := p.layout(timeLayouts[p.last], s); ok {
		return ms, true
	}
	for i, l := range timeLayouts {
		if i == p.last {
			continue
		}
		if ms, ok := p.layout(l, s); ok {
			p.last = i
			return ms, true
		}
	}
	return 0, false
}

func (p *timeParser) layout(layout, s string) (int64, bool) {
	t, err := time.ParseInLocation(layout, s, p.zone)
	if err != nil {
		return 0, false
	}
	// Package time invents a zone of offset 0 for an abbreviation it does not know.
	if name, off := t.Zone(); off == 0 && name != "UTC" && name != "GMT" && t.Location() != p.zone && strings.Contains(layout, "MST") {
		return 0, false
	}
	if t.Year() == 0 {
		t = p.giveYear(t)
	}
	return t.UnixMilli(), true
}

// giveYear dates a stamp without a year: the year asked for, else the latest
// that is not more than a day after now.
func (p *timeParser) giveYear(t time.Time) time.Time {
	at := func(year int) time.Time {
		return time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	}
	if p.year != 0 {
		return at(p.year)
	}
	now := time.UnixMilli(p.now).In(t.Location())
	if d := at(now.Year()); !d.After(now.Add(24 * time.Hour)) {
		return d
	}
	return at(now.Year() - 1)
}

// iso reads the family of 2006-01-02T15:04:05.000-0700: date with - or /, then T
// or blanks, an hour of one or two digits, a fraction after point, comma or
// colon, and Z, UTC, GMT or an offset with or without a colon.
func (p *timeParser) iso(s string) (int64, bool) {
	if len(s) < 18 || (s[4] != '-' && s[4] != '/') || s[7] != s[4] {
		return 0, false
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	i := 10
	if s[i] == 'T' || s[i] == 't' {
		i++
	} else {
		for i < len(s) && s[i] == ' ' {
			i++
		}
		if i == 10 {
			return 0, false
		}
	}
	width := 2
	if i+1 < len(s) && s[i+1] == ':' {
		width = 1
	}
	if len(s) < i+width+6 || s[i+width] != ':' || s[i+width+3] != ':' {
		return 0, false
	}
	hour, ok1 := digits(s[i : i+width])
	i += width
	minute, ok2 := digits(s[i+1 : i+3])
	second, ok3 := digits(s[i+4 : i+6])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	i += 6
	milli := 0
	if i < len(s) && (s[i] == '.' || s[i] == ',' || s[i] == ':') {
		i++
		from, scale := i, 100
		for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			milli += int(s[i]-'0') * scale
			scale /= 10
		}
		if i == from {
			return 0, false
		}
	}
	local := ((daysFromCivil(year, month, day)*24+int64(hour))*60+int64(minute))*60 + int64(second)
	zone := strings.TrimLeft(s[i:], " ")
	if zone == "" {
		if p.zone == time.UTC {
			return local*1000 + int64(milli), true
		}
		t := time.Date(year, time.Month(month), day, hour, minute, second, milli*1e6, p.zone)
		return t.UnixMilli(), true
	}
	off, ok := zoneOffset(zone)
	if !ok {
		return 0, false
	}
	return (local-off)*1000 + int64(milli), true
}

// zoneOffset returns seconds east of UTC.
func zoneOffset(z string) (int64, bool) {
	switch z {
	case "Z", "z", "UTC", "GMT":
		return 0, true
	}
	if z[0] != '+' && z[0] != '-' {
		return 0, false
	}
	d := z[1:]
	if len(d) == 5 && d[2] == ':' {
		d = d[:2] + d[3:]
	}
	if len(d) == 2 {
		d += "00"
	}
	n, ok := digits(d)
	if !ok || len(d) != 4 || n/100 > 23 || n%100 > 59 {
		return 0, false
	}
	off := int64(n/100*3600 + n%100*60)
	if z[0] == '-' {
		off = -off
	}
	return off, true
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFromCivil counts days since 1970-01-01 in the Gregorian calendar
// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
func daysFromCivil(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 719468
}

// epoch reads seconds, milliseconds, microseconds or nanoseconds since 1970 by
// their number of digits, seconds also with a fraction.
func epoch(s string) (int64, bool) {
	whole, frac, has := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 || whole[0] == '+' {
		return 0, false
	}
	if has {
		f, err := strconv.ParseFloat("0."+frac, 64)
		if err != nil || (len(whole) != 9 && len(whole) != 10) {
			return 0, false
		}
		return n*1000 + int64(f*1000), true
	}
	switch len(whole) {
	case 9, 10:
		return n * 1000, true
	case 12, 13:
		return n, true
	case 15, 16:
		return n / 1e3, true
	case 18, 19:
		return n / 1e6, true
	}
	return 0, false
}

// javaLayout translates a pattern of java.text.SimpleDateFormat.
func javaLayout(pattern string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			j := strings.IndexByte(pattern[i+1:], '\'')
			if j < 0 {
				return "", false
			}
			if j == 0 {
				b.WriteByte('\'')
			}
			b.WriteString(pattern[i+1 : i+1+j])
			i += j + 2
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			j := i
			for j < len(pattern) && pattern[j] == c {
				j++
			}
			token, ok := javaTokens[pattern[i:j]]
			if !ok {
				return "", false
			}
			b.WriteString(token)
			i = j
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), b.Len() > 0
}

var javaTokens = map[string]string{
	"yyyy": "2006", "yy": "06", "MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1", "dd": "02", "d": "2",
	"HH": "15", "H": "15", "hh": "03", "h": "3", "mm": "04", "m": "4", "ss": "05", "s": "5",
	"S": "0", "SS": "00", "SSS": "000", "SSSSSS": "000000", "SSSSSSSSS": "000000000",
	"a": "PM", "Z": "-0700", "z": "MST", "X": "Z07", "XX": "Z0700", "XXX": "Z07:00", "EEE": "Mon", "E": "Mon", "EEEE": "Monday",
}
