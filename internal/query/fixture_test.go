package query

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

// testNow is the instant at which test queries are asked.
var testNow = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// fields is a catalogue for tests.
type fields struct {
	list   []record.Field
	groups map[string]string
}

func (f fields) Field(name string) (record.Field, bool) {
	for _, x := range f.list {
		if strings.EqualFold(x.Display, name) {
			return x, true
		}
	}
	for _, x := range f.list {
		if strings.EqualFold(x.Name, name) {
			return x, true
		}
	}
	return record.Field{}, false
}

func (f fields) Fields() []record.Field       { return f.list }
func (f fields) LogGroups() map[string]string { return f.groups }

const groupA, groupB = "ocid1.loggroup.oc1..a", "ocid1.loggroup.oc1..b"

func testFields() fields {
	s := func(name, display string) record.Field {
		return record.Field{Name: name, Display: display, Type: record.String}
	}
	list := []record.Field{
		{Name: "time", Display: "Time", Type: record.Timestamp},
		{Name: "mbody", Display: "Original Log Content", Type: record.String, LargeData: true},
		{Name: "msg", Display: "Message", Type: record.String, LargeData: true},
		s("msrcid", "Log Source"), s("loggroup", "Log Group"), s("mtgt", "Entity"), s("mtgttype", "Entity Type"),
		s("uploadname", "Upload Name"), s("logorigin", "Log Origin"), s("srvrhostname", "Host Name (Server)"),
		s("mtagpriority", "Problem Priority"),
		{Name: "mtag", Display: "Label", Type: record.String, MultiValued: true},
		s("usrname", "User Name"), s("status", "Status"), s("sevlvl", "Severity"), s("srcip", "Source IP"),
		s("ocirsrcname", "OCI Resource Name"), s("rsrctype", "Resource Type"), s("rsrcops", "Resource Operations"),
		s("auditref", "Audit Reference"), s("endpoint", "Endpoint"), s("select", "Select"),
		{Name: "code", Display: "Error Code", Type: record.String, CaseSensitive: true},
		{Name: "contszout", Display: "Content Size Out", Type: record.Long},
		{Name: "dur", Display: "Duration", Type: record.Long, Unit: "ms"},
		{Name: "load", Display: "Load", Type: record.Double},
		{Name: "endeventtime", Display: "Event End Time", Type: record.Timestamp},
	}
	return fields{list, map[string]string{groupA: "Alpha", groupB: "Beta"}}
}

// rec is one record of a test: time as minutes before testNow unless at is set.
type rec struct {
	ago    float64
	at     time.Time
	source string
	group  string
	text   string
	upload string
	entity string
	class  string // type of the entity
	labels []string
	fields map[string]any
}

// newStore opens an empty store with DuckDB below t's folder.
func newStore(t testing.TB) *store.Store {
	t.Helper()
	st, _ := newStoreWithLookups(t)
	return st
}

// newStoreWithLookups also returns a folder for lookup tables.
func newStoreWithLookups(t testing.TB) (*store.Store, string) {
	t.Helper()
	dir, lookups := t.TempDir(), t.TempDir()
	engine, err := duckdb.Open(duckdb.Options{Dirs: []string{store.SegmentDir(dir), lookups}, TempDir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(dir, engine, store.Options{Clock: func() time.Time { return testNow }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st, lookups
}

// ingest stores records with the fields of tests as one chunk.
func ingest(t testing.TB, st *store.Store, number int, recs []rec) {
	t.Helper()
	ingestWith(t, testFields(), st, number, recs)
}

// ingestWith stores records with the fields of a catalogue.
func ingestWith(t testing.TB, cat Catalogue, st *store.Store, number int, recs []rec) {
	t.Helper()
	chunk := store.Chunk{Stage: sha256.Sum256([]byte(fmt.Sprint("stage", number))), Number: 0}
	origins := map[string]*record.Origin{}
	for i, r := range recs {
		if r.source == "" {
			r.source = "Test Logs"
		}
		if r.group == "" {
			r.group = groupA
		}
		if r.upload == "" {
			r.upload = "test upload"
		}
		key := r.source + "\x00" + r.group + "\x00" + r.upload + "\x00" + r.entity + "\x00" + r.class
		if origins[key] == nil {
			origins[key] = &record.Origin{
				Upload: fmt.Sprintf("up%d-%d", number, len(origins)), UploadName: r.upload, File: "file.json",
				LogGroup: r.group, Source: r.source, Entity: r.entity, EntityType: r.class, Received: testNow.UnixMilli(),
			}
		}
		at := r.at
		if at.IsZero() {
			at = testNow.Add(-time.Duration(r.ago * float64(time.Minute)))
		}
		e := record.Entry{Time: at.UnixMilli(), Text: r.text, Ordinal: int64(i), Origin: origins[key], Labels: r.labels}
		for name, v := range r.fields {
			f, ok := cat.Field(name)
			if !ok {
				t.Fatalf("no field %s", name)
			}
			e.Cells = append(e.Cells, record.Cell{Field: f.Name, Value: cellValue(t, f, v)})
		}
		chunk.Entries = append(chunk.Entries, e)
	}
	if _, err := st.Ingest(context.Background(), chunk); err != nil {
		t.Fatal(err)
	}
}

func cellValue(t testing.TB, f record.Field, v any) record.Value {
	switch v := v.(type) {
	case string:
		return record.Text(v)
	case []string:
		return record.Value{Kind: record.String, Str: v[0], List: v[1:]}
	case int:
		return record.Whole(int64(v))
	case int64:
		return record.Whole(v)
	case float64:
		if f.Type == record.Long {
			return record.Whole(int64(v))
		}
		return record.Fraction(v)
	case time.Time:
		return record.At(v.UnixMilli())
	}
	t.Fatalf("field %s: no value of type %T", f.Name, v)
	return record.Value{}
}

func newEngine(st *store.Store) *Engine {
	return NewEngine(st, testFields(), Options{Clock: func() time.Time { return testNow }})
}

// ask runs a query over the day before testNow.
func ask(t testing.TB, e *Engine, text string) *Result {
	t.Helper()
	res, err := e.Run(context.Background(), request(text))
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return res
}

func request(text string) Request {
	return Request{Text: text, Window: record.Window{From: testNow.Add(-24 * time.Hour), To: testNow}}
}
