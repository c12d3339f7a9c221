package collect

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/jsonscan"
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

var (
	errNotJSON   = errors.New("is not JSON")
	errNotObject = errors.New("is JSON, but not an object")
	errTooDeep   = fmt.Errorf("is nested deeper than %d", jsonscan.MaxDepth)
)

// eventMembers are the members of an event that say which it is, as they stand.
type eventMembers struct{ id, kind, source, time, datetime, content string }

// take keeps the first member of each name.
func (m *eventMembers) take(name, value string) {
	var to *string
	switch name {
	case "id":
		to = &m.id
	case "type":
		to = &m.kind
	case "source":
		to = &m.source
	case "time":
		to = &m.time
	case "datetime":
		to = &m.datetime
	case "logContent":
		to = &m.content
	default:
		return
	}
	if *to == "" {
		*to = value
	}
}

// readEvent returns what a record says of itself, valid as long as raw is not
// changed; an error means that it cannot be kept as a record. Source and id together
// are unique (CloudEvents 1.0, section 3.1.1), the type only keeps logs apart; a
// record without an id is named by its bytes.
func readEvent(raw []byte) (logEvent, error) {
	var outer eventMembers
	if !jsonscan.Members(jsonscan.Text(raw), outer.take) {
		switch {
		case !jsonscan.Valid(raw):
			return logEvent{}, errNotJSON
		case bytes.TrimLeft(raw, " \t\r\n")[0] == '{':
			return logEvent{}, errTooDeep
		}
		return logEvent{}, errNotObject
	}
	m := outer
	if strings.HasPrefix(m.content, "{") {
		m = eventMembers{}
		jsonscan.Members(outer.content, m.take)
	}
	e := logEvent{kind: textOf(m.kind), at: eventTime(textOf(m.time)), seen: parseTime(textOf(outer.datetime))}
	if e.seen.IsZero() {
		e.seen = e.at
	}
	if id := textOf(m.id); id != "" {
		e.id, e.named = record.Identify("event", e.kind, textOf(m.source), id), true
	} else {
		e.id = record.Identify("bytes", string(raw))
	}
	return e, nil
}

// textOf is the content of a string, nothing for null, and any other JSON value as it stands.
func textOf(value string) string {
	switch {
	case strings.HasPrefix(value, `"`):
		return jsonscan.Unquote(value)
	case value == "null":
		return ""
	}
	return value
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
