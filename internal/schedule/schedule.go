// Package schedule says when something recurring is due: at a fixed frequency or
// by a cron expression, with a first and a last time, a number of repetitions, and
// a policy for times that were missed. It keeps no state and reads no clock. The
// rules are those of the schedules of Oracle's Log Analytics API.
package schedule

import (
	"errors"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Misfire says what becomes of times at which nobody was there.
type Misfire string

// The policies of Oracle's API.
const (
	RetryOnce  Misfire = "RETRY_ONCE"         // the last of them is made up for
	RetryEvery Misfire = "RETRY_INDEFINITELY" // each of them is made up for, in order
	Skip       Misfire = "SKIP"               // they are left out
)

// Bounds of schedules, after Oracle's documentation of recurringInterval.
const (
	MinInterval = 5 * time.Minute
	MaxInterval = 21 * 24 * time.Hour
)

// Schedule is when something recurs. Either Every or Cron is set.
type Schedule struct {
	Every time.Duration
	Cron  Cron
	First time.Time // at the earliest; the times of Every are counted from it
	End   time.Time // not after it; zero: no end
	// Repeat is how often it recurs after the first time; negative: for ever.
	Repeat  int
	Misfire Misfire
}

// Cron is a parsed expression. The zero value is none.
type Cron struct{ times cron.Schedule }

// maxExpression bounds the text of an expression.
const maxExpression = 256

// ParseCron reads an expression of five fields (minute, hour, day of month, month,
// day of week from 0 for Sunday), or of six with seconds before them; ? is *. Its times
// are those of clocks in the zone. The expression must not name times less than MinInterval apart.
func ParseCron(text string, zone *time.Location) (Cron, error) {
	if len(text) > maxExpression {
		return Cron{}, fmt.Errorf("a cron expression has at most %d characters", maxExpression)
	}
	for _, c := range text {
		if c == '=' || c > 0x7e { // the library takes TZ= before the fields, which timeZone is for
			return Cron{}, fmt.Errorf("a cron expression must not hold %q", c)
		}
	}
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse(text)
	if err != nil {
		return Cron{}, fmt.Errorf("the cron expression cannot be read: %w; it has 5 fields, or 6 with seconds first", err)
	}
	if spec, ok := parsed.(*cron.SpecSchedule); ok {
		spec.Location = zone
	}
	c := Cron{parsed}
	return c, c.check()
}

// checkedTimes is how many times of an expression are compared with their next.
const checkedTimes = 100

// check looks at the times of an arbitrary year.
func (c Cron) check() error {
	at := c.times.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	if at.IsZero() {
		return errors.New("the cron expression names no time in the next five years")
	}
	for range checkedTimes {
		next := c.times.Next(at)
		if !next.IsZero() && next.Sub(at) < MinInterval {
			return fmt.Errorf("the times of a cron expression must be at least %s apart", MinInterval)
		}
		at = next
	}
	return nil
}

// Next is the first time after another one that is due; zero: there is none. Of
// something that begins at a time, it is the first time: without First, an interval
// later.
func (s *Schedule) Next(after time.Time) time.Time {
	switch isCron, early := s.Cron.times != nil, s.First.After(after); {
	case isCron && early:
		return s.bounded(s.Cron.times.Next(s.First.Add(-time.Nanosecond)))
	case isCron:
		return s.bounded(s.Cron.times.Next(after))
	case early:
		return s.bounded(s.First)
	case s.First.IsZero():
		return s.bounded(after.Add(s.Every))
	}
	passed := after.Sub(s.First) / s.Every
	return s.bounded(s.First.Add((passed + 1) * s.Every))
}

func (s *Schedule) bounded(t time.Time) time.Time {
	if !s.End.IsZero() && t.After(s.End) {
		return time.Time{}
	}
	return t
}

// Interval is how long it takes from a due time to the next.
func (s *Schedule) Interval(at time.Time) time.Duration {
	if s.Cron.times == nil {
		return s.Every
	}
	if next := s.Cron.times.Next(at); !next.IsZero() {
		return next.Sub(at)
	}
	return 24 * time.Hour
}

// grace is how late a time may be met without having been missed.
const grace = time.Minute

// Due says what is to be done now of something whose next time is next and that
// was done so many times: run is the time to make up for, zero when there is none;
// then is the next time after that, zero when there is none. While run is set there
// may be more to do: ask again with then.
func (s *Schedule) Due(next, now time.Time, done int64) (run, then time.Time) {
	if next.IsZero() || next.After(now) {
		return time.Time{}, next
	}
	run, then = next, s.Next(next)
	if s.Misfire != RetryEvery {
		run = s.last(next, now)
		then = s.Next(run)
	}
	if s.Misfire == Skip && now.Sub(run) > grace {
		return time.Time{}, then
	}
	if s.Repeat >= 0 && done >= int64(s.Repeat) {
		then = time.Time{}
	}
	return run, then
}

// last is the last due time from next on that is not after now. Expressions of
// cron are walked in growing steps, because they cannot be walked back.
func (s *Schedule) last(next, now time.Time) time.Time {
	if s.Cron.times == nil {
		until := now
		if !s.End.IsZero() && s.End.Before(now) {
			until = s.End
		}
		return next.Add(until.Sub(next) / s.Every * s.Every)
	}
	at := next
	for step := now.Sub(at) / 2; step > MinInterval; step /= 2 {
		for {
			ahead := s.Next(at.Add(step))
			if ahead.IsZero() || ahead.After(now) {
				break
			}
			at = ahead
		}
	}
	for {
		ahead := s.Next(at)
		if ahead.IsZero() || ahead.After(now) {
			return at
		}
		at = ahead
	}
}
