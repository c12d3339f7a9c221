package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/deliver"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

// hand is a clock set by hand.
type hand struct{ at time.Time }

func (h *hand) now() time.Time { return h.at }

// opened opens a node in a new directory, without background work.
func opened(t *testing.T, clock *hand) *node {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ledgerline.yaml")
	if err := os.WriteFile(file, []byte("data: data\nserver: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := &globals{config: file, terminal: terminal{out: &strings.Builder{}, err: &strings.Builder{}, env: os.LookupEnv}, clock: clock.now}
	cfg, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	n, err := open(t.Context(), cfg, g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// take stages and parses records of a log source.
func take(t *testing.T, n *node, source string, lines ...string) {
	t.Helper()
	up := stage.Upload{Reference: fmt.Sprintf("%s %d", source, time.Now().UnixNano()), Name: "test", File: "test.json", Source: source, LogGroup: n.defaultGroup, Received: n.now()}
	if err := n.stage.Receive(t.Context(), up, []byte(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	if err := n.stage.SealReceived(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := deliver.New(n.stage, deliver.Options{}).Drain(t.Context(), stage.ReceivedIntegration, n.receivedSink()); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, n *node, text string, last time.Duration) *query.Result {
	t.Helper()
	result, err := n.query.Run(t.Context(), query.Request{Text: text, Window: record.Window{From: n.now().Add(-last), To: n.now().Add(time.Minute)}})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return result
}

// oacQuery is what the BI Server writes of one query: its messages, as events.
func oacQuery(number int, user, dashboard string, at time.Time, rows int, elapsed float64) (events []string) {
	const rule = "--------------------"
	for i, message := range []string{
		fmt.Sprintf("##############################################\n%s SQL Request, logical request hash:\n%x\nSET VARIABLE QUERY_SRC_CD='Report',SAW_SRC_PATH='%s/r',SAW_DASHBOARD='%s';SELECT 1\n", rule, number, dashboard, dashboard),
		fmt.Sprintf("%s Sending query to database named ADW (id: <<%d>>), connection pool named P, logical request hash %x, physical request hash abc: select 1\n", rule, number, number),
		fmt.Sprintf("%s Rows %d, bytes %d retrieved from database query id: <<%d>>, physical request hash abc\n", rule, rows, 10*rows, number),
		fmt.Sprintf("%s Rows returned to Client %d\n", rule, rows),
		fmt.Sprintf("%s Logical Query Summary Stats: Elapsed time %.3f, Response time %.3f, Compilation time 0.100 (seconds)\n", rule, elapsed, elapsed),
	} {
		text, _ := json.Marshal(map[string]any{"id": fmt.Sprintf("%d-%d", number, i), "source": "OAC", "specversion": "1.0",
			"time": at.Add(time.Duration(i) * time.Millisecond).Format("2006-01-02T15:04:05.000Z"), "type": "com.oraclecloud.analytics.analyticsinstance.diagnostic",
			"data": map[string]any{"category": "query", "ecid": fmt.Sprintf("%08x-22aa-4bcd-8e9f-001122334455-00", number), "userId": user, "logLevel": "info", "message": message}})
		events = append(events, string(text))
	}
	return events
}

// The example of docs/sources.md: the slowest queries by user and dashboard is
// one query, over the records that the joiner has made.
func TestSlowestQueriesByUserAndDashboard(t *testing.T) {
	clock := &hand{time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
	n := opened(t, clock)
	if _, err := n.people.Import(t.Context(), []byte("id,name\n"+anaID+",ana@example.com\n")); err != nil {
		t.Fatal(err)
	}
	var events []string
	for i, q := range []struct {
		user, dashboard string
		rows            int
		elapsed         float64
	}{{anaID, "/shared/Sales", 10, 1.5}, {anaID, "/shared/Sales", 5, 9.25}, {"cy@example.com", "/shared/HR", 7, 2.5}} {
		events = append(events, oacQuery(i+1, q.user, q.dashboard, clock.at.Add(-time.Hour), q.rows, q.elapsed)...)
	}
	take(t, n, "OCI Analytics Cloud Diagnostic Logs", events...)
	clock.at = clock.at.Add(3 * time.Minute)
	for range 2 {
		if err := n.joinQueries(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	text := blocks(t, "docs/sources.md", "query")[0]
	var got []string
	for _, row := range ask(t, n, text, 24*time.Hour).Rows {
		got = append(got, fmt.Sprint(row...))
	}
	// User Name, Dashboard Path, Report Path, Queries, Slowest, Rows.
	want := []string{
		fmt.Sprint("ana@example.com", "/shared/Sales", "/shared/Sales/r", int64(2), 9.25, int64(15)),
		fmt.Sprint("cy@example.com", "/shared/HR", "/shared/HR/r", int64(1), 2.5, int64(7)),
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// The derived records are listed with the other uploads.
	if up := ask(t, n, "'Log Source' = 'OCI Analytics Cloud Queries' | stats count by 'Upload Name'", 24*time.Hour).Rows; len(up) != 1 || up[0][0] != "OAC queries" {
		t.Errorf("uploads: %v", up)
	}
}

// The other example: who did it, also for records stored before they were known.
func TestPeopleAreJoinedAtQueryTime(t *testing.T) {
	clock := &hand{time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
	n := opened(t, clock)
	event := func(id, user string) string {
		return fmt.Sprintf(`{"data":{"category":"catalog","message":"m","userId":%q},"id":%q,"source":"OAC","time":"2024-05-01T11:00:00Z","type":"com.oraclecloud.analytics.analyticsinstance.audit"}`, user, id)
	}
	take(t, n, "OCI Analytics Cloud Audit Logs", event("1", anaID), event("2", anaID), event("3", "cy@example.com"), event("4", boID))
	if _, err := n.people.Import(t.Context(), []byte("id,name\n"+anaID+",ana@example.com\n")); err != nil {
		t.Fatal(err)
	}
	take(t, n, "OCI Analytics Cloud Audit Logs", event("5", anaID), event("6", "cy@example.com"))
	got := map[string]int64{}
	for _, row := range ask(t, n, blocks(t, "docs/sources.md", "query")[1], 24*time.Hour).Rows {
		got[fmt.Sprint(row[0])] = row[1].(int64)
	}
	if want := fmt.Sprint(map[string]int64{"ana@example.com": 3, "cy@example.com": 2, boID: 1}); fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	ids, err := n.storedUserIDs(t.Context())
	if err != nil || len(ids) != 3 {
		t.Errorf("%v %v", ids, err)
	}
}
