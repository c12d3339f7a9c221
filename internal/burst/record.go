package burst

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Record is one query as the log source of queries shows it: a line of JSON,
// read back by a built-in parser. docs/sources.md describes it.
type Record struct {
	Time     string `json:"time"` // RFC 3339: when the query was asked
	Instance string `json:"instance,omitempty"`
	ECID     string `json:"ecid,omitempty"`
	User     string `json:"userId,omitempty"`
	UserName string `json:"userName,omitempty"`
	Client   string `json:"ipAddress,omitempty"`
	Tenant   string `json:"tenantid,omitempty"`
	Compart  string `json:"compartmentid,omitempty"`

	LogicalHash  string `json:"logicalHash,omitempty"`
	PhysicalHash string `json:"physicalHash,omitempty"` // several are separated by a comma and a space, as in all texts
	QueryID      string `json:"queryId,omitempty"`
	Texts
	Counts

	Messages int    `json:"messages"`
	JoinedBy string `json:"joinedBy"`
	Complete int    `json:"complete"` // 1: opening and closing message are there
}

// record sums a query up. Rows and bytes are sums over the physical queries; what
// is told once is as it was told; of what is told twice the largest counts.
func (q *Query) record() Record {
	r := Record{Messages: len(q.Messages), JoinedBy: q.Method.String()}
	if q.Complete() {
		r.Complete = 1
	}
	at := q.Messages[0]
	if i := slices.IndexFunc(q.Messages, func(m Message) bool { return m.Kind == Request }); i >= 0 {
		at = q.Messages[i]
	}
	r.Time = time.UnixMilli(at.Time).UTC().Format("2006-01-02T15:04:05.000Z")
	once := func(into *string, v string) {
		if *into == "" {
			*into = v
		}
	}
	every := func(into *string, v string) {
		if v == "" || slices.Contains(strings.Split(*into, ", "), v) || len(*into) > maxList {
			return
		}
		if *into != "" {
			*into += ", "
		}
		*into += v
	}
	sent := map[string]bool{}
	for _, m := range slices.Concat([]Message{at}, q.Messages) {
		once(&r.Instance, m.Instance)
		once(&r.ECID, m.ECID)
		once(&r.User, m.User)
		once(&r.UserName, m.UserName)
		once(&r.Client, m.Client)
		once(&r.Tenant, m.Tenant)
		once(&r.Compart, m.Compart)
		once(&r.LogicalHash, m.LogicalHash)
		every(&r.PhysicalHash, m.PhysicalHash)
		every(&r.QueryID, m.QueryID)
		once(&r.Source, m.Text.Source)
		once(&r.Report, m.Text.Report)
		once(&r.Dashboard, m.Text.Dashboard)
		once(&r.Repository, m.Text.Repository)
		once(&r.Subject, m.Text.Subject)
		every(&r.Database, m.Text.Database)
		every(&r.Pool, m.Text.Pool)
		once(&r.SQL, m.Text.SQL)
		every(&r.Error, m.Text.Error)
		every(&r.Status, m.Text.Status)
		if m.Kind == Sent {
			sent[m.QueryID] = true
		}
	}
	for _, m := range q.Messages {
		sum(&r.Rows, m.Number.Rows)
		sum(&r.Bytes, m.Number.Bytes)
		most(&r.ClientRows, m.Number.ClientRows)
		most(&r.Queries, m.Number.Queries)
		most(&r.Answer, m.Number.Answer)
		most(&r.Cumulative, m.Number.Cumulative)
		most(&r.Connect, m.Number.Connect)
		most(&r.Elapsed, m.Number.Elapsed)
		most(&r.Response, m.Number.Response)
		most(&r.Compile, m.Number.Compile)
	}
	if r.Queries == nil && len(sent) > 0 {
		n := int64(len(sent))
		r.Queries = &n
	}
	return r
}

// maxList bounds a list of ids or hashes, in bytes.
const maxList = 1000

func sum(into **int64, v *int64) {
	switch {
	case v == nil:
	case *into == nil:
		n := *v
		*into = &n
	default:
		**into += *v
	}
}

func most[N int64 | float64](into **N, v *N) {
	if v != nil && (*into == nil || *v > **into) {
		n := *v
		*into = &n
	}
}

func (q *Query) line() ([]byte, error) { return json.Marshal(q.record()) }
