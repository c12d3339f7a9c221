package simulate

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/record"
)

// The service logs, by their names in the simulator.
const (
	OACAudit      = "oac-audit"
	OACDiagnostic = "oac-diagnostic"
	OICActivity   = "oic-activity"
)

// serviceLog is a log object of OCI Logging: what can be seen of it by now, in
// order of time.
type serviceLog struct {
	name    string // also the display name
	id      string // OCID
	service string // as the registry of Logging calls it
	// resource is the OCID of what writes the log, source how its events name it.
	category, resource, source string
	typ                        string
	salt                       uint64 // of the events' ids
	oracle                     oracleBlock
	custom                     bool // made by a client that pushes
	order                      int  // among the logs

	mu     sync.RWMutex
	list   []entry
	pushed uint32 // entries so far of a custom log
}

// happening writes messages to service logs: a run of an integration, a query,
// what a person did. Messages are rendered when they are read, so an entry takes
// some 50 bytes.
type happening interface {
	// message is the data of the event's part, counted from 0.
	message(part int) any
}

// entry is one event of a service log. Times are epoch milliseconds.
type entry struct {
	at   int64 // the event's own time
	seen int64 // when it came into the log
	what happening
	log  *serviceLog
	seq  uint32 // unique in its log
	part uint16
}

func (e *entry) compare(o *entry) int {
	return cmp.Or(cmp.Compare(e.at, o.at), cmp.Compare(e.seq, o.seq))
}

// add puts entries where their time wants them.
func (l *serviceLog) add(entries ...entry) {
	if len(entries) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(entries) > 100 {
		l.list = append(l.list, entries...)
		slices.SortFunc(l.list, func(a, b entry) int { return a.compare(&b) })
		return
	}
	for i := range entries {
		at := sort.Search(len(l.list), func(k int) bool { return l.list[k].compare(&entries[i]) > 0 })
		l.list = slices.Insert(l.list, at, entries[i])
	}
}

// between copies the entries of [from, to).
func (l *serviceLog) between(from, to int64) []entry {
	l.mu.RLock()
	defer l.mu.RUnlock()
	first := sort.Search(len(l.list), func(i int) bool { return l.list[i].at >= from })
	end := sort.Search(len(l.list), func(i int) bool { return l.list[i].at >= to })
	if first >= end {
		return nil
	}
	return slices.Clone(l.list[first:end])
}

func (l *serviceLog) count() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.list)
}

// cloudEvent is an event as Oracle's logs hold it, members in its order.
type cloudEvent struct {
	Data        any         `json:"data"`
	ID          string      `json:"id"`
	Oracle      oracleBlock `json:"oracle"`
	Source      string      `json:"source"`
	SpecVersion string      `json:"specversion"`
	Subject     string      `json:"subject,omitempty"`
	Time        string      `json:"time"`
	Type        string      `json:"type"`
}

type oracleBlock struct {
	CompartmentID string `json:"compartmentid"`
	IngestedTime  string `json:"ingestedtime"`
	LogGroupID    string `json:"loggroupid"`
	LogID         string `json:"logid"`
	TenantID      string `json:"tenantid"`
}

const eventTime = "2006-01-02T15:04:05.000Z"

func formatTime(ms int64) string { return time.UnixMilli(ms).UTC().Format(eventTime) }

// event renders an entry as a bare CloudEvent. It is the same whenever it is read.
func (e *entry) event() []byte {
	l := e.log
	c := cloudEvent{Data: e.what.message(int(e.part)), ID: uuid(l.salt, uint64(e.seq)), Oracle: l.oracle, Source: l.source,
		SpecVersion: "1.0", Time: formatTime(e.at), Type: l.typ}
	c.Oracle.IngestedTime = formatTime(e.seen)
	if p, ok := e.what.(*pushed); ok {
		c.ID, c.Source, c.Type, c.Subject = p.id, p.source, p.typ, p.subject
	}
	return encode(c)
}

// encode is JSON without the escapes for HTML, which Oracle's services do not write.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil { // what is encoded here always can be
		return []byte("{}")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// wrapped is the layer of searches and console exports around an event.
func (e *entry) wrapped(region string) []byte {
	b := []byte(`{"datetime":`)
	b = strconv.AppendInt(b, e.at, 10)
	b = append(b, `,"logContent":`...)
	b = append(b, e.event()...)
	if region != "" {
		b = append(b, `,"regionId":"`+region+`"`...)
	}
	return append(b, '}')
}

const region = "us-ashburn-1"

// export is the log as the console of OCI Logging downloads it.
func (l *serviceLog) export() []byte {
	b := []byte{'['}
	for i, e := range l.between(math.MinInt64, math.MaxInt64) {
		if i > 0 {
			b = append(b, ',', '\n')
		}
		b = append(b, e.wrapped(region)...)
	}
	return append(b, ']')
}

// uuid makes an identifier of the form of RFC 9562, version 4, from two numbers.
func uuid(salt, n uint64) string {
	var b [16]byte
	high := mix(salt ^ mix(n))
	binary.BigEndian.PutUint64(b[:], high)
	binary.BigEndian.PutUint64(b[8:], mix(high^salt))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// EventIdentity names an event of a service log, bare or in the layer of
// searches, by its id, time and data.
func EventIdentity(p *fastjson.Parser, raw []byte) record.Identity {
	v, err := p.ParseBytes(raw)
	if err != nil {
		return record.Identify(string(raw))
	}
	if inner := v.Get("logContent"); inner != nil {
		v = inner
	}
	var data []byte
	if d := v.Get("data"); d != nil {
		data = d.MarshalTo(nil)
	}
	return record.Identify(string(v.GetStringBytes("id")), string(v.GetStringBytes("time")), string(data))
}
