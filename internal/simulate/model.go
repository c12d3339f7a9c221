package simulate

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/record"
)

// resource is something people work on: an integration, a connection and so on.
type resource struct {
	kind    string // the word used in messages
	typ     string // resourceType
	code    string
	name    string
	version string // NN.NN.NNNN; empty where there is none, as for connections
}

// event is one audit record, kept small: a million of them fit in some 60 MB.
type event struct {
	at       int64 // epoch milliseconds: the record's timeStamp
	resource *resource
	seq      uint32 // order of making; tells apart events of one millisecond
	user     uint16
	verb     verb
	long     bool // the message carries a very long comment
}

// verb is one kind of event: an operation and its wording.
type verb uint8

const (
	activated verb = iota
	deactivated
	locked
	unlocked
	updated
	created
	imported
	deleted
	exported
	scheduleStarted
	scheduleStopped
	activationBegun
	activationUndone
	generationStarted
	generationCompleted
	generationFailed
	syncStarted
	syncCompleted
	deployed
	rotated // an operation that no list names
)

// wording follows section 1.4 of the log source reference: before, kind word,
// name or code, version, after.
type wording struct {
	operation, before, after string
	byCode                   bool
}

var wordings = [...]wording{
	activated:           {operation: "activate", before: "activated "},
	deactivated:         {operation: "deactivate", before: "deactivated "},
	locked:              {operation: "lock", before: "locked ", byCode: true},
	unlocked:            {operation: "unlock", before: "unlocked ", byCode: true},
	updated:             {operation: "update", before: "updated "},
	created:             {operation: "create", before: "created "},
	imported:            {operation: "import", before: "imported "},
	deleted:             {operation: "delete", before: "deleted "},
	exported:            {operation: "export", before: "exported "},
	scheduleStarted:     {operation: "start", before: "started "},
	scheduleStopped:     {operation: "stop", before: "stopped "},
	activationBegun:     {operation: "state_change", after: " state was changed from CONFIGURED to ACTIVATION_INPROGRESS"},
	activationUndone:    {operation: "state_change", after: " state was changed from ACTIVATION_INPROGRESS to CONFIGURED"},
	generationStarted:   {operation: "activate_phase_change", after: " Generation Phase Started"},
	generationCompleted: {operation: "activate_phase_change", after: " Generation Phase Completed"},
	generationFailed:    {operation: "activate_phase_change", after: " Generation Phase Failed"},
	syncStarted:         {operation: "activate_phase_change", after: " Synchronization of Endpoint Properties Started"},
	syncCompleted:       {operation: "activate_phase_change", after: " Synchronization of Endpoint Properties Completed"},
	deployed:            {operation: "activate_phase_change", after: " Deployment Phase Completed"},
	rotated:             {operation: "rotate_keys", before: "rotated keys of "},
}

// auditItem is a record as the service sends it, members in its order.
type auditItem struct {
	AuditTrailMessage string `json:"auditTrailMessage"`
	OperationName     string `json:"operationName"`
	ResourceCode      string `json:"resourceCode"`
	ResourceName      string `json:"resourceName"`
	ResourceType      string `json:"resourceType"`
	ResourceVersion   string `json:"resourceVersion,omitempty"`
	TimeStamp         string `json:"timeStamp"`
	UserName          string `json:"userName"`
}

const longComment = 30_000 // bytes of a very long message

// item renders an event. The zone of its time depends on the event alone, so a
// record looks the same whenever it is read.
func (s *Simulator) item(e *event) auditItem {
	w, r, user := wordings[e.verb], e.resource, s.office.users[e.user]
	it := auditItem{OperationName: w.operation, ResourceCode: r.code, ResourceName: r.name, ResourceType: r.typ,
		ResourceVersion: r.version, UserName: user}
	if w.byCode {
		it.ResourceName = r.code
	}
	at := time.UnixMilli(e.at).UTC()
	zone := s.opts.TimeStamps
	if zone == "mixed" {
		zone = [...]string{"+0000", "Z", "+00:00"}[e.at%3]
	}
	it.TimeStamp = at.Format("2006-01-02T15:04:05.000") + zone
	var b strings.Builder
	b.WriteString(at.Format("Mon Jan 02 15:04:05 UTC 2006"))
	b.WriteString(" - User ")
	b.WriteString(user)
	b.WriteByte(' ')
	b.WriteString(w.before)
	b.WriteString(r.kind)
	b.WriteByte(' ')
	b.WriteString(it.ResourceName)
	if r.version != "" {
		b.WriteString(" (" + shortVersion(r.version) + ")")
	}
	b.WriteString(w.after)
	if e.long {
		b.WriteString(" with the comment ")
		for n := 0; b.Len() < longComment; n++ {
			fmt.Fprintf(&b, "line %d of a long remark: änderung <&>; ", n)
		}
	}
	it.AuditTrailMessage = b.String()
	return it
}

func (it auditItem) identity(instance string) record.Identity {
	return record.Audit{Instance: instance, TimeStamp: it.TimeStamp, UserName: it.UserName, OperationName: it.OperationName,
		ResourceType: it.ResourceType, ResourceCode: it.ResourceCode, ResourceVersion: it.ResourceVersion,
		AuditTrailMsg: it.AuditTrailMessage}.Identity()
}

// shortVersion prints a version as messages do: 01.02.0003 is 1.2.3, and
// 01.00.0000 is 1.0.
func shortVersion(v string) string {
	parts := strings.Split(v, ".")
	for i, p := range parts {
		if n, err := strconv.Atoi(p); err == nil {
			parts[i] = strconv.Itoa(n)
		}
	}
	if len(parts) == 3 && parts[1] == "0" && parts[2] == "0" {
		parts = parts[:2]
	}
	return strings.Join(parts, ".")
}

func (it auditItem) encode() json.RawMessage {
	b, err := json.Marshal(it)
	if err != nil { // strings always encode
		return json.RawMessage("{}")
	}
	return b
}
