package schedule

import (
	"math/rand/v2"
	"testing"
	"time"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func mustCron(t testing.TB, text, zone string) Cron {
	t.Helper()
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCron(text, l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNext(t *testing.T) {
	hourly := Schedule{Every: time.Hour, First: at("2024-05-01T10:30:00Z"), End: at("2024-05-01T13:00:00Z"), Repeat: -1}
	berlin := Schedule{Cron: mustCron(t, "30 2 * * *", "Europe/Berlin"), Repeat: -1}
	begun := Schedule{Cron: mustCron(t, "0 0 12 ? * MON", "UTC"), First: at("2024-05-06T12:00:00Z"), Repeat: -1}
	for _, c := range []struct {
		name        string
		s           Schedule
		after, want string
	}{
		{"an interval after it begins", Schedule{Every: time.Hour}, "2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z"},
		{"not before the first", hourly, "2024-05-01T08:00:00Z", "2024-05-01T10:30:00Z"},
		{"strictly after", hourly, "2024-05-01T10:30:00Z", "2024-05-01T11:30:00Z"},
		{"counted from the first", hourly, "2024-05-01T11:59:00Z", "2024-05-01T12:30:00Z"},
		{"not after the end", hourly, "2024-05-01T12:30:00Z", ""},
		{"at two in the morning of a zone, in winter", berlin, "2024-01-10T00:00:00Z", "2024-01-10T01:30:00Z"},
		{"and in summer", berlin, "2024-07-10T00:00:00Z", "2024-07-10T00:30:00Z"},
		{"the first may be one of cron's", begun, "2024-05-01T00:00:00Z", "2024-05-06T12:00:00Z"},
		{"the next Monday", begun, "2024-05-06T12:00:00Z", "2024-05-13T12:00:00Z"},
	} {
		got := c.s.Next(at(c.after))
		if c.want == "" && !got.IsZero() || c.want != "" && !got.Equal(at(c.want)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What was missed while nobody was there, by policy.
func TestDue(t *testing.T) {
	const never = "0001-01-01T00:00:00Z"
	for _, c := range []struct {
		name            string
		misfire         Misfire
		repeat          int
		now             string
		done            int64
		wantRun, wantOn string
	}{
		{"too early", RetryOnce, -1, "2024-05-01T09:59:59Z", 0, never, "2024-05-01T10:00:00Z"},
		{"in time", Skip, -1, "2024-05-01T10:00:30Z", 0, "2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z"},
		{"a minute late is in time", Skip, -1, "2024-05-01T10:01:00Z", 0, "2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z"},
		{"missed and left out", Skip, -1, "2024-05-01T12:30:00Z", 0, never, "2024-05-01T13:00:00Z"},
		{"missed, but the last is in time", Skip, -1, "2024-05-01T12:00:10Z", 0, "2024-05-01T12:00:00Z", "2024-05-01T13:00:00Z"},
		{"the last is made up for", RetryOnce, -1, "2024-05-01T12:30:00Z", 0, "2024-05-01T12:00:00Z", "2024-05-01T13:00:00Z"},
		{"that is the policy of those who name none", "", -1, "2024-05-01T12:30:00Z", 0, "2024-05-01T12:00:00Z", "2024-05-01T13:00:00Z"},
		{"each is made up for", RetryEvery, -1, "2024-05-01T12:30:00Z", 0, "2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z"},
		{"once and no more", RetryOnce, 0, "2024-05-01T10:00:00Z", 0, "2024-05-01T10:00:00Z", never},
		{"twice, the first", RetryOnce, 1, "2024-05-01T10:00:00Z", 0, "2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z"},
		{"twice, the second", RetryOnce, 1, "2024-05-01T10:00:00Z", 1, "2024-05-01T10:00:00Z", never},
	} {
		s := Schedule{Every: time.Hour, Repeat: c.repeat, Misfire: c.misfire}
		run, on := s.Due(at("2024-05-01T10:00:00Z"), at(c.now), c.done)
		if !run.Equal(at(c.wantRun)) || !on.Equal(at(c.wantOn)) {
			t.Errorf("%s: %s, then %s; want %s, then %s", c.name, run, on, c.wantRun, c.wantOn)
		}
	}
	if run, on := (&Schedule{Every: time.Hour, Repeat: -1}).Due(time.Time{}, at("2024-05-01T10:00:00Z"), 0); !run.IsZero() || !on.IsZero() {
		t.Errorf("nothing is next: %s, then %s", run, on)
	}
}

// The last of the missed times is what walking one by one finds.
func TestLastIsFoundInSteps(t *testing.T) {
	zone := "America/New_York" // changes its clocks in between
	schedules := []Schedule{
		{Every: 7 * time.Minute, Repeat: -1}, {Every: MaxInterval, Repeat: -1},
		{Cron: mustCron(t, "*/15 * * * *", zone), Repeat: -1}, {Cron: mustCron(t, "0 2 * * *", zone), Repeat: -1},
		{Cron: mustCron(t, "30 1,13 1,15 * *", zone), Repeat: -1}, {Cron: mustCron(t, "0 9 29 2 *", zone), Repeat: -1},
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i, s := range schedules {
		for range 5 {
			next := s.Next(at("2024-01-01T00:00:00Z").Add(time.Duration(rnd.Int64N(int64(200 * 24 * time.Hour)))))
			now := next.Add(time.Duration(rnd.Int64N(int64(100 * 24 * time.Hour))))
			want := next
			for ahead := s.Next(want); !ahead.After(now); ahead = s.Next(want) {
				want = ahead
			}
			if got := s.last(next, now); !got.Equal(want) {
				t.Fatalf("schedule %d from %s to %s: %s, want %s", i, next, now, got, want)
			}
		}
	}
}

// What came due after the end is not made up for.
func TestLastIsNotAfterTheEnd(t *testing.T) {
	end := at("2024-05-01T12:15:00Z")
	for name, s := range map[string]Schedule{
		"an interval": {Every: time.Hour, First: at("2024-05-01T10:00:00Z"), End: end, Repeat: -1},
		"cron":        {Cron: mustCron(t, "0 * * * *", "UTC"), End: end, Repeat: -1},
	} {
		for now, want := range map[string]string{"2024-05-01T11:59:00Z": "2024-05-01T11:00:00Z", "2024-05-03T00:00:00Z": "2024-05-01T12:00:00Z"} {
			run, then := s.Due(at("2024-05-01T10:00:00Z"), at(now), 0)
			if !run.Equal(at(want)) {
				t.Errorf("%s at %s: %s, want %s", name, now, run, want)
			}
			if over := run.Equal(at("2024-05-01T12:00:00Z")); over != then.IsZero() {
				t.Errorf("%s at %s: then %s", name, now, then)
			}
		}
	}
}

func TestInterval(t *testing.T) {
	night := mustCron(t, "0 4 * * *", "Europe/Berlin")
	for _, c := range []struct {
		name string
		s    Schedule
		at   string
		want time.Duration
	}{
		{"a frequency", Schedule{Every: 7 * time.Minute}, "2024-05-01T10:00:00Z", 7 * time.Minute},
		{"a day", Schedule{Cron: night}, "2024-05-01T02:00:00Z", 24 * time.Hour},
		{"the day on which clocks go forward", Schedule{Cron: night}, "2024-03-30T03:00:00Z", 23 * time.Hour},
		{"the day on which clocks go back", Schedule{Cron: night}, "2024-10-26T02:00:00Z", 25 * time.Hour},
	} {
		if got := c.s.Interval(at(c.at)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTimesAsCloseAsAllowed(t *testing.T) {
	for _, text := range []string{"*/5 * * * *", "0 */5 * * * *", "0,5 0 1 * *"} {
		if _, err := ParseCron(text, time.UTC); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseCronRefuses(t *testing.T) {
	for _, text := range []string{"", "* * * *", "* * * * *", "*/4 * * * *", "0,3 * * * *", "0 0 0 1 1 ? 2024", "0 0 31 2 *", "60 * * * *", "TZ=UTC 0 * * * *", "CRON_TZ= 0 0 * * *", "@every 1s",
		"0 0 * * 99", "0 0 L * ?", "0 0 * * é", "0-0-0 * * * *"} {
		if _, err := ParseCron(text, time.UTC); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"P14D": 14 * 24 * time.Hour, "PT5M": 5 * time.Minute, "P1DT12H": 36 * time.Hour, "-P30D": -30 * 24 * time.Hour, "PT30240M": MaxInterval,
		"PT1H2M3S": time.Hour + 2*time.Minute + 3*time.Second, "P0D": 0} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1", "P1W", "P1M", "P1Y", "P1DT", "PT1M1H", "PT1M1M", "PT-1M", "P1.5D", "1D", "PD", "P99999999999D", "P20000D", "+P1D", "P 1D"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

// Whatever is taken ends, names later and later times, and keeps the least distance.
func FuzzParseCron(f *testing.F) {
	for _, text := range []string{"0 * * * *", "0 0 12 ? * MON-FRI", "*/30 8-18 * * 1", "15 10 29 2 *", "TZ=x", "0 0 1/7 * *"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCron(text, time.UTC)
		if err != nil {
			return
		}
		s := Schedule{Cron: c, Repeat: -1}
		last := at("2026-03-01T00:00:00Z")
		for range 20 {
			next := s.Next(last)
			if next.IsZero() {
				return
			}
			if !next.After(last) {
				t.Fatalf("%s is not after %s", next, last)
			}
			last = next
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{"P1DT2H3M4S", "-PT5M", "PT", "P18250D"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDuration(text); err == nil && (d > 4*maxPart || d < -4*maxPart) {
			t.Fatalf("%s", d)
		}
	})
}
