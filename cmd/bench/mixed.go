package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

// needle is a word that one record in so many holds.
const (
	needle      = "zqxneedle7731"
	needleEvery = 200_000
)

// mixed makes records of three log sources, spread over thirty days: audit
// records of integrations, events of an analytics service, steps of flows.
// Values are skewed, as they are in life. The same seed gives the same records.
type mixed struct {
	random *rand.Rand
	users  *rand.Zipf
	flows  *rand.Zipf
	paths  *rand.Zipf
	begin  time.Time
	total  int
}

const mixedDays = 30

func newMixed(total int, end time.Time) *mixed {
	r := rand.New(rand.NewPCG(1, 42))
	return &mixed{random: r, users: rand.NewZipf(r, 1.2, 8, 19_999), flows: rand.NewZipf(r, 1.3, 4, 799), paths: rand.NewZipf(r, 1.1, 2, 4_999),
		begin: end.AddDate(0, 0, -mixedDays), total: total}
}

func (m *mixed) pick(values ...string) string { return values[m.random.IntN(len(values))] }

// skew picks the first value half of the time, the second a quarter, and so on.
func (m *mixed) skew(values ...string) string {
	i := 0
	for i < len(values)-1 && m.random.IntN(2) == 0 {
		i++
	}
	return values[i]
}

func (m *mixed) hex(n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%016x", m.random.Uint64())
	}
	return b.String()[:n]
}

func mixedOrigins() (out [3]*record.Origin) {
	for i, source := range []string{"Mixed Audit", "Mixed Analytics", "Mixed Activity"} {
		out[i] = &record.Origin{Upload: "bench", UploadName: "bench", File: "bench.json", LogGroup: group, Source: source}
	}
	return out
}

// entry makes record n. Its text is the JSON a service would have sent.
func (m *mixed) entry(n int, origins [3]*record.Origin) record.Entry {
	at := m.begin.Add(time.Duration((float64(n) + m.random.Float64()*50) / float64(m.total+50) * float64(mixedDays*24*time.Hour)))
	ms := at.UnixMilli()
	stamp := at.UTC().Format("2006-01-02T15:04:05.000Z")
	user := "user" + strconv.Itoa(int(m.users.Uint64())) + "@example.com"
	flow := "FLOW_" + strconv.Itoa(int(m.flows.Uint64()))
	took := int64(math.Exp(m.random.NormFloat64()*1.1 + 5))
	level := m.pick("INFO", "INFO", "INFO", "INFO", "INFO", "WARN", "WARN", "ERROR", "DEBUG")
	message := m.skew("Message received by", "Message sent from", "Successfully processed", "Invoke completed for", "Connection refused by remote endpoint while calling", "Retry scheduled for") +
		" " + flow + " " + fmt.Sprintf(m.pick("with payload size %d bytes", "elapsed %d ms", "batch number %d"), m.random.IntN(20_000))
	if n%needleEvery == needleEvery/2 {
		message += " " + needle
	}
	cells := []record.Cell{{Field: "usrname", Value: record.Text(user)}, {Field: "sevlvl", Value: record.Text(level)}, {Field: "msg", Value: record.Text(message)}, {Field: "dur", Value: record.Whole(took)}}
	add := func(field, value string) { cells = append(cells, record.Cell{Field: field, Value: record.Text(value)}) }
	var text string
	var origin *record.Origin
	switch x := m.random.IntN(100); {
	case x < 30:
		origin = origins[0]
		action, component, id := m.skew("READ", "UPDATE", "CREATE", "DELETE", "ACTIVATE", "DEACTIVATE", "EXPORT"), m.skew("integrations", "connections", "lookups", "packages"), m.hex(32)
		add("rsrcops", action)
		add("rsrctype", component)
		add("ocirsrcname", flow)
		add("eventid", id)
		text = fmt.Sprintf(`{"time":"%s","id":"%s","level":"%s","user":"%s","action":"%s","component":"%s","resource":"%s","duration":%d,"message":"%s"}`, stamp, id, level, user, action, component, flow, took, message)
	case x < 55:
		origin = origins[1]
		category, path, ecid := m.skew("catalog", "query", "security", "snapshot"), fmt.Sprintf("/shared/Reports/report_%d", m.paths.Uint64()), m.hex(32)
		status := m.pick("SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED", "RUNNING")
		add("type", category)
		add("path", path)
		add("ecidid", ecid)
		add("status", status)
		text = fmt.Sprintf(`{"time":"%s","source":"analytics","level":"%s","user":"%s","duration":%d,"message":"%s","data":{"category":"%s","ecid":"%s","path":"%s","status":"%s","sql":"SELECT s_0, s_1 FROM (SELECT 0 s_0, \"Sales\".\"Dim%d\".\"Attr%d\" s_1) djm ORDER BY 1 FETCH FIRST %d ROWS ONLY"}}`,
			stamp, level, user, took, message, category, ecid, path, status, m.random.IntN(12), m.random.IntN(30), m.random.IntN(5000))
	default:
		origin = origins[2]
		instance, action, adapter := m.hex(24), m.skew("invoke", "assign", "map", "route", "notification"), m.skew("rest", "soap", "ftp", "erp", "atp")
		status := m.pick("SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED", "ABORTED")
		add("instid", instance)
		add("actn", action)
		add("provider", adapter)
		add("status", status)
		text = fmt.Sprintf(`{"time":"%s","instanceId":"%s","flow":"%s","level":"%s","user":"%s","activity":"%s","adapter":"%s","status":"%s","duration":%d,"key":"ORD-%d","message":"%s"}`,
			stamp, instance, flow, level, user, action, adapter, status, took, 10_000_000+m.random.IntN(90_000_000), message)
	}
	return record.Entry{Time: ms, Text: text, Ordinal: int64(n), Origin: origin, Cells: cells}
}

// laboratory is a store with mixed records and the engine over it.
type laboratory struct {
	store    *store.Store
	engine   *query.Engine
	window   record.Window
	ingest   time.Duration // CPU time of storing, merging included
	segments int
	bytes    int64 // of segments and token filters
}

func (l *laboratory) close() { l.store.Close() }

// mixedChunk is how many records are stored at a time.
const mixedChunk = 200_000

func newLaboratory(ctx context.Context, dir string, records int) (*laboratory, error) {
	engine, err := duckdb.Open(duckdb.Options{Dirs: []string{store.SegmentDir(dir)}, TempDir: dir + "/tmp"})
	if err != nil {
		return nil, err
	}
	end := time.Now().UTC().Truncate(24 * time.Hour)
	m, origins := newMixed(records, end), mixedOrigins()
	// Records arrive as they happen, so that days that are over have settled.
	now := m.begin
	st, err := store.Open(dir, engine, store.Options{Clock: func() time.Time { return now }})
	if err != nil {
		engine.Close()
		return nil, err
	}
	begin := ownCPU()
	for n := 0; n < records; {
		chunk := store.Chunk{Stage: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))}
		for ; n < records && len(chunk.Entries) < mixedChunk; n++ {
			chunk.Entries = append(chunk.Entries, m.entry(n, origins))
		}
		now = time.UnixMilli(chunk.Entries[len(chunk.Entries)-1].Time)
		if _, err := st.Ingest(ctx, chunk); err != nil {
			return nil, err
		}
		if _, err := st.Merge(ctx); err != nil {
			return nil, err
		}
	}
	library, err := content.Open(ctx, noDocuments{}, content.Options{})
	if err != nil {
		return nil, err
	}
	stats, err := st.Stats(ctx)
	if err != nil {
		return nil, err
	}
	return &laboratory{store: st, engine: query.NewEngine(st, names{library}, query.Options{DefaultTimeout: 10 * time.Minute}),
		window: record.Window{From: m.begin.Add(-time.Hour), To: end.Add(time.Hour)}, ingest: ownCPU() - begin,
		segments: stats.Segments, bytes: sizeOf(store.SegmentDir(dir))}, nil
}

// noDocuments is a library with the built-in content alone.
type noDocuments struct{}

func (noDocuments) LoadContent(context.Context) ([]content.Document, error) { return nil, nil }
func (noDocuments) SaveContent(context.Context, []content.Document, []content.DocumentKey) error {
	return fmt.Errorf("the benchmark stores no content")
}

// names answers the query language's questions about names.
type names struct{ *content.Library }

func (names) LogGroups() map[string]string { return map[string]string{group: "Default"} }
