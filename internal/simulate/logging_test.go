package simulate

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/logging"
	"github.com/oracle/oci-go-sdk/v65/loggingingestion"
	"github.com/oracle/oci-go-sdk/v65/loggingsearch"
	"github.com/oracle/oci-go-sdk/v65/objectstorage"
	"github.com/valyala/fastjson"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// sdk points an official client at a simulator. It signs with a clock of its
// own, so the simulator's must be the real one.
func sdk(t *testing.T, c *common.BaseClient, address string) {
	t.Helper()
	c.Host = address
	once := common.NoRetryPolicy()
	c.Configuration.RetryPolicy = &once
}

func provider(t *testing.T) common.ConfigurationProvider {
	return common.NewRawConfigurationProvider(tenancy, user, "eu-frankfurt-1", fingerprint, newKey(t), nil)
}

func searchClient(t *testing.T, address string) loggingsearch.LogSearchClient {
	t.Helper()
	c, err := loggingsearch.NewLogSearchClientWithConfigurationProvider(provider(t))
	if err != nil {
		t.Fatal(err)
	}
	sdk(t, &c.BaseClient, address)
	return c
}

// searchAll pages through a search until its end, repeating what fails.
func searchAll(t *testing.T, c loggingsearch.LogSearchClient, query string, from, to time.Time, limit int, visit func(data map[string]any)) {
	t.Helper()
	var page *string
	for {
		resp, err := c.SearchLogs(t.Context(), loggingsearch.SearchLogsRequest{Limit: &limit, Page: page, SearchLogsDetails: loggingsearch.SearchLogsDetails{
			TimeStart: &common.SDKTime{Time: from}, TimeEnd: &common.SDKTime{Time: to}, SearchQuery: &query}})
		if err != nil {
			if strings.Contains(err.Error(), "InvalidParameter") {
				t.Fatal(err)
			}
			continue
		}
		if *resp.Summary.ResultCount != len(resp.Results) || len(resp.Results) > limit {
			t.Fatalf("%d results, the summary says %d", len(resp.Results), *resp.Summary.ResultCount)
		}
		for _, r := range resp.Results {
			visit((*r.Data).(map[string]any))
		}
		if page = resp.OpcNextPage; page == nil {
			return
		}
	}
}

func identities(into map[record.Identity]int) func(map[string]any) {
	var p fastjson.Parser
	return func(data map[string]any) { into[EventIdentity(&p, encode(data))]++ }
}

// The official client of Logging search finds every event of each log once, with
// faults on one request in five.
func TestLoggingSearchFindsTheTruth(t *testing.T) {
	faults, err := ParseFaults("429=5%,429after=5%,500=5%,truncated=5%,html503=3%,reset=3%")
	if err != nil {
		t.Fatal(err)
	}
	s, _, server := start(t, Options{Clock: time.Now, History: -1, Activity: 300, Analytics: 700, Days: 3, Faults: faults}, connect.RetryPolicy{})
	c := searchClient(t, server.URL)
	now := time.Now()
	scope := s.opts.Compartment + "/" + s.opts.LogGroup
	for _, q := range []string{
		`search "%s/%s" | sort by datetime asc`,
		`search "%s/%s" | sort by datetime desc`,
		`search "%s/%s"`,
	} {
		for name, id := range s.Logs() {
			got := map[record.Identity]int{}
			searchAll(t, c, fmt.Sprintf(q, scope, id), now.Add(-4*24*time.Hour), now, 100, identities(got))
			if truth, _ := s.LogTruth(name); Digest(got) != truth.Digest || truth.Count == 0 {
				t.Errorf("%s: found %d events of %s, truth %d", q, len(got), name, truth.Count)
			}
		}
	}
	// The same by type over the whole group, in order of time.
	got, last := map[record.Identity]int{}, 0.0
	searchAll(t, c, `search "`+scope+`" | where type = '`+analyticsType+`audit' and not (data.category = 'cata*' and id != '') | sort by datetime asc`,
		now.Add(-4*24*time.Hour), now, 1000, func(data map[string]any) {
			at := data["datetime"].(float64)
			if at < last {
				t.Fatal("out of order")
			}
			last = at
			event := data["logContent"].(map[string]any)
			if event["data"].(map[string]any)["category"] == "catalog" || event["type"] != analyticsType+"audit" {
				t.Fatalf("found %v", event)
			}
			identities(got)(data)
		})
	truth, _ := s.LogTruth(OACAudit)
	if len(got) == 0 || len(got) >= truth.Count {
		t.Errorf("%d of %d audit events are not about the catalog", len(got), truth.Count)
	}
}

func TestLoggingSearchRefuses(t *testing.T) {
	s, _, server := start(t, Options{Clock: time.Now, History: -1, Activity: 10}, connect.RetryPolicy{})
	c := searchClient(t, server.URL)
	now := time.Now()
	good := `search "` + s.opts.Compartment + `"`
	for name, ask := range map[string]struct {
		query string
		span  time.Duration
		limit int
		page  string
	}{
		"15 days":    {good, 15 * 24 * time.Hour, 10, ""},
		"backwards":  {good, -time.Hour, 10, ""},
		"large page": {good, time.Hour, 1001, ""},
		"page":       {good, time.Hour, 10, "x"},
		"no scope":   {`search`, time.Hour, 10, ""},
		"no search":  {`select x`, time.Hour, 10, ""},
		"summarize":  {good + ` | summarize count()`, time.Hour, 10, ""},
		"condition":  {good + ` | where a > 5`, time.Hour, 10, ""},
		"open":       {good + ` | where (a = 'b'`, time.Hour, 10, ""},
		"twice":      {good + ` | where a = 'b' | where a = 'b'`, time.Hour, 10, ""},
	} {
		req := loggingsearch.SearchLogsRequest{Limit: &ask.limit, SearchLogsDetails: loggingsearch.SearchLogsDetails{
			TimeStart: &common.SDKTime{Time: now.Add(-ask.span)}, TimeEnd: &common.SDKTime{Time: now}, SearchQuery: &ask.query}}
		if ask.page != "" {
			req.Page = &ask.page
		}
		_, err := c.SearchLogs(t.Context(), req)
		if failure, ok := common.IsServiceError(err); !ok || failure.GetHTTPStatusCode() != 400 || failure.GetCode() != "InvalidParameter" {
			t.Errorf("%s: %v", name, err)
		}
	}
	resp, err := http.Post(server.URL+"/20190909/search", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("an unsigned search: %d", resp.StatusCode)
	}
}

// Events come into a log after their time; held back, they come later still.
func TestLateEventsAppearBehind(t *testing.T) {
	s, err := New(Options{Clock: fixed(noon), History: -1, ActivityRate: 18_000, AnalyticsRate: 18_000, Faults: Faults{Rates: map[Fault]Rate{Late: {Chance: 0.3}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Step(noon)
	behind, newest := 0, map[string]int64{}
	for range 300 {
		before := map[string]bool{}
		for _, l := range s.company.all() {
			for _, e := range l.between(0, 1<<62) {
				before[fmt.Sprint(l.name, e.seq)] = true
			}
		}
		s.Advance(time.Second)
		s.Step(s.Now())
		for _, l := range s.company.all() {
			for _, e := range l.between(0, 1<<62) {
				if !before[fmt.Sprint(l.name, e.seq)] {
					if e.seen > s.Now().UnixMilli() || e.seen-e.at > s.latest() {
						t.Fatalf("an event of %d, seen %d, at %d", e.at, e.seen, s.Now().UnixMilli())
					}
					if e.at < newest[l.name] {
						behind++
					}
				}
				newest[l.name] = max(newest[l.name], e.at)
			}
		}
		if len(before) > 6000 {
			break
		}
	}
	if behind < 100 {
		t.Errorf("%d events behind others", behind)
	}
}

func TestManagementOfLogs(t *testing.T) {
	s, _, server := start(t, Options{Clock: time.Now, History: -1, LogsOff: []string{OACDiagnostic}}, connect.RetryPolicy{})
	c, err := logging.NewLoggingManagementClientWithConfigurationProvider(provider(t))
	if err != nil {
		t.Fatal(err)
	}
	sdk(t, &c.BaseClient, server.URL)
	groups, err := c.ListLogGroups(t.Context(), logging.ListLogGroupsRequest{CompartmentId: &s.opts.Compartment})
	if err != nil || len(groups.Items) != 1 || *groups.Items[0].Id != s.opts.LogGroup {
		t.Fatal(groups.Items, err)
	}
	logs, err := c.ListLogs(t.Context(), logging.ListLogsRequest{LogGroupId: &s.opts.LogGroup, SourceService: common.String("oacnativeproduction"), LogType: logging.ListLogsLogTypeService})
	if err != nil || len(logs.Items) != 1 {
		t.Fatal(logs.Items, err)
	}
	source, ok := logs.Items[0].Configuration.Source.(logging.OciService)
	if !ok || *source.Service != "oacnativeproduction" || *source.Category != "audit" || *source.Resource != s.opts.AnalyticsID || !*logs.Items[0].IsEnabled {
		t.Errorf("%+v", logs.Items[0])
	}
	one, err := c.GetLog(t.Context(), logging.GetLogRequest{LogGroupId: &s.opts.LogGroup, LogId: common.String(s.company.log(OICActivity).id)})
	if err != nil || *one.DisplayName != OICActivity || one.LifecycleState != logging.LogLifecycleStateActive {
		t.Errorf("%+v %v", one.Log, err)
	}
	if _, err := c.GetLog(t.Context(), logging.GetLogRequest{LogGroupId: &s.opts.LogGroup, LogId: common.String(s.company.log(OACDiagnostic).id)}); err == nil {
		t.Error("a log that is not enabled was found")
	}
	services, err := c.ListServices(t.Context(), logging.ListServicesRequest{})
	if err != nil || len(services.Items) != 2 || *services.Items[1].Name != "oacnativeproduction" {
		t.Errorf("%+v %v", services.Items, err)
	}
}

// What is pushed can be searched, as often as it was pushed.
func TestPushedLogsCanBeRead(t *testing.T) {
	s, _, server := start(t, Options{Clock: time.Now, History: -1}, connect.RetryPolicy{})
	c, err := loggingingestion.NewLoggingClientWithConfigurationProvider(provider(t))
	if err != nil {
		t.Fatal(err)
	}
	sdk(t, &c.BaseClient, server.URL)
	now := time.Now()
	push := loggingingestion.PutLogsRequest{LogId: common.String("ocid1.log.oc1.iad.custom"), PutLogsDetails: loggingingestion.PutLogsDetails{
		Specversion: common.String("1.0"), LogEntryBatches: []loggingingestion.LogEntryBatch{{
			Source: common.String("shipper"), Type: common.String("example.type"), Subject: common.String("a"), Defaultlogentrytime: &common.SDKTime{Time: now.Add(-time.Minute)},
			Entries: []loggingingestion.LogEntry{{Id: common.String("1"), Data: common.String(`{"op":"activate"}`)}, {Id: common.String("2"), Data: common.String("plain")}}}}}}
	for range 2 {
		if _, err := c.PutLogs(t.Context(), push); err != nil {
			t.Fatal(err)
		}
	}
	var texts []string
	searchAll(t, searchClient(t, server.URL), `search "`+s.opts.Compartment+`/company-logs/ocid1.log.oc1.iad.custom"`, now.Add(-time.Hour), now.Add(time.Hour), 3, func(data map[string]any) {
		event := data["logContent"].(map[string]any)
		texts = append(texts, fmt.Sprint(event["id"], event["source"], event["type"], event["subject"], event["data"]))
	})
	if got := strings.Join(texts, "; "); strings.Count(got, "1shipperexample.typeamap[op:activate]") != 2 || strings.Count(got, "2shipperexample.typeamap[message:plain]") != 2 || len(texts) != 4 {
		t.Error(got)
	}
	push.LogId = common.String(s.company.log(OACAudit).id)
	if _, err := c.PutLogs(t.Context(), push); err == nil {
		t.Error("a service's log took what a client pushed")
	}
}

// bucketTruth reads the connector's objects: how often each event is in them.
func bucketTruth(t *testing.T, s *Simulator, prefix string) (events map[record.Identity]int, objects, empty, mixed int) {
	t.Helper()
	list, err := s.objects.list("logs")
	if err != nil {
		t.Fatal(err)
	}
	events = map[record.Identity]int{}
	var p fastjson.Parser
	for _, o := range list {
		if !strings.HasPrefix(o.name, prefix+"/"+connectorID+"/") || !strings.HasSuffix(o.name, ".log.gz") {
			continue
		}
		objects++
		whole, err := s.objects.get("logs", o.name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(whole.body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		types := map[string]bool{}
		for line := range bytes.Lines(text) {
			events[EventIdentity(&p, line)]++
			var e struct{ Type string }
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			types[e.Type] = true
		}
		if len(text) == 0 {
			empty++
		}
		if len(types) > 1 {
			mixed++
		}
	}
	return events, objects, empty, mixed
}

// The connector's objects hold every event at least once, some twice; late ones
// too; and a simulator that starts over writes the same objects.
func TestConnectorHubWritesEveryEvent(t *testing.T) {
	o := Options{Clock: fixed(noon), History: -1, Activity: 1000, Analytics: 700, ActivityRate: 400, AnalyticsRate: 400, Days: 10, Directory: t.TempDir(),
		Connector: Connector{Bucket: "logs", Prefix: "oac/x", Rollover: time.Hour}}
	for range 2 {
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		s.Step(noon)
		for range 90 {
			s.Advance(time.Minute)
			s.Step(s.Now())
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		events, objects, empty, mixed := bucketTruth(t, s, "oac/x")
		all, twice := map[record.Identity]int{}, 0
		for name := range s.Logs() {
			truth, _ := s.LogTruth(name)
			for id := range truth.Identities {
				if all[id]++; events[id] == 0 {
					t.Fatalf("an event of %s is in no object", name)
				}
				if events[id] > 1 {
					twice++
				}
			}
		}
		if len(events) != len(all) || twice < 20 || empty == 0 || mixed < 40 || objects < 100 {
			t.Errorf("%d objects, %d empty, %d of mixed logs, %d events of %d, %d of them twice", objects, empty, mixed, len(events), len(all), twice)
		}
		if _, again, _, _ := bucketTruth(t, s, "oac/x"); again != objects {
			t.Errorf("started over: %d objects, then %d", objects, again)
		}
	}
}

func TestUsersOfTheIdentityDomain(t *testing.T) {
	faults, err := ParseFaults("401=10%,429=10%,500=10%,html503=5%")
	if err != nil {
		t.Fatal(err)
	}
	s, _, server := start(t, Options{History: -1, Users: 30, Faults: faults}, connect.RetryPolicy{})
	id, secret := s.Credentials()
	opts := connect.Options{Clock: s.Now, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	client := func(scope string) *connect.SCIM {
		return connect.NewSCIM(server.URL, connect.NewOAuth(connect.OAuthConfig{TokenURL: server.URL + "/oauth2/v1/token", ClientID: id, ClientSecret: secret, Scope: scope}, opts), opts)
	}
	c := client(ScopeIdentity)
	names := map[string]string{}
	if err := c.Persons(t.Context(), func(list []connect.Person) error {
		for _, p := range list {
			names[p.ID] = p.Name
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	people := s.company.staff.people
	if len(names) != 32 || names[people[0].id] != "ana@example.com" || len(people[0].id) != 32 {
		t.Errorf("%d people: %v", len(names), names)
	}
	if p, ok, err := c.Person(t.Context(), people[1].id); err != nil || !ok || p.Name != "ben@example.com" || p.Display != "Ben Example" || !p.Active {
		t.Error(p, ok, err)
	}
	gone := people[s.company.staff.leaver()]
	if _, ok, err := c.Person(t.Context(), gone.id); err != nil || ok {
		t.Errorf("who has left: %v %v", ok, err)
	}
	s.SetFaults(Faults{})
	if _, _, err := client(s.Scope()).Person(t.Context(), people[0].id); connect.KindOf(err) != connect.Forbidden {
		t.Errorf("a token of another scope: %v", err)
	}
	for filter, want := range map[string]int{`userName eq "ANA@example.com"`: 1, `id eq "` + people[2].id + `" or id eq "` + people[3].id + `"`: 2, `userName sw "user"`: 10, "": 32} {
		match, err := userFilter(filter)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, p := range people {
			if match(p) && !p.gone {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d, want %d", filter, n, want)
		}
	}
}

// Folders are listed once, also when a page ends inside of one.
func TestListingOfFolders(t *testing.T) {
	s, _, server := start(t, Options{Clock: time.Now, History: -1}, connect.RetryPolicy{})
	for _, name := range []string{"a/1", "a/2", "a/3", "b", "c/1", "d"} {
		if err := s.objects.put("logs", name, newObject([]byte(name), noon), false); err != nil {
			t.Fatal(err)
		}
	}
	c, err := objectstorage.NewObjectStorageClientWithConfigurationProvider(provider(t))
	if err != nil {
		t.Fatal(err)
	}
	sdk(t, &c.BaseClient, server.URL)
	var got []string
	var start *string
	for {
		resp, err := c.ListObjects(t.Context(), objectstorage.ListObjectsRequest{NamespaceName: common.String("demo"), BucketName: common.String("logs"),
			Delimiter: common.String("/"), Limit: common.Int(1), Start: start})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range resp.Objects {
			got = append(got, *o.Name)
		}
		got = append(got, resp.Prefixes...)
		if start = resp.NextStartWith; start == nil {
			break
		}
	}
	if text := strings.Join(got, " "); text != "a/ b c/ d" {
		t.Error(text)
	}
}

func FuzzSearchQuery(f *testing.F) {
	f.Add(`search "a/b" "c" | where type = 'x*' and (not id != '' or data."k" = 'it''s') | sort by datetime asc`)
	body := []byte(`{"datetime":1,"logContent":{"type":"x","id":"","data":{"k":"it's"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseSearch(text)
		if err != nil {
			return
		}
		q.covers(&serviceLog{id: "a"})
		if q.where == nil {
			return
		}
		first := q.where(&candidate{body: body})
		if again := q.where(&candidate{body: body}); again != first {
			t.Fatal("a condition changes its mind")
		}
	})
}

func TestWhereOfASearch(t *testing.T) {
	body := []byte(`{"datetime":1,"logContent":{"type":"x","id":"7","data":{"k":"it's","n":5}}}`)
	for where, want := range map[string]bool{
		`type = 'x'`: true, `type = 'X'`: false, `type != 'y' and id = '7'`: true, `id = '8' or data.k = 'it''s'`: true, `not id = '7'`: false,
		`(id = '8' or type = 'x') and data.n = '5'`: true, `data.k = '*t*'`: true, `logContent = '*"n":5*'`: true, `datetime = '1'`: true, `none.there = ''`: true,
	} {
		q, err := parseSearch(`search "a" | where ` + where)
		if err != nil {
			t.Fatal(where, err)
		}
		if got := q.where(&candidate{body: body}); got != want {
			t.Errorf("%s is %v", where, got)
		}
	}
}
