package connect

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

var logSearch = LogSearch{From: newBench().now.Add(-time.Hour), To: newBench().now, Query: `search "ocid1.compartment.oc1..x" | sort by datetime asc`, Limit: 1000}

const foundLogs = `{"summary":{"resultCount":2,"fieldCount":0},"results":[{"data":{"datetime":1715770000000,"logContent":{"id":"a","n":12345678901234567890}}},
	{"data":{"z":1.0, "a":"\u00e9"}}],"fields":null}`

// The bytes of records come through as they were sent, whatever had to be retried.
func TestSearchLogsGivesVerbatimRecords(t *testing.T) {
	b := newBench()
	o, s := ociClient(t, b,
		reply{429, map[string]string{"Content-Type": "application/json", "Retry-After": "7"}, `{"code":"TooManyRequests","message":"x"}`},
		reply{500, jsonType, `{"code":"InternalServerError","message":"x"}`}, reply{503, nil, "<html><title>down</title></html>"}, reply{200, jsonType, foundLogs[:60]},
		reply{200, jsonType, "<html>"}, reply{200, jsonType, ""}, reply{200, jsonType, `{"summary":{"resultCount":1},"results":[{}]}`},
		reply{200, map[string]string{"Content-Type": "application/json", "opc-next-page": "p2"}, foundLogs})
	page, err := o.SearchLogs(t.Context(), logSearch)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Rows) != 2 || string(page.Rows[0]) != `{"datetime":1715770000000,"logContent":{"id":"a","n":12345678901234567890}}` || string(page.Rows[1]) != `{"z":1.0, "a":"\u00e9"}` {
		t.Errorf("rows %s", page.Rows)
	}
	if page.Next != "p2" || page.Count != 2 || page.Date.IsZero() {
		t.Errorf("page %+v", page)
	}
	if waits := b.slept(); len(waits) != 7 || waits[0] != 7*time.Second {
		t.Errorf("waited %v, first as long as the service asks", waits)
	}
	r := s.requests[0]
	if r.URL.Path != "/20190909/search" || r.URL.Query().Get("limit") != "1000" || r.URL.Query().Has("page") || !strings.Contains(r.Header.Get("Authorization"), "x-content-sha256") {
		t.Errorf("%s %v", r.URL, r.Header)
	}
	for _, want := range []string{`"timeStart":"2024-05-15T11:00:00Z"`, `"timeEnd":"2024-05-15T12:00:00Z"`, `"searchQuery":"search \"ocid1.compartment.oc1..x\" | sort by datetime asc"`} {
		if !strings.Contains(s.bodies[0], want) {
			t.Errorf("the body is %s, want %s in it", s.bodies[0], want)
		}
	}
}

func TestSearchLogsSaysWhatToGrant(t *testing.T) {
	for _, c := range []struct {
		reply reply
		kind  Kind
		hint  string
	}{
		{reply{404, jsonType, `{"code":"NotAuthorizedOrNotFound","message":"x"}`}, NotFound, "read log-content"},
		{reply{401, map[string]string{"Date": newBench().now.Format(http.TimeFormat)}, `{"code":"NotAuthenticated","message":"x"}`}, Unauthorized, "fingerprint"},
		{reply{400, jsonType, `{"code":"InvalidParameter","message":"bad query"}`}, Refused, "check compartment"},
	} {
		o, _ := ociClient(t, newBench(), c.reply)
		_, err := o.SearchLogs(t.Context(), logSearch)
		if KindOf(err) != c.kind || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("%d is %v", c.reply.status, err)
		}
	}
}

func FuzzParseLogPage(f *testing.F) {
	f.Add([]byte(foundLogs))
	f.Add([]byte(`{"results":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := parseLogPage(body)
		if err != nil {
			return
		}
		for _, row := range page.Rows {
			if len(row) == 0 || !strings.Contains(string(body), string(row)) {
				t.Fatalf("%q is not of %q", row, body)
			}
		}
	})
}

const (
	twoGroups  = `[{"id":"ocid1.loggroup.oc1..g","compartmentId":"c","displayName":"logs"},{"id":"ocid1.loggroup.oc1..h","compartmentId":"c","displayName":"more"}]`
	auditLog   = `{"id":"ocid1.log.oc1..a","logGroupId":"ocid1.loggroup.oc1..g","displayName":"audit","lifecycleState":"ACTIVE","logType":"SERVICE","isEnabled":true,"retentionDuration":60,"configuration":{"source":{"sourceType":"OCISERVICE","service":"oacnativeproduction","resource":"r","category":"audit"}}}`
	diagnostic = `{"id":"ocid1.log.oc1..d","logGroupId":"ocid1.loggroup.oc1..g","displayName":"diag","lifecycleState":"INACTIVE","logType":"SERVICE","isEnabled":false,"configuration":{"source":{"sourceType":"OCISERVICE","service":"oacnativeproduction","resource":"r","category":"diagnostic"}}}`
)

// One that is wanted and off fails with what to switch on; one that nobody wants does not.
func TestProbeServiceLogs(t *testing.T) {
	o, s := ociClient(t, newBench(), reply{200, jsonType, twoGroups}, reply{200, jsonType, "[" + auditLog + "]"}, reply{200, jsonType, "[" + diagnostic + "]"})
	known := KnownServiceLogs()
	probes := o.ProbeServiceLogs(t.Context(), ServiceLogTarget{Compartment: "ocid1.compartment.oc1..c", Wanted: known[:2]})
	if len(probes) != 2 || !probes[0].OK || !strings.Contains(probes[0].Detail, "audit (oacnativeproduction audit) is enabled, kept 60 days") {
		t.Fatalf("%+v", probes)
	}
	if p := probes[1]; p.OK || !strings.Contains(p.Detail, "Diagnostic log") || !strings.Contains(p.Hint, "service oacnativeproduction, category diagnostic") {
		t.Errorf("%+v", p)
	}
	if q := s.requests[0].URL.Query(); q.Get("compartmentId") != "ocid1.compartment.oc1..c" || q.Get("isCompartmentIdInSubtree") != "false" || s.requests[1].URL.Query().Get("logType") != "SERVICE" {
		t.Errorf("%s, %s", s.requests[0].URL, s.requests[1].URL)
	}

	o, _ = ociClient(t, newBench(), reply{200, jsonType, "[]"})
	if probes = o.ProbeServiceLogs(t.Context(), ServiceLogTarget{}); len(probes) != 3 || probes[0].OK || probes[2].OK {
		t.Errorf("nothing is on and nothing in particular wanted: each is named, got %+v", probes)
	}
	o, _ = ociClient(t, newBench(), reply{200, jsonType, diagnostic})
	if probes = o.ProbeServiceLogs(t.Context(), ServiceLogTarget{LogGroup: "ocid1.loggroup.oc1..g", Log: "ocid1.log.oc1..d"}); len(probes) != 1 || probes[0].OK || !strings.Contains(probes[0].Hint, "diag") {
		t.Errorf("%+v", probes)
	}
	o, _ = ociClient(t, newBench(), reply{404, jsonType, `{"code":"NotAuthorizedOrNotFound","message":"x"}`})
	if probes = o.ProbeServiceLogs(t.Context(), ServiceLogTarget{}); len(probes) != 1 || !strings.Contains(probes[0].Hint, "read log-groups") {
		t.Errorf("%+v", probes)
	}
}

func TestSummarizeMetrics(t *testing.T) {
	const answer = `[{"namespace":"oci_integration","compartmentId":"c","name":"N","dimensions":{"resourceId":"r"},"metadata":{"unit":"count"},"resolution":"5m",
		"aggregatedDatapoints":[{"timestamp":"2024-05-15T11:00:00.000Z","value":42.5},{"timestamp":"2024-05-15T11:05:00.000Z","value":0}]}]`
	o, s := ociClient(t, newBench(), reply{429, jsonType, `{}`}, reply{200, jsonType, answer[:100]}, reply{200, jsonType, answer})
	got, err := o.SummarizeMetrics(t.Context(), MetricQuery{Compartment: "c", Namespace: "oci_integration", Query: "N[5m].sum()", Resolution: "5m", From: logSearch.From, To: logSearch.To})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Series) != 1 || got.Series[0].Unit != "count" || got.Series[0].Dimensions["resourceId"] != "r" || len(got.Series[0].Points) != 2 ||
		got.Series[0].Points[0] != (MetricPoint{logSearch.From, 42.5}) || got.Date.IsZero() {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{`"query":"N[5m].sum()"`, `"resolution":"5m"`, `"startTime":"2024-05-15T11:00:00Z"`} {
		if !strings.Contains(s.bodies[2], want) {
			t.Errorf("the body is %s, want %s in it", s.bodies[2], want)
		}
	}
	if r := s.requests[0]; r.URL.Path != "/20180401/metrics/actions/summarizeMetricsData" || r.URL.Query().Get("compartmentId") != "c" {
		t.Errorf("%s", r.URL)
	}
	o, _ = ociClient(t, newBench(), reply{404, jsonType, `{"code":"NotAuthorizedOrNotFound","message":"x"}`})
	if probes := o.ProbeMetrics(t.Context(), []MetricQuery{{Query: "N[5m].sum()"}}); probes[0].OK || !strings.Contains(probes[0].Hint, "read metrics") {
		t.Errorf("%+v", probes)
	}
}
