package collect

import (
	"testing"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// A proof must be true at the moment it is given: everything listed when the reading began is staged.
func TestProvenMeansStaged(t *testing.T) {
	faults := []func(*fakeService){
		func(s *fakeService) { s.grow = 0.8 },
		func(s *fakeService) { s.grow, s.looseTies, s.twins = 0.3, true, 0.5 },
		func(s *fakeService) { s.shuffled, s.twins = true, 0.3 },
		func(s *fakeService) { s.truncate, s.emptyPages, s.grow = true, true, 0.2 },
		func(s *fakeService) { s.grow, s.retention = 0.5, 24*time.Hour+time.Minute },
		func(s *fakeService) { s.refuseFrom, s.grow = 60, 0.1 },
		func(s *fakeService) { s.wildTotals, s.grow = true, 0.3 },
		func(s *fakeService) { s.vanish = 0.2 },
		func(s *fakeService) { s.vanish, s.grow = 0.2, 0.4 },
		func(s *fakeService) { s.vanish, s.grow, s.late, s.twins = 0.1, 0.5, 0.5, 0.5 },
		func(s *fakeService) { s.vanish, s.grow, s.late, s.twins, s.looseTies = 0.1, 0.5, 0.5, 0.5, true },
		func(s *fakeService) { s.vanish, s.grow, s.late, s.looseTies = 0.2, 0.5, 0.5, true },
	}
	provenOnes := 0
	for i, set := range faults {
		for seed := range uint64(24) {
			s, l := newService(t, seed*100+uint64(i)), newLedger()
			s.history(20+s.rng.IntN(150), 24*time.Hour)
			set(s)
			s.faults = true
			before := s.list(connect.AuditQuery{Window: connect.Retention})
			begun := s.now
			out, err := reader(s, l).Collect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Gaps) > 0 {
				continue
			}
			provenOnes++
			listed := map[string]bool{}
			for _, e := range s.events {
				listed[e.body] = true
			}
			for _, e := range before {
				// What expired or was deleted while it was read may be missing.
				if e.at.Before(s.now.Add(-s.retention)) || !listed[e.body] {
					continue
				}
				if l.rows[e.body] == 0 {
					t.Fatalf("fault %d seed %d: proven without %s, begun %s", i, seed, e.body, begun)
				}
			}
			truth := s.truth(time.Time{})
			for body, n := range l.rows {
				if n > truth[body] {
					t.Fatalf("fault %d seed %d: a twin was invented: %d of %d %s", i, seed, n, truth[body], body)
				}
			}
		}
	}
	if provenOnes < 80 {
		t.Errorf("only %d readings were proven: the test says little", provenOnes)
	}
}

// Records that were seen and then deleted do not stand in for as many that slipped between two pages
// and one that appeared late.
func TestDeletedRecordsStandInForNone(t *testing.T) {
	s, l := newService(t, 1), newLedger()
	s.twins = 0
	s.history(100, 24*time.Hour)
	s.fail = func(q connect.AuditQuery) error {
		switch {
		case s.requests == 3: // two of the second page go: one of the third moves up past its beginning
			s.delete(len(s.events)-27, 2)
		case s.requests > 3 && q.Offset == 0 && len(s.events) == 98: // the pass is over
			s.happen(s.events[50].at)
		}
		return nil
	}
	out, err := reader(s, l).Collect(t.Context())
	if err != nil || len(out.Gaps) > 0 || len(s.gone) != 2 || len(s.events) != 99 {
		t.Fatalf("%+v, %v", out, err)
	}
	compare(t, l.rows, s.truth(time.Time{}))
}

// In a list without order twins lie anywhere; three steady passes, cut differently, that saw the same
// rows tell how many there are.
func TestTwinsThatLieFarApartAreCounted(t *testing.T) {
	for seed := range uint64(5) {
		s, l := newService(t, seed), newLedger()
		s.twins, s.apart = 0.4, true
		s.history(90, 24*time.Hour)
		out, err := reader(s, l).Collect(t.Context())
		if err != nil || len(out.Gaps) > 0 || out.Passes != agreeingPasses {
			t.Fatalf("seed %d: %+v, %v", seed, out, err)
		}
		compare(t, l.rows, s.truth(time.Time{}))
	}
}

// A collector that was away for longer than the service keeps records says which time nobody can know
// any more: up to the oldest record there is, or what the service keeps at least.
func TestWhatRetentionMayHaveTakenIsAGap(t *testing.T) {
	for name, c := range map[string]struct {
		away  time.Duration
		since time.Duration // of the one record before the end of the absence; 0: none
		gap   time.Duration // before now at which the gap ends; 0: no gap
	}{
		"nothing is left":             {60 * 24 * time.Hour, 0, 72 * time.Hour},
		"a record proves twenty days": {60 * 24 * time.Hour, 20 * 24 * time.Hour, 20 * 24 * time.Hour},
		"a record of this hour":       {60 * 24 * time.Hour, time.Hour, 72 * time.Hour},
		"all of it is kept":           {20 * 24 * time.Hour, 25 * 24 * time.Hour, 0},
		"away for two days":           {48 * time.Hour, 0, 0},
	} {
		s, l := newService(t, 1), newLedger()
		a := reader(s, l)
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		known := l.covered[0].To
		s.now = s.now.Add(c.away)
		if c.since > 0 {
			s.happen(s.now.Add(-c.since))
		}
		out, err := a.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		gaps := l.openGaps()
		if c.gap == 0 {
			if len(gaps) > 0 || len(out.Gaps) > 0 {
				t.Errorf("%s: gaps %v", name, gaps)
			}
			continue
		}
		end := s.now.Add(-c.gap)
		if len(gaps) != 1 || len(out.Gaps) != 1 || !gaps[0].From.Equal(known) || gaps[0].To.Sub(end).Abs() > time.Minute {
			t.Errorf("%s: gaps %v, want one from %s to %s", name, gaps, known, end)
		}
		if left := record.Missing(record.Window{From: gaps[0].To, To: s.now.Add(-time.Minute)}, l.covered...); len(left) > 0 {
			t.Errorf("%s: %v is neither covered nor a gap", name, left)
		}
	}
}

// A service that refuses offsets does not matter to a run that has seen all it is due to read.
func TestARefusedOffsetBeyondWhatIsDueIsNoGap(t *testing.T) {
	s, l := newService(t, 2), newLedger()
	s.history(200, 50*time.Minute)
	a := reader(s, l)
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
	s.happen(s.now)
	s.faults, s.refuseFrom = true, 100 // of the hour that is asked for, the last ten minutes are due
	out, err := a.Collect(t.Context())
	if err != nil || len(out.Gaps) > 0 || out.Splits > 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	compare(t, l.rows, s.truth(time.Time{}))
	// Down to twenty records, the refusal hides some that are.
	s.refuseFrom = 15
	if out, err = a.Collect(t.Context()); err != nil || out.Splits == 0 {
		t.Errorf("%+v, %v", out, err)
	}
}
