package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

// world is a server with records in the log group Audit, which the user reader
// may read, and, when it has a secret, records in another one. Some of those share
// segments with the records of Audit, others have a log source and days of their own.
type world struct {
	*rig
	secret string // OCID of the other log group
	reader *browser
	admin  *browser
}

const secretWord = "zanzibar" // is in every secret record, in a form of each kind

func newWorld(t *testing.T, withSecret bool) *world {
	t.Helper()
	clock := func() time.Time { return begin.AddDate(0, 1, 0) } // both worlds live at the same time
	w := &world{rig: newRig(t, func(o *Options) { o.Clock = clock }), secret: "ocid1.loganalyticsloggroup.oc1..none"}
	ctx := t.Context()
	dir := t.TempDir()
	engine, err := duckdb.Open(duckdb.Options{Dirs: []string{store.SegmentDir(dir)}, TempDir: t.TempDir(), Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(dir, engine, store.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	w.server.Query = guarded{query.NewEngine(st, groupNames{names{w.rig}}, query.Options{Clock: clock}), w.cat, w.server.shares, nil}
	w.server.Store = st
	t.Cleanup(w.server.Close) // before the store

	chunk := store.Chunk{Stage: sha256.Sum256([]byte("stage"))}
	add := func(group, source, upload string, at time.Time, user, op string) {
		n := int64(len(chunk.Entries))
		origin := &record.Origin{Upload: "up-" + upload, UploadName: upload, File: upload + ".json", LogGroup: group, Source: source, Received: begin.UnixMilli()}
		chunk.Entries = append(chunk.Entries, record.Entry{Time: at.UnixMilli(), Ordinal: n, Origin: origin, Text: fmt.Sprintf("%s %s %s", user, op, upload),
			Cells: []record.Cell{{Field: w.field("User Name"), Value: record.Text(user)}, {Field: w.field("Resource Operations"), Value: record.Text(op)}}})
	}
	for i := range 30 {
		add(groupID, auditLog, "push", begin.Add(time.Duration(i)*time.Minute), [...]string{"ann", "bo", "cy"}[i%3]+"@example.com", [...]string{"EDIT", "DELETE"}[i%2])
	}
	w.book(groupID, "push")
	if withSecret {
		g, err := w.cat.CreateLogGroup(ctx, catalog.LogGroup{Name: "Vault of " + secretWord, Compartment: tenancy}, catalog.Retry{})
		if err != nil {
			t.Fatal(err)
		}
		w.secret = g.ID
		for i := range 25 {
			at := begin.Add(time.Duration(i)*time.Minute + 7*time.Second)
			add(w.secret, auditLog, secretWord, at, secretWord+"@example.com", "DELETE")
			add(w.secret, "Source of "+secretWord, secretWord, at.AddDate(0, 0, i-40), "ann@example.com", secretWord)
		}
		w.book(w.secret, secretWord)
		w.book(w.secret, "push "+secretWord)
	}
	if _, err := st.Ingest(ctx, chunk); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cat.SavePolicy(ctx, catalog.Policy{Name: "readers", Statements: []string{
		"Allow group Readers to read log-groups in tenancy where target.loganalytics-log-group.id = '" + groupID + "'",
		"Allow group Readers to use loganalytics-features-family in tenancy",
		"Allow group Readers to manage dashboards in tenancy"}}, ""); err != nil {
		t.Fatal(err)
	}
	w.user("reader", "Readers")
	w.user("chief", catalog.Administrators)
	w.reader, w.admin = w.browser(), w.browser()
	if w.reader.logIn("reader", password) != 200 || w.admin.logIn("chief", password) != 200 {
		t.Fatal("no login")
	}
	return w
}

// book enters an upload in the list of uploads.
func (w *world) book(group, upload string) {
	w.t.Helper()
	f := catalog.File{Reference: "file-" + upload, UploadName: upload, Name: upload + ".json", Source: auditLog, LogGroup: group, Received: begin, Rows: 25,
		Earliest: begin, Latest: begin.Add(time.Hour)}
	if err := w.cat.FinishFiles(w.t.Context(), []catalog.Finished{{File: f, Warnings: []catalog.Warning{{Code: "W", Message: upload, Example: upload}}}}); err != nil {
		w.t.Fatal(err)
	}
}

// groupNames knows the names of all log groups, as the program's catalogue does.
type groupNames struct{ names }

func (n groupNames) LogGroups() map[string]string {
	groups, _, err := n.cat.LogGroups(context.Background(), catalog.LogGroupFilter{}, catalog.Page{})
	if err != nil {
		n.t.Error(err)
	}
	out := map[string]string{}
	for _, g := range groups {
		out[g.ID] = g.Name
	}
	return out
}

// ways to ask for a text of a query, each a method, path and body.
func (w *world) ways(text string) map[string][3]string {
	body := func(more map[string]any) string {
		m := map[string]any{"queryString": text, "subSystem": "LOG", "compartmentId": tenancy, "shouldIncludeTotalCount": true, "shouldIncludeFields": true,
			"timeFilter": map[string]string{"timeStart": "2024-01-01T00:00:00Z", "timeEnd": "2025-01-01T00:00:00Z"},
			"query":      text, "from": "2024-01-01T00:00:00Z", "to": "2025-01-01T00:00:00Z"}
		for k, v := range more {
			m[k] = v
		}
		b, err := json.Marshal(m)
		if err != nil {
			w.t.Fatal(err)
		}
		return string(b)
	}
	plain := body(nil)
	return map[string][3]string{
		"Query":             {"POST", nsPath + "/search/actions/query", plain},
		"Query, async":      {"POST", nsPath + "/search/actions/query", body(map[string]any{"shouldRunAsync": true})},
		"Query in scope":    {"POST", nsPath + "/search/actions/query", body(map[string]any{"scopeFilters": []any{map[string]any{"fieldName": "Log Group", "values": []string{w.secret, "Vault of " + secretWord}}}})},
		"Query, no window":  {"POST", nsPath + "/search/actions/query", body(map[string]any{"timeFilter": nil})},
		"ExportQueryResult": {"POST", nsPath + "/search/actions/export", plain},
		"Export as JSON":    {"POST", nsPath + "/search/actions/export", body(map[string]any{"outputFormat": "JSON"})},
		"ParseQuery":        {"POST", nsPath + "/search/actions/parse", plain},
		"Suggest":           {"POST", nsPath + "/search/actions/suggest", plain},
		"own query":         {"POST", ownBase + "/query", plain},
		"own export":        {"POST", ownBase + "/export", body(map[string]any{"format": "json"})},
		"own explain":       {"POST", ownBase + "/explain", plain},
		"analyze":           {"POST", ownBase + "/explain", body(map[string]any{"analyze": true})},
	}
}

// escapes are texts that look for what is in other log groups.
func (w *world) escapes() []string {
	vault := "'Vault of " + secretWord + "'"
	return []string{
		"*",
		secretWord,
		"'*" + secretWord + "*'",
		"'User Name' = '" + secretWord + "@example.com'",
		"'User Name' like '" + secretWord[:3] + "%'",
		"'Log Group' = " + vault,
		"'Log Group' = '" + w.secret + "'",
		"'Log Group' != Audit",
		"not 'Log Group' = Audit",
		"'Log Source' = 'Source of " + secretWord + "'",
		"'Log Source' != '" + auditLog + "'",
		"'Upload Name' = " + secretWord,
		"* | stats count",
		"* | stats count by 'Log Group'",
		"* | stats count by 'Log Source'",
		"* | stats count, distinctcount('User Name'), min(Time), max(Time), values('Resource Operations'), earliest('User Name'), latest('User Name')",
		"* | where 'Log Group' != Audit | stats count",
		"* | eval G = 'Log Group' | stats count by G",
		"* | distinct 'User Name'",
		"* | top 'Resource Operations'",
		"* | rare 'User Name'",
		"* | timestats count by 'Log Group'",
		"* | eventstats count as N by 'Resource Operations' | stats max(N)",
		"* | fieldsummary 'User Name', 'Log Source'",
		"* | cluster",
		"* | classify 'User Name'",
		"* | link 'User Name' | stats count as N | sort -N",
		"* | link 'Resource Operations' | addfields [ 'Log Group' != Audit | stats count as Hidden ]",
		"'User Name' != null and [ 'Log Group' = " + vault + " | distinct 'Resource Operations' ]",
		"[ * | where 'Log Group' != Audit | distinct 'Resource Operations' ] | stats count",
		"'Resource Operations' = DELETE and [ 'User Name' = '" + secretWord + "@example.com' | distinct 'Resource Operations' ] | stats count",
		"* | link 'User Name' | createtable name = T [ 'Log Group' != Audit | stats count as N by 'User Name' ]",
		"* | link 'User Name' | createview [ 'Log Group' != Audit | distinct 'User Name' ] as V",
		"* | compare timeshift = -1day",
		"* | clustercompare timeshift = -1day",
		"* | timestats count | compare timeshift = -40day",
		"Time > '2000-01-01T00:00:00Z' | stats count, min(Time), max(Time)",
		"Time >= dateRelative(3650day) | timestats count",
		"* | head 100 | fields *",
		"* | sort Time | tail 5",
		"* | nlp keywords('Original Log Content')",
		"* | lookup table = " + secretWord + " select a using 'User Name'",
		"* | searchlookup table = " + secretWord,
		"'Log Grup' = " + vault,
		"* | stats count by 'Vault of " + secretWord + "'",
		"'User Name' = za",
		"'Log Group' = v",
		"'Upload Name' = ",
	}
}

// calls beside those with the text of a query.
func (w *world) calls() map[string][3]string {
	vault := catalog.UploadReference(secretWord)
	return map[string][3]string{
		"list log groups":         {"GET", nsPath + "/logAnalyticsLogGroups?compartmentId=" + tenancy, ""},
		"find a log group":        {"GET", nsPath + "/logAnalyticsLogGroups?compartmentId=" + tenancy + "&displayName=Vault%20of%20" + secretWord, ""},
		"get a log group":         {"GET", nsPath + "/logAnalyticsLogGroups/" + w.secret, ""},
		"rename a log group":      {"PUT", nsPath + "/logAnalyticsLogGroups/" + w.secret, `{"displayName":"x"}`},
		"delete a log group":      {"DELETE", nsPath + "/logAnalyticsLogGroups/" + w.secret, ""},
		"own log groups":          {"GET", ownBase + "/log-groups", ""},
		"list uploads":            {"GET", nsPath + "/uploads", ""},
		"list uploads with holes": {"GET", nsPath + "/uploads?warningsFilter=WITH_WARNINGS", ""},
		"find uploads":            {"GET", nsPath + "/uploads?nameContains=" + secretWord, ""},
		"get an upload":           {"GET", nsPath + "/uploads/" + vault, ""},
		"list its files":          {"GET", nsPath + "/uploads/" + vault + "/files", ""},
		"list its warnings":       {"GET", nsPath + "/uploads/" + vault + "/warnings", ""},
		"delete it":               {"DELETE", nsPath + "/uploads/" + vault, ""},
		"own uploads":             {"GET", ownBase + "/uploads", ""},
		"own files":               {"GET", ownBase + "/uploads/" + vault + "/files", ""},
		"own warnings":            {"GET", ownBase + "/uploads/" + vault + "/warnings", ""},
		"upload into it":          {"POST", nsPath + "/actions/uploadLogFile?logSourceName=x&filename=x", "x"},
		"send OTLP into it":       {"POST", nsPath + "/actions/otlp/v1/logs", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}`},
		"status":                  {"GET", ownBase + "/status", ""},
		"verify":                  {"POST", ownBase + "/store/verify", ""},
		"verify the stage":        {"POST", ownBase + "/stage/verify", ""},
		"runs":                    {"GET", ownBase + "/runs", ""},
		"quarantine":              {"GET", ownBase + "/quarantine", ""},
		"users":                   {"GET", ownBase + "/users", ""},
		"policies":                {"GET", ownBase + "/policies", ""},
		"a policy for myself":     {"PUT", ownBase + "/policies/x", `{"statements":["Allow any-user to read all-resources in tenancy"]}`},
		"storage":                 {"GET", nsPath + "/storage", ""},
		"storage usage":           {"GET", nsPath + "/storage/usage", ""},
		"purge":                   {"POST", nsPath + "/storage/actions/purgeData", `{"compartmentId":"` + tenancy + `","timeDataEnded":"2030-01-01T00:00:00Z"}`},
		"estimate a purge":        {"POST", nsPath + "/storage/actions/estimatePurgeDataSize", `{"compartmentId":"` + tenancy + `","timeDataEnded":"2030-01-01T00:00:00Z"}`},
		"warnings of sources":     {"GET", nsPath + "/warnings?warningState=ALL&compartmentId=" + tenancy, ""},
		"rules":                   {"GET", nsPath + "/rules?compartmentId=" + tenancy, ""},
		"associations":            {"GET", nsPath + "/entityAssociations?compartmentId=" + tenancy, ""},
		"storage work":            {"GET", nsPath + "/storageWorkRequests?compartmentId=" + tenancy, ""},
		"a scheduled task":        {"POST", nsPath + "/scheduledTasks", `{}`},
		"jobs":                    {"GET", nsPath + "/queryWorkRequests?compartmentId=" + tenancy, ""},
		"a filter":                {"POST", nsPath + "/search/actions/filter", `{"queryString":"*","subSystem":"LOG","filters":[{"fieldName":"Log Group","operator":"EQUALS","values":["Vault of ` + secretWord + `"]}]}`},
	}
}

// ask answers status and body of a call; one that starts a job is followed to its result.
func (w *world) ask(b *browser, way [3]string) string {
	w.t.Helper()
	path := way[1]
	for {
		r, err := http.NewRequestWithContext(w.t.Context(), way[0], w.web.URL+path, strings.NewReader(way[2]))
		if err != nil {
			w.t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", b.cookie)
		r.Header.Set(csrfHeader, b.csrf)
		r.Header.Set("opc-meta-loggrpid", w.secret)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			w.t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return "broken off: " + err.Error()
		}
		switch job := resp.Header.Get("opc-work-request-id"); {
		case resp.StatusCode == 201 && job != "":
			way[0], path, way[2] = "GET", nsPath+"/search/actions/query?workRequestId="+job, ""
		case resp.Header.Get("retry-after") != "" && resp.StatusCode == 200:
		default:
			return fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("opc-total-items"), " ", string(text))
		}
	}
}

var volatile = regexp.MustCompile(`ocid1\.(loganalyticsqueryworkrequest|user|policy)\.[a-z0-9.]+|"[A-Za-z]*(Ms|Time|time[A-Z][A-Za-z]*|InMs)":("[^"]*"|[0-9.]+)|"(started|time|from|to|timeStart|timeEnd)":"20(2[6-9]|[3-9])[^"]*"|[0-9.]+(µs|ms|s)\b|c[0-9]+\b`)

// words of an answer without what differs from call to call, in no order: rows
// with equal keys come in any.
func words(answer string) string {
	w := strings.FieldsFunc(volatile.ReplaceAllString(answer, " "), func(r rune) bool { return strings.ContainsRune("\n\t {}[],\":()|\\", r) })
	slices.Sort(w)
	return strings.Join(w, " ")
}

// What a user may not read makes no difference: every way to ask is answered as
// by a server that has nothing but what the user may read.
func TestForbiddenLogGroupIsNotThere(t *testing.T) {
	bare, full := newWorld(t, false), newWorld(t, true)
	bare.secret = full.secret // the texts are to be the same
	ways := 0
	compare := func(name string, way [3]string) {
		ways++
		asked := way[1] + " " + way[2]
		want, got := bare.ask(bare.reader, way), full.ask(full.reader, way)
		if words(want) != words(got) {
			t.Errorf("%s\n%s\nwithout the secret: %.1500s\nwith it:            %.1500s", name, asked, want, got)
		}
		// What the question itself says may come back, as in an error; no more of it.
		for _, leak := range []string{secretWord, full.secret} {
			if strings.Contains(got, leak) && !strings.Contains(asked, leak) {
				t.Errorf("%s: %s\nthe answer holds %q: %.1500s", name, asked, leak, got)
			}
		}
	}
	for i, text := range full.escapes() {
		all := full.ways(text)
		for n, name := range slices.Sorted(maps.Keys(all)) {
			// Every text by one of the ways, and by all of them in the long course.
			if os.Getenv("LEDGERLINE_CAMPAIGN") == "long" || (n+i)%12 == 0 {
				compare(name+": "+text, all[name])
			}
		}
	}
	for name, way := range full.calls() {
		compare(name, way)
	}
	if ways < 70 {
		t.Errorf("only %d ways", ways)
	}

	// The same questions do find the secret when the caller may read it, and the
	// reader does see what it may.
	found := 0
	for _, text := range full.escapes()[:26] {
		if strings.Contains(full.ask(full.admin, full.ways(text)["Query"]), secretWord) {
			found++
		}
	}
	if found < 15 {
		t.Errorf("only %d of 26 texts look for the secret", found)
	}
	if got := full.ask(full.reader, full.ways("* | stats count")["Query"]); !strings.Contains(got, "30") {
		t.Errorf("the reader sees %s", got)
	}
	if got := full.ask(full.admin, full.ways("* | stats count")["Query"]); !strings.Contains(got, "80") {
		t.Errorf("the administrator sees %s", got)
	}
}

// A job keeps to what its submitter may read, and others cannot look at it.
func TestJobsBelongToTheirUser(t *testing.T) {
	w := newWorld(t, true)
	way := w.ways("* | stats count")["Query, async"]
	code, m := w.admin.call(way[0], way[1], way[2])
	jobs, list := w.admin.call("GET", nsPath+"/queryWorkRequests?compartmentId="+tenancy, "")
	items, _ := list["items"].([]any)
	if code != 201 || jobs != 200 || len(items) != 1 {
		t.Fatalf("%d %v, %d %v", code, m, jobs, list)
	}
	id := items[0].(map[string]any)["id"].(string)
	for _, path := range []string{"/queryWorkRequests/" + id, "/search/actions/query?workRequestId=" + id} {
		if code, m := w.reader.call("GET", nsPath+path, ""); code != 404 {
			t.Errorf("%s: %d %v", path, code, m)
		}
	}
	if code, _ := w.reader.call("DELETE", nsPath+"/queryWorkRequests/"+id, ""); code != 404 {
		t.Errorf("cancel: %d", code)
	}
}

// What a job found while its owner might read more is not shown when that right is
// gone; what it finds then is.
func TestJobsDoNotOutliveRights(t *testing.T) {
	w := newWorld(t, true)
	policy := catalog.Policy{Name: "auditors", Statements: []string{"Allow group Readers to read log-groups in tenancy"}}
	if _, err := w.cat.SavePolicy(t.Context(), policy, ""); err != nil {
		t.Fatal(err)
	}
	submit := func() string {
		way := w.ways("* | stats count by 'Log Group'")["Query, async"]
		r, err := http.NewRequestWithContext(t.Context(), way[0], w.web.URL+way[1], strings.NewReader(way[2]))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", w.reader.cookie)
		r.Header.Set(csrfHeader, w.reader.csrf)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return nsPath + "/search/actions/query?workRequestId=" + resp.Header.Get("opc-work-request-id")
	}
	before := submit()
	if got := w.ask(w.reader, [3]string{"GET", before}); !strings.Contains(got, secretWord) {
		t.Fatal(got)
	}
	if err := w.cat.DeletePolicy(t.Context(), "auditors", ""); err != nil {
		t.Fatal(err)
	}
	if got := w.ask(w.reader, [3]string{"GET", before}); !strings.HasPrefix(got, "404") || strings.Contains(got, secretWord) {
		t.Error(got)
	}
	if got := w.ask(w.reader, [3]string{"GET", submit()}); !strings.HasPrefix(got, "200") || strings.Contains(got, secretWord) {
		t.Error(got)
	}
	if _, err := w.cat.SavePolicy(t.Context(), policy, ""); err != nil {
		t.Fatal(err)
	}
	if got := w.ask(w.reader, [3]string{"GET", before}); !strings.Contains(got, secretWord) {
		t.Error(got)
	}
}

// Without a statement nothing is allowed, whatever the operation.
func TestDefaultDeny(t *testing.T) {
	g := newRig(t)
	g.user("nobody", "Nobodies")
	b := g.browser()
	b.logIn("nobody", password)
	for method, ops := range g.server.router.byMethod {
		for _, op := range ops {
			if op.handle == nil || op.access != signedOrLocal || op.need.kind == needLogin {
				continue
			}
			path := strings.NewReplacer("{namespaceName}", "demo", "{", "v-", "}", "").Replace(op.Pattern)
			if code, m := b.call(method, path, "{}"); code != 404 || m["code"] != "NotAuthorizedOrNotFound" {
				t.Errorf("%s %s: %d %v", method, path, code, m)
			}
		}
	}
}

// Every operation there is answers a reader as if what it may not read were not there,
// asked for the secret's own identifiers.
func TestNoOperationTellsOfWhatIsForbidden(t *testing.T) {
	bare, full := newWorld(t, false), newWorld(t, true)
	bare.secret = full.secret
	const query = "?compartmentId=" + tenancy + "&type=Lookup&taskType=SAVED_SEARCH&warningState=ALL&sourceName=Source%20of%20" + secretWord + "&logSourceName=x&filename=x&logGroupId="
	fill := strings.NewReplacer("{namespaceName}", "demo", "{uploadReference}", catalog.UploadReference(secretWord), "{logAnalyticsLogGroupId}", full.secret, "{logId}", full.secret,
		"{fileReference}", "file-"+secretWord, "{sourceName}", "Source%20of%20"+secretWord, "{user}", "chief", "{lookupName}", secretWord, "{name}", secretWord, "{", "v-", "}", "")
	asked := 0
	for _, method := range slices.Sorted(maps.Keys(full.server.router.byMethod)) {
		for _, op := range full.server.router.byMethod[method] {
			if op.handle == nil || op.access != signedOrLocal || op.Name == "OwnSession" || op.Name == "OwnLogOut" || op.Name == "OwnPassword" {
				continue
			}
			asked++
			path := fill.Replace(op.Pattern)
			way := [3]string{method, path + query + full.secret, `{"compartmentId":"` + tenancy + `","logAnalyticsLogGroupId":"` + full.secret + `"}`}
			want, got := bare.ask(bare.reader, way), full.ask(full.reader, way)
			if words(want) != words(got) {
				t.Errorf("%s\nwithout the secret: %.1500s\nwith it:            %.1500s", op.Name, want, got)
			}
			if strings.HasPrefix(got, "5") {
				t.Errorf("%s: %.300s", op.Name, got)
			}
		}
	}
	if asked < 130 {
		t.Errorf("only %d operations", asked)
	}
}
