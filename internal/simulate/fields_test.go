package simulate

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// nothing is a library's store that holds nothing.
type nothing struct{}

func (nothing) LoadContent(context.Context) ([]content.Document, error) { return nil, nil }
func (nothing) SaveContent(context.Context, []content.Document, []content.DocumentKey) error {
	return nil
}

// documented reads the tables of docs/sources.md: the fields of each log source.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("^\\| .+ \\| (.+) \\| `([a-z0-9]+)` \\| [A-Z]+ \\|$")
	out, section := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(name)
		}
		if m := row.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			out[section] = append(out[section], m[2])
		}
	}
	return out
}

// metricRecords are the answers of Monitoring in the shape that docs/sources.md
// gives for records of metrics.
func metricRecords(t *testing.T, s *Simulator) string {
	t.Helper()
	list, err := s.Summarize("OutboundRequestInvocationTime[1h].percentile(.95)", noon.Add(-48*time.Hour), noon)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, one := range list {
		for _, p := range one.Points {
			b.Write(encode(map[string]any{"namespace": one.Namespace, "metric": one.Name, "dimensions": one.Dimensions, "value": p.Value, "unit": one.Metadata["unit"],
				"time": p.Timestamp, "statistic": "percentile(.95)", "interval": one.Resolution, "compartmentId": one.CompartmentID}))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Every log source reads what the simulator writes, and each field of its table
// in docs/sources.md is non-empty somewhere.
func TestEveryDocumentedFieldIsWritten(t *testing.T) {
	library, err := content.Open(t.Context(), nothing{}, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]map[string]int{}
	read := func(source, body string) {
		t.Helper()
		if seen[source] == nil {
			seen[source] = map[string]int{}
		}
		n := 0
		up := content.Upload{Origin: &record.Origin{Source: source, Received: noon.UnixMilli()}}
		warnings, err := library.Parse(t.Context(), up, []byte(body), func(e *record.Entry) error {
			n++
			seen[source]["time"]++
			for _, c := range e.Cells {
				if c.Field == "timeassumed" || c.Field == "parsefailed" {
					t.Errorf("%s: %s of %s", source, c.Field, e.Text)
				}
				seen[source][c.Field]++
			}
			return nil
		})
		if err != nil || len(warnings) > 0 || n == 0 {
			t.Errorf("%s: %d records, warnings %v, %v", source, n, warnings, err)
		}
	}
	for _, generation := range []int{2, 3} {
		s, err := New(Options{Clock: fixed(noon), History: 200, Activity: 1000, Analytics: 2500, Generation: generation, Days: 14, UserIDs: "switch"})
		if err != nil {
			t.Fatal(err)
		}
		for name, source := range map[string]string{OICActivity: content.SourceIntegrationActivity, OACAudit: content.SourceAnalyticsAudit, OACDiagnostic: content.SourceAnalyticsDiagnostic} {
			l := s.company.log(name)
			if generation == 2 {
				read(source, string(l.export()))
				continue
			}
			var bare strings.Builder
			for _, e := range l.between(0, noon.UnixMilli()) {
				bare.Write(append(e.event(), '\n'))
			}
			read(source, bare.String())
		}
		read(content.SourceIntegrationMetrics, metricRecords(t, s))
		page := &auditPage{Links: links(httptest.NewRequest(http.MethodGet, "https://oic.example.com"+auditPath, nil))}
		for _, e := range s.trail.all {
			page.Items = append(page.Items, s.item(e).encode())
		}
		read(content.SourceIntegrationAudit, string(s.encode(page)))
	}
	tables := documented(t)
	if len(seen) != 5 {
		t.Fatalf("%d log sources were read, want 5", len(seen))
	}
	// Oracle publishes no record of an audit log with these fields; they belong
	// to the query messages and the feedback of the diagnostic log.
	onlyDiagnostic := map[string]bool{"feedback": true, "feedbackcategory": true, "feedbackdetails": true, "feedbackusrid": true, "utterance": true, "datamodel": true, "parentecid": true}
	onlyAudit := map[string]bool{"objtype": true, "snapshotsize": true, "src": true}
	for source := range seen {
		if len(tables[source]) == 0 {
			t.Errorf("docs/sources.md has no table of %s", source)
		}
		for _, field := range tables[source] {
			if source == content.SourceAnalyticsAudit && onlyDiagnostic[field] || source == content.SourceAnalyticsDiagnostic && onlyAudit[field] {
				continue
			}
			if seen[source][field] == 0 {
				t.Errorf("%s: no record has %s", source, field)
			}
		}
	}
}

func TestAnalyticsLooksLikeWork(t *testing.T) {
	s, err := New(Options{Clock: fixed(noon), History: -1, Analytics: 8000, Days: 30, UserIDs: "switch"})
	if err != nil {
		t.Fatal(err)
	}
	if n := s.company.log(OACAudit).count() + s.company.log(OACDiagnostic).count(); n != 8000 {
		t.Errorf("%d records, want 8,000", n)
	}
	categories, guids, names, ids := map[string]int{}, 0, 0, map[string]bool{}
	contexts := map[string]int{} // messages of a query
	for _, name := range []string{OACAudit, OACDiagnostic} {
		var last int64
		for _, e := range s.company.log(name).between(0, 1<<62) {
			if e.at < last || e.seen > noon.UnixMilli() || e.seen < e.at+10_000 || e.seen > e.at+30_000 {
				t.Fatalf("an event at %d after %d, seen %d", e.at, last, e.seen)
			}
			last = e.at
			var c struct {
				ID   string
				Time time.Time
				Data struct {
					Category, Message, ECID, UserID, IPAddress string
				}
			}
			if err := json.Unmarshal(e.event(), &c); err != nil || c.Time.UnixMilli() != e.at {
				t.Fatal(err, string(e.event()))
			}
			if ids[c.ID] {
				t.Fatalf("two events have the id %s", c.ID)
			}
			ids[c.ID] = true
			categories[name+" "+c.Data.Category]++
			if c.Data.Category == "query" {
				contexts[c.Data.ECID[:36]]++
			}
			if c.Data.Category == "catalog" && c.Data.IPAddress != "" {
				t.Fatal("actions on catalog objects have no address")
			}
			byName := strings.Contains(c.Data.UserID, "@")
			if byName {
				names++
			} else {
				guids++
			}
			if middle := noon.Add(-15 * 24 * time.Hour).UnixMilli(); byName && e.at < middle-60_000 {
				t.Fatalf("a name at %s", formatTime(e.at))
			}
		}
	}
	for _, want := range []string{"oac-audit catalog", "oac-audit data", "oac-audit publisher", "oac-audit security", "oac-audit semanticModel", "oac-audit settings",
		"oac-audit snapshot", "oac-audit DVA", "oac-diagnostic data", "oac-diagnostic dataLoad", "oac-diagnostic query"} {
		if categories[want] == 0 {
			t.Errorf("no event of %s", want)
		}
	}
	if guids == 0 || names == 0 {
		t.Errorf("%d users by GUID, %d by name", guids, names)
	}
	for id, n := range contexts {
		if n > 15 { // six, and three for each of three physical queries
			t.Errorf("%d messages of the query %s", n, id)
		}
	}
	if len(contexts)*5 > categories["oac-diagnostic query"] {
		t.Errorf("%d messages of %d queries", categories["oac-diagnostic query"], len(contexts))
	}
}
