package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/connect"
)

func TestSameSeedSameHistory(t *testing.T) {
	digest := func(seed uint64) string {
		s, err := New(Options{Clock: fixed(noon), Seed: seed, History: 3000, Rate: 600})
		if err != nil {
			t.Fatal(err)
		}
		s.Step(noon)
		for range 3 {
			s.Advance(20 * time.Minute)
			if s.Step(s.Now()) == 0 {
				t.Error("nobody works")
			}
		}
		return s.Truth("x").Digest
	}
	if first, again := digest(1), digest(1); first != again {
		t.Error("one seed, two histories")
	}
	if digest(1) == digest(2) {
		t.Error("two seeds, one history")
	}
}

func TestHistoryLooksLikeWork(t *testing.T) {
	s, err := New(Options{Clock: fixed(noon), History: 40_000, Days: 30, TimeStamps: "mixed"})
	if err != nil {
		t.Fatal(err)
	}
	from := noon.Add(-30 * 24 * time.Hour).Add(-time.Hour).UnixMilli()
	seen := map[string]int{}
	perSecond := map[string]int{}
	var last int64
	for _, e := range s.trail.all {
		if e.at < last || e.at < from || e.at > noon.UnixMilli() {
			t.Fatalf("record at %d after %d", e.at, last)
		}
		last = e.at
		it := s.item(e)
		seen["op "+it.OperationName]++
		seen["type "+it.ResourceType]++
		if it.ResourceType == "ICS_AppInstance" && it.ResourceVersion != "" {
			t.Fatalf("a connection has a version: %+v", it)
		}
		if strings.HasPrefix(it.OperationName, "activate") {
			perSecond[fmt.Sprint(it.ResourceCode, it.ResourceVersion, e.at/1000)]++
		}
		if len(it.AuditTrailMessage) > 20_000 {
			seen["long"]++
		}
		if strings.ContainsRune(it.ResourceName, 'ü') || strings.ContainsRune(it.ResourceName, '携') {
			seen["non-ASCII"]++
		}
		if strings.Contains(it.AuditTrailMessage, "Generation Phase Failed") {
			seen["failed"]++
		}
		if offHours(time.UnixMilli(e.at)) {
			seen["off hours"]++
		}
		seen["zone "+strings.TrimLeft(it.TimeStamp[23:], "0")]++
	}
	for _, k := range []string{"op activate", "op activate_phase_change", "op state_change", "op lock", "op unlock", "op update", "op deactivate", "op create", "op import",
		"op rotate_keys", "type ICS_ProjectV2", "type ICS_AppInstance", "type ICS_DVM", "type ICS_AgentDefinition", "type ICS_AgentInstance", "type ICS_Schedule",
		"type API_LIBRARY", "type ICS_PACKAGE", "type ICS_CERTIFICATE", "long", "non-ASCII", "failed", "off hours", "zone Z", "zone +0000", "zone +00:00"} {
		if seen[k] == 0 {
			t.Errorf("no %s", k)
		}
	}
	most := 0
	for _, n := range perSecond {
		most = max(most, n)
	}
	if most < 3 {
		t.Errorf("at most %d records of an activation share a second", most)
	}
	if truth := s.Truth("x"); truth.Count-truth.Distinct == 0 {
		t.Error("no genuine twins")
	}
	if seen["off hours"] > 40_000/5 {
		t.Errorf("%d of 40,000 records are off hours", seen["off hours"])
	}
}

// Sections 1.2 and 1.4 of the log source reference give these two records.
func TestWordingIsOracles(t *testing.T) {
	s, err := New(Options{History: -1})
	if err != nil {
		t.Fatal(err)
	}
	s.office.users[0] = "ana@example.com"
	orders := &resource{"Integration", "ICS_ProjectV2", "ORDERS_TO_ERP", "Orders To ERP", "01.02.0000"}
	at := func(text string) int64 { v, _ := time.Parse("2006-01-02T15:04:05.000", text); return v.UnixMilli() }
	for _, c := range []struct {
		e    event
		want auditItem
	}{
		{event{at: at("2024-05-01T09:15:02.417"), resource: orders, verb: activated}, auditItem{
			"Wed May 01 09:15:02 UTC 2024 - User ana@example.com activated Integration Orders To ERP (1.2.0)", "activate",
			"ORDERS_TO_ERP", "Orders To ERP", "ICS_ProjectV2", "01.02.0000", "2024-05-01T09:15:02.417+0000", "ana@example.com"}},
		{event{at: at("2024-05-01T09:12:40.003"), resource: &resource{"Connection", "ICS_AppInstance", "ERP_REST", "ERP REST", ""}, verb: locked}, auditItem{
			"Wed May 01 09:12:40 UTC 2024 - User ana@example.com locked Connection ERP_REST", "lock",
			"ERP_REST", "ERP_REST", "ICS_AppInstance", "", "2024-05-01T09:12:40.003+0000", "ana@example.com"}},
	} {
		if got := s.item(&c.e); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
	for v, want := range map[string]string{"01.00.0000": "1.0", "01.00.0002": "1.0.2", "01.02.0000": "1.2.0", "12.34.5678": "12.34.5678"} {
		if got := shortVersion(v); got != want {
			t.Errorf("%s prints as %s, want %s", v, got, want)
		}
	}
}

// Every filter agrees with looking at each record, also after insertions.
func TestFiltersAgreeWithAScan(t *testing.T) {
	s, c, _ := start(t, Options{History: 2000, Days: 4, Integrations: 12}, connect.RetryPolicy{})
	dice := rand.New(rand.NewPCG(7, 7))
	types := []string{"", "ICS_ProjectV2", "ICS_AppInstance", "/ICS_A/", "/V2/", "NONE"}
	for range 120 {
		q := connect.AuditQuery{Window: connect.Windows()[dice.IntN(6)], Type: types[dice.IntN(len(types))], Limit: 3}
		if dice.IntN(2) == 0 {
			q.Code = s.trail.all[dice.IntN(s.Count())].resource.code
		}
		back := map[string]time.Duration{"1h": time.Hour, "6h": 6 * time.Hour, "1d": 24 * time.Hour, "2d": 48 * time.Hour, "3d": 72 * time.Hour, connect.Retention: 1e6 * time.Hour}[q.Window]
		want := 0
		for _, e := range s.trail.all {
			part, like := strings.CutPrefix(q.Type, "/")
			part = strings.TrimSuffix(part, "/")
			if e.at >= noon.Add(-back).UnixMilli() && (q.Code == "" || e.resource.code == q.Code) &&
				(q.Type == "" || e.resource.typ == q.Type || like && strings.Contains(e.resource.typ, part)) {
				want++
			}
		}
		page, err := c.AuditRecords(t.Context(), q)
		if err != nil || page.Total != want {
			t.Fatalf("%+v: total %v, want %d (%v)", q, page, want, err)
		}
		s.trail.add(s.office.one(noon.Add(-time.Duration(dice.IntN(100)) * time.Hour)))
	}
}

func TestParseFilter(t *testing.T) {
	for q, want := range map[string]filter{
		"":   {window: "1h"},
		"{}": {window: "1h"},
		"{timewindow:'6h', code:'ORDERS_TO_ERP', version:'01.00.0000', type:/ICS_ProjectV2/, distinct:'false'}": {window: "6h", code: "ORDERS_TO_ERP", version: "01.00.0000", typ: "ICS_ProjectV2", like: true},
		" timewindow : 'RETENTIONPERIOD' ,type:'ICS_DVM',limit:'7',distinct:'true',projectCode:'P'":             {window: retention, typ: "ICS_DVM", limit: "7", distinct: true},
	} {
		if got, err := parseFilter(q); err != nil || got != want {
			t.Errorf("%q: %+v, %v", q, got, err)
		}
	}
	for _, q := range []string{"{", "{timewindow:'2h'}", "{timewindow:6h}", "{code:'x}", "{code:/x/}", "{a:'b'}", "{code:'a' type:'b'}", "x", strings.Repeat("x", 5000)} {
		if _, err := parseFilter(q); err == nil {
			t.Errorf("%q was taken", q)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	f.Add("{timewindow:'6h', type:/ICS_/}")
	f.Fuzz(func(t *testing.T, q string) {
		if got, err := parseFilter(q); err == nil && got.window != retention && windows[got.window] == 0 {
			t.Fatalf("%q has window %q", q, got.window)
		}
	})
}

// Held-back records keep their time, appear within LateBy, and none is lost.
func TestLateRecordsComeLateButCome(t *testing.T) {
	make := func(f Faults) *Simulator {
		s, err := New(Options{Clock: fixed(noon), History: -1, Rate: 3600, Faults: f})
		if err != nil {
			t.Fatal(err)
		}
		s.Step(noon)
		return s
	}
	s := make(Faults{Rates: map[Fault]Rate{Late: {Chance: 0.5}}})
	late, most := 0, time.Duration(0)
	for range 1800 {
		s.Advance(time.Second)
		before := map[*event]bool{}
		for _, e := range s.trail.all {
			before[e] = true
		}
		s.Step(s.Now())
		for _, e := range s.trail.all {
			if age := s.Now().Sub(time.UnixMilli(e.at)); !before[e] && age > time.Second {
				late, most = late+1, max(most, age)
			}
		}
	}
	if late < 100 || most > 4*time.Minute+time.Second {
		t.Errorf("%d late records, the latest by %v", late, most)
	}
	for i := 1; i < len(s.trail.all); i++ {
		if s.trail.all[i].at < s.trail.all[i-1].at {
			t.Fatal("the trail is out of order")
		}
	}
}
