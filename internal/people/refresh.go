package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/connect"
)

// Report says what a refresh, a back-fill or an import has done.
type Report struct {
	Seen    int // people or ids that were looked at
	Changed int // people who are new or have changed
	Absent  int // ids of nobody
}

// Intervals of the background.
const (
	refreshEvery = 24 * time.Hour
	retryAfter   = 5 * time.Minute
	// gather is how long look-ups wait for more of them.
	gather = 2 * time.Second
)

// ErrNoDomain: nobody can be asked.
var ErrNoDomain = errors.New("no identity domain is configured; add a connection of type scim, or import a file with 'ledgerline people import FILE.csv'")

// Run looks up in the background what Enrich met, and lists everybody once a
// day, until ctx ends. Without a connection it returns at once.
func (d *Directory) Run(ctx context.Context) {
	if len(d.domains) == 0 {
		return
	}
	refresh := time.NewTimer(0)
	defer refresh.Stop()
	for {
		var again time.Duration
		select {
		case <-ctx.Done():
			return
		case <-refresh.C:
			again = refreshEvery
			if _, err := d.Refresh(ctx); err != nil && ctx.Err() == nil {
				d.opts.Logger.Error("people cannot be listed; records show ids instead of names", "again_in", retryAfter, "error", err)
				again = retryAfter
			}
			refresh.Reset(again)
		case <-d.wake:
			if !pause(ctx, gather) {
				return
			}
			if _, err := d.LookUp(ctx); err != nil && ctx.Err() == nil {
				d.opts.Logger.Error("people cannot be looked up; records show ids instead of names", "again_in", retryAfter, "error", err)
				if !pause(ctx, retryAfter) {
					return
				}
				d.rouse()
			}
		}
	}
}

func (d *Directory) rouse() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func pause(ctx context.Context, t time.Duration) bool {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Refresh lists everybody of every domain.
func (d *Directory) Refresh(ctx context.Context) (Report, error) {
	if len(d.domains) == 0 {
		return Report{}, ErrNoDomain
	}
	d.working.Lock()
	defer d.working.Unlock()
	var out Report
	var errs []error
	for _, name := range d.names() {
		errs = append(errs, d.domains[name].Persons(ctx, func(page []connect.Person) error {
			found := catalog.PeopleFound{Origin: name}
			for _, p := range page {
				if guid, ok := GUID(p.ID); ok {
					found.People = append(found.People, personOf(guid, p))
				}
			}
			out.Seen += len(page)
			return d.record(ctx, found, &out)
		}))
	}
	errs = append(errs, d.book.PublishPeople(ctx))
	return out, errors.Join(errs...)
}

// Backfill looks up the users of records that were stored before they could be
// named. The records stay as they are; queries find the names in the lookup table.
func (d *Directory) Backfill(ctx context.Context) (Report, error) {
	if len(d.domains) == 0 {
		return Report{}, ErrNoDomain
	}
	ids, err := d.opts.Stored(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("read the user ids of stored records: %w", err)
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if guid, ok := GUID(id); ok {
			seen[guid] = true
		}
	}
	d.mu.Lock()
	for guid := range seen {
		if len(d.known[guid]) == 0 {
			d.wanted[guid] = true // also who was absent hours ago: a person asks
		}
	}
	d.mu.Unlock()
	out, err := d.LookUp(ctx)
	out.Seen = len(seen)
	return out, err
}

// batch is how many answers are recorded at a time.
const batch = 100

// LookUp asks the domains for each GUID that is wanted. What could not be asked
// stays wanted.
func (d *Directory) LookUp(ctx context.Context) (Report, error) {
	d.working.Lock()
	defer d.working.Unlock()
	d.mu.RLock()
	wanted := make([]string, 0, len(d.wanted))
	for guid := range d.wanted {
		wanted = append(wanted, guid)
	}
	d.mu.RUnlock()
	slices.Sort(wanted)
	out := Report{Seen: len(wanted)}
	var failure error
	for part := range slices.Chunk(wanted, batch) {
		found := map[string]*catalog.PeopleFound{}
		nobody := catalog.PeopleFound{}
		for _, guid := range part {
			origin, p, err := d.ask(ctx, guid)
			switch {
			case err != nil:
				failure = err
			case origin == "":
				nobody.Absent = append(nobody.Absent, guid)
			default:
				if found[origin] == nil {
					found[origin] = &catalog.PeopleFound{Origin: origin}
				}
				found[origin].People = append(found[origin].People, p)
			}
			if failure != nil {
				break // a domain that is down is down for all of them
			}
		}
		for _, f := range found {
			if err := d.record(ctx, *f, &out); err != nil {
				return out, err
			}
		}
		if err := d.record(ctx, nobody, &out); err != nil {
			return out, err
		}
		if failure != nil {
			break
		}
	}
	if out.Changed > 0 {
		failure = errors.Join(failure, d.book.PublishPeople(ctx))
	}
	return out, failure
}

// ask asks one domain after the other; the origin is empty when nobody knows the id.
func (d *Directory) ask(ctx context.Context, guid string) (origin string, p catalog.Person, err error) {
	for _, name := range d.names() {
		found, ok, err := d.domains[name].Person(ctx, guid)
		if err != nil {
			return "", p, err
		}
		if ok {
			return name, personOf(guid, found), nil
		}
	}
	return "", p, nil
}

func (d *Directory) record(ctx context.Context, found catalog.PeopleFound, out *Report) error {
	if len(found.People)+len(found.Absent) == 0 {
		return nil
	}
	changed, err := d.book.RecordPeople(ctx, found)
	if err != nil {
		return err
	}
	d.learn(changed)
	now := d.opts.Clock()
	d.mu.Lock()
	for _, id := range found.Absent {
		d.absent[id] = now
		delete(d.wanted, id)
	}
	for _, p := range found.People {
		delete(d.wanted, p.ID)
	}
	d.mu.Unlock()
	out.Changed += len(changed)
	out.Absent += len(found.Absent)
	return nil
}

func (d *Directory) names() []string {
	names := make([]string, 0, len(d.domains))
	for name := range d.domains {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func personOf(guid string, p connect.Person) catalog.Person {
	return catalog.Person{ID: guid, Name: p.Name, Display: p.Display, Active: p.Active}
}

// Import reads people from CSV whose first line names the columns: id and name,
// and if there are any display and active; the names that exports of an identity
// domain use are known too. What a connection has said of somebody stays.
func (d *Directory) Import(ctx context.Context, text []byte) (Report, error) {
	t, err := catalog.ReadTable(text)
	if err != nil {
		return Report{}, err
	}
	column := func(names ...string) int {
		return slices.IndexFunc(t.Columns, func(c string) bool {
			c = strings.ToLower(strings.TrimPrefix(c, "\uFEFF"))
			return slices.Contains(names, strings.NewReplacer(" ", "", "_", "").Replace(c))
		})
	}
	id, name := column("id", "guid", "userid"), column("name", "username", "login", "person")
	display, active := column("display", "displayname"), column("active")
	if id < 0 || name < 0 {
		return Report{}, fmt.Errorf("%w file: its first line must name the columns id and name; it names %.200q", catalog.ErrInvalid, t.Columns)
	}
	found := catalog.PeopleFound{Origin: catalog.OriginFile}
	for i, row := range t.Rows {
		p := catalog.Person{Name: strings.TrimSpace(row[name]), Active: true}
		var ok bool
		if p.ID, ok = GUID(strings.TrimSpace(row[id])); !ok || p.Name == "" {
			return Report{}, fmt.Errorf("%w file: row %d: the id must be 32 letters and digits, as logs show it, and the name not empty", catalog.ErrInvalid, i+1)
		}
		if display >= 0 {
			p.Display = strings.TrimSpace(row[display])
		}
		if active >= 0 && row[active] != "" {
			if p.Active, err = strconv.ParseBool(strings.ToLower(strings.TrimSpace(row[active]))); err != nil {
				return Report{}, fmt.Errorf("%w file: row %d: active must be true or false", catalog.ErrInvalid, i+1)
			}
		}
		found.People = append(found.People, p)
	}
	d.working.Lock()
	defer d.working.Unlock()
	out := Report{Seen: len(found.People)}
	if err := d.record(ctx, found, &out); err != nil {
		return out, err
	}
	return out, d.book.PublishPeople(ctx)
}
