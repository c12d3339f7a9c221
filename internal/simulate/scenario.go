package simulate

import (
	"time"
)

// step is one record of a scenario, some milliseconds after the one before.
type step struct {
	verb  verb
	after time.Duration
}

// An activation writes seven records within 15 seconds, several of them in one
// second, as seen in a real trail.
var activation = []step{
	{activationBegun, 0}, {generationStarted, 40 * time.Millisecond}, {syncStarted, 110 * time.Millisecond},
	{syncCompleted, 90 * time.Millisecond}, {generationCompleted, 6200 * time.Millisecond},
	{deployed, 5100 * time.Millisecond}, {activated, 300 * time.Millisecond},
}

var failedActivation = []step{
	{activationBegun, 0}, {generationStarted, 60 * time.Millisecond}, {syncStarted, 95 * time.Millisecond},
	{generationFailed, 4 * time.Second}, {activationUndone, 20 * time.Millisecond},
}

// session appends the records of one person's piece of work. With a latest
// moment given, it is moved back so far that it ends before that.
func (f *office) session(out []event, start time.Time, night bool, latest time.Time) []event {
	first := len(out)
	user := f.person()
	if night {
		user = f.night
	}
	account := f.people + f.random.IntN(len(f.users)-f.people)
	at := start
	do := func(r *resource, who int, steps ...step) {
		for _, s := range steps {
			at = at.Add(s.after)
			if s.after > 0 {
				at = at.Add(time.Duration(f.random.IntN(30)) * time.Millisecond)
			}
			out = append(out, f.event(r, who, s.verb, at))
		}
	}
	minutes := func(most int) time.Duration {
		return 20*time.Second + time.Duration(f.random.IntN(most*60_000))*time.Millisecond
	}
	edit := func(r *resource) {
		do(r, user, step{locked, 0}, step{updated, minutes(6)})
		if f.random.IntN(3) == 0 {
			do(r, user, step{updated, minutes(4)})
		}
		do(r, user, step{unlocked, minutes(2)})
	}
	switch die := f.random.IntN(100); {
	case die < 30:
		edit(f.pick("ICS_ProjectV2"))
	case die < 40:
		edit(f.pick("ICS_AppInstance"))
	case die < 62:
		do(f.pick("ICS_ProjectV2"), user, activation...)
	case die < 66:
		r := f.pick("ICS_ProjectV2")
		do(r, user, failedActivation...)
		at = at.Add(minutes(3))
		edit(r)
		at = at.Add(minutes(1))
		do(r, user, activation...)
	case die < 75:
		do(f.pick("ICS_ProjectV2"), user, step{deactivated, 0})
	case die < 77: // a package comes in: a burst of creates by the deploying account
		do(f.pick("ICS_PACKAGE"), account, step{imported, 0})
		for range 8 + f.random.IntN(30) {
			typ := [...]string{"ICS_ProjectV2", "ICS_AppInstance", "ICS_DVM", "API_LIBRARY"}[f.random.IntN(4)]
			do(f.pick(typ), account, step{created, time.Duration(1+f.random.IntN(80)) * time.Millisecond})
		}
	case die < 84:
		r := f.pick("ICS_Schedule")
		do(r, user, step{scheduleStopped, 0}, step{updated, minutes(2)}, step{scheduleStarted, minutes(1)})
	case die < 90:
		edit(f.pick("ICS_DVM"))
	case die < 93:
		do(f.pick("ICS_AgentDefinition"), user, step{created, 0})
		do(f.pick("ICS_AgentInstance"), user, step{updated, minutes(5)})
	case die < 96:
		do(f.pick("API_LIBRARY"), user, step{updated, 0})
	case die < 98:
		do(f.pick("ICS_PACKAGE"), user, step{exported, 0})
	case die < 99:
		do(f.pick("ICS_AppInstance"), user, step{deleted, 0})
	default:
		do(f.pick("ICS_CERTIFICATE"), account, step{rotated, 0})
	}
	if f.random.IntN(300) == 0 { // genuine twins: the service writes an event twice
		twin := out[first+f.random.IntN(len(out)-first)]
		f.seq++
		twin.seq = f.seq
		out = append(out, twin)
	}
	if f.random.IntN(1500) == 0 {
		for i := first; i < len(out); i++ {
			out[i].long = out[i].long || out[i].verb == updated
		}
	}
	if !latest.IsZero() {
		var last int64
		for _, e := range out[first:] {
			last = max(last, e.at)
		}
		if over := last - latest.UnixMilli(); over > 0 {
			for i := first; i < len(out); i++ {
				out[i].at -= over
			}
		}
	}
	return out
}
