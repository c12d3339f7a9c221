package burst

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Method says how the messages of a query were found to belong together.
type Method uint8

// The methods, surest first. A record bears the least sure one that was needed.
const (
	ByECID Method = iota // the first 36 characters, all of it where several queries share them
	ByQueryID
	ByHash
	ByTime // the same user, and the latest query begun
)

func (m Method) String() string {
	return [...]string{"ECID", "Query ID", "Request Hash", "User and Time"}[m]
}

// Query is the messages of one logical query, in the order of the BI Server.
type Query struct {
	Messages []Message
	Method   Method
}

// Complete reports whether both the opening and the closing message are there.
func (q *Query) Complete() bool { return q.has(Request) && q.has(Logical) }

func (q *Query) has(k Kind) bool {
	return slices.ContainsFunc(q.Messages, func(m Message) bool { return m.Kind == k })
}

// reach is how long after its opening a message without any other tie may still
// belong to a query of its user.
const reach = 10 * time.Minute

// Join gives each message to one logical query. The queries of several instances
// never mix, nor do those of several log groups: who may write into one must not get
// at what is in another. The outcome depends on the messages alone, not on their order.
//
// Messages are one query when they share an ECID's first 36 characters and hold
// one request. Where several requests share them, as those of a dashboard may, and
// where a group has no request, because the BI Server closed a query under another
// ECID, a message goes by its query id, then its hashes, then by user and time.
func Join(messages []Message) []Query {
	byPlace := map[string][]*Message{}
	for i := range messages {
		m := &messages[i]
		place := m.place()
		byPlace[place] = append(byPlace[place], m)
	}
	var out []Query
	for _, place := range slices.Sorted(maps.Keys(byPlace)) {
		sorted := byPlace[place]
		slices.SortFunc(sorted, func(a, b *Message) int {
			if c := inOrder(a, b); c != 0 {
				return c
			}
			return strings.Compare(a.ID, b.ID)
		})
		out = append(out, joinPlace(sorted)...)
	}
	return out
}

// inOrder is the order in which the BI Server writes.
func inOrder(a, b *Message) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Kind, b.Kind))
}

// joiner holds the queries of one place while messages are given to them.
type joiner struct {
	queries []*Query
	byID    map[string]*Query // query id -> the query that sent it
}

func joinPlace(sorted []*Message) []Query {
	j := joiner{byID: map[string]*Query{}}
	roots := map[string][]Message{}
	var order []string
	for _, m := range sorted {
		r := m.root()
		if roots[r] == nil {
			order = append(order, r)
		}
		roots[r] = append(roots[r], *m)
	}
	var strays [][]Message
	for _, r := range order {
		group := roots[r]
		opened := 0
		for _, m := range group {
			if m.Kind == Request {
				opened++
			}
		}
		switch {
		case opened == 0:
			strays = append(strays, group)
		case opened == 1:
			q := j.open(group[:0:0])
			for _, m := range group {
				j.give(q, m, ByECID)
			}
		default:
			j.split(group)
		}
	}
	// All ids are known now, so that a stray finds its query whichever came first.
	for _, group := range strays {
		j.adopt(group)
	}
	out := make([]Query, len(j.queries))
	for i, q := range j.queries {
		slices.SortStableFunc(q.Messages, func(a, b Message) int { return inOrder(&a, &b) })
		out[i] = *q
	}
	return out
}

func (j *joiner) open(first []Message) *Query {
	q := &Query{Messages: first}
	j.queries = append(j.queries, q)
	return q
}

func (j *joiner) give(q *Query, m Message, by Method) {
	q.Messages = append(q.Messages, m)
	q.Method = max(q.Method, by)
	if m.QueryID != "" && (m.Kind == Sent || j.byID[m.QueryID] == nil) {
		j.byID[m.QueryID] = q
	}
}

// split gives the messages of one root to its several requests.
func (j *joiner) split(group []Message) {
	var own []*Query
	byECID := map[string]*Query{} // nil: shared
	for _, m := range group {
		if m.Kind != Request {
			continue
		}
		q := j.open(nil)
		own = append(own, q)
		j.give(q, m, ByECID)
		if _, shared := byECID[m.ECID]; shared {
			byECID[m.ECID] = nil
		} else {
			byECID[m.ECID] = q
		}
	}
	// What names its query by hash is given first: it tells the query ids.
	var rest []Message
	for _, m := range group {
		switch q := byECID[m.ECID]; {
		case m.Kind == Request:
		case q != nil:
			j.give(q, m, ByECID)
		case m.Kind == Sent:
			if q := latest(own, m, func(o *Query) bool { return o.Messages[0].LogicalHash == m.LogicalHash }); q != nil {
				j.give(q, m, ByHash)
				continue
			}
			rest = append(rest, m)
		default:
			rest = append(rest, m)
		}
	}
	for _, m := range rest {
		if q := j.byID[m.QueryID]; q != nil && m.QueryID != "" && slices.Contains(own, q) {
			j.give(q, m, ByQueryID)
			continue
		}
		q := latest(own, m, func(o *Query) bool { return !m.Kind.single() || !o.has(m.Kind) })
		if q == nil {
			q = latest(own, m, func(*Query) bool { return true })
		}
		if q == nil {
			q = own[0]
		}
		j.give(q, m, ByTime)
	}
}

// latest is the last query begun at or before a message, of those that fit.
func latest(queries []*Query, m Message, fits func(*Query) bool) *Query {
	for _, q := range slices.Backward(queries) {
		if q.Messages[0].Time <= m.Time && fits(q) {
			return q
		}
	}
	return nil
}

// adopt gives a group without a request to the query it closes, or makes it a
// query of its own.
func (j *joiner) adopt(group []Message) {
	unclosed := func(q *Query) bool { return q.has(Request) && !q.has(Logical) }
	begun := func(q *Query, m Message) bool {
		return q.Messages[0].Time <= m.Time && m.Time-q.Messages[0].Time <= reach.Milliseconds()
	}
	find := func() (*Query, Method) {
		for _, m := range group {
			if q := j.byID[m.QueryID]; m.QueryID != "" && q != nil && begun(q, m) && q.has(Request) {
				return q, ByQueryID
			}
		}
		for _, m := range group {
			for _, q := range slices.Backward(j.queries) {
				if unclosed(q) && begun(q, m) && q.holds(m) {
					return q, ByHash
				}
			}
		}
		m := group[0]
		for _, q := range slices.Backward(j.queries) {
			if m.User != "" && unclosed(q) && begun(q, m) && q.Messages[0].User == m.User {
				return q, ByTime
			}
		}
		return nil, ByECID
	}
	q, by := find()
	if q == nil {
		q = j.open(nil)
	}
	for _, m := range group {
		j.give(q, m, by)
	}
}

// holds reports whether the query has a hash of the message. The hash 0 says nothing.
func (q *Query) holds(m Message) bool {
	same := func(a, b string) bool { return a != "" && a != "0" && a == b }
	return slices.ContainsFunc(q.Messages, func(o Message) bool {
		return same(o.LogicalHash, m.LogicalHash) || same(o.PhysicalHash, m.PhysicalHash)
	})
}
