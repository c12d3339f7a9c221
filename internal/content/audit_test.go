package content

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"ledgerline/internal/record"
)

const auditSource = "OCI Integration Audit Logs"

const auditItem = `{
  "auditTrailMessage" : "Wed May 01 09:15:02 UTC 2024 - User ana@example.com activated Integration Orders To ERP (1.2.0)",
  "operationName" : "activate", "resourceCode":"ORDERS_TO_ERP", "resourceName":"Orders \"To\" ERP",
  "resourceType":"ICS_ProjectV2","resourceVersion":"01.02.0000",
  "timeStamp":"2024-05-01T09:15:02.417+0000","userName":"ana@example.com"}`

func TestAuditRecord(t *testing.T) {
	const link = `"links":[{"href":"https://oicdemo-ab12cd34ef56-ia.integration.ocp.oraclecloud.com:443/ic/api/integration/v1/monitoring/auditRecords","rel":"self"}]`
	for name, body := range map[string]string{
		"links after items":  `{"items":[` + auditItem + `],` + link + `,"totalResults":"1"}`,
		"links before items": `{` + link + `,"items":[` + auditItem + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := openLibrary(t)
			entries, warnings := parse(t, l, upload(auditSource), body)
			if len(entries) != 1 || len(warnings) != 0 {
				t.Fatalf("%d entries, warnings %v", len(entries), warnings)
			}
			e := entries[0]
			if e.Text != auditItem {
				t.Errorf("text is not verbatim: %q", e.Text)
			}
			const when = 1714554902417 // 2024-05-01T09:15:02.417Z
			if e.Time != when {
				t.Errorf("time %d, want %d", e.Time, when)
			}
			wantCell(t, e, "audref", record.Text("Wed May 01 09:15:02 UTC 2024 - User ana@example.com activated Integration Orders To ERP (1.2.0)"))
			wantCell(t, e, "rsrcops", record.Text("activate"))
			wantCell(t, e, "rsrcid", record.Text("ORDERS_TO_ERP"))
			wantCell(t, e, "ocirsrcname", record.Text(`Orders "To" ERP`))
			wantCell(t, e, "rsrctype", record.Text("ICS_ProjectV2"))
			wantCell(t, e, "rsrcver", record.Text("01.02.0000"))
			wantCell(t, e, "firstevnttime", record.At(when))
			wantCell(t, e, "usrname", record.Text("ana@example.com"))
			wantCell(t, e, "endpoint", record.Text("https://oicdemo-ab12cd34ef56-ia.integration.ocp.oraclecloud.com:443/ic/api/integration/v1/monitoring/auditRecords"))
			wantCell(t, e, "oicinstance", record.Text("oicdemo-ab12cd34ef56-ia"))
			if len(e.Cells) != 10 {
				t.Errorf("%d cells, want the 8 fields, Endpoint and OIC Instance", len(e.Cells))
			}
		})
	}
}

func TestAuditRecordWithoutVersionOrLinks(t *testing.T) {
	l := openLibrary(t)
	entries, _ := parse(t, l, upload(auditSource), `{"items":[{"operationName":"lock","resourceVersion":null,"timeStamp":"2024-05-01T09:12:40.003+0000"}]}`)
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	for _, f := range []string{"rsrcver", "endpoint", "oicinstance", "usrname", "timeassumed"} {
		wantNoCell(t, entries[0], f)
	}
}

// auditDocument makes a document of about size bytes as the service writes it.
func auditDocument(size int) ([]byte, int) {
	var b strings.Builder
	b.WriteString(`{"items":[`)
	n := 0
	for ; b.Len() < size; n++ {
		if n > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"auditTrailMessage":"Wed May 01 09:%02d:%02d UTC 2024 - User user%d@example.com activated Integration Orders To ERP (1.2.%d)","operationName":"activate","resourceCode":"ORDERS_TO_ERP_%d","resourceName":"Orders To ERP","resourceType":"ICS_ProjectV2","resourceVersion":"01.02.%04d","timeStamp":"2024-05-01T09:%02d:%02d.%03d+0000","userName":"user%d@example.com"}`,
			n/60%60, n%60, n%50, n%10, n%500, n%10, n/60%60, n%60, n%1000, n%50)
	}
	b.WriteString(`],"links":[{"href":"https://oicdemo-ab12cd34ef56-ia.integration.ocp.oraclecloud.com:443/ic/api/integration/v1/monitoring/auditRecords","rel":"self"}],"totalResults":"9"}`)
	return []byte(b.String()), n
}

func BenchmarkParseAudit(b *testing.B) {
	body, n := auditDocument(10 << 20)
	l := openLibrary(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		got := 0
		if _, err := l.Parse(context.Background(), upload(auditSource), body, func(*record.Entry) error { got++; return nil }); err != nil || got != n {
			b.Fatal(got, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
