package api

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// keeperWorld is a world whose reader may do everything with its own log group and
// with the features.
func keeperWorld(t *testing.T, withSecret bool) *world {
	t.Helper()
	w := newWorld(t, withSecret)
	if _, err := w.cat.SavePolicy(t.Context(), catalog.Policy{Name: "keepers", Statements: []string{
		"Allow group Readers to manage log-groups in tenancy where target.loganalytics-log-group.id = '" + groupID + "'",
		"Allow group Readers to manage loganalytics-features-family in tenancy"}}, ""); err != nil {
		t.Fatal(err)
	}
	return w
}

var (
	today   = regexp.MustCompile(`20(2[6-9]|[3-9]\d)-[0-9T:.-]+Z`) // of the machine's clock; records are of 2024
	made    = regexp.MustCompile(`ocid1\.(loganalyticsworkrequest|loganalyticsqueryworkrequest|loganalyticsstorageworkrequest)[a-z0-9.]+`)
	telling = []string{"opc-total-items", "opc-deleted-log-count", "opc-deleted-logfile-count"}
)

// send asks with a log group in the header, and answers status, the headers that tell
// of what is there, and body.
func (w *world) send(b *browser, method, path, body, group string) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.web.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", b.cookie)
	r.Header.Set(csrfHeader, b.csrf)
	r.Header.Set("opc-meta-loggrpid", group)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	head := ""
	if resp.Header.Get("opc-next-page") != "" { // the token itself is sealed with who asked
		head = "and more "
	}
	for _, name := range telling {
		if v := resp.Header.Get(name); v != "" {
			head += name + ": " + v + " "
		}
	}
	return made.ReplaceAllString(today.ReplaceAllString(fmt.Sprint(resp.StatusCode, " ", head, string(text)), "NOW"), "MADE")
}

// uploaded enters a file of the reader's log group in the books.
func (w *world) uploaded(upload, reference string, at time.Time) {
	w.t.Helper()
	f := catalog.File{Reference: reference, UploadName: upload, Name: reference + ".log", Source: auditLog, LogGroup: groupID, Received: begin.Add(time.Hour), Rows: 2, Earliest: at, Latest: at.Add(time.Minute)}
	if err := w.cat.FinishFiles(w.t.Context(), []catalog.Finished{{File: f, Warnings: []catalog.Warning{{Code: "W", Message: "of " + reference, Example: reference}}}}); err != nil {
		w.t.Fatal(err)
	}
}

// Who uploads under a name that others have used for a log group it may not read
// learns nothing of theirs: neither that they are there, nor their times, counts and
// warnings; and deletes its own alone.
func TestUploadsOfOneNameInTwoLogGroups(t *testing.T) {
	bare, full := keeperWorld(t, false), keeperWorld(t, true)
	ref := catalog.UploadReference(secretWord)
	same := func(what, method, path, body string) string {
		t.Helper()
		want, got := bare.send(bare.reader, method, path, body, groupID), full.send(full.reader, method, path, body, groupID)
		if want != got || strings.Contains(got, full.secret) || strings.Contains(got, "file-"+secretWord) && !strings.Contains(path, "file-"+secretWord) {
			t.Errorf("%s:\nwithout the secret: %s\nwith it:            %s", what, want, got)
		}
		return got
	}
	same("before", "GET", nsPath+"/uploads/"+ref, "")
	answered := same("upload", "POST", nsPath+"/actions/uploadLogFile?logSourceName=OCI%20Integration%20Audit%20Logs&filename=x.log&uploadName="+secretWord, "{}")
	if strings.Contains(answered, "timeEarliestLogEntry") || !strings.Contains(answered, `"warningsCount":0`) {
		t.Errorf("a first upload has no records yet: %s", answered)
	}
	for _, w := range []*world{bare, full} { // what was sent is no longer in progress
		staged := w.received()
		f := staged[len(staged)-1].Upload
		if err := w.cat.FinishFiles(t.Context(), []catalog.Finished{{File: catalog.File{Reference: f.Reference, UploadName: f.Name, Name: f.File, Source: f.Source, LogGroup: f.LogGroup,
			User: "u", Received: begin.Add(time.Hour), Failure: "none"}}}); err != nil {
			t.Fatal(err)
		}
		if err := w.cat.DeleteUploadFiles(t.Context(), ref, []string{f.Reference}); err != nil {
			t.Fatal(err)
		}
		w.uploaded(secretWord, "mine-1", begin.AddDate(0, 0, 3))
		w.uploaded(secretWord, "mine-2", begin.AddDate(0, 0, 2))
	}
	got := same("upload", "GET", nsPath+"/uploads/"+ref, "")
	var u uploadModel
	if err := json.Unmarshal([]byte(strings.ReplaceAll(got[4:], "NOW", begin.Format(time.RFC3339))), &u); err != nil {
		t.Fatal(err)
	}
	if u.WarningsCount != 2 || !u.TimeEarliestLogEntry.Equal(begin.AddDate(0, 0, 2)) || !u.TimeLatestLogEntry.Equal(begin.AddDate(0, 0, 3).Add(time.Minute)) {
		t.Errorf("%s", got)
	}
	for what, path := range map[string]string{
		"files": "/uploads/" + ref + "/files", "found files": "/uploads/" + ref + "/files?searchStr=" + secretWord, "sorted files": "/uploads/" + ref + "/files?sortBy=logGroupName&limit=2",
		"warnings": "/uploads/" + ref + "/warnings", "a page of warnings": "/uploads/" + ref + "/warnings?limit=2",
		"named": "/uploads?name=" + secretWord, "found": "/uploads?nameContains=" + secretWord[:4], "with warnings": "/uploads?warningsFilter=WITH_WARNINGS&sortBy=name",
		"warnings of sources": "/warnings?warningState=ALL&compartmentId=" + tenancy,
	} {
		same(what, "GET", nsPath+path, "")
		same("own "+what, "GET", ownBase+path, "")
	}
	same("a warning of another's file", "DELETE", nsPath+"/uploads/"+ref+"/warnings/file-"+secretWord+"-000000", "")
	same("another's file", "DELETE", nsPath+"/uploads/"+ref+"/files/file-"+secretWord, "")
	if got := same("a warning", "DELETE", nsPath+"/uploads/"+ref+"/warnings/mine-1-000000", ""); !strings.HasPrefix(got, "204") {
		t.Error(got)
	}
	if got := same("a file", "DELETE", nsPath+"/uploads/"+ref+"/files/mine-1", ""); !strings.Contains(got, "opc-deleted-logfile-count: 1 ") {
		t.Error(got)
	}
	same("all of it", "DELETE", nsPath+"/uploads/"+ref, "")
	same("after", "GET", nsPath+"/uploads/"+ref, "")
	if files, err := full.cat.UploadFiles(t.Context(), ref, "", nil); err != nil || len(files) != 1 || files[0].WarningCount != 1 {
		t.Errorf("of the others is left %+v, %v", files, err)
	}
	if got := full.send(full.admin, "GET", nsPath+"/uploads/"+ref+"/warnings", "", ""); !strings.Contains(got, secretWord) {
		t.Error(got)
	}
}

// What exists and is not for the caller is answered as what does not exist, under
// whatever id it is asked for.
func TestIdentifiersOfOthersAnswerLikeNothing(t *testing.T) {
	w := keeperWorld(t, true)
	ctx := t.Context()
	code, entity := w.admin.call("POST", nsPath+"/logAnalyticsEntities", `{"name":"oic","compartmentId":"`+tenancy+`","entityTypeName":"omc_opc_ics_integration"}`)
	if code != 200 {
		t.Fatalf("%d %v", code, entity)
	}
	if code, m := w.admin.call("POST", nsPath+"/associations/actions/upsert", fmt.Sprintf(`{"compartmentId":%q,"items":[{"sourceName":%q,"entityId":%q,"logGroupId":%q}]}`,
		tenancy, auditLog, entity["id"], w.secret)); code != 202 {
		t.Fatalf("%d %v", code, m)
	}
	find := func(what, path, member string, body ...string) string {
		t.Helper()
		method, text := "GET", ""
		if len(body) > 0 {
			method, text = "POST", body[0]
		}
		code, m := w.admin.call(method, path, text)
		items, _ := m["items"].([]any)
		for _, item := range items {
			if id, ok := item.(map[string]any)[member].(string); ok && strings.Contains(fmt.Sprint(item), what) {
				return id
			}
		}
		t.Fatalf("%s: %d %v", path, code, m)
		return ""
	}
	association := find("", nsPath+"/configWorkRequests?compartmentId="+tenancy, "id")
	way := w.ways("* | stats count")["Query, async"]
	if code, m := w.admin.call(way[0], way[1], way[2]); code != 201 {
		t.Fatalf("%d %v", code, m)
	}
	if code, m := w.admin.call("POST", nsPath+"/storage/actions/purgeData", `{"compartmentId":"`+tenancy+`","timeDataEnded":"2001-01-01T00:00:00Z"}`); code != 202 {
		t.Fatalf("%d %v", code, m)
	}
	run := catalog.TaskRun{Task: "ocid1.loganalyticsscheduledtask.oc1..t", Started: begin, Finished: begin, Rows: 1, Groups: []string{w.secret}, Result: []byte(`{"rows":["` + secretWord + `"]}`)}
	task := catalog.Item{Kind: catalog.ScheduledTask, ID: run.Task, Name: "Deletions", Compartment: tenancy, Body: []byte(`{"owner":"chief","taskType":"SAVED_SEARCH","displayName":"Deletions"}`)}
	if _, err := w.cat.ChangeItems(ctx, "chief", catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		if _, err := change.Put(task); err != nil {
			return task, err
		}
		return task, change.Ran(run)
	}); err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]string{ // ids of others; then how to ask for one: method, path, body
		find("", nsPath+"/queryWorkRequests?compartmentId="+tenancy, "id"): {"GET /queryWorkRequests/ID", "DELETE /queryWorkRequests/ID", "PUT /queryWorkRequests/ID/actions/background",
			"GET /search/actions/query?workRequestId=ID"},
		find("", nsPath+"/storageWorkRequests?compartmentId="+tenancy, "id"): {"GET /storageWorkRequests/ID", "GET /storageWorkRequests/ID/errors"},
		association: {"GET /configWorkRequests/ID"},
		catalog.UploadReference(secretWord): {"GET /uploads/ID", "GET /uploads/ID/files", "GET /uploads/ID/warnings", "DELETE /uploads/ID", "DELETE /uploads/ID/files/file-" + secretWord,
			"DELETE /uploads/ID/warnings/file-" + secretWord + "-000000"},
		w.secret: {"GET /logAnalyticsLogGroups/ID", "DELETE /logAnalyticsLogGroups/ID", `PUT /logAnalyticsLogGroups/ID {"displayName":"x"}`,
			`POST /logAnalyticsLogGroups/ID/actions/changeCompartment {"compartmentId":"x"}`, "POST /actions/uploadLogFile?logSourceName=OCI%20Integration%20Audit%20Logs&filename=x x",
			`POST /actions/uploadLogEventsFile?logGroupId=ID {"logEvents":[{"logSourceName":"OCI Unified Schema Logs","logRecords":["x"]}]}`,
			`POST /associations/actions/upsert {"compartmentId":"` + tenancy + `","items":[{"sourceName":"` + auditLog + `","entityId":"none","logGroupId":"ID"}]}`,
			`POST /search/actions/query {"compartmentId":"` + tenancy + `","subSystem":"LOG","queryString":"'Log Group' = 'ID' | stats count","timeFilter":{"timeStart":"2024-01-01T00:00:00Z","timeEnd":"2025-01-01T00:00:00Z"}}`},
		find(secretWord, nsPath+"/warnings?warningState=ALL&compartmentId="+tenancy, "warningId"): {`POST /warnings/actions/suppress?compartmentId=x {"warningReferences":["ID"]}`,
			`POST /warnings/actions/unsuppress?compartmentId=x {"warningReferences":["ID"]}`},
	}
	timing := regexp.MustCompile(`"[A-Za-z]*InMs":[0-9]+`)
	asked := 0
	for id, ways := range kinds {
		none := id[:len(id)-4] + strings.Map(func(r rune) rune { // another of its form
			if r >= '0' && r <= '8' || r >= 'a' && r <= 'y' {
				return r + 1
			}
			return '0'
		}, id[len(id)-4:])
		for _, way := range ways {
			asked++
			ask := func(id string) string {
				method, rest, _ := strings.Cut(strings.ReplaceAll(way, "ID", id), " ")
				path, body, _ := strings.Cut(rest, " ")
				got := timing.ReplaceAllString(w.send(w.reader, method, nsPath+path, body, id), "")
				return strings.ReplaceAll(strings.ReplaceAll(got, id, "ID"), "MADE", "ID")
			}
			if want, got := ask(none), ask(id); want != got {
				t.Errorf("%s\nof nothing: %s\nof another's: %s", way, want, got)
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d ways", asked)
	}
	runs := w.send(w.reader, "GET", ownBase+"/scheduled-tasks/"+run.Task+"/runs", "", "")
	if strings.Contains(runs, secretWord) || !strings.Contains(runs, `"items":[]`) {
		t.Errorf("runs of another's task: %s", runs)
	}

	// Lists do not count what they do not show.
	for _, path := range []string{"/configWorkRequests", "/storageWorkRequests", "/queryWorkRequests"} {
		got := w.send(w.reader, "GET", nsPath+path+"?limit=1&compartmentId="+tenancy, "", "")
		if !strings.HasPrefix(got, `200 {"items":[]`) {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// Records that share a segment with others lend these neither their fields nor their
// values, whichever service is asked.
func TestNeighboursInASegmentLendNothing(t *testing.T) {
	bare, full := keeperWorld(t, false), keeperWorld(t, true)
	full.secret = strings.Clone(full.secret)
	for _, w := range []*world{bare, full} {
		chunk := store.Chunk{Stage: sha256.Sum256([]byte("neighbours"))}
		add := func(group string, cells ...record.Cell) {
			chunk.Entries = append(chunk.Entries, record.Entry{Time: begin.Add(2 * time.Hour).UnixMilli(), Ordinal: int64(len(chunk.Entries)), Text: "x", Cells: cells,
				Origin: &record.Origin{Upload: "n", LogGroup: group, Source: auditLog, Received: begin.UnixMilli()}})
		}
		user := record.Cell{Field: w.field("User Name"), Value: record.Text("dora@example.com")}
		add(groupID, user)
		if w == full {
			add(w.secret, user, record.Cell{Field: w.field("Error ID"), Value: record.Text(secretWord)}, record.Cell{Field: w.field("Status"), Value: record.Text(secretWord)})
		}
		if _, err := w.server.Store.(*store.Store).Ingest(t.Context(), chunk); err != nil {
			t.Fatal(err)
		}
		if got := w.send(w.admin, "POST", nsPath+"/search/actions/query", w.ways("* | stats count")["Query"][2], ""); !strings.HasPrefix(got, "200") { // what others asked helps nobody
			t.Fatal(got)
		}
	}
	timing := regexp.MustCompile(`"[A-Za-z]*(InMs|Ms)":[0-9.]+`)
	compare := func(name, path, body string) {
		t.Helper()
		ask := func(w *world) string {
			return timing.ReplaceAllString(strings.ReplaceAll(w.send(w.reader, "POST", path, strings.ReplaceAll(body, "SECRET", full.secret), groupID), "NOW", ""), "")
		}
		want, got := ask(bare), ask(full)
		if words(want) != words(got) || strings.Contains(got, secretWord) && !strings.Contains(body, secretWord) {
			t.Errorf("%s\nwithout the secret: %.1500s\nwith it:            %.1500s", name, want, got)
		}
	}
	for _, text := range []string{"*", "'User Name' = 'dora@example.com'", "'Log Group' = 'SECRET'", "'Error ID' != null"} {
		body := `{"query":` + asJSON(text) + `,"from":"2024-01-01T00:00:00Z","to":"2025-01-01T00:00:00Z"}`
		compare("fields of "+text, ownBase+"/fields", body)
		compare("check of "+text, ownBase+"/check", body)
		for _, tail := range []string{" | fieldsummary 'Error ID'", " | stats count, distinctcount('Error ID') by 'Error ID'", " | stats count by Status"} {
			compare(text+tail, ownBase+"/query", strings.Replace(body, asJSON(text), asJSON(text+tail), 1))
		}
		compare("suggest after "+text, nsPath+"/search/actions/suggest", `{"compartmentId":"`+tenancy+`","subSystem":"LOG","queryString":`+asJSON(text+" and 'Error ID' = ")+`}`)
	}
	for _, search := range []string{`search "TEN"`, `search "TEN/SECRET"`, `search "SECRET"`, `search "TEN" | summarize count()`, `search "TEN" | where type = '` + secretWord + `'`,
		`search "TEN" | where data.message = '*` + secretWord + `*'`, `search "TEN/SECRET" | sort by datetime desc | limit 1`} {
		search = strings.ReplaceAll(search, "TEN", tenancy)
		body := `{"timeStart":"2024-04-20T00:00:00Z","timeEnd":"2024-05-03T00:00:00Z","searchQuery":` + asJSON(search) + `}`
		compare(search, "/20190909/search", body)
		compare(search+", a page of 1", "/20190909/search?limit=1", body)
	}
}
