package collect

import (
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/record"
)

// identify reads what names an audit record: its eight attributes, whose names are compared without
// regard to letter case; other keys do not count. What is not an object is named by its bytes.
func identify(p *fastjson.Parser, instance string, raw []byte) (record.Identity, time.Time, record.Audit) {
	a := record.Audit{Instance: instance}
	v, err := p.ParseBytes(raw)
	if err != nil || v.Type() != fastjson.TypeObject {
		return record.Identify(instance, string(raw)), time.Time{}, a
	}
	fields := [...]struct {
		name string
		to   *string
	}{
		{"timeStamp", &a.TimeStamp}, {"userName", &a.UserName}, {"operationName", &a.OperationName}, {"resourceType", &a.ResourceType},
		{"resourceCode", &a.ResourceCode}, {"resourceVersion", &a.ResourceVersion}, {"auditTrailMessage", &a.AuditTrailMsg},
	}
	var named bool
	v.GetObject().Visit(func(key []byte, v *fastjson.Value) {
		for _, f := range fields {
			if len(key) == len(f.name) && strings.EqualFold(string(key), f.name) {
				*f.to, named = text(v), true
				return
			}
		}
	})
	if !named {
		return record.Identify(instance, string(raw)), time.Time{}, a
	}
	return a.Identity(), parseTime(a.TimeStamp), a
}

// text is a string's content, nothing for null, and JSON for anything else.
func text(v *fastjson.Value) string {
	switch v.Type() {
	case fastjson.TypeString:
		return string(v.GetStringBytes())
	case fastjson.TypeNull:
		return ""
	default:
		return string(v.MarshalTo(nil))
	}
}

// parseTime reads the spellings of a time that the service and its siblings use; zero when it is
// none of them. Go takes a fraction after the seconds in each of these layouts.
func parseTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{
		"2006-01-02T15:04:05Z0700", time.RFC3339, "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 Z07:00",
		"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > 1e11 && ms < 1e14 {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}

// AuditIdentity is the identity under which a record of an instance is staged.
func AuditIdentity(instance string, raw []byte) record.Identity {
	var p fastjson.Parser
	id, _, _ := identify(&p, instance, raw)
	return id
}
