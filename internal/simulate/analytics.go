package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// analytics is an Oracle Analytics Cloud instance: its catalog and what people
// do in it.
type analytics struct {
	audit, diagnostic *serviceLog
	staff             *staff
	people            int
	random            *rand.Rand
	total             int // of the weights of deeds
	seq               [2]uint32
	number            uint64
}

// catalogObject is something of the catalog.
type catalogObject struct{ kind, name, path string }

var objectKinds = [...]string{"Dashboard", "Analysis", "Data Visualization Workbook", "Dataset", "Pixel Perfect Report", "Data Flow", "Folder"}

var subjects = [...]string{"Sales", "Purchasing", "Payroll", "Inventory", "Revenue", "Headcount", "Margins", "Shipments"}

var views = [...]string{"Pipeline", "Überblick", "By Region", "Forecast", "Trends", "Exceptions", "売上分析", "Year End"}

// object is the n-th thing of the catalog, shared or in a person's own folder.
func (s *staff) object(kind string, n uint32) catalogObject {
	name := views[n%8] + " " + subjects[n/8%8]
	folder := "/shared/" + subjects[n/8%8]
	if n/64%4 == 0 {
		folder = "/users/" + s.people[int(n/256)%(len(s.people)-1)].name
	}
	return catalogObject{kind, name, folder + "/" + name}
}

// deed is what one person did in Analytics: one event.
type deed struct {
	staff *staff
	kind  *deedKind
	at    int64
	user  int
	n     uint32 // the dice of this deed: object, size, format
	salt  uint64
}

// oacData is the data of an event of Analytics, members in their order.
type oacData struct {
	Details  any    `json:"additionalDetails,omitempty"`
	Category string `json:"category"`
	ECID     string `json:"ecid"`
	Address  string `json:"ipAddress,omitempty"`
	LogLevel string `json:"logLevel"`
	Message  string `json:"message"`
	UserID   string `json:"userId"`
}

// details are additionalDetails; their values are texts, also numbers.
type details map[string]any

func (d *deed) message(int) any {
	text, more := d.kind.write(d)
	data := oacData{Category: d.kind.category, ECID: ecid(d.salt), LogLevel: "info", Message: text, UserID: d.staff.userID(d.user, d.at)}
	if more != nil {
		data.Details = more
	}
	if d.kind.category != "catalog" { // which are recorded without one
		data.Address = address(d.user)
	}
	return data
}

// ecid is an execution context: a UUID and a tail.
func ecid(n uint64) string { return uuid(7, n) + "-" + fmt.Sprintf("%08x", uint32(mix(n))) }

func (d *deed) object() catalogObject { return d.staff.object(objectKinds[d.n%7], d.n/7) }

func (d *deed) of(list ...string) string { return list[d.n%uint32(len(list))] }

// colleague is somebody else than who does it.
func (d *deed) colleague() string {
	return d.staff.people[(d.user+1+int(d.n)%(len(d.staff.people)-2))%(len(d.staff.people)-1)].name
}

// deedKind is one thing people do, and how often compared with others. Two
// messages and the details of catalog and snapshot are Oracle's; the other
// wordings are guesses: log sources, section 5.4.
type deedKind struct {
	weight     int
	diagnostic bool
	category   string
	write      func(*deed) (string, details)
}

func catalogDeed(what string) func(*deed) (string, details) {
	return func(d *deed) (string, details) {
		o := d.object()
		return fmt.Sprintf("%s (%s) %s.", o.kind, o.name, what), details{"path": o.path, "type": strings.ToLower(o.kind)}
	}
}

// deedKinds are what happens every day. The incident writes others, so what is
// rare here stays rare.
var deedKinds = [...]deedKind{
	{40, false, "catalog", catalogDeed("properties updated")},
	{16, false, "catalog", catalogDeed("created")},
	{8, false, "catalog", catalogDeed("deleted")},
	{6, false, "catalog", catalogDeed("permissions updated")},
	{14, false, "data", dataExport},
	{2, false, "data", func(d *deed) (string, details) {
		return fmt.Sprintf("Invalid key presented by Data Gateway client gateway%d.example.com.", 1+d.n%3), details{"client": fmt.Sprintf("gateway%d.example.com", 1+d.n%3)}
	}},
	{5, false, "publisher", func(d *deed) (string, details) {
		return d.of("Delivery channel 'Mail' updated.", "Data source connection 'ADW' tested.", "File 'letterhead.xpt' uploaded.", "Schedule 'Monthly Statements' created."), details{}
	}},
	{3, false, "security", func(d *deed) (string, details) {
		role := d.of("Sales Author", "Finance Viewer", "Payroll Viewer")
		return fmt.Sprintf("User '%s' granted application role '%s'.", d.colleague(), role), details{"role": role, "member": d.colleague()}
	}},
	{1, false, "security", func(d *deed) (string, details) {
		role := fmt.Sprintf("%s Reader %d", subjects[d.n%8], d.n/8%50)
		return fmt.Sprintf("Application role '%s' %s.", role, d.of("created", "deleted")), details{"role": role}
	}},
	{3, false, "semanticModel", func(d *deed) (string, details) {
		return d.of("Semantic model 'company.rpd' downloaded.", "Semantic model 'company.rpd' uploaded.", "Connection pool 'ADW_CP' updated.", "Variable 'CURRENT_QUARTER' updated."), details{}
	}},
	{3, false, "settings", func(d *deed) (string, details) {
		name := d.of("Mail Server", "Safe Domains", "Default Time Zone", "Maximum Rows Exported")
		return fmt.Sprintf("System setting '%s' updated.", name), details{"propertyName": name, "propertyValue": fmt.Sprint(d.n % 1000)}
	}},
	{4, false, "snapshot", func(d *deed) (string, details) {
		return fmt.Sprintf("Snapshot '%s %d' %s.", d.of("Nightly", "BeforeUpgrade"), d.n/2%400, [...]string{"created", "created", "deleted", "restored"}[d.n/800%4]),
			details{"snapshotSizeInBytes": fmt.Sprint(900_000 + d.n%90_000_000), "source": d.of("console", "REST")}
	}},
	{3, false, "DVA", func(d *deed) (string, details) {
		o := d.staff.object("Data Visualization Workbook", d.n)
		return fmt.Sprintf("Workbook package '%s.dva' %s.", o.name, d.of("exported", "imported")), details{"path": o.path}
	}},
	{8, true, "data", func(d *deed) (string, details) {
		o := d.staff.object("Data Visualization Workbook", d.n)
		format := d.of("PDF", "Powerpoint", "Image")
		return fmt.Sprintf("Exported workbook '%s' to %s.", o.name, format), details{"path": o.path, "format": format}
	}},
	{20, true, "dataLoad", func(d *deed) (string, details) {
		o := d.staff.object("Dataset", d.n)
		if d.n%23 == 0 {
			return fmt.Sprintf("Reload of dataset '%s' failed: [nQSError: 43113] the connection was closed.", o.name), details{"path": o.path}
		}
		return fmt.Sprintf("Reload of dataset '%s' completed.", o.name), details{"path": o.path, "rows": fmt.Sprint(d.n % 2_000_000)}
	}},
	// Oracle publishes no category for feedback to the AI assistant.
	{3, true, "assistant", func(d *deed) (string, details) {
		more := details{"feedback": "positive", "feedbackCategory": nil, "feedbackDetails": "", "utterance": "show " + strings.ToLower(subjects[d.n%8]) + " by month",
			"datamodelName": subjects[d.n%8], "userId": d.staff.userID(d.user, d.at), "parentEcid": ecid(d.salt + 1)}
		if d.n%4 == 0 {
			more["feedback"], more["feedbackCategory"], more["feedbackDetails"] = "negative", d.of("INCORRECT_ANSWER", "IRRELEVANT_ANSWER"), "the months were missing"
		}
		return "AI Assistant feedback submitted.", more
	}},
}

func dataExport(d *deed) (string, details) {
	o := d.staff.object(d.of("Dashboard", "Analysis"), d.n)
	format := [...]string{"CSV", "Excel", "PDF"}[d.n/2%3]
	return fmt.Sprintf("Exported %s '%s' to %s.", strings.ToLower(o.kind), o.name, format),
		details{"path": o.path, "type": strings.ToLower(o.kind), "format": format, "rows": fmt.Sprint(10 + d.n%5000)}
}

func newAnalytics(audit, diagnostic *serviceLog, s *staff, people int, random *rand.Rand) *analytics {
	a := &analytics{audit: audit, diagnostic: diagnostic, staff: s, people: people, random: random}
	for i := range deedKinds {
		a.total += deedKinds[i].weight
	}
	return a
}

// queryShare is how many of the happenings are queries, in percent.
const queryShare = 12

// happen draws what a person does next. Off hours only queries run.
func (a *analytics) happen(at time.Time) []entry {
	user := a.random.IntN(a.people)
	if at.UnixMilli() < a.staff.named && a.random.IntN(40) == 0 {
		user = a.staff.leaver()
	}
	if offHours(at) || a.random.IntN(100) < queryShare {
		return a.query(at, user)
	}
	die := a.random.IntN(a.total)
	for i := range deedKinds {
		if die -= deedKinds[i].weight; die < 0 {
			return []entry{a.do(&deedKinds[i], at, user, a.random.Uint32())}
		}
	}
	return nil // unreachable: the weights add up
}

func (a *analytics) do(k *deedKind, at time.Time, user int, n uint32) entry {
	log := a.audit
	if k.diagnostic {
		log = a.diagnostic
	}
	a.number++
	return a.entry(log, &deed{staff: a.staff, kind: k, at: at.UnixMilli(), user: user, n: n, salt: log.salt ^ a.number}, 0, at.UnixMilli())
}

// entry of a happening; Logging has it 10 to 30 seconds later.
func (a *analytics) entry(log *serviceLog, what happening, part int, at int64) entry {
	i := 0
	if log == a.diagnostic {
		i = 1
	}
	a.seq[i]++
	return entry{at: at, seen: at + 10_000 + a.random.Int64N(20_000), what: what, log: log, seq: a.seq[i], part: uint16(part)}
}
