package simulate

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
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
	for _, e := range s.found(q, from, to, after) {
		if len(results) == limit {
			next = after.String()
			break
		}
		body := e.wrapped("")
		after = &place{at: e.at, log: e.log.order, seq: e.seq}
		if q.where == nil || q.where(body) {
			results = append(results, append(append([]byte(`{"data":`), body...), '}'))
		}
	}
	if next != "" {
		c.w.Header().Set("Opc-Next-Page", next)
	}
	c.answer(encode(map[string]any{"fields": nil, "results": results, "summary": map[string]int{"resultCount": len(results), "fieldCount": 0}}))
}

// found lists the entries of a search in its order, after a place in it. Records
// that came in later than the page before have their place like all others.
func (s *Simulator) found(q *logQuery, from, to int64, after *place) []entry {
	if after != nil && q.descending {
		to = min(to, after.at+1)
	} else if after != nil {
		from = max(from, after.at)
	}
	var out []entry
	for _, l := range s.company.all() {
		if slices.Contains(s.opts.LogsOff, l.name) || !q.covers(l) {
			continue
		}
		for _, e := range l.between(from, to) {
			if after == nil || after.before(e, q.descending) {
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b entry) int {
		n := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.log.order, b.log.order), cmp.Compare(a.seq, b.seq))
		if q.descending {
			return -n
		}
		return n
	})
	return out
}

// place is where a page ended.
type place struct {
	at  int64
	log int
	seq uint32
}

func (p *place) before(e entry, descending bool) bool {
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
