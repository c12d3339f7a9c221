package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/connect"
)

// The incident can be found in each log by what it is, and by nothing else.
func TestIncidentIsThereToBeFound(t *testing.T) {
	for day := range 7 {
		now := noon.Add(time.Duration(day)*24*time.Hour - 5*time.Hour)
		s, err := New(Options{Clock: fixed(now), History: 2000, Activity: 12_000, Analytics: 8000, Days: 10, Incident: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := s.company.log(OACAudit).count() + s.company.log(OACDiagnostic).count(); s.Count() != 2000 || n != 8000 || s.company.log(OICActivity).count() != 12_000 {
			t.Errorf("%d, %d and %d records", s.Count(), n, s.company.log(OICActivity).count())
		}
		plan := planIncident(now, s.office, s.company)
		if plan.restored.After(now) || now.Sub(plan.activated) > 7*24*time.Hour || offHours(plan.activated) || !offHours(plan.evening) {
			t.Fatalf("at %v the incident is at %v", now, plan.activated)
		}
		// Faults of the flow: few before, many while the bad version ran, rising.
		runs, faults := [4]int{}, [4]int{}
		half := plan.restored.Sub(plan.activated) / 2
		for _, r := range s.company.plant.runs {
			if r.flow.code != plan.flow.code {
				continue
			}
			at := time.UnixMilli(r.at)
			phase := 0
			switch {
			case !at.Before(plan.restored):
				phase = 3
			case !at.Before(plan.activated.Add(half)):
				phase = 2
			case !at.Before(plan.activated):
				phase = 1
			}
			runs[phase]++
			if r.outcome == failed {
				faults[phase]++
			}
			if bad := phase == 1 || phase == 2; bad != (r.version == plan.bad) {
				t.Fatalf("a run of version %s at %v", r.version, at)
			}
		}
		if runs[1] == 0 || runs[2] == 0 || (faults[1]+faults[2])*4 < runs[1]+runs[2] || faults[2]*runs[1] <= faults[1]*runs[2] || faults[0]*20 > runs[0] {
			t.Errorf("runs %v, faults %v", runs, faults)
		}
		activations, exports, roles, downloads := 0, map[string]int{}, 0, 0
		for _, e := range s.trail.all {
			if it := s.item(e); it.OperationName == "activate" && it.ResourceCode == plan.flow.code && it.ResourceVersion == plan.bad {
				activations++
			}
		}
		for _, e := range s.company.log(OACAudit).between(0, 1<<62) {
			var c struct {
				Data struct{ Category, Message, UserID string }
			}
			if err := json.Unmarshal(e.event(), &c); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(c.Data.Message, "Exported") && offHours(time.UnixMilli(e.at)) {
				exports[c.Data.UserID]++
			}
			if strings.Contains(c.Data.Message, "'Data Exporter'") {
				roles++
			}
			if c.Data.Category == "snapshot" && strings.Contains(c.Data.Message, "downloaded") {
				downloads++
			}
		}
		if activations != 1 || len(exports) != 1 || exports[s.company.staff.people[plan.insider].id] != 7 || roles != 1 || downloads != 1 {
			t.Errorf("%d activations, exports %v, %d roles, %d downloads", activations, exports, roles, downloads)
		}
	}
	if _, err := New(Options{Incident: true, Days: 5}); err == nil {
		t.Error("an incident in a history of 5 days")
	}
}

// The monitoring API tells of the runs whose steps the activity stream has.
func TestInstancesAreTheRunsOfTheStream(t *testing.T) {
	for _, generation := range []int{2, 3} {
		s, _, server := start(t, Options{History: -1, Activity: 2000, Days: 3, Generation: generation}, connect.RetryPolicy{})
		token := s.newToken(s.opts.ClientID, s.opts.Scopes, noon, time.Hour)
		s.tokens.add(token, grant{scopes: s.opts.Scopes, expires: noon.Add(time.Hour)}, noon)
		get := func(path, query string, into any) int {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+instancesPath+path+"?integrationInstance="+s.opts.Instance+"&"+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
				t.Fatal(err)
			}
			return resp.StatusCode
		}
		steps := map[string]int{}
		for _, e := range s.company.log(OICActivity).between(0, 1<<62) {
			steps[e.what.(*run).instance()]++
		}
		type page struct {
			Items []struct {
				ID, Status string
				Last       string `json:"last-tracked-time"`
			}
			TotalResults int
			HasMore      bool
		}
		seen, failedOnes := map[string]bool{}, 0
		for offset := 0; ; {
			var p page
			get("", fmt.Sprintf("limit=100&offset=%d&q=%s", offset, url.QueryEscape("{timewindow:'RETENTIONPERIOD'}")), &p)
			for _, it := range p.Items {
				seen[it.ID] = true
				if it.Status == "FAILED" {
					failedOnes++
				}
			}
			if offset += len(p.Items); !p.HasMore {
				if offset != p.TotalResults {
					t.Errorf("%d of %d", offset, p.TotalResults)
				}
				break
			}
		}
		for id := range steps {
			if !seen[id] {
				t.Fatalf("the list lacks the run %s", id)
			}
		}
		var onlyFailed page
		get("", "limit=1&q="+url.QueryEscape("{timewindow:'RETENTIONPERIOD', status:'FAILED'}"), &onlyFailed)
		if onlyFailed.TotalResults != failedOnes || failedOnes == 0 {
			t.Errorf("%d failed, want %d", onlyFailed.TotalResults, failedOnes)
		}
		var stream struct{ ActivityStream []struct{ Message string } }
		for id, n := range steps {
			get("/"+id+"/activityStream", "", &stream)
			if len(stream.ActivityStream) < n {
				t.Errorf("%d steps of %s, want %d", len(stream.ActivityStream), id, n)
			}
			break
		}
		var problem map[string]any
		if status := get("/none", "", &problem); status != http.StatusNotFound {
			t.Error(status)
		}
	}
}

// Once work has ended for good, what was under way is never seen to end: the list
// stays as it is, however long one looks.
func TestNothingEndsAfterRest(t *testing.T) {
	s, c, _ := start(t, Options{History: -1, Activity: 100, ActivityRate: 100_000, Days: 3}, connect.RetryPolicy{})
	count := func() int {
		t.Helper()
		page, err := c.Instances(t.Context(), connect.InstanceQuery{Window: connect.Retention, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return page.Total
	}
	for range 60 {
		s.Advance(time.Second)
		s.Step(s.Now())
	}
	s.Rest()
	resting, began := count(), len(s.company.plant.runsBetween(0, s.Now().UnixMilli()))
	if resting == 0 || resting == began {
		t.Fatalf("%d of %d runs have ended: the test says nothing", resting, began)
	}
	s.Advance(time.Hour)
	s.Step(s.Now())
	if n := count(); n != resting {
		t.Errorf("%d runs at rest, %d an hour later", resting, n)
	}
}

// One seed gives one world, however often time is looked at.
func TestSameSeedSameLogs(t *testing.T) {
	digests := func(seed uint64, steps int) (out [3]string) {
		s, err := New(Options{Clock: fixed(noon), Seed: seed, History: 500, Activity: 1500, Analytics: 1500, ActivityRate: 600, AnalyticsRate: 600, Days: 9, Incident: true})
		if err != nil {
			t.Fatal(err)
		}
		s.Step(noon)
		for range steps {
			s.Advance(time.Hour / time.Duration(steps))
			s.Step(s.Now())
		}
		for i, name := range []string{OACAudit, OACDiagnostic, OICActivity} {
			truth, _ := s.LogTruth(name)
			out[i] = truth.Digest
		}
		return out
	}
	one := digests(1, 1)
	if one != digests(1, 60) {
		t.Error("one seed, two worlds")
	}
	if two := digests(2, 1); one[0] == two[0] || one[1] == two[1] || one[2] == two[2] {
		t.Error("two seeds, one world")
	}
}
