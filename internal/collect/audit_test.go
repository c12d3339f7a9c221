package collect

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"ledgerline/internal/connect"
)

// reader over a service; its clock is the service's, plus an error.
func reader(s *fakeService, l *fakeLedger, change ...func(*AuditOptions)) *Audit {
	o := AuditOptions{Integration: "oic", Instance: "i", PageSize: 20, Clock: func() time.Time { return s.now }}
	for _, c := range change {
		c(&o)
	}
	return NewAudit(s, l, o)
}

func TestBackfillReadsAllThatIsRetained(t *testing.T) {
	for _, n := range []int{0, 1, 19, 20, 21, 40, 333} {
		s, l := newService(t, uint64(n)), newLedger()
		s.history(n, 20*24*time.Hour)
		out, err := reader(s, l).Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		compare(t, l.rows, s.truth(time.Time{}))
		if out.Staged != n || len(out.Gaps) != 0 || l.state[keyWatermark] == "" {
			t.Errorf("%d records: outcome %+v", n, out)
		}
	}
}

func TestPollingReadsEachRecordOnce(t *testing.T) {
	s, l := newService(t, 1), newLedger()
	s.history(100, 24*time.Hour)
	a := reader(s, l)
	for range 40 {
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range s.rng.IntN(60) {
			s.now = s.now.Add(5 * time.Second)
			s.happen(s.now)
		}
	}
	s.now = s.now.Add(time.Minute)
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(time.Time{}))
	if len(l.gaps) != 0 {
		t.Errorf("gaps %v", l.gaps)
	}
}

// After the faults stop, two more readings must have staged every event exactly as often as it happened.
func TestWhateverTheListDoes(t *testing.T) {
	faults := map[string]func(*fakeService){
		"growing":       func(s *fakeService) { s.grow = 0.7 },
		"late":          func(s *fakeService) { s.grow, s.late = 0.5, 0.5 },
		"unordered":     func(s *fakeService) { s.unordered, s.grow = true, 0.1 },
		"shuffled":      func(s *fakeService) { s.shuffled, s.grow = true, 0.1 },
		"loose ties":    func(s *fakeService) { s.looseTies, s.grow = true, 0.2 },
		"twins":         func(s *fakeService) { s.twins, s.grow = 0.6, 0.3 },
		"truncated":     func(s *fakeService) { s.truncate, s.grow = true, 0.2 },
		"empty pages":   func(s *fakeService) { s.emptyPages, s.grow = true, 0.2 },
		"refused":       func(s *fakeService) { s.refuseFrom, s.grow = 60, 0.05 },
		"total too big": func(s *fakeService) { s.lie, s.grow = 5, 0.1 },
		"total small":   func(s *fakeService) { s.lie, s.grow = -3, 0.1 },
		"wild totals":   func(s *fakeService) { s.wildTotals, s.grow = true, 0.2 },
		"no total":      func(s *fakeService) { s.noTotal, s.grow = true, 0.2 },
		"capped":        func(s *fakeService) { s.cap, s.grow = 12, 0.3 }, // more than there are twins in a row: those must come on one page
		"expiring":      func(s *fakeService) { s.retention, s.grow = 25*24*time.Hour, 0.5 },
		"no date":       func(s *fakeService) { s.noDate, s.grow = true, 0.3 },
		"too large":     func(s *fakeService) { s.tooLarge, s.grow = 6, 0.2 },
		"all at once": func(s *fakeService) {
			s.grow, s.late, s.twins, s.truncate, s.emptyPages, s.looseTies, s.refuseFrom, s.tooLarge = 0.4, 0.2, 0.3, true, true, true, 80, 15
		},
	}
	seeds := 3
	if os.Getenv("LEDGERLINE_CAMPAIGN") == "long" {
		seeds = 15
	}
	for name, set := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range seeds {
				s, l := newService(t, uint64(seed)), newLedger()
				s.history(50+s.rng.IntN(200), 20*24*time.Hour)
				set(s)
				s.faults = true
				a := reader(s, l)
				for range 6 {
					if _, err := a.Collect(t.Context()); err != nil && connect.KindOf(err) == 0 {
						t.Fatalf("seed %d: %v", seed, err)
					}
					s.now = s.now.Add(time.Duration(s.rng.IntN(600)) * time.Second)
				}
				s.faults = false
				s.now = s.now.Add(7 * time.Hour) // late records have appeared; a refused window is asked for again
				for range 2 {
					if _, err := a.Collect(t.Context()); err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
				}
				compare(t, l.rows, s.truth(time.Time{}))
				if gaps := l.openGaps(); len(gaps) != 0 {
					t.Errorf("gaps are left: %v", gaps)
				}
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func TestCrashAtEveryWriteLosesNothing(t *testing.T) {
	crash := errors.New("crash")
	for at := range 60 {
		s, l := newService(t, 3), newLedger()
		s.history(120, 24*time.Hour)
		n := 0
		l.fail = func(string) error {
			if n++; n == at+1 {
				return crash
			}
			return nil
		}
		_, err := reader(s, l).Collect(t.Context())
		ended := err == nil
		l.fail = nil
		s.now = s.now.Add(3 * time.Minute)
		s.happen(s.now)
		if _, err := reader(s, l).Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		compare(t, l.rows, s.truth(time.Time{}))
		if t.Failed() {
			t.Fatalf("crash at write %d", at)
		}
		if ended {
			return
		}
	}
}

func TestWindowFollowsTheGap(t *testing.T) {
	for _, c := range []struct {
		gap  time.Duration
		want string
	}{
		{time.Minute, "1h"}, {39 * time.Minute, "1h"}, {41 * time.Minute, "6h"}, {4 * time.Hour, "6h"}, {6 * time.Hour, "1d"},
		{30 * time.Hour, "2d"}, {50 * time.Hour, "3d"}, {70 * time.Hour, connect.Retention},
	} {
		s, l := newService(t, 1), newLedger()
		s.history(10, time.Hour)
		a := reader(s, l) // overlap of 10 minutes: a gap of 40 makes 50
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(c.gap)
		asked := ""
		s.fail = func(q connect.AuditQuery) error {
			if asked == "" {
				asked = q.Window
			}
			return nil
		}
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if asked != c.want {
			t.Errorf("after %s the window was %s, want %s", c.gap, asked, c.want)
		}
	}
}

// Our clock may be wrong by hours: the service's own clock decides whether the window was wide enough.
func TestAWrongClockLosesNothing(t *testing.T) {
	s, l := newService(t, 5), newLedger()
	s.history(30, 24*time.Hour)
	var skew time.Duration
	a := reader(s, l, func(o *AuditOptions) { o.Clock = func() time.Time { return s.now.Add(skew) } })
	for _, skew = range []time.Duration{0, 24 * time.Hour, -9 * time.Hour, 30 * time.Hour, -100 * time.Hour, 0} {
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			s.now = s.now.Add(time.Duration(s.rng.IntN(40)) * time.Minute)
			s.happen(s.now)
		}
	}
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(time.Time{}))
}

func TestBackfillLimits(t *testing.T) {
	for backfill, since := range map[string]time.Duration{BackfillNone: 0, BackfillThreeDays: 72 * time.Hour} {
		s, l := newService(t, 8), newLedger()
		s.twins = 0
		s.history(300, 10*24*time.Hour)
		begun := s.now
		a := reader(s, l, func(o *AuditOptions) { o.Backfill = backfill })
		for range 3 {
			if _, err := a.Collect(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.now = s.now.Add(80 * time.Hour) // wide enough for the whole retention
			s.happen(s.now)
		}
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The service's clock stood at the first request one tick later.
		compare(t, l.rows, s.truth(begun.Add(s.tick-since)))
	}
}

func TestRefusedForGoodIsAGapAndGoesOn(t *testing.T) {
	s, l := newService(t, 2), newLedger()
	s.history(400, 20*24*time.Hour)
	for i := range s.events { // one resource only: no part is small enough
		s.events[i].kind, s.events[i].code = "ICS_DVM", "ONE"
	}
	s.faults, s.refuseFrom = true, 50
	a := reader(s, l)
	out, err := a.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Gaps) != 1 || out.Splits == 0 {
		t.Fatalf("outcome %+v", out)
	}
	// The narrowest windows can be read; what is older is the gap.
	gaps := l.openGaps()
	if len(gaps) != 1 || s.now.Sub(gaps[0].To) > 73*time.Hour || s.now.Sub(gaps[0].To) < 5*time.Hour {
		t.Errorf("gaps %v at %s", gaps, s.now)
	}
	if out.Gaps[0].Window != gaps[0] {
		t.Errorf("the run says %v is missing, the ledger %v", out.Gaps[0].Window, gaps[0])
	}
	// The next poll does not ask for the refused window again at once.
	s.requests = 0
	s.now = s.now.Add(5 * time.Minute)
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.requests > 10 {
		t.Errorf("%d requests for five minutes", s.requests)
	}
}

func TestErrorsEndTheRunAndNothingIsLost(t *testing.T) {
	s, l := newService(t, 4), newLedger()
	s.history(200, 24*time.Hour)
	r := rand.New(rand.NewPCG(1, 1))
	s.fail = func(connect.AuditQuery) error {
		if r.IntN(4) == 0 {
			return &connect.Error{Kind: connect.Throttled, Message: "429"}
		}
		return nil
	}
	failed := 0
	a := reader(s, l)
	for range 200 {
		if _, err := a.Collect(t.Context()); err == nil {
			break
		} else if failed++; connect.KindOf(err) != connect.Throttled {
			t.Fatal(err)
		}
	}
	if failed == 0 || failed == 200 {
		t.Fatalf("%d failures", failed)
	}
	compare(t, l.rows, s.truth(time.Time{}))
}

func TestPageSizeFollowsTheService(t *testing.T) {
	s, l := newService(t, 6), newLedger()
	s.history(400, 24*time.Hour)
	s.faults, s.tooLarge = true, 10
	a := reader(s, l, func(o *AuditOptions) { o.PageSize = 100 })
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth(time.Time{}))
	if a.size.now > 12 {
		t.Errorf("page size %d", a.size.now)
	}
	s.tooLarge = 0
	for range 80 {
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if a.size.now != 100 {
		t.Errorf("page size %d did not grow back", a.size.now)
	}
}

func TestIdentifyTolerates(t *testing.T) {
	p := newTally()
	id := func(raw string) string {
		i, _, _ := identify(&p.parser, "i", []byte(raw))
		return fmt.Sprint(i)
	}
	base := `{"timeStamp":"t","userName":"u","resourceCode":"c"}`
	same := []string{`{"resourceCode":"c","TIMESTAMP":"t","username":"u"}`, `{"timeStamp":"t","userName":"u","resourceCode":"c","extra":{"a":[1]},"resourceVersion":null}`,
		"{ \"timeStamp\" : \"\\u0074\" , \"userName\":\"u\",\"resourceCode\":\"c\" }"}
	other := []string{`{"timeStamp":"t","userName":"u","resourceCode":"c","resourceVersion":"01"}`, `"text"`, `"texu"`, `[1]`, `{}`, `{"x":1}`, `{"x":2}`}
	for _, raw := range same {
		if id(raw) != id(base) {
			t.Errorf("%s should be %s", raw, base)
		}
	}
	seen := map[string]string{id(base): base}
	for _, raw := range other {
		if before, twice := seen[id(raw)]; twice {
			t.Errorf("%s and %s share an identity", raw, before)
		}
		seen[id(raw)] = raw
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2023, 10, 24, 21, 30, 31, 890e6, time.UTC)
	for _, s := range []string{"2023-10-24T21:30:31.890+0000", "2023-10-24T21:30:31.890Z", "2023-10-24T21:30:31.89+00:00", "2023-10-24T23:30:31.890+02:00",
		"2023-10-24T23:30:31.890+02", "2023-10-24 21:30:31.890 Z", "2023-10-24 21:30:31.890", "2023-10-24T21:30:31.890", "1698183031890"} {
		if got := parseTime(s); !got.Equal(want) {
			t.Errorf("%s: %s", s, got)
		}
	}
	for _, s := range []string{"", "yesterday", "12", "2023-13-01T00:00:00Z"} {
		if got := parseTime(s); !got.IsZero() {
			t.Errorf("%q: %s", s, got)
		}
	}
}
