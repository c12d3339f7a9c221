package plan

import (
	"math/rand/v2"
	"testing"
	"time"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// TestCutProperties: whatever the zone, span and window, buckets join without
// gap or overlap, cover the window, and begin where the zone's clock shows a
// multiple of the span, or where the clock jumps over it.
func TestCutProperties(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Cairo"}
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 7))
		zone, err := time.LoadLocation(zones[r.IntN(len(zones))])
		if err != nil {
			t.Skip(err)
		}
		ladder := ladder()
		s := ladder[r.IntN(len(ladder))]
		from := time.Date(2015+r.IntN(12), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), 0, zone)
		w := record.Window{From: from, To: from.Add(time.Duration(1+r.Int64N(90*s.millis())) * time.Millisecond)}
		b := cut(w, s, zone)
		if len(b.edges) == 0 || b.edges[0] > w.From.UnixMilli() || b.end < w.To.UnixMilli() {
			t.Fatalf("seed %d: %v of %s in %s is not covered: %v to %d", seed, w, s, zone, b.edges, b.end)
		}
		for i, e := range b.edges {
			next := b.end
			if i+1 < len(b.edges) {
				next = b.edges[i+1]
			}
			if next <= e {
				t.Fatalf("seed %d: bucket %d of %s is empty", seed, i, s)
			}
			at := time.UnixMilli(e).In(zone)
			if before := at.Add(-time.Millisecond); wall(at)-wall(before) != 1 {
				continue // the clock jumps here
			}
			if s.unit == syntax.Second || s.unit == syntax.Minute || s.unit == syntax.Hour {
				if wall(at)%s.millis() != 0 {
					t.Fatalf("seed %d: a bucket of %s begins at %s", seed, s, at)
				}
			} else if h, m, sec := at.Clock(); h+m+sec != 0 {
				t.Fatalf("seed %d: a bucket of %s begins at %s", seed, s, at)
			}
			if s.unit == syntax.Week && at.Weekday() != time.Monday {
				t.Fatalf("seed %d: a week begins on %s", seed, at.Weekday())
			}
		}
	}
}

// TestAutomaticSpan follows the table of section 5.3 of the reference.
func TestAutomaticSpan(t *testing.T) {
	for _, c := range []struct {
		window time.Duration
		want   string
	}{
		{10 * time.Minute, "15second"}, {time.Hour, "1minute"}, {6 * time.Hour, "5minute"}, {12 * time.Hour, "5minute"},
		{24 * time.Hour, "15minute"}, {72 * time.Hour, "30minute"}, {7 * 24 * time.Hour, "1hour"}, {14 * 24 * time.Hour, "3hour"},
		{31 * 24 * time.Hour, "6hour"}, {90 * 24 * time.Hour, "1day"}, {365 * 24 * time.Hour, "1week"}, {3 * 365 * 24 * time.Hour, "1month"},
	} {
		if got := automatic(c.window.Milliseconds()).String(); got != c.want {
			t.Errorf("%v: %s, want %s", c.window, got, c.want)
		}
	}
}

func TestAskedSpanIsRaised(t *testing.T) {
	for _, c := range []struct {
		asked  span
		window time.Duration
		link   bool
		want   string
	}{
		{span{1, syntax.Minute}, 12 * time.Hour, false, "1minute"},
		{span{1, syntax.Minute}, 13 * time.Hour, false, "5minute"},
		{span{1, syntax.Minute}, 6 * time.Hour, true, "5minute"},
		{span{5, syntax.Minute}, 4 * 24 * time.Hour, false, "15minute"},
		{span{15, syntax.Minute}, 10 * 24 * time.Hour, false, "15minute"},
		{span{1, syntax.Second}, 16 * time.Minute, false, "1second"},
		{span{1, syntax.Second}, 17 * time.Minute, false, "5second"},
	} {
		if got := raise(c.asked, c.window.Milliseconds(), c.link).String(); got != c.want {
			t.Errorf("%s over %v: %s, want %s", c.asked, c.window, got, c.want)
		}
	}
}

func TestDateFormats(t *testing.T) {
	for java, want := range map[string]string{
		"MM/dd/yyyy": "%m/%d/%Y", "yyyy-MM-dd'T'HH:mm:ss.SSS": "%Y-%m-%dT%H:%M:%S.%g", "EEE d MMM yy": "%a %-d %b %y", "100%": "100%%",
	} {
		got, bad := strftime(java)
		if got != want || bad != "" {
			t.Errorf("%s: %q %q, want %q", java, got, bad, want)
		}
	}
	if _, bad := strftime("yyyy Q"); bad != "Q" {
		t.Errorf("an unknown letter is reported: %q", bad)
	}
}
