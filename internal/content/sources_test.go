package content

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/record"
)

var builtinSources = []string{SourceIntegrationAudit, SourceIntegrationActivity, SourceIntegrationMetrics, SourceIntegrationRuns, SourceAnalyticsAudit, SourceAnalyticsDiagnostic,
	SourceAnalyticsQueries, SourceUnified, SourceOpenTelemetry, SourceLedgerlineAudit}

func TestBuiltinSources(t *testing.T) {
	l := openLibrary(t)
	for _, name := range builtinSources {
		s, ok := l.Source(name)
		if !ok || s.Name != name || s.Display != name || !s.System {
			t.Fatalf("%s: %+v", name, s)
		}
		p, _ := l.Parser(s.Parsers[0])
		entries, warnings := parse(t, l, upload(name), p.Example)
		if len(entries) != 1 || failed(entries[0]) || len(warnings) > 0 {
			t.Errorf("%s: the parser's example gives %+v, warnings %v", name, entries, warnings)
		}
		for _, group := range s.ExtendedFields {
			for _, f := range group.Fields {
				p, err := compilePattern(f.Expression, patternOptions{captures: true})
				if err != nil {
					t.Fatal(err)
				}
				if p.fast == nil {
					t.Errorf("%s: %s needs the slow engine", name, f.Expression)
				}
				if _, ok, _ := p.find(f.Example); !ok {
					t.Errorf("%s: %s does not match its example %q", name, f.Expression, f.Example)
				}
			}
		}
		for _, r := range s.LabelRules {
			for _, tag := range r.Tags {
				if _, ok := l.Label(tag); !ok && r.Field == fieldLabels {
					t.Errorf("%s: the label %s is not defined", name, tag)
				}
			}
		}
	}
	if len(l.Sources()) != len(builtinSources) {
		t.Errorf("%d sources are built in, %d have a name here", len(l.Sources()), len(builtinSources))
	}
}

// What a built-in source exports is what it is: importing it changes nothing,
// and Oracle's service finds one plain path for each field.
func TestBuiltinSourcesTravel(t *testing.T) {
	ctx := context.Background()
	for _, name := range builtinSources {
		t.Run(name, func(t *testing.T) {
			l := openLibrary(t)
			z, err := l.Export(ctx, Names{Sources: []string{name}})
			if err != nil {
				t.Fatal(err)
			}
			before := contentOf(t, l)
			r, err := l.Import(ctx, z, ImportOptions{Replace: true})
			if err != nil || len(r.Warnings) > 0 {
				t.Fatalf("%v, warnings %v", err, r.Warnings)
			}
			for kind, c := range map[string]Changes{"sources": r.Sources, "parsers": r.Parsers, "fields": r.Fields, "labels": r.Labels} {
				if len(c.Created)+len(c.Updated)+len(c.Conflicting) > 0 {
					t.Errorf("%s changed by their own export: %+v", kind, c)
				}
			}
			if l.Version() != 1 || !maps.Equal(before, contentOf(t, l)) {
				t.Error("the library changed")
			}
			again, err := l.Export(ctx, Names{Sources: []string{name}})
			if err != nil || !bytes.Equal(z, again) {
				t.Errorf("the second export differs (%v)", err)
			}
			text, err := contentXML(z)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`<(?:StructuredColInfo|HeaderContent)>(.*)</`).FindAllStringSubmatch(string(text), -1) {
				if strings.Contains(m[1], "|") || strings.Contains(m[1], "logContent") {
					t.Errorf("Oracle would read the path %s", m[1])
				}
			}
			src, _ := l.Source(name)
			for _, rule := range src.LabelRules {
				for _, tag := range rule.Tags {
					if rule.Field == fieldLabels && !strings.Contains(string(text), "<Name>"+tag+"</Name>") {
						t.Errorf("the export lacks the label %s", tag)
					}
				}
			}
		})
	}
}

var (
	tableRow    = regexp.MustCompile("^\\| (.+) \\| (.+) \\| `([a-z0-9]+)` \\| ([A-Z]+) \\|$")
	tablePath   = regexp.MustCompile("`([^`]+)`")
	tableOrigin = regexp.MustCompile(`from ([^;]+)`)
)

// Each table of docs/sources.md names every field a source sets, with its type and all its paths, and no other.
func TestSourcesDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	section := ""
	l := openLibrary(t)
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(name)
		}
		m := tableRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		f, ok := l.Field(m[2])
		if !ok || f.Name != m[3] || f.Type.String() != m[4] {
			t.Errorf("%s: %q is documented as %s %s, the library has %+v", section, m[2], m[3], m[4], f)
			continue
		}
		var from []string
		for _, p := range tablePath.FindAllStringSubmatch(m[1], -1) {
			from = append(from, p[1])
		}
		for _, base := range tableOrigin.FindAllStringSubmatch(m[1], -1) {
			b, _ := l.Field(base[1])
			from = append(from, "from "+b.Name)
		}
		slices.Sort(from)
		documented[section] = append(documented[section], f.Name+" "+strings.Join(from, ", "))
	}
	for _, name := range builtinSources {
		want := fieldOrigins(t, l, name)
		got := documented[name]
		slices.Sort(got)
		for _, row := range want {
			if !slices.Contains(got, row) {
				t.Errorf("%s: the table lacks, or has otherwise: %s", name, row)
			}
		}
		for _, row := range got {
			if !slices.Contains(want, row) {
				t.Errorf("%s: the table has, and the library not: %s", name, row)
			}
		}
	}
}

// fieldOrigins lists for each field of a source where its values come from.
func fieldOrigins(t *testing.T, l *Library, source string) []string {
	t.Helper()
	origins := map[string]map[string]bool{}
	add := func(field, from string) {
		if origins[field] == nil {
			origins[field] = map[string]bool{}
		}
		origins[field][from] = true
	}
	s, _ := l.Source(source)
	for _, name := range s.Parsers {
		p, _ := l.Parser(name)
		for _, f := range p.Fields {
			for _, path := range splitPath(f.Path) {
				path = strings.TrimPrefix(strings.TrimPrefix(path, "^"), "$.")
				add(f.Field, strings.TrimPrefix(path, "logContent."))
			}
		}
	}
	for _, group := range s.ExtendedFields {
		for _, f := range group.Fields {
			visitCaptures(f.Expression, func(name string) string { add(name, "from "+f.Base); return name })
		}
	}
	var out []string
	for field, from := range origins {
		out = append(out, field+" "+strings.Join(sortedKeys(from), ", "))
	}
	slices.Sort(out)
	return out
}

const activityEvent = `{"data":{"actionName":"Reply","actionType":"Receive","endPointName":"OrdersREST","executionTimeInMillis":17,"executedTime":"2024-05-01T09:20:11.000Z",
 "operationName":"execute","instanceId":"sNsT2oABEe-a1234567890","integrationFlowIdentifier":"ORDERS_TO_ERP!01.02.0000","message":"Reply to OrdersREST completed","userId":"svc-orders",
 "eventId":"so1-6d6yee","opcRequestId":"req1","transactionId":"t1","projectId":"PRJ","recordType":"insights record","key":"ordernumber","value":"4711","status":"Completed"},
 "id":"7b1c2e50-079a-11ef-9f21-0242ac120002","oracle":{"compartmentid":"c","ingestedtime":"2024-05-01T09:20:15.204Z","loggroupid":"g","logid":"l","tenantId":"n"},
 "source":"ocid1.integrationinstance.oc1.iad.exampleuniqueid5","specversion":"1.0","time":"2024-05-01T09:20:11.120Z","type":"com.oraclecloud.integration.integrationinstance.activitystream"}`

func TestActivityStream(t *testing.T) {
	l := openLibrary(t)
	for name, body := range map[string]string{"bare": activityEvent, "wrapped": `{"datetime":1,"logContent":` + activityEvent + `,"regionId":"us-ashburn-1"}`} {
		t.Run(name, func(t *testing.T) {
			entries, warnings := parse(t, l, upload(SourceIntegrationActivity), body)
			if len(entries) != 1 || len(warnings) != 0 {
				t.Fatalf("%d entries, warnings %v", len(entries), warnings)
			}
			e := entries[0]
			if e.Time != 1714555211120 || e.Text != body {
				t.Errorf("time %d, text %s", e.Time, e.Text)
			}
			for field, want := range map[string]string{
				"actn": "Reply", "actntype": "Receive", "endpoint": "OrdersREST", "oper": "execute", "inst": "sNsT2oABEe-a1234567890", "instid": "sNsT2oABEe-a1234567890",
				"identifier": "ORDERS_TO_ERP!01.02.0000", "integration": "ORDERS_TO_ERP", "integrationver": "01.02.0000", "msg": "Reply to OrdersREST completed",
				"usrid": "svc-orders", "eventid": "so1-6d6yee", "opcreqid": "req1", "txnid": "t1", "projectid": "PRJ", "oicproject": "PRJ", "recordtype": "insights record",
				"key": "ordernumber", "value": "4711", "oicstatus": "Completed", "loggingrecid": "7b1c2e50-079a-11ef-9f21-0242ac120002", "compartmentid": "c",
				"loggingloggrpocid": "g", "logginglogocid": "l", "tenantid": "n", "ocirsrcname": "ocid1.integrationinstance.oc1.iad.exampleuniqueid5",
				"ocirsrcocid": "ocid1.integrationinstance.oc1.iad.exampleuniqueid5", "cloudevntsver": "1.0", "eventtype": "com.oraclecloud.integration.integrationinstance.activitystream",
			} {
				wantCell(t, e, field, record.Text(want))
			}
			wantCell(t, e, "dur", record.Whole(17))
			wantCell(t, e, "executedtime", record.At(1714555211000))
			wantCell(t, e, "ingestedtime", record.At(1714555215204))
			if len(e.Labels) > 0 {
				t.Errorf("labels %v", e.Labels)
			}
		})
	}
	// Generation 2 gives a display name, other spellings and few keys.
	e := one(t, l, SourceIntegrationActivity, `{"data":{"actionType":"raise_Error","endpointName":"ERP","instanceId":65202025,"userid":"u","message":"x"},"source":"oicdemo","time":"2024-05-01T09:20:11Z"}`)
	wantCell(t, e, "endpoint", record.Text("ERP"))
	wantCell(t, e, "usrid", record.Text("u"))
	wantCell(t, e, "inst", record.Text("65202025"))
	wantCell(t, e, "ocirsrcname", record.Text("oicdemo"))
	wantNoCell(t, e, "ocirsrcocid")
	wantNoCell(t, e, "integration")
	wantCell(t, e, "mtagpriority", record.Text("High"))
	if !slices.Equal(e.Labels, []string{"Integration Fault", "Potential Issue"}) {
		t.Errorf("labels %v", e.Labels)
	}
	for message, fault := range map[string]bool{"A fault was caught": true, "CASDK-0033: bad request": true, "Invocation FAILED": true, "Defaults loaded": false, "unfailing": false} {
		e := one(t, l, SourceIntegrationActivity, fmt.Sprintf(`{"data":{"message":%q},"time":"2024-05-01T09:20:11Z"}`, message))
		if slices.Contains(e.Labels, "Integration Fault") != fault {
			t.Errorf("%q: labels %v", message, e.Labels)
		}
	}
}

// one parses a body that holds one record and is read without a warning.
func one(t testing.TB, l *Library, source, body string) record.Entry {
	t.Helper()
	entries, warnings := parse(t, l, upload(source), body)
	if len(entries) != 1 || len(warnings) != 0 {
		t.Fatalf("%s: %d entries, warnings %v", body, len(entries), warnings)
	}
	return entries[0]
}

func TestMetrics(t *testing.T) {
	l := openLibrary(t)
	for name, body := range map[string]string{
		"ours":           `{"namespace":"oci_integration","metric":"OutboundRequestInvocationTime","dimensions":{"resourceId":"ocid1.integrationinstance.oc1.iad.x","resourceName":"oicdemo","integrationFlowIdentifier":"A!01.00.0000","adapterIdentifier":"rest"},"value":12.5,"unit":"ms","time":"2024-05-01T09:20:00Z","statistic":"percentile(.95)","interval":"1m","compartmentId":"c"}`,
		"Oracle's names": `{"items":[{"namespace":"oci_integration","name":"OutboundRequestInvocationTime","dimensions":{"resourceId":"ocid1.integrationinstance.oc1.iad.x","resourceName":"oicdemo","flowCode":"A","flowVersion":"01.00.0000","integrationFlowIdentifier":"A!01.00.0000","adapterIdentifier":"rest"},"value":12.5,"metadata":{"unit":"ms"},"timestamp":"2024-05-01T09:20:00.000Z","statistic":"percentile(.95)","resolution":"1m","compartmentId":"c"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			e := one(t, l, SourceIntegrationMetrics, body)
			if e.Time != 1714555200000 {
				t.Errorf("time %d", e.Time)
			}
			for field, want := range map[string]string{
				"namespace": "oci_integration", "metricname": "OutboundRequestInvocationTime", "unit": "ms", "metricstat": "percentile(.95)", "metricinterval": "1m",
				"compartmentid": "c", "ocirsrcocid": "ocid1.integrationinstance.oc1.iad.x", "ocirsrcname": "oicdemo", "identifier": "A!01.00.0000", "integration": "A",
				"integrationver": "01.00.0000", "adapt": "rest",
			} {
				wantCell(t, e, field, record.Text(want))
			}
			wantCell(t, e, "metricvalue", record.Fraction(12.5))
			if v, _ := cell(e, "dimensions"); !strings.Contains(v.Str, `"adapterIdentifier":"rest"`) {
				t.Errorf("dimensions %s", v.Str)
			}
		})
	}
	e := one(t, l, SourceIntegrationMetrics, `{"metric":"m","value":0,"time":"2024-05-01T09:20:00Z","dimensions":{"resourceId":"r"}}`)
	wantCell(t, e, "ocirsrcname", record.Text("r"))
	wantCell(t, e, "metricvalue", record.Fraction(0))
}
