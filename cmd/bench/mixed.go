package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
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

const mixedDays = 30

// mixed makes records of three log sources, spread over thirty days: audit
// records of integrations of about 450 bytes, nested events of an analytics
// service of about 1,000, steps of flows of about 600. Values are skewed, as they
// are in life. The same seed gives the same records.
type mixed struct {
	random *rand.Rand
	users  *rand.Zipf
	flows  *rand.Zipf
	paths  *rand.Zipf
	begin  time.Time
	total  int
	text   []byte // of the record that is being made
	cells  []record.Cell
}

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
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[m.random.IntN(16)]
	}
	return string(b)
}

func (m *mixed) numbered(prefix string, n int) string { return prefix + strconv.Itoa(m.random.IntN(n)) }

// message is what a record says: a few beginnings, most of them frequent.
func (m *mixed) message(n int, flow string) string {
	head := "Token refresh completed for"
	die := m.random.IntN(100)
	for _, h := range []struct {
		share int
		text  string
	}{{30, "Message received by"}, {25, "Message sent from"}, {20, "Successfully processed"}, {10, "Invoke request completed for"}, {6, "Mapping evaluated in"},
		{3, "Connection refused by remote endpoint while calling"}, {2, "Read timed out after waiting for response from"}, {2, "Retry attempt scheduled for"}, {1, "Schema validation failed in"}} {
		if die -= h.share; die < 0 {
			head = h.text
			break
		}
	}
	text := head + " " + flow + " " + fmt.Sprintf(m.pick("with payload size %d bytes", "elapsed %d ms", "attempt %d of 5", "batch number %d", "row count %d"), m.random.IntN(20_000))
	if n%needleEvery == needleEvery/2 {
		text += " " + needle
	}
	return text
}

// put adds a value to the text and, when field is not empty, to the cells.
func (m *mixed) put(key, field, value string) {
	m.key(key)
	m.text = strconv.AppendQuote(m.text, value)
	if field != "" {
		m.cells = append(m.cells, record.Cell{Field: field, Value: record.Text(value)})
	}
}

func (m *mixed) whole(key, field string, value int64) {
	m.key(key)
	m.text = strconv.AppendInt(m.text, value, 10)
	if field != "" {
		m.cells = append(m.cells, record.Cell{Field: field, Value: record.Whole(value)})
	}
}

func (m *mixed) key(key string) {
	if last := m.text[len(m.text)-1]; last != '{' {
		m.text = append(m.text, ',')
	}
	m.text = append(strconv.AppendQuote(m.text, key), ':')
}

func (m *mixed) open(key string) {
	m.key(key)
	m.text = append(m.text, '{')
}

func (m *mixed) close() { m.text = append(m.text, '}') }

func mixedOrigins() (out [3]*record.Origin) {
	for i, source := range []string{"Mixed Audit", "Mixed Analytics", "Mixed Activity"} {
		out[i] = &record.Origin{Upload: "bench", UploadName: "bench", File: "bench.json", LogGroup: group, Source: source}
	}
	return out
}

// entry makes record n. Its text is the JSON a service would have sent.
func (m *mixed) entry(n int, origins [3]*record.Origin) record.Entry {
	at := m.begin.Add(time.Duration((float64(n) + m.random.Float64()*50) / float64(m.total+50) * float64(mixedDays*24*time.Hour)))
	flow := "INT_FLOW_" + strconv.Itoa(int(m.flows.Uint64()))
	m.text, m.cells = append(m.text[:0], '{'), nil
	m.put("time", "", at.UTC().Format("2006-01-02T15:04:05.000Z"))
	var origin *record.Origin
	switch x := m.random.IntN(100); {
	case x < 30:
		origin = origins[0]
		m.audit(flow)
	case x < 55:
		origin = origins[1]
		m.analytics()
	default:
		origin = origins[2]
		m.step(flow)
	}
	m.put("level", "sevlvl", m.pick("INFO", "INFO", "INFO", "INFO", "INFO", "INFO", "WARN", "WARN", "ERROR", "DEBUG", "TRACE"))
	m.put("user", "usrname", "user"+strconv.Itoa(int(m.users.Uint64()))+"@example.com")
	m.whole("duration", "dur", int64(math.Exp(m.random.NormFloat64()*1.1+5)))
	m.put("message", "msg", m.message(n, flow))
	m.close()
	return record.Entry{Time: at.UnixMilli(), Text: string(m.text), Ordinal: int64(n), Origin: origin, Cells: m.cells}
}

// audit adds what an audit record of integrations says.
func (m *mixed) audit(flow string) {
	m.put("kind", "", "oic_audit")
	m.put("id", "eventid", m.hex(32))
	m.put("action", "rsrcops", m.skew("READ", "UPDATE", "CREATE", "DELETE", "ACTIVATE", "DEACTIVATE", "EXPORT", "IMPORT", "LOGIN", "LOGOUT"))
	m.put("component", "rsrctype", m.skew("integrations", "connections", "lookups", "packages", "libraries", "agents", "certificates", "schedules"))
	m.put("resource", "ocirsrcname", flow)
	m.put("region", "region", m.skew("us-ashburn-1", "eu-frankfurt-1", "uk-london-1", "ap-tokyo-1"))
	m.put("client", "clnthostip", fmt.Sprintf("10.%d.%d.%d", m.random.IntN(4), m.random.IntN(20), m.random.IntN(250)))
	m.put("instance", "oicinstance", m.numbered("oic-prod-ax", 3)+"-ia")
	m.put("correlation", "parentreqid", m.hex(24))
}

// analytics adds what an event of an analytics service says.
func (m *mixed) analytics() {
	area := func() string {
		return m.skew("Sales", "Finance GL", "HCM Workforce", "Procurement", "Projects", "Inventory", "Receivables", "Payables")
	}
	m.put("kind", "", "oac_event")
	m.put("id", "eventid", m.hex(32))
	m.put("source", "", "analytics-"+m.skew("us-ashburn-1", "eu-frankfurt-1", "uk-london-1", "ap-tokyo-1"))
	m.put("type", "type", "com.oraclecloud.analytics."+m.skew("audit", "diagnostic", "usage"))
	m.open("data")
	m.put("category", "category", m.skew("catalog", "query", "security", "snapshot"))
	m.put("host", "srvrhostname", m.numbered("oac-n", 7))
	m.put("ecid", "ecidid", m.hex(32))
	m.put("session", "sess", m.hex(16))
	m.put("subjectArea", "subjectarea", area())
	m.put("path", "path", fmt.Sprintf("/shared/Reports/dir%d/report_%d", m.random.IntN(40), m.paths.Uint64()))
	m.put("status", "status", m.status())
	m.whole("rows", "rowcount", m.random.Int64N(50_000))
	m.open("http")
	m.put("method", "method", m.skew("GET", "POST", "PUT", "DELETE"))
	m.put("code", "statcode", m.pick("200", "200", "200", "200", "201", "204", "302", "400", "401", "404", "500", "503"))
	m.put("agent", "", m.numbered("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/12", 10)+".0")
	m.close()
	m.put("sql", "", fmt.Sprintf(`SELECT s_0, s_1, s_2 FROM (SELECT 0 s_0, "%s"."Dim%d"."Attr%d" s_1, "%s"."Fact"."Amt%d" s_2 FROM "%s") djm ORDER BY 1, 2 ASC NULLS LAST FETCH FIRST %d ROWS ONLY`,
		area(), m.random.IntN(12), m.random.IntN(30), area(), m.random.IntN(20), area(), 500*(1+m.random.IntN(4))))
	m.close()
	m.open("oracle")
	m.put("compartmentid", "compartmentid", m.numbered("ocid1.compartment.oc1..aaaaaaaaz", 3))
	m.put("tenantid", "tenantid", m.numbered("ocid1.tenancy.oc1..aaaaaaaa", 2))
	m.put("loggroup", "", m.numbered("ocid1.loggroup.oc1.", 4))
	m.close()
}

// step adds what a step of a flow says.
func (m *mixed) step(flow string) {
	adapter := func() string {
		return m.skew("rest", "soap", "ftp", "erp", "atp", "salesforce", "netsuite", "kafka", "sap", "file")
	}
	m.put("kind", "", "oic_activity")
	m.put("instanceId", "instid", m.hex(24))
	m.put("trackingId", "actid", m.hex(24))
	m.put("flow", "identifier", flow)
	m.put("version", "integrationver", fmt.Sprintf("01.0%d.000%d", m.random.IntN(4), m.random.IntN(6)))
	m.put("project", "projectid", "PRJ_"+strconv.Itoa(int(m.flows.Uint64())%30))
	m.put("activity", "actn", m.skew("invoke", "assign", "map", "route", "forEach", "stageFile", "notification", "trigger", "scope", "throw"))
	m.put("endpoint", "endpoint", m.numbered(adapter()+"_conn_", 12))
	m.put("adapter", "provider", adapter())
	m.put("status", "status", m.status())
	m.whole("size", "contsz", m.random.Int64N(1<<16))
	m.put("node", "node", m.numbered("oic-", 7))
	m.put("businessKey", "key", m.numbered("ORD-", 90_000_000))
	m.put("parentId", "", m.hex(16))
	m.put("milestone", "", m.skew("RECEIVED", "TRACKING", "COMPLETED"))
	m.put("pool", "", m.numbered("oic_shared_pool_", 4))
}

func (m *mixed) status() string {
	return m.pick("SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED", "RUNNING", "ABORTED")
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
