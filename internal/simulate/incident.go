package simulate

import (
	"fmt"
	"slices"
	"time"
)

// incident is a day on which things went wrong, to be found: a bad version of
// an integration is activated in the afternoon, its runs fault more and more
// until the old one is brought back next morning; in the evening between, one
// person is granted a role, exports data and downloads a snapshot.
type incident struct {
	flow                *flow
	bad                 string // the version that should not have been activated
	activated, restored time.Time
	evening             time.Time
	activator, insider  int // users
	admin               int // who granted the role
}

// incidentDays are how much history an incident needs.
const incidentDays = 7

// planIncident chooses the latest working day but Friday that ended a morning
// before now.
func planIncident(now time.Time, o *office, c *company) *incident {
	day := now.UTC().Truncate(24 * time.Hour).Add(-24 * time.Hour)
	for day.Add(34*time.Hour).After(now) || day.Weekday() == time.Friday || day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.Add(-24 * time.Hour)
	}
	f := c.plant.flows[0]
	i := &incident{flow: f, activated: day.Add(15*time.Hour + 2*time.Minute), restored: day.Add(33*time.Hour + 20*time.Minute),
		evening: day.Add(21*time.Hour + 41*time.Minute), activator: 1 % o.people, insider: max(0, o.people-3), admin: 2 % o.people}
	var major, minor int
	if n, _ := fmt.Sscanf(f.version, "%d.%d", &major, &minor); n == 2 {
		i.bad = fmt.Sprintf("%02d.%02d.0000", major, minor+1)
	}
	for typ, all := range o.objects { // nobody else works on it, so the trail of it is short
		o.objects[typ] = slices.DeleteFunc(slices.Clone(all), func(r *resource) bool { return r.code == f.code && len(all) > 3 })
	}
	f.weight = max(f.weight, 0.15*c.plant.total) // it runs often, so it is missed
	return i
}

// stage lets the bad version run while it is active.
func (i *incident) stage(p *plant) {
	p.total = 0
	for _, f := range p.flows {
		p.total += f.weight
	}
	p.fault = &badVersion{flow: i.flow, version: i.bad, from: i.activated.UnixMilli(), to: i.restored.UnixMilli()}
}

// trail is what the audit of Oracle Integration holds of it.
func (i *incident) trail(o *office) []event {
	o.mu.Lock()
	defer o.mu.Unlock()
	old := &resource{"Integration", "ICS_ProjectV2", i.flow.code, i.flow.name, i.flow.version}
	bad := &resource{"Integration", "ICS_ProjectV2", i.flow.code, i.flow.name, i.bad}
	var out []event
	do := func(r *resource, user int, at time.Time, steps ...step) {
		for _, s := range steps {
			at = at.Add(s.after)
			out = append(out, o.event(r, user, s.verb, at))
		}
	}
	do(bad, i.activator, i.activated.Add(-40*time.Minute), step{created, 0}, step{locked, time.Second}, step{updated, 20 * time.Minute}, step{unlocked, 10 * time.Minute})
	do(old, i.activator, i.activated.Add(-time.Minute), step{deactivated, 0})
	do(bad, i.activator, i.activated.Add(-12*time.Second), activation...)
	do(bad, i.admin, i.restored, step{deactivated, 0})
	do(old, i.admin, i.restored.Add(20*time.Second), activation...)
	return out
}

// deeds are what people did in Analytics that evening.
func (i *incident) deeds(a *analytics) []entry {
	const role = "Data Exporter"
	said := func(category string, write func(*deed) (string, details)) *deedKind {
		return &deedKind{category: category, write: write}
	}
	grant := said("security", func(d *deed) (string, details) {
		member := d.staff.people[i.insider].name
		return fmt.Sprintf("User '%s' granted application role '%s'.", member, role), details{"role": role, "member": member}
	})
	export := said("data", func(d *deed) (string, details) {
		o := d.staff.object("Dashboard", d.n)
		return fmt.Sprintf("Exported dashboard '%s' to CSV.", o.name), details{"path": o.path, "type": "dashboard", "format": "CSV", "rows": fmt.Sprint(20_000 + d.n*7919%70_000)}
	})
	download := said("snapshot", func(*deed) (string, details) {
		return "Snapshot 'Company Complete' downloaded.", details{"snapshotSizeInBytes": "1892344832", "source": "console"}
	})
	out := []entry{a.do(grant, i.evening, i.admin, 0)}
	for n := range uint32(7) {
		out = append(out, a.do(export, i.evening.Add(6*time.Minute+time.Duration(n)*163*time.Second), i.insider, n))
	}
	return append(out, a.do(download, i.evening.Add(31*time.Minute), i.insider, 0))
}
