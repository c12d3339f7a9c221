package simulate

import (
	"fmt"
	"strings"
	"time"
)

// filter is the q parameter: {timewindow:'6h', code:'X', type:/ICS_/}. The outer
// braces may be missing.
type filter struct {
	window        string
	code, version string
	typ           string
	like          bool // typ is a part of the type
	distinct      bool
	limit         string
}

const retention = "RETENTIONPERIOD"

var windows = map[string]time.Duration{"1h": time.Hour, "6h": 6 * time.Hour, "1d": 24 * time.Hour, "2d": 48 * time.Hour, "3d": 72 * time.Hour}

const longestFilter = 4096

func parseFilter(q string) (filter, error) {
	f := filter{window: "1h"}
	if len(q) > longestFilter {
		return f, fmt.Errorf("q is longer than %d characters", longestFilter)
	}
	q = strings.TrimSpace(q)
	if inner, ok := strings.CutPrefix(q, "{"); ok {
		if q, ok = strings.CutSuffix(inner, "}"); !ok {
			return f, fmt.Errorf("q has no closing brace")
		}
	}
	for q = strings.TrimSpace(q); q != ""; {
		key, rest, ok := strings.Cut(q, ":")
		if !ok {
			return f, fmt.Errorf("q: a key without a value at %q", q)
		}
		rest = strings.TrimSpace(rest)
		if rest == "" || rest[0] != '\'' && rest[0] != '/' {
			return f, fmt.Errorf("q: the value of %s is not in quotes", strings.TrimSpace(key))
		}
		quote := rest[:1]
		value, after, ok := strings.Cut(rest[1:], quote)
		if !ok {
			return f, fmt.Errorf("q: the value of %s has no end", strings.TrimSpace(key))
		}
		if err := f.set(strings.TrimSpace(key), value, quote == "/"); err != nil {
			return f, err
		}
		after = strings.TrimSpace(after)
		if after != "" && after[0] != ',' {
			return f, fmt.Errorf("q: a comma is missing at %q", after)
		}
		q = strings.TrimSpace(strings.TrimPrefix(after, ","))
	}
	return f, nil
}

func (f *filter) set(key, value string, like bool) error {
	if like && key != "type" {
		return fmt.Errorf("q: %s has no pattern form", key)
	}
	switch key {
	case "timewindow":
		if _, ok := windows[value]; !ok && value != retention {
			return fmt.Errorf("q: timewindow %q is not known", value)
		}
		f.window = value
	case "code":
		f.code = value
	case "version":
		f.version = value
	case "type":
		f.typ, f.like = value, like
	case "distinct":
		f.distinct = value == "true"
	case "limit":
		f.limit = value
	case "projectCode":
		// No record of this instance belongs to a project, and the real answer to it is not known.
	default:
		return fmt.Errorf("q: %s is not a key", key)
	}
	return nil
}

// indexed reports whether an index answers the filter by itself.
func (f filter) indexed() bool {
	return f.version == "" && !f.like && (f.code == "" || f.typ == "")
}

func (f filter) key() string { return fmt.Sprintf("%q %q %q %v", f.code, f.version, f.typ, f.like) }

func (f filter) match(e *event) bool {
	r := e.resource
	return (f.code == "" || r.code == f.code) && (f.version == "" || r.version == f.version) &&
		(f.typ == "" || r.typ == f.typ || f.like && strings.Contains(r.typ, f.typ))
}

// since is the oldest moment the filter shows, in epoch milliseconds.
func (f filter) since(now time.Time, retained time.Duration) int64 {
	back, ok := windows[f.window]
	if !ok {
		if retained <= 0 {
			return 0
		}
		back = retained
	}
	return now.Add(-back).UnixMilli()
}
