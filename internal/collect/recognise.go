package collect

import (
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/record"
)

// Types of records that bear no type of their own, so that routes can name them
// like those of events.
const (
	TypeAudit    = "oic.audit"    // of Oracle Integration's audit trail
	TypeInstance = "oic.instance" // state of an instance of an integration
	TypeMetric   = "oci.metric"   // data point, as kind oic-metrics writes it
)

// recogniser reads records of which nothing is known but that somebody kept
// them. It is not safe for concurrent use.
type recogniser struct {
	parser   fastjson.Parser
	audit    fastjson.Parser
	instance string // part of the identity of audit records
}

// read returns what a record says of itself. An event is named by its id, a
// record of the audit trail as AuditIdentity names it, anything else by its
// bytes: an id that is no event's may well come twice.
func (r *recogniser) read(raw []byte) (logEvent, error) {
	e, err := readEvent(raw)
	if err != nil || e.kind != "" && e.named {
		return e, err
	}
	v, err := r.parser.ParseBytes(raw)
	if err != nil {
		return e, err
	}
	if v.Exists("logContent") || v.Exists("specversion") {
		return e, nil
	}
	id, at, audit := identify(&r.audit, r.instance, raw)
	switch {
	case audit.TimeStamp != "" && audit.OperationName != "":
		return logEvent{id: id, kind: TypeAudit, at: at, seen: at}, nil
	case isInstance(v):
		e.kind, e.at = TypeInstance, instanceTime(v)
	case v.Exists("namespace") && v.Exists("value") && (v.Exists("metric") || v.Exists("name")):
		e.kind = TypeMetric
	}
	e.id, e.named = record.Identify("bytes", string(raw)), false
	return e, nil
}

// isInstance tells an instance of an integration by members that nothing else has.
func isInstance(v *fastjson.Value) bool {
	return (v.Exists("instance-id") || v.Exists("id")) && (v.Exists("integration-id") || v.Exists("integration-version"))
}

// instanceTime is when the state of an instance was as the record says.
func instanceTime(v *fastjson.Value) (at time.Time) {
	for _, key := range []string{"last-tracked-time", "lastTrackedTime", "processing-end-date", "date", "creation-date", "creationDate"} {
		if at = parseTime(member(v, key)); !at.IsZero() {
			return at
		}
	}
	return at
}

// twins counts how often a record without an id has come in one answer, or in
// the last few thousand records of one file: there genuine twins stand together.
// It holds identities of a bounded stretch only.
type twins struct {
	total int // records seen
	ring  []record.Identity
	next  int
	count map[record.Identity]int
}

const twinStretch = 4096

func newTwins() *twins { return &twins{count: map[record.Identity]int{}} }

// seen counts one more and returns how many there are now.
func (t *twins) seen(id record.Identity) int {
	if len(t.ring) < twinStretch {
		t.ring = append(t.ring, id)
	} else {
		gone := t.ring[t.next]
		if t.count[gone]--; t.count[gone] == 0 {
			delete(t.count, gone)
		}
		t.ring[t.next] = id
		t.next = (t.next + 1) % twinStretch
	}
	t.total++
	t.count[id]++
	return t.count[id]
}

func (t *twins) reset() {
	t.ring, t.next = t.ring[:0], 0
	clear(t.count)
}
