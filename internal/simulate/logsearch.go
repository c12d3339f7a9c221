package simulate

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	mostFound   = 1000 // of a page
	usualFound  = 100
	widestTimes = 14 * 24 * time.Hour
)

// searchLogs is OCI Logging's SearchLogs (OCI APIs, section 3.2), for queries of
// the form: search "scope" … | where … | sort by datetime asc|desc.
func (s *Simulator) searchLogs(c *call) {
	var details struct {
		TimeStart, TimeEnd time.Time
		SearchQuery        string
	}
	if err := json.Unmarshal(c.body, &details); err != nil || details.TimeStart.IsZero() || details.TimeEnd.IsZero() {
		c.bad("timeStart, timeEnd and searchQuery are required")
		return
	}
	if !details.TimeStart.Before(details.TimeEnd) {
		c.bad("timeStart is not before timeEnd")
		return
	}
	if details.TimeEnd.Sub(details.TimeStart) > widestTimes {
		c.bad("the time range of a search is at most 14 days")
		return
	}
	q, err := parseSearch(details.SearchQuery)
	if err != nil {
		c.bad(err.Error())
		return
	}
	v := c.r.URL.Query()
	limit, err := number(v.Get("limit"), usualFound, 1)
	if err != nil || limit > mostFound {
		c.bad(fmt.Sprintf("limit is at most %d", mostFound))
		return
	}
	from, to := details.TimeStart.UnixMilli(), details.TimeEnd.UnixMilli()
	after, err := readToken(v.Get("page"))
	if err != nil {
		c.bad(err.Error())
		return
	}
	results := make([]json.RawMessage, 0, limit)
	next := ""
	for e := range s.found(q, from, to, after) {
		if len(results) == limit {
			next = after.String()
			break
		}
		after = placeOf(e)
		if found := (&candidate{entry: e}); q.where == nil || q.where(found) {
			results = append(results, append(append([]byte(`{"data":`), found.text()...), '}'))
		}
	}
	if next != "" {
		c.w.Header().Set("Opc-Next-Page", next)
	}
	c.answer(encode(map[string]any{"fields": nil, "results": results, "summary": map[string]int{"resultCount": len(results), "fieldCount": 0}}))
}

// found gives the entries of a search in its order, after a place in it. Records
// that came in later than the page before have their place like all others.
func (s *Simulator) found(q *logQuery, from, to int64, after *place) iter.Seq[*entry] {
	if after != nil && q.descending {
		to = min(to, after.at+1)
	} else if after != nil {
		from = max(from, after.at)
	}
	var lists [][]entry
	for _, l := range s.company.all() {
		if !slices.Contains(s.opts.LogsOff, l.name) && q.covers(l) {
			list := l.between(from, to)
			if q.descending {
				slices.Reverse(list)
			}
			lists = append(lists, list)
		}
	}
	return func(yield func(*entry) bool) {
		for e := q.first(lists); e != nil; e = q.first(lists) {
			if (after == nil || after.before(e, q.descending)) && !yield(e) {
				return
			}
		}
	}
}

// first takes the first entry off the heads of the lists.
func (q *logQuery) first(lists [][]entry) *entry {
	best := -1
	for i, list := range lists {
		if len(list) > 0 && (best < 0 || placeOf(&lists[best][0]).before(&list[0], !q.descending)) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	e := &lists[best][0]
	lists[best] = lists[best][1:]
	return e
}

// place is where a page ended.
type place struct {
	at  int64
	log int
	seq uint32
}

func placeOf(e *entry) *place { return &place{at: e.at, log: e.log.order, seq: e.seq} }

// before reports whether the place comes before an entry.
func (p *place) before(e *entry, descending bool) bool {
	n := cmp.Or(cmp.Compare(e.at, p.at), cmp.Compare(e.log.order, p.log), cmp.Compare(e.seq, p.seq))
	if descending {
		return n < 0
	}
	return n > 0
}

func (p *place) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %d", p.at, p.log, p.seq))
}

func readToken(token string) (*place, error) {
	if token == "" {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	parts := strings.Fields(string(text))
	if err != nil || len(parts) != 3 {
		return nil, fmt.Errorf("the page token is not one of this service")
	}
	at, err1 := strconv.ParseInt(parts[0], 10, 64)
	log, err2 := strconv.Atoi(parts[1])
	seq, err3 := strconv.ParseUint(parts[2], 10, 32)
	if err1 != nil || err2 != nil || err3 != nil {
		return nil, fmt.Errorf("the page token is not one of this service")
	}
	return &place{at, log, uint32(seq)}, nil
}

// routeLogging answers OCI Logging: search, ingestion and management.
func (s *Simulator) routeLogging(w http.ResponseWriter, r *http.Request, path string) {
	c, ok := s.gate(w, r)
	if !ok {
		return
	}
	switch parts := strings.Split(strings.Trim(path, "/"), "/"); {
	case path == "/20190909/search" && r.Method == http.MethodPost:
		s.searchLogs(c)
	case parts[0] == "20200831" && len(parts) == 5 && parts[1] == "logs" && parts[3] == "actions" && parts[4] == "push" && r.Method == http.MethodPost:
		s.putLogs(c, parts[2])
	case parts[0] == "20200531" && r.Method == http.MethodGet:
		s.manageLogs(c, parts[1:])
	default:
		c.refuse(http.StatusNotImplemented, "MethodNotImplemented", "the simulator does not offer this operation")
	}
}
