package logfile

import "slices"

// envelope watches the keys of an object for a list of records.
type envelope struct {
	possible bool
	keyAt    int
	key      string
}

// beside lists what answers say beside their records, in Oracle's spellings. An
// object that says anything else first is a record of its own, which may well
// have items.
var beside = [...]string{"links", "totalResults", "totalRecordsCount", "recordsCount", "count", "hasMore", "limit", "offset", "summary", "fields"}

// step is told each byte before the scanner takes it: c stands at value[i]. It
// returns what kind of list begins with c.
func (e *envelope) step(s *scanner, c byte, i int, value []byte) container {
	if len(s.stack) != 1 {
		return nothing
	}
	switch {
	case s.key && !s.esc && c == '"':
		e.key = string(value[e.keyAt:i])
	case !s.str && c == '"' && (s.state == wantKey || s.state == wantKeyOrEnd):
		e.keyAt = i + 1
	case s.state == wantValue && !s.str && !s.lit && c != ' ' && c != '\t' && c != '\r' && c != '\n':
		switch {
		case c == '[' && e.key == "items":
			return items
		case c == '[' && e.key == "results":
			return results
		case !slices.Contains(beside[:], e.key):
			e.possible = false
		}
	}
	return nothing
}
