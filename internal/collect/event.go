package collect

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/record"
)

// logEvent is what collecting needs to know of one record of OCI Logging: a
// CloudEvent 1.0, bare or wrapped as {"datetime": …, "logContent": {event}}.
type logEvent struct {
	id    record.Identity
	named bool      // by an id of its own; else by its bytes
	kind  string    // the event's type; may be empty
	at    time.Time // when it happened; zero when it does not say
	seen  time.Time // datetime of the wrapping, by which the service sorts; else at
}

// eventReader reads events one after the other. It is not safe for concurrent use.
type eventReader struct{ parser fastjson.Parser }

var (
	errNotJSON   = errors.New("is not JSON")
	errNotObject = errors.New("is JSON, but not an object")
)

// read returns what a record says of itself; an error means that it cannot be
// kept as a record. Source and id together are unique (CloudEvents 1.0, section
// 3.1.1), the type only keeps logs apart; a record without an id is named by its bytes.
func (r *eventReader) read(raw []byte) (logEvent, error) {
	if !json.Valid(raw) { // stricter than the parser, and what the stage asks for
		return logEvent{}, errNotJSON
	}
	v, err := r.parser.ParseBytes(raw)
	if err != nil { // nested too deep
		return logEvent{}, err
	}
	if v.Type() != fastjson.TypeObject {
		return logEvent{}, errNotObject
	}
	inner := v
	if w := v.Get("logContent"); w != nil && w.Type() == fastjson.TypeObject {
		inner = w
	}
	e := logEvent{kind: member(inner, "type"), at: eventTime(member(inner, "time")), seen: parseTime(member(v, "datetime"))}
	if e.seen.IsZero() {
		e.seen = e.at
	}
	if id := member(inner, "id"); id != "" {
		e.id, e.named = record.Identify("event", e.kind, member(inner, "source"), id), true
	} else {
		e.id = record.Identify("bytes", string(raw))
	}
	return e, nil
}

// eventTime reads RFC 3339, as CloudEvents have it, before anything else.
func eventTime(s string) time.Time {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC()
	}
	return parseTime(s)
}

func member(v *fastjson.Value, key string) string {
	if m := v.Get(key); m != nil {
		return text(m)
	}
	return ""
}
