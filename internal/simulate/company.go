package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// company is everything beside the audit trail that the same people and
// integrations write: the service logs of OCI Logging.
type company struct {
	mu    sync.RWMutex
	logs  []*serviceLog // with those that clients push to at the end
	staff *staff
	plant *plant
	oac   *analytics

	working sync.Mutex
	streams []*stream
}

// Names of the simulated tenancy; identifiers have the form of OCIDs.
const (
	activityType  = "com.oraclecloud.integration.integrationinstance.activitystream"
	analyticsType = "com.oraclecloud.analytics.analyticsinstance."
	analyticsName = "CompanyAnalytics"
)

func newCompany(o Options, f *office) *company {
	now := o.Clock()
	dice := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(o.Seed, n)) }
	c := &company{staff: newStaff(f, o.Seed)}
	c.staff.named = switchAt(o, now)
	log := func(n uint64, name, service, category, resource, source, typ string) *serviceLog {
		l := &serviceLog{name: name, id: fmt.Sprintf("ocid1.log.oc1.iad.%s", uuid(n, o.Seed)), service: service, category: category,
			resource: resource, source: source, typ: typ, salt: mix(o.Seed ^ n)}
		l.order = len(c.logs)
		l.oracle = oracleBlock{CompartmentID: o.Compartment, LogGroupID: o.LogGroup, LogID: l.id, TenantID: o.Tenancy}
		c.logs = append(c.logs, l)
		return l
	}
	source := o.Instance
	if o.Generation >= 3 {
		source = o.IntegrationID
	}
	activity := log(11, OICActivity, "integration", "all", o.IntegrationID, source, activityType)
	audit := log(12, OACAudit, "oacnativeproduction", "audit", o.AnalyticsID, analyticsName, analyticsType+"audit")
	diagnostic := log(13, OACDiagnostic, "oacnativeproduction", "diagnostic", o.AnalyticsID, analyticsName, analyticsType+"diagnostic")

	c.plant = newPlant(activity, flowsOf(f, dice(21)), o.Generation, dice(22))
	c.oac = newAnalytics(audit, diagnostic, c.staff, f.people, dice(23))
	c.streams = []*stream{
		{random: dice(24), rate: o.ActivityRate, mean: activityMean, off: 0.35, make: c.plant.happen},
		{random: dice(25), rate: o.AnalyticsRate, mean: analyticsMean, off: 0.05, make: c.oac.happen},
	}
	return c
}

// Entries of a happening, measured over a long history.
const (
	activityMean  = 5.9
	analyticsMean = 3.0
)

// switchAt is when user names took the place of GUIDs.
func switchAt(o Options, now time.Time) int64 {
	switch o.UserIDs {
	case "name":
		return 0
	case "switch":
		return now.Add(-time.Duration(o.Days) * 12 * time.Hour).UnixMilli()
	default:
		return 1 << 62
	}
}

// past fills the logs with their history.
func (c *company) past(o Options) {
	span, now := time.Duration(o.Days)*24*time.Hour, o.Clock()
	for i, n := range []int{o.Activity, o.Analytics - c.oac.audit.count()} { // less the incident
		if n > 0 {
			c.put(c.streams[i].past(n, span, now))
		}
	}
	c.plant.settle()
}

// put gives each entry to its log and says how many there were.
func (c *company) put(entries []entry) int {
	byLog := map[*serviceLog][]entry{}
	for _, e := range entries {
		byLog[e.log] = append(byLog[e.log], e)
	}
	for l, list := range byLog {
		l.add(list...)
	}
	return len(entries)
}

// work lets time pass until now.
func (c *company) work(now time.Time, chance *injector, lateBy time.Duration) int {
	c.working.Lock()
	defer c.working.Unlock()
	n := 0
	for _, s := range c.streams {
		n += c.put(s.work(now, chance, lateBy))
	}
	return n
}

// rest ends all work; what waits to be seen never is.
func (c *company) rest(now time.Time) {
	c.working.Lock()
	defer c.working.Unlock()
	for _, s := range c.streams {
		s.rate, s.pending = 0, nil
	}
	c.plant.rest(now)
}

// all lists the logs there are.
func (c *company) all() []*serviceLog {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.logs)
}

// log finds one by its name or OCID.
func (c *company) log(name string) *serviceLog {
	logs := c.all()
	i := slices.IndexFunc(logs, func(l *serviceLog) bool { return l.name == name || l.id == name })
	if i < 0 {
		return nil
	}
	return logs[i]
}

const mostCustom = 100 // logs

// custom finds or makes the log of an OCID that a client pushes to; nil when
// there are too many, or when it is a service's.
func (c *company) custom(o Options, id string) *serviceLog {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.logs {
		if l.id == id && l.custom {
			return l
		}
		if l.id == id {
			return nil
		}
	}
	if len(c.logs) >= mostCustom {
		return nil
	}
	l := &serviceLog{name: id, id: id, custom: true, order: len(c.logs),
		oracle: oracleBlock{CompartmentID: o.Compartment, LogGroupID: o.LogGroup, LogID: id, TenantID: o.Tenancy}}
	c.logs = append(c.logs, l)
	return l
}
