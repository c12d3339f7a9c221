package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// flow is an integration at run time: the active version of one that people
// work on, and what a run of it does.
type flow struct {
	code, name, version, project string
	trigger, target              adapter
	user                         string
	milestones                   bool   // its runs write insights records
	key                          string // business identifier
	branches                     bool
	typical                      float64 // milliseconds of a run
	weight                       float64 // how often it runs, compared with others
	trouble                      float64 // chance that a run ends in a fault
}

func (f *flow) identifier() string { return f.code + "!" + f.version }

// adapter is one side of a flow: a connection, and the kind of its adapter.
type adapter struct{ endpoint, operation, kind string }

var targets = [...]adapter{
	{"ERPAtp", "insert", "atpdatabase"}, {"CRMRest", "create", "rest"}, {"HCMSoap", "mergeWorker", "soap"},
	{"WarehouseAtp", "merge", "atpdatabase"}, {"StoreRest", "update", "rest"}, {"FileServerFtp", "put", "ftp"}, {"PayrollRest", "submit", "rest"},
}

// flowsOf gives every integration of the office its active version and a shape.
func flowsOf(o *office, random *rand.Rand) []*flow {
	var out []*flow
	byCode := map[string]*flow{}
	for _, r := range o.objects["ICS_ProjectV2"] {
		f := byCode[r.code]
		if f == nil {
			f = &flow{code: r.code, name: r.name}
			byCode[r.code] = f
			out = append(out, f)
		}
		f.version = max(f.version, r.version)
	}
	for i, f := range out {
		thing, _, _ := strings.Cut(f.name, " To ")
		f.target = targets[i%len(targets)]
		f.trigger = adapter{"Trigger" + codeOf(thing, i), "execute", "rest"}
		f.key = strings.ToLower(strings.ReplaceAll(strings.Trim(codeOf(thing, 0), "_1"), "_", "")) + "number"
		f.user = "svc-" + strings.ToLower(strings.TrimRight(f.code, "_0123456789"))
		f.milestones = i%3 == 0
		f.branches = i%4 == 1
		if i%5 == 2 {
			f.project = "PRJ_" + f.target.kind
		}
		f.typical = 150 * (1 + 20*random.Float64()*random.Float64())
		f.weight = 0.02 + math.Pow(random.Float64(), 4) // most of the work is done by a few
		f.trouble = 0.004 + 0.02*random.Float64()*random.Float64()
	}
	return out
}

// outcome of a run, in the words of the monitoring API.
type outcome uint8

const (
	completed outcome = iota
	failed
	aborted
)

func (o outcome) String() string { return [...]string{"COMPLETED", "FAILED", "ABORTED"}[o] }

// run is one execution of a flow.
type run struct {
	flow       *flow
	version    string // of the flow at the time
	at         int64  // epoch milliseconds
	number     uint64
	took       int32 // milliseconds
	invoked    int32 // milliseconds of took spent in the target
	outcome    outcome
	generation int
}

// activity is the data of an event of the activity stream. The spellings from
// eventId to value, and of status, are guesses: log sources, section 3.3.
type activity struct {
	ActionName    string `json:"actionName,omitempty"`
	ActionType    string `json:"actionType"`
	EndPointName  string `json:"endPointName,omitempty"` // OIC 3
	EndpointName  string `json:"endpointName,omitempty"` // Generation 2
	EventID       string `json:"eventId,omitempty"`
	ExecutedTime  string `json:"executedTime,omitempty"` // OIC 3
	ExecutionTime int32  `json:"executionTimeInMillis,omitempty"`
	InstanceID    string `json:"instanceId"`
	Identifier    string `json:"integrationFlowIdentifier"`
	Key           string `json:"key,omitempty"`
	Message       string `json:"message"`
	OPCRequestID  string `json:"opcRequestId,omitempty"`
	OperationName string `json:"operationName,omitempty"`
	ProjectID     string `json:"projectId,omitempty"`
	RecordType    string `json:"recordType,omitempty"`
	Status        string `json:"status,omitempty"`
	TransactionID string `json:"transactionId,omitempty"`
	UserID        string `json:"userId"`
	Value         string `json:"value,omitempty"`
}

// action is a step of a run: what it writes, and when, as a part of the run's
// duration.
type action struct {
	name, typ, message, record, status string
	side                               *adapter
	from, took                         float64
	value                              bool // carries the business identifier
}

// actions lists the steps of a run, in order.
func (r *run) actions() []action {
	f := r.flow
	out := []action{{typ: "receive", message: "Receive from " + f.trigger.endpoint + " completed", side: &f.trigger, took: 0.05}}
	if f.milestones {
		out = append(out, action{name: "Received", typ: "label", message: "Milestone Received", record: insights, from: 0.06, value: true})
	}
	out = append(out, action{name: "Map" + strings.TrimLeft(f.key, "_"), typ: "map", message: "Mapping completed", from: 0.08, took: 0.1})
	if f.branches {
		out = append(out, action{name: "Check" + f.key, typ: "switch", message: "Branch 1 taken", from: 0.2, took: 0.02})
	}
	out = append(out, action{name: "Log" + f.key, typ: "log", message: fmt.Sprintf("%s %d accepted", f.key, r.business()), from: 0.24})
	switch r.outcome {
	case failed:
		out = append(out,
			action{typ: "invoke", message: r.fault(), side: &f.target, from: 0.28, took: 0.6},
			action{name: "FaultHandler", typ: "raise_error", message: "Fault raised: " + r.fault(), record: f.insight(), status: "Failed", from: 0.95})
	case aborted:
		out = append(out, action{name: "Stopped", typ: "stop", message: "Instance was aborted by an administrator", status: "Aborted", from: 0.9})
	default:
		out = append(out, action{typ: "invoke", message: "Invoke " + f.target.endpoint + " completed", side: &f.target, from: 0.28, took: 0.6})
		if f.milestones {
			out = append(out, action{name: "Delivered", typ: "label", message: "Milestone Delivered", record: insights, from: 0.92, value: true})
		}
		out = append(out, action{typ: "reply", message: "Reply to " + f.trigger.endpoint + " completed", side: &f.trigger, status: "Completed", from: 0.95, took: 0.05})
	}
	return out
}

const insights = "insights record"

func (f *flow) insight() string {
	if f.milestones {
		return insights
	}
	return ""
}

func (r *run) fault() string {
	return fmt.Sprintf("CASDK-%04d: Unable to invoke %s of %s, the target answered %d", 5+r.number%3, r.flow.target.operation, r.flow.target.endpoint, 500+r.number%4)
}

func (r *run) business() uint64 { return 4000 + r.number%90_000 }

func (r *run) message(part int) any {
	a := r.actions()[part]
	f := r.flow
	d := activity{ActionName: a.name, ActionType: a.typ, InstanceID: r.instance(), Identifier: f.code + "!" + r.version, Message: a.message,
		OPCRequestID: uuid(1, r.number)[:18], ProjectID: f.project, RecordType: a.record, Status: a.status, UserID: f.user,
		TransactionID: strings.ReplaceAll(uuid(2, r.number), "-", ""), EventID: fmt.Sprintf("so%d-%s", part+1, uuid(3, r.number)[:6])}
	d.ExecutionTime = int32(a.took * float64(r.took))
	if a.value {
		d.Key, d.Value = f.key, fmt.Sprint(r.business())
	}
	if a.side != nil {
		d.OperationName = a.side.operation
	}
	if r.generation < 3 {
		d.ActionType = strings.ToUpper(a.typ[:1]) + a.typ[1:]
		if a.side != nil {
			d.EndpointName = a.side.endpoint
		}
		return d
	}
	d.ExecutedTime = formatTime(r.when(a))
	if a.typ == "log" {
		d.ActionType = "LOG"
	}
	if a.side != nil {
		d.EndPointName = a.side.endpoint
	}
	return d
}

// when is the end of a step.
func (r *run) when(a action) int64 { return r.at + int64((a.from+a.took)*float64(r.took)) }

// instance is the run's id: digits, or 22 letters in OIC 3.
func (r *run) instance() string {
	if r.generation < 3 {
		return fmt.Sprint(65_000_000 + r.number)
	}
	return strings.ReplaceAll(uuid(4, r.number), "-", "")[:22]
}

// newRun draws a run of a flow at a time.
func newRun(f *flow, at time.Time, number uint64, generation int, random *rand.Rand, trouble float64) *run {
	r := &run{flow: f, version: f.version, at: at.UnixMilli(), number: number, generation: generation}
	r.took = int32(f.typical * (0.5 + random.ExpFloat64()))
	r.invoked = int32(0.6 * float64(r.took))
	switch die := random.Float64(); {
	case die < trouble:
		r.outcome = failed
		r.took *= 3 // it is tried again before it gives up
		r.invoked *= 3
	case die < trouble+0.001:
		r.outcome = aborted
		r.invoked = 0
	}
	return r
}
