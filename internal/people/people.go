// Package people names the users of records. Oracle Analytics Cloud writes a
// user's GUID into its logs, or the name, by a setting that can change from one
// record to the next; so each record is judged by itself.
//
// The Directory keeps what identity domains, or an imported file, have said of a
// GUID, with its history. Enrich, on the path of ingest, reads memory only: a GUID
// that is not known is noted, looked up in the background (refresh.go), and found
// from then on. Records stored before keep what they have; queries name them by
// the lookup table that the catalogue publishes. ARCHITECTURE.md says why.
package people

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// Book keeps what is known. The catalogue implements it.
type Book interface {
	People(ctx context.Context) (known []catalog.Person, absent map[string]time.Time, err error)
	RecordPeople(ctx context.Context, found catalog.PeopleFound) (changed []catalog.Person, err error)
	PublishPeople(ctx context.Context) error
}

// Domain is an identity domain that can be asked.
type Domain interface {
	// Person returns ok false when the domain has nobody of the id.
	Person(ctx context.Context, id string) (p connect.Person, ok bool, err error)
	Persons(ctx context.Context, visit func([]connect.Person) error) error
}

// Options of a Directory. The zero value is usable.
type Options struct {
	Clock  func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: discards
	// Named lists the log sources (display names) whose User ID may be a name; in
	// others it may be any number or code and is left alone unless it is a GUID.
	Named []string
	// Stored lists the user ids of stored records; it serves Backfill.
	Stored func(ctx context.Context) ([]string, error)
}

// Directory names people. It is safe for use by many goroutines.
type Directory struct {
	book    Book
	domains map[string]Domain // by name of the connection
	opts    Options

	mu     sync.RWMutex
	known  map[string][]catalog.Person // by GUID, oldest first
	absent map[string]time.Time        // GUIDs of nobody, and when that was said
	wanted map[string]bool             // GUIDs to look up
	wake   chan struct{}

	working sync.Mutex // one refresh, import or round of look-ups at a time
}

// Open reads what is known. Nothing is sent before Run, Refresh or Backfill.
func Open(ctx context.Context, book Book, domains map[string]Domain, o Options) (*Directory, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Directory{book: book, domains: domains, opts: o, known: map[string][]catalog.Person{}, wanted: map[string]bool{}, wake: make(chan struct{}, 1)}
	known, absent, err := book.People(ctx)
	if err != nil {
		return nil, err
	}
	d.learn(known)
	d.absent = absent
	return d, nil
}

// Fields that are read and set, by internal name.
const (
	fieldUserID   = "usrid"
	fieldUserName = "usrname"
)

// Enrich adds the field User Name to an entry whose User ID says who it was:
// the name in force at the entry's time when it is the GUID of somebody known,
// the id itself when it is a name. A User Name that the entry has is left alone, and
// so is the User ID. It never waits.
func (d *Directory) Enrich(e *record.Entry) {
	id := ""
	for i := range e.Cells {
		switch e.Cells[i].Field {
		case fieldUserName:
			return
		case fieldUserID:
			id = e.Cells[i].Value.Str
		}
	}
	if id == "" {
		return
	}
	guid, ok := GUID(id)
	if !ok {
		if d.on() && e.Origin != nil && slices.Contains(d.opts.Named, e.Origin.Source) {
			e.Cells = append(e.Cells, record.Cell{Field: fieldUserName, Value: record.Text(id)})
		}
		return
	}
	if name := d.name(guid, e.Time); name != "" {
		e.Cells = append(e.Cells, record.Cell{Field: fieldUserName, Value: record.Text(name)})
		return
	}
	d.want(guid)
}

// on reports whether naming is asked for: by a connection, or by a file that was imported.
func (d *Directory) on() bool {
	if len(d.domains) > 0 {
		return true
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.known) > 0
}

// name returns the name that a GUID had at a time; what was learned first also
// holds for the time before.
func (d *Directory) name(guid string, ms int64) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	history := d.known[guid]
	if len(history) == 0 {
		return ""
	}
	at := len(history) - 1
	for at > 0 && history[at].Since.UnixMilli() > ms {
		at--
	}
	return history[at].Name
}

// Bounds of what waits to be looked up, and of the answers "nobody".
const (
	mostWanted  = 10_000
	absentLasts = 6 * time.Hour
)

// want notes a GUID for the background. What does not fit is found by Backfill.
func (d *Directory) want(guid string) {
	if len(d.domains) == 0 {
		return
	}
	d.mu.RLock()
	asked, waiting := d.absent[guid], d.wanted[guid] || len(d.wanted) >= mostWanted
	d.mu.RUnlock()
	if waiting || d.opts.Clock().Sub(asked) < absentLasts {
		return
	}
	d.mu.Lock()
	d.wanted[guid] = true
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default: // it is awake
	}
}

// learn adds to what is known. Rows of one person come oldest first.
func (d *Directory) learn(people []catalog.Person) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range people {
		history := d.known[p.ID]
		if n := len(history); n > 0 && history[n-1].Since.Equal(p.Since) {
			history = history[:n-1] // the catalogue has replaced it
		}
		d.known[p.ID] = append(history[:len(history):len(history)], p)
		delete(d.absent, p.ID)
		delete(d.wanted, p.ID)
	}
}

// List returns the latest that is known of each person, by name.
func (d *Directory) List() []catalog.Person {
	d.mu.RLock()
	out := make([]catalog.Person, 0, len(d.known))
	for _, history := range d.known {
		out = append(out, history[len(history)-1])
	}
	d.mu.RUnlock()
	slices.SortFunc(out, func(a, b catalog.Person) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// GUID reads the id of a user of an identity domain: 32 letters and digits,
// hexadecimal in the domains seen but not in Oracle's own samples, in any letter
// case, also with the hyphens of a UUID. It is returned as the domain spells it.
func GUID(s string) (string, bool) {
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return "", false
	}
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		default:
			return "", false
		}
	}
	if digits == 0 { // a word so long is a name rather
		return "", false
	}
	return strings.ToLower(s), true
}
