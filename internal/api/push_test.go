package api

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"
	"github.com/oracle/oci-go-sdk/v65/loggingingestion"
	"github.com/oracle/oci-go-sdk/v65/loggingsearch"

	"ledgerline/internal/content"
	"ledgerline/internal/logsearch"
)

func (g *rig) ingestion() loggingingestion.LoggingClient {
	g.t.Helper()
	c, err := loggingingestion.NewLoggingClientWithConfigurationProvider(g.provider())
	if err != nil {
		g.t.Fatal(err)
	}
	c.Host = g.web.URL
	return c
}

func (g *rig) searcher() loggingsearch.LogSearchClient {
	g.t.Helper()
	c, err := loggingsearch.NewLogSearchClientWithConfigurationProvider(g.provider())
	if err != nil {
		g.t.Fatal(err)
	}
	c.Host = g.web.URL
	return c
}

func withDefaultGroup(o *Options) { o.LogGroup = groupID }

func sdkTime(t time.Time) *common.SDKTime { return &common.SDKTime{Time: t} }

const logID = "ocid1.log.oc1..mylog"

func batch(kind string, at time.Time, data ...string) loggingingestion.LogEntryBatch {
	b := loggingingestion.LogEntryBatch{Source: ptr("collector-1"), Type: &kind, Subject: ptr("instance-1"), Defaultlogentrytime: sdkTime(at)}
	for i, d := range data {
		b.Entries = append(b.Entries, loggingingestion.LogEntry{Id: ptr(fmt.Sprintf("%s-%d", kind, i)), Data: ptr(d)})
	}
	return b
}

func pushed(batches ...loggingingestion.LogEntryBatch) loggingingestion.PutLogsRequest {
	return loggingingestion.PutLogsRequest{LogId: ptr(logID), PutLogsDetails: loggingingestion.PutLogsDetails{Specversion: ptr("1.0"), LogEntryBatches: batches}}
}

// Entries are on disk when PutLogs answers, as the events that OCI Logging would
// keep, each with the log source of its type; a second try stores nothing.
func TestSDKPutLogs(t *testing.T) {
	g, ctx := newRig(t, withDefaultGroup), context.Background()
	c := g.ingestion()
	const audit = "com.oraclecloud.analytics.analyticsinstance.audit"
	own := batch("com.example.app", begin, `{"op": "activate"}`, "plain <text>")
	own.Entries[1].Time = sdkTime(begin.Add(time.Second))
	r := pushed(own, batch(audit, begin, `{"category":"snapshot"}`))
	for range 2 {
		if _, err := c.PutLogs(ctx, r); err != nil {
			t.Fatal(err)
		}
		g.advance(time.Minute)
	}
	staged := g.received()
	if len(staged) != 2 || staged[0].Source != content.SourceAnalyticsAudit || staged[1].Source != content.SourceUnified {
		t.Fatalf("staged %+v", staged)
	}
	var got []map[string]any
	for line := range strings.Lines(string(staged[1].Body)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(got) != 2 || fmt.Sprint(got[0]["data"]) != "map[op:activate]" || got[1]["data"] != "plain <text>" || got[0]["time"] != "2024-05-01T10:00:00.000Z" ||
		got[1]["time"] != "2024-05-01T10:00:01.000Z" || got[0]["id"] != "com.example.app-0" || got[0]["source"] != "collector-1" || got[0]["subject"] != "instance-1" {
		t.Errorf("events %v", got)
	}
	if !bytes.Contains(staged[1].Body, []byte("plain <text>")) {
		t.Errorf("the text of an entry is kept as it came: %s", staged[1].Body)
	}
	place := got[0]["oracle"].(map[string]any)
	if place["logid"] != logID || place["loggroupid"] != groupID || place["tenantid"] != tenancy || place["ingestedtime"] == nil {
		t.Errorf("place %v", place)
	}
	if u := staged[1]; u.LogGroup != groupID || u.User != userID {
		t.Errorf("%+v", u.Upload)
	}
	list, err := g.sdk().ListUploads(ctx, loganalytics.ListUploadsRequest{NamespaceName: ptr("demo")})
	if err != nil || len(list.Items) != 1 || *list.Items[0].Name != "PutLogs "+logID {
		t.Errorf("%+v %v", list.Items, err)
	}
	r.LogId = ptr(groupID) // the id of a log group names it
	if _, err := c.PutLogs(ctx, r); err != nil {
		t.Error(err)
	}
}

func TestPutLogsRefuses(t *testing.T) {
	g, ctx := newRig(t, withDefaultGroup), context.Background()
	c := g.ingestion()
	change := func(f func(*loggingingestion.PutLogsRequest)) loggingingestion.PutLogsRequest {
		r := pushed(batch("t", begin, "x"))
		f(&r)
		return r
	}
	for want, r := range map[string]loggingingestion.PutLogsRequest{
		"InvalidParameter": change(func(r *loggingingestion.PutLogsRequest) { r.Specversion = ptr("2.0") }),
		"MissingParameter": change(func(r *loggingingestion.PutLogsRequest) { r.LogEntryBatches[0].Entries = []loggingingestion.LogEntry{} }),
	} {
		_, err := c.PutLogs(ctx, r)
		refused(t, err, 400, want)
	}
	_, err := c.PutLogs(ctx, pushed(batch("t", begin, strings.Repeat("x", 1<<20))))
	refused(t, err, 400, "InvalidParameter")
	g.store.busy = true
	_, err = c.PutLogs(ctx, pushed(batch("t", begin, "x")))
	refused(t, err, 429, "TooManyRequests")
	g.store.busy = false
	if len(g.received()) != 0 {
		t.Error("something refused was staged")
	}
	g = newRig(t) // without a default log group
	_, err = g.ingestion().PutLogs(ctx, pushed(batch("t", begin, "x")))
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}

const eventsDocument = `{"metadata":{"Environment":"test","Region":"x"},"logEvents":[
 {"entityId":"ocid1.loganalyticsentity.oc1..e1","logSourceName":"OCI Integration Audit Logs","logPath":"oic/instance-1/audit","timezone":"Europe/Rome",
  "metadata":{"Region":"eu-frankfurt-1"},"logRecords":["{\"items\":[]}","{\"items\":[{}]}"]},
 {"logSourceName":"oci unified schema logs","logRecords":["second"]}]}`

func events(body []byte, kind loganalytics.UploadLogEventsFilePayloadTypeEnum, token string) loganalytics.UploadLogEventsFileRequest {
	return loganalytics.UploadLogEventsFileRequest{NamespaceName: ptr("demo"), LogGroupId: ptr(groupID), PayloadType: kind, OpcRetryToken: ptr(token),
		OpcMetaProperties: ptr("Team:Blue;Environment:header"), UploadLogEventsFileDetails: io.NopCloser(bytes.NewReader(body))}
}

// Each log of a document becomes an upload of its source, whichever way the
// document is packed; what is closer to the records names their metadata.
func TestSDKUploadLogEventsFile(t *testing.T) {
	var zipped, gzipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	for _, name := range []string{"a.json", "b.json"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, eventsDocument); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	gz := gzip.NewWriter(&gzipped)
	if _, err := io.WriteString(gz, eventsDocument); err != nil {
		t.Fatal(err)
	}
	gz.Close()
	for kind, tc := range map[loganalytics.UploadLogEventsFilePayloadTypeEnum]struct {
		body  []byte
		parts int
	}{
		loganalytics.UploadLogEventsFilePayloadTypeJson: {[]byte(eventsDocument), 2},
		loganalytics.UploadLogEventsFilePayloadTypeGzip: {gzipped.Bytes(), 2},
		loganalytics.UploadLogEventsFilePayloadTypeZip:  {zipped.Bytes(), 4},
		"": {gzipped.Bytes(), 2},
	} {
		g, ctx := newRig(t), context.Background()
		c := g.sdk()
		for range 2 { // the second is a second try
			up, err := c.UploadLogEventsFile(ctx, events(tc.body, kind, "token-1"))
			if err != nil {
				t.Fatal(err)
			}
			if *up.OpcObjectId == "" || up.TimeCreated.Sub(g.now()).Abs() > time.Minute {
				t.Errorf("%+v", up)
			}
		}
		staged := g.received()
		if len(staged) != tc.parts {
			t.Fatalf("%q: %d uploads, want %d", kind, len(staged), tc.parts)
		}
		u := staged[0]
		if string(u.Body) != "{\"items\":[]}\n{\"items\":[{}]}" || u.File != "audit" || u.Entity != "ocid1.loganalyticsentity.oc1..e1" || u.Timezone != "Europe/Rome" || u.LogGroup != groupID ||
			fmt.Sprint(u.Metadata) != "map[Environment:test Region:eu-frankfurt-1 Team:Blue]" {
			t.Errorf("%+v %q", u.Upload, u.Body)
		}
		if staged[1].Source != content.SourceUnified || string(staged[1].Body) != "second" {
			t.Errorf("%+v", staged[1].Upload)
		}
		if _, err := c.UploadLogEventsFile(ctx, events([]byte(strings.Replace(eventsDocument, "second", "other", 1)), "", "token-1")); err == nil {
			t.Error("another body under the same token was taken")
		}
	}
}

// What is wrong with one part keeps all of them out.
func TestUploadLogEventsFileRefuses(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	for body, code := range map[string]string{
		"not JSON":                             "InvalidParameter",
		"{}":                                   "MissingParameter",
		`{"logEvents":[{"logRecords":["x"]}]}`: "MissingParameter",
		`{"logEvents":[{"logSourceName":"OCI Unified Schema Logs","logRecords":["x"]},{"logSourceName":"OCI Unified Schema Logs"}]}`: "MissingParameter",
		`{"logEvents":[{"logSourceName":"OCI Unified Schema Logs","logRecords":["x"],"timezone":"Mars/Base"}]}`:                      "InvalidParameter",
		"PK\x03\x04 broken": "InvalidParameter",
		`{"logEvents":[{"logSourceName":"OCI Unified Schema Logs","logRecords":["` + strings.Repeat("x", 2<<20) + `"]}]}`: "InvalidParameter",
	} {
		_, err := c.UploadLogEventsFile(ctx, events([]byte(body), "", "t"))
		refused(t, err, 400, code)
	}
	_, err := c.UploadLogEventsFile(ctx, events([]byte(`{"logEvents":[{"logSourceName":"OCI Unified Schema Logs","logRecords":["x"]},{"logSourceName":"Nobody's","logRecords":["x"]}]}`), "", "t"))
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	r := events([]byte(eventsDocument), "", "t")
	r.LogGroupId = ptr("ocid1.loganalyticsloggroup.oc1..other")
	_, err = c.UploadLogEventsFile(ctx, r)
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	if len(g.received()) != 0 {
		t.Error("something refused was staged")
	}
}

// Records that never were events can be read back, page after page, each once.
func TestSDKSearchLogs(t *testing.T) {
	g, ctx := realRig(t), context.Background()
	c := g.searcher()
	read := func(text string, limit int) (messages []string, pages int) {
		t.Helper()
		r := loggingsearch.SearchLogsRequest{Limit: ptr(limit), SearchLogsDetails: loggingsearch.SearchLogsDetails{TimeStart: sdkTime(begin), TimeEnd: sdkTime(begin.Add(time.Hour)), SearchQuery: &text}}
		for {
			answer, err := c.SearchLogs(ctx, r)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			pages++
			for _, one := range answer.Results {
				data := (*one.Data).(map[string]any)
				content := data["logContent"].(map[string]any)
				messages = append(messages, content["data"].(string))
				if content["type"] != auditLog || data["datetime"] == nil || content["id"] == "" {
					t.Errorf("%v", data)
				}
			}
			if *answer.Summary.ResultCount != len(answer.Results) {
				t.Errorf("%d results of %d", len(answer.Results), *answer.Summary.ResultCount)
			}
			if answer.OpcNextPage == nil {
				return messages, pages
			}
			r.Page = answer.OpcNextPage
		}
	}
	all, pages := read(`search "`+tenancy+`"`, 7)
	if len(all) != 30 || pages != 5 || all[0] != "cy@example.com EDIT ORDERS_29" || all[29] != "ann@example.com DELETE ORDERS_0" {
		t.Errorf("%d records in %d pages: %q", len(all), pages, all)
	}
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m] {
			t.Errorf("%q came twice", m)
		}
		seen[m] = true
	}
	for text, want := range map[string]int{
		`search "` + tenancy + `/` + groupID + `" | where logContent = '*DELETE*' | sort by datetime asc`: 6,
		`search "` + tenancy + `/Audit"`:                                                                  30,
		`search "` + tenancy + `/Other"`:                                                                  0,
		`search "ocid1.compartment.oc1..other"`:                                                           0,
		`search "` + tenancy + `" | where type = 'x' or not (logContent = '*EDIT*')`:                      6,
		`search "` + tenancy + `" | limit 11`:                                                             11,
		fmt.Sprintf(`search "%s" | where datetime >= %d`, tenancy, begin.Add(20*time.Minute).UnixMilli()): 10,
	} {
		if got, _ := read(text, 4); len(got) != want {
			t.Errorf("%s: %d records, want %d", text, len(got), want)
		}
	}
	first, _ := read(`search "`+tenancy+`" | sort by datetime asc | limit 2`, 1)
	if strings.Join(first, ",") != "ann@example.com DELETE ORDERS_0,bo@example.com EDIT ORDERS_1" {
		t.Errorf("%q", first)
	}
	for _, bad := range []string{"", "search", `search "x" | summarize count()`, `search "x" | where`, `search "x" | where a`, `search "x" | where a = `, `search "x`, `search "x" | where (a = 1`, `search "x" y`} {
		_, err := c.SearchLogs(ctx, loggingsearch.SearchLogsRequest{SearchLogsDetails: loggingsearch.SearchLogsDetails{TimeStart: sdkTime(begin), TimeEnd: sdkTime(begin.Add(time.Hour)), SearchQuery: ptr(bad)}})
		refused(t, err, 400, "InvalidParameter")
	}
}

func TestLogConditions(t *testing.T) {
	r := &logRecord{time: 5, text: `{"id":"1","type":"t","data":{"status":503,"user":"ana","ok":true,"a.b":"x","n":"7","null":null},"oracle":{"logid":"l"}}`}
	for condition, want := range map[string]bool{
		"data.status = 503": true, "data.status >= 504": false, "data.status != 500": true, "data.status < 504 and data.user = 'ana'": true,
		"data.user = 'a*'": true, "data.user = '*n*a'": true, "data.user = 'A*'": false, "data.user != 'b*'": true, "data.user in ('bo', 'ana')": true,
		`data."a.b" = 'x'`: true, "data.a.b = 'x'": false, "data.ok = true": true, "data.ok != true": false, "data.n > 6.5": true, "data.user > 'am'": true,
		"missing = 'x'": false, "missing != 'x'": false, "not missing = 'x'": true, "data.null = 'x'": false, "logContent.data.user = 'ana'": true,
		"type='t'": true, "oracle.logid = 'l' or x = 1": true, "not (type = 't' and data.ok = false)": true, "datetime = 5": true, "data = 'x'": false,
		"data.user = 'it''s'": false, "logContent = '*503*'": true, "type = 't' and (x = 1 or data.status in (1, 503))": true,
	} {
		s, err := logsearch.Parse(`search "c" | where ` + condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		if got := s.Holds(r.value); got != want {
			t.Errorf("%s: %v, want %v (read as %+v)", condition, got, want, s)
		}
	}
}

// What the engine is asked for must not leave out what the search finds.
func TestSearchCandidates(t *testing.T) {
	g := newRig(t)
	for text, want := range map[string]string{
		`search "c"`: "*",
		`search "c/g/ocid1.log.oc1..x" | where type = 'a.b.c-d'`:          "* and 'Original Log Content' like '%ocid1.log.oc1..x%' and 'Original Log Content' like '%a.b.c-d%'",
		`search "c/g/log.one" "c/g/log.two"`:                              "*",
		`search "c" | where type = 'OCI Unified Schema Logs'`:             "*",
		`search "c" | where type = 'some*' and data.x = 'abc'`:            "*",
		`search "c" | where data.x = 'it''s long' or type = 'a.b.c'`:      "*",
		`search "c" | where not type = 'a.b.c' and data.x.y = 'snapshot'`: "* and 'Original Log Content' like '%snapshot%'",
		`search "c" | where source = 'host-1' and id = 'up.1'`:            "*",
		`search "c" | where type != 'a.b.c' | where data.user = 'ana_bo'`: "* and 'Original Log Content' like '%ana_bo%'",
	} {
		s, err := logsearch.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		r := logSearchRun{server: g.server, search: s}
		if got := r.candidates(); got != want {
			t.Errorf("%s:\n%s, want\n%s", text, got, want)
		}
	}
}

// Whatever is stored, an answer is JSON when the record was.
func FuzzLogRecord(f *testing.F) {
	f.Add(`{"id":1,"type":"t","a":{"b.c":"x"}}`)
	f.Add(`{"logContent":{"id":"1"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r := &logRecord{text: text}
		if !json.Valid(r.data()) && json.Valid([]byte(text)) {
			t.Fatalf("%q becomes %q", text, r.data())
		}
	})
}

// Pushing and reading back keep to what the caller may: a forbidden log group is
// as good as none.
func TestPushKeepsToRights(t *testing.T) {
	bare, full := newWorld(t, false), newWorld(t, true)
	bare.secret = full.secret
	search := func(scope string) [3]string {
		text, _ := json.Marshal(map[string]any{"timeStart": begin.AddDate(0, -2, 0), "timeEnd": begin.AddDate(0, 1, 0), "searchQuery": `search "` + scope + `"`})
		return [3]string{"POST", searchBase + "/search?limit=1000", string(text)}
	}
	push := `{"specversion":"1.0","logEntryBatches":[{"source":"s","type":"t","defaultlogentrytime":"2024-05-01T10:00:00Z","entries":[{"id":"1","data":"x"}]}]}`
	for _, way := range [][3]string{
		search(tenancy), search(tenancy + "/" + full.secret), search(tenancy + "/Vault of " + secretWord), search(full.secret),
		{"POST", ingestionBase + "/logs/" + full.secret + "/actions/push", push}, {"POST", ingestionBase + "/logs/" + groupID + "/actions/push", push},
		{"POST", nsPath + "/actions/uploadLogEventsFile?logGroupId=" + full.secret, eventsDocument}, {"POST", nsPath + "/actions/uploadLogEventsFile?logGroupId=" + groupID, eventsDocument},
	} {
		want, got := bare.ask(bare.reader, way), full.ask(full.reader, way)
		if words(want) != words(got) {
			t.Errorf("%v\nwithout the secret: %.800s\nwith it:            %.800s", way, want, got)
		}
		if way[1] != search("")[1] && !strings.HasPrefix(got, "404") {
			t.Errorf("%v: %.200s", way, got)
		}
	}
	if got := full.ask(full.reader, search(tenancy)); strings.Count(got, "datetime") != 30 {
		t.Errorf("the reader finds %d of 30 records", strings.Count(got, "datetime"))
	}
	if got := full.ask(full.admin, search(tenancy+"/"+full.secret)); strings.Count(got, "datetime") != 50 {
		t.Errorf("the administrator finds %d of 50 records", strings.Count(got, "datetime"))
	}
	if len(full.received()) != 0 {
		t.Error("something forbidden was staged")
	}
}

// An entity that is known is told by its name and type, any other by what it was called.
func TestSDKUploadsNameEntities(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	e, err := c.CreateLogAnalyticsEntity(ctx, loganalytics.CreateLogAnalyticsEntityRequest{NamespaceName: ptr("demo"), CreateLogAnalyticsEntityDetails: loganalytics.CreateLogAnalyticsEntityDetails{
		Name: ptr("oic-1"), CompartmentId: ptr(tenancy), EntityTypeName: ptr("omc_opc_ics_integration")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.upload(c, "{}", func(r *loganalytics.UploadLogFileRequest) { r.EntityId = e.Id }); err != nil {
		t.Fatal(err)
	}
	document := fmt.Sprintf(`{"logEvents":[{"entityId":%q,"logSourceName":"OCI Integration Audit Logs","logRecords":["{}"]}, {"entityName":"other","logSourceName":"OCI Integration Audit Logs","logRecords":["{}"]}]}`, *e.Id)
	if _, err := c.UploadLogEventsFile(ctx, events([]byte(document), "", "token")); err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, u := range g.received() {
		named = append(named, u.Entity+", "+u.EntityType)
	}
	slices.Sort(named)
	if want := []string{"oic-1, Oracle Integration", "oic-1, Oracle Integration", "other, "}; !slices.Equal(named, want) {
		t.Errorf("%q, want %q", named, want)
	}
}
