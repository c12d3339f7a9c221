package content

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ledgerline/internal/record"
)

// The samples of Oracle's page "About Audit and Diagnostic Logs for Oracle
// Analytics Cloud", one a line, with the braces that its print lacks.
func analyticsSamples(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/oac-samples.json")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d samples, want 4", len(lines))
	}
	return lines
}

// analyticsShapes gives one event, wrapped, in every shape it may arrive in.
func analyticsShapes(t *testing.T, wrapped string) map[string]string {
	t.Helper()
	var outer struct{ LogContent json.RawMessage }
	if err := json.Unmarshal([]byte(wrapped), &outer); err != nil {
		t.Fatal(err)
	}
	bare := string(outer.LogContent)
	return map[string]string{
		"wrapped": wrapped, "bare": bare,
		"array": "[" + wrapped + "]", "array, bare": "[\n" + bare + "\n]",
		"search":       `{"fields":[],"results":[{"data":` + wrapped + `}],"summary":{"resultCount":1}}`,
		"search, bare": `{"results":[{"data":` + bare + `}]}`,
		"staged":       `{"items":[` + wrapped + `],"links":[]}`, "staged, bare": `{"items":[` + bare + `],"links":[]}`,
		"userid":            strings.ReplaceAll(wrapped, `"userId"`, `"userid"`),
		"tenantId":          strings.ReplaceAll(bare, `"tenantid"`, `"tenantId"`),
		"unwrapped message": strings.ReplaceAll(wrapped, `\n      `, " "),
	}
}

// Every field that Oracle's page names is there, whatever the shape.
func TestAnalyticsSamples(t *testing.T) {
	samples := analyticsSamples(t)
	const audit, diagnostic = "com.oraclecloud.analytics.analyticsinstance.audit", "com.oraclecloud.analytics.analyticsinstance.diagnostic"
	common := map[string]record.Value{
		"usrid": record.Text("aa11bb22cc33dd44ee55ff66gg77hh88"), "ecidid": record.Text("aaaaaaaa-1111-bbbb-2222-cccccc333333-dddd4444"), "sevlvl": record.Text("info"),
		"eventid": record.Text("11111111-aaaa-2222-bbbb-333333cccccc"), "ocirsrcname": record.Text("MyOACInstance"), "cloudevntsver": record.Text("1.0"),
		"compartmentid":     record.Text("ocid1.tenancy.oc1..aaaaaa111111bbbbbb222222cccccc333333dddddd444444eeeeee555555"),
		"tenantid":          record.Text("ocid1.tenancy.oc1..aaaaaaaaaa1111111111bbbbbbbbbb2222222222cccccccccc3333333333"),
		"loggingloggrpocid": record.Text("ocid1.loggroup.oc1.me-dubai-1.aaaa1111bbbb3333cccc4444dddd5555eeee6666ffff7777gggg8888hhhh"),
	}
	const auditLog = "ocid1.log.oc1.me-dubai-1.aaaa1111bbbb3333jjjj4444kkkk5555llll6666mmmm7777nnnn8888oooo"
	// 2022-08-16T00:00:00Z is 1660608000 seconds after the epoch.
	const elevenOne, tenFiftyThree = 1660647661507, 1660647213099 // 11:01:01.507 and 10:53:33.099
	for i, want := range []struct {
		source string
		time   int64
		labels []string
		cells  map[string]record.Value
		absent []string
	}{
		{SourceAnalyticsAudit, 1660647631611, []string{"Snapshot Change"}, map[string]record.Value{
			"eventtype": record.Text(audit), "logcategory": record.Text("audit"), "category": record.Text("snapshot"), "msg": record.Text("Snapshot 'MyFirstSnapshot' created."),
			"snapshotsize": record.Whole(948999), "src": record.Text("console"), "additionalinfo": record.Text(`{"snapshotSizeInBytes": "948999", "source": "console"}`),
			"logginglogocid": record.Text(auditLog), "ingestedtime": record.At(elevenOne),
		}, []string{"path", "objtype"}},
		// Here datetime is six days off: the page's slip. The event's own time counts.
		{SourceAnalyticsAudit, 1660647631611, nil, map[string]record.Value{
			"eventtype": record.Text(audit), "logcategory": record.Text("audit"), "category": record.Text("catalog"),
			"msg":  record.Text("Data Visualization Workbook (Worklife Balance) properties updated."),
			"path": record.Text("/users/john.smith@example.com/Worklife Balance"), "objtype": record.Text("data visualization workbook"),
			"logginglogocid": record.Text(auditLog), "ingestedtime": record.At(elevenOne),
		}, []string{"snapshotsize", "src"}},
		{SourceAnalyticsDiagnostic, 1660647186246, nil, map[string]record.Value{
			"eventtype": record.Text(diagnostic), "logcategory": record.Text("diagnostic"), "category": record.Text("query"),
			"rowcount": record.Whole(470), "bytecount": record.Whole(7520), "queryid": record.Text("97850"), "physicalhash": record.Text("0"),
			"logginglogocid": record.Text("ocid1.log.oc1.me-dubai-1.aaaa1111bbbb3333pppp4444qqqq5555rrrr6666ssss7777tttt8888uuuu"), "ingestedtime": record.At(tenFiftyThree),
		}, []string{"additionalinfo", "physicalqueries"}},
		{SourceAnalyticsDiagnostic, 1660647204533, nil, map[string]record.Value{
			"eventtype": record.Text(diagnostic), "logcategory": record.Text("diagnostic"), "category": record.Text("query"),
			"physicalqueries": record.Whole(1), "cumulativetime": record.Fraction(0), "dbconnecttime": record.Fraction(0),
			"logginglogocid": record.Text("ocid1.log.oc1.me-dubai-1.aaaa1111bbbb3333vvvv4444wwww5555xxxx6666yyyy7777zzzz8888aaaa"), "ingestedtime": record.At(tenFiftyThree),
		}, []string{"additionalinfo", "rowcount", "queryid"}},
	} {
		l := openLibrary(t)
		for shape, body := range analyticsShapes(t, samples[i]) {
			t.Run(fmt.Sprintf("%d %s", i+1, shape), func(t *testing.T) {
				e := one(t, l, want.source, body)
				if e.Time != want.time {
					t.Errorf("time %d, want %d", e.Time, want.time)
				}
				for field, v := range common {
					wantCell(t, e, field, v)
				}
				for field, v := range want.cells {
					wantCell(t, e, field, v)
				}
				for _, field := range want.absent {
					wantNoCell(t, e, field)
				}
				if !slices.Equal(e.Labels, want.labels) {
					t.Errorf("labels %v, want %v", e.Labels, want.labels)
				}
				if m, _ := cell(e, "msg"); m.Str == "" || m.Str[0] != e.Text[strings.Index(e.Text, `"message": "`)+12] {
					t.Errorf("message %q", m.Str)
				}
			})
		}
	}
}

// A service that knows one path for each field, as Oracle's does, reads from an
// export of these sources the same of bare events.
func TestAnalyticsAsOracleReads(t *testing.T) {
	ctx := context.Background()
	ours := openLibrary(t)
	instruction := regexp.MustCompile(`<\?ledgerline .*\?>`)
	for _, source := range []string{SourceAnalyticsAudit, SourceAnalyticsDiagnostic, SourceIntegrationActivity} {
		z, err := ours.Export(ctx, Names{Sources: []string{source}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := contentXML(z)
		if err != nil {
			t.Fatal(err)
		}
		plain := openLibrary(t)
		if _, err := plain.Import(ctx, instruction.ReplaceAll(text, nil), ImportOptions{Replace: true}); err != nil {
			t.Fatal(err)
		}
		if src, _ := plain.Source(source); src == nil {
			t.Fatal("the source was not imported")
		} else if p, _ := plain.Parser(src.Parsers[0]); p.System || strings.Contains(fmt.Sprint(p.Fields), "|") {
			t.Fatalf("not what Oracle would have: %+v", p.Fields)
		}
		bodies := []string{activityEvent}
		if source != SourceIntegrationActivity {
			bodies = nil
			for _, wrapped := range analyticsSamples(t) {
				bodies = append(bodies, analyticsShapes(t, wrapped)["bare"])
			}
		}
		for _, body := range bodies {
			want, got := one(t, ours, source, body), one(t, plain, source, body)
			if got.Time != want.Time || got.Text != want.Text || !slices.Equal(got.Labels, want.Labels) {
				t.Errorf("%+v, want %+v", got, want)
			}
			for _, c := range want.Cells {
				if c.Field != "tenantid" || !strings.Contains(body, "tenantId") { // one path, one spelling
					wantCell(t, got, c.Field, c.Value)
				}
			}
		}
	}
}

func analyticsEvent(category, message string) string {
	m, _ := json.Marshal(message) // a string
	return fmt.Sprintf(`{"data":{"category":%q,"message":%s},"time":"2024-05-01T09:15:31.611Z"}`, category, m)
}

// What the BI Server writes about one query, in made-up messages of its wording.
func TestQueryMessages(t *testing.T) {
	l := openLibrary(t)
	text, whole, frac := record.Text, record.Whole, record.Fraction
	for message, want := range map[string]map[string]record.Value{
		"##############################################\n-------------------- SQL Request, logical request hash:\n1f2e3d4c\n" +
			"SET VARIABLE QUERY_SRC_CD='Report',SAW_DASHBOARD='/shared/Sales/_portal/Overview',SAW_SRC_PATH='/shared/Sales/Ana''s Pipeline';SELECT \"Sales\".\"Amount\" s_1 FROM \"Sales Area\"\n": {
			"logicalhash": text("1f2e3d4c"), "querysource": text("Report"), "dashboardpath": text("/shared/Sales/_portal/Overview"), "reportpath": text("/shared/Sales/Ana''s Pipeline")},
		"-------------------- General Query Info:\nRepository: Star, Subject Area: Sales, Europe, Presentation: Sales Area": {"repository": text("Star"), "subjectarea": text("Sales, Europe")},
		"-------------------- Sending query to database named Sales ADW (id: <<5010>>), connection pool named ADW CP,\n logical request hash 1f2e3d4c, physical request\n hash 9a8b7c6d: select sum(T1.AMT) from SALES T1": {
			"dbname": text("Sales ADW"), "queryid": text("5010"), "connpool": text("ADW CP"), "logicalhash": text("1f2e3d4c"), "physicalhash": text("9a8b7c6d")},
		"-------------------- Query Status: Successful Completion\n":                          {"querystatus": text("Successful Completion")},
		"-------------------- Query Status: Successful\n   Completion\n":                      {"querystatus": text("Successful Completion")},
		"--------------------Rows 12, bytes 480 retrieved from database query id: <<5010>>\n": {"rowcount": whole(12), "bytecount": whole(480), "queryid": text("5010")},
		"-------------------- Physical query response time 0.412 (seconds), id <<5010>>":      {"physicalresptime": frac(0.412), "queryid": text("5010")},
		"-------------------- Physical query response time 3 (seconds),\nid <<5010>>":         {"physicalresptime": frac(3), "queryid": text("5010")},
		"-------------------- Rows returned to Client 12\n":                                   {"clientrows": whole(12)},
		"--------------------Physical Query Summary Stats: Number of physical queries 2, Cumulative time 1.5, DB-connect time 0.004 (seconds)": {
			"physicalqueries": whole(2), "cumulativetime": frac(1.5), "dbconnecttime": frac(0.004)},
		"-------------------- Logical Query Summary Stats: Elapsed time 0.655, Response time 0.651,\nCompilation\ntime 0.120 (seconds)\n": {
			"elapsedtime": frac(0.655), "logicalresptime": frac(0.651), "compiletime": frac(0.12)},
		"-------------------- Query Status: Query Failed: [nQSError: 46036] Internal Assertion\n": {
			"querystatus": text("Query Failed"), "errid": text("46036"), "mtagpriority": text("High")},
		"-------------------- A sentence about Rows and Query and 12": {},
		// What somebody writes into a query is not what the BI Server says of it.
		"-------------------- SQL Request, logical request hash:\nab12\nSELECT 'Rows returned to Client 7', 'Query Status: Failed' FROM s": {"logicalhash": text("ab12")},
	} {
		e := one(t, l, SourceAnalyticsDiagnostic, analyticsEvent("query", message))
		for field, v := range want {
			wantCell(t, e, field, v)
		}
		// category, msg and what is wanted, nothing cut from elsewhere
		if len(e.Cells) != len(want)+2 {
			t.Errorf("%q: cells %v", message, e.Cells)
		}
		if _, bad := want["errid"]; slices.Contains(e.Labels, "Query Failed") != bad || slices.Contains(e.Labels, "Potential Issue") != bad {
			t.Errorf("%q: labels %v", message, e.Labels)
		}
	}
	// The same words in another category are not about a query.
	wantNoCell(t, one(t, l, SourceAnalyticsDiagnostic, analyticsEvent("dataLoad", "Rows returned to Client 12")), "clientrows")
}

func TestAnalyticsCategories(t *testing.T) {
	l := openLibrary(t)
	for category, labels := range map[string][]string{
		"catalog": {"Permission Change"}, "data": {"Data Export"}, "dataLoad": nil, "DVA": {"Data Export"}, "dva": {"Data Export"}, "publisher": nil, "query": nil,
		"security": {"Permission Change"}, "semanticModel": nil, "settings": nil, "snapshot": {"Snapshot Change"}, "telepathy": {"Unknown Category"},
	} {
		message := map[string]string{"catalog": "Dashboard (Pipeline) permissions updated.", "data": "Exported Pipeline to CSV.", "DVA": "Workbook exported.", "dva": "Workbook exported."}[category]
		e := one(t, l, SourceAnalyticsAudit, analyticsEvent(category, message))
		wantCell(t, e, "category", record.Text(category))
		if !slices.Equal(e.Labels, labels) {
			t.Errorf("%s: labels %v, want %v", category, e.Labels, labels)
		}
	}
	// A member of additionalDetails that nobody knows is kept with the others.
	e := one(t, l, SourceAnalyticsAudit, `{"data":{"category":"settings","ipAddress":"192.0.2.7","additionalDetails":{"old":"a","new":{"b":1}}},"time":"2024-05-01T09:15:31Z"}`)
	wantCell(t, e, "additionalinfo", record.Text(`{"old":"a","new":{"b":1}}`))
	wantCell(t, e, "clnthostip", record.Text("192.0.2.7"))
	e = one(t, l, SourceAnalyticsDiagnostic, `{"data":{"category":"query","userId":"u","additionalDetails":{"feedback":"negative","feedbackCategory":null,"utterance":"sales?","datamodelName":"S","userId":"v","parentEcid":"p"}},"time":"2024-05-01T09:15:31Z"}`)
	for field, want := range map[string]string{"usrid": "u", "feedback": "negative", "utterance": "sales?", "datamodel": "S", "feedbackusrid": "v", "parentecid": "p"} {
		wantCell(t, e, field, record.Text(want))
	}
	wantNoCell(t, e, "feedbackcategory")
}

// What is wrong with a record is said and counted, the record is kept, and the rest goes on.
func TestAnalyticsBadInput(t *testing.T) {
	const bare = `{"data":{"message":"m%s","category":"data"},"id":"1"%s}`
	long := strings.Repeat("x", 20<<20)
	for _, tt := range []struct {
		name, bad string
		time      int64
		warning   string
		failed    bool
	}{
		{"no time", fmt.Sprintf(bare, "", ""), receipt.UnixMilli(), "TimeAssumed", false},
		{"no time but datetime", `{"datetime":1714554931611,"logContent":` + fmt.Sprintf(bare, "", "") + `}`, 1714554931611, "", false},
		{"1970", fmt.Sprintf(bare, "", `,"time":"1970-01-01T00:00:00Z"`), receipt.UnixMilli(), "TimeAssumed", false},
		{"2100", fmt.Sprintf(bare, "", `,"time":"2100-01-01T00:00:00Z"`), receipt.UnixMilli(), "TimeAssumed", false},
		{"no such day", fmt.Sprintf(bare, "", `,"time":"2024-02-30T00:00:00Z"`), receipt.UnixMilli(), "TimeAssumed", false},
		{"20 MB line", fmt.Sprintf(bare, long, `,"time":"2024-05-01T09:15:31.611Z"`), 1714554931611, "TextTruncated", false},
		{"20 MB line, not JSON", long, receipt.UnixMilli(), "ParseFailed", true},
		{"not JSON", "<html>Bad Gateway</html>", receipt.UnixMilli(), "ParseFailed", true},
		{"cut off", `{"data":{"message":"m`, receipt.UnixMilli(), "ParseFailed", true},
		{"not an object", `["x"]`, receipt.UnixMilli(), "ParseFailed", true},
		{"data of another type", `{"data":"m","time":"2024-05-01T09:15:31.611Z"}`, 1714554931611, "", false},
		{"size that is no number", `{"data":{"additionalDetails":{"snapshotSizeInBytes":"big"}},"time":"2024-05-01T09:15:31.611Z"}`, 1714554931611, "ValueDropped", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := openLibrary(t)
			good := analyticsEvent("data", "fine")
			entries, warnings := parse(t, l, upload(SourceAnalyticsAudit), good+"\n"+tt.bad+"\n"+good+"\n")
			if len(entries) != 3 {
				t.Fatalf("%d entries, want 3", len(entries))
			}
			wantCell(t, entries[0], "msg", record.Text("fine"))
			wantCell(t, entries[2], "msg", record.Text("fine"))
			e := entries[1]
			if e.Time != tt.time || failed(e) != tt.failed {
				t.Errorf("time %d, want %d; failed %v", e.Time, tt.time, failed(e))
			}
			if _, assumed := cell(e, "timeassumed"); assumed != (tt.time == receipt.UnixMilli()) {
				t.Errorf("time assumed %v", assumed)
			}
			if tt.warning == "" && len(warnings) > 0 || tt.warning != "" && !hasWarning(warnings, tt.warning) {
				t.Errorf("warnings %v, want %q", warnings, tt.warning)
			}
			for _, w := range warnings {
				if w.Code == tt.warning && w.Count != 1 {
					t.Errorf("counted %d times: %s", w.Count, w.Message)
				}
			}
			if len(tt.bad) > 1<<20 {
				wantCell(t, e, "truncated", record.Whole(1))
			}
		})
	}
}

// The shape an event arrives in does not change what is read of it.
func FuzzAnalyticsShapes(f *testing.F) {
	f.Add("query", "-------------------- Rows 1, bytes 2 retrieved from database query id: <<3>>,\n physical request hash a", "u", "/shared/x")
	f.Add("catalog", "Dashboard permissions updated.", "", "")
	f.Add("{}", "null", "\"", "\\\n\u2028")
	l := openLibrary(f)
	f.Fuzz(func(t *testing.T, category, message, user, path string) {
		event, err := json.Marshal(map[string]any{"time": "2024-05-01T09:15:31.611Z", "id": "1", "data": map[string]any{
			"category": category, "message": message, "userId": user, "additionalDetails": map[string]string{"path": path}}})
		if err != nil {
			t.Fatal(err)
		}
		bare := string(event)
		want := one(t, l, SourceAnalyticsDiagnostic, bare)
		if v, _ := cell(want, "msg"); v.Str != message && utf8.ValidString(message) {
			t.Errorf("message %q, want %q", v.Str, message)
		}
		wrapped := `{"datetime":5,"logContent":` + bare + `}`
		for _, body := range []string{wrapped, "[" + wrapped + "]", `{"results":[{"data":` + wrapped + `}]}`, `{"items":[` + bare + `]}`, strings.ReplaceAll(bare, `"userId":`, `"userid":`)} {
			got := one(t, l, SourceAnalyticsDiagnostic, body)
			if got.Time != want.Time || !slices.Equal(got.Labels, want.Labels) || len(got.Cells) != len(want.Cells) {
				t.Fatalf("%s: %+v, want %+v", body, got, want)
			}
			for _, c := range want.Cells {
				wantCell(t, got, c.Field, c.Value)
			}
		}
	})
}

func BenchmarkParseAnalytics(b *testing.B) {
	samples := analyticsSamples(b)
	var body strings.Builder
	n := 0
	for ; body.Len() < 10<<20; n++ {
		wrapped := samples[n%4]
		body.WriteString(wrapped[strings.Index(wrapped, `"logContent": `)+len(`"logContent": `):len(wrapped)-1] + "\n")
	}
	l := openLibrary(b)
	text := []byte(body.String())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		got := 0
		if _, err := l.Parse(context.Background(), upload(SourceAnalyticsDiagnostic), text, func(*record.Entry) error { got++; return nil }); err != nil || got != n {
			b.Fatal(got, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
