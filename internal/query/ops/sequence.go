package ops

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Sequence finds runs of records within groups. A run of a rule is a stretch of
// records that satisfy it; records that satisfy no rule are passed over, those
// that satisfy others only end it. A run takes as many records as it may, but
// once it has its minimum it ends before a record that satisfies the next rule.
//
// A match is a run of each rule in their order: it begins at the earliest record
// from which all rules can be met, each later run at the earliest record after
// the one before. The next match begins after the end of the last, so matches do
// not overlap. With Between there are two rules, and a match is all records of
// the group from the first of the first run to the last of the second.
//
// The input is sorted by group and time: Keys values that tell the group, the
// time, then for each rule whether the record satisfies it (bool), then the
// values to keep. The output is one row of each group with a match: its keys and
// the records of its matches as a JSON array of arrays, time first, times in
// epoch milliseconds.
type Sequence struct {
	Keys     int
	Rules    []SequenceRule
	Between  bool
	Within   time.Duration // from the first to the last record of a match; 0 is any
	MaxPause time.Duration // between neighbouring records of a match; 0 is any
}

// SequenceRule says how many records a run has; Max below 0 is any number.
type SequenceRule struct{ Min, Max int64 }

const (
	// maxSequenceRecords bounds the records of one group that are looked at,
	// because they are held in memory.
	maxSequenceRecords = 200_000
	// maxSequenceRows bounds the records that one group's table shows.
	maxSequenceRows = 1000
	// maxSequenceSteps bounds the search in one group.
	maxSequenceSteps = 20_000_000
)

// step is one record of a group.
type step struct {
	at     time.Time
	meets  []bool
	values []any
}

// Run is the operator.
func (o Sequence) Run(ctx context.Context, in Source, emit Emit) (partial string, err error) {
	var key []any
	var group []step
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		found, complete := o.matches(group)
		if !complete {
			partial = "sequence gave up on a group with very many beginnings of a match: give a span or ask for a shorter time range"
		}
		if len(found) > maxSequenceRows {
			found = found[:maxSequenceRows]
			partial = "sequence shows the first 1000 records of a group"
		}
		if len(found) == 0 {
			return nil
		}
		text, err := json.Marshal(found)
		if err != nil {
			return err
		}
		return emit(append(key, string(text)))
	}
	err = in(func(row []any) error {
		if !slices.EqualFunc(key, row[:o.Keys], sameCell) || group == nil {
			if err := flush(); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			key, group = slices.Clone(row[:o.Keys]), group[:0]
		}
		at, ok := row[o.Keys].(time.Time)
		if !ok {
			return nil // a record without the time has no place in the order
		}
		if len(group) >= maxSequenceRecords {
			partial = "sequence looks at the first 200000 records of a group: ask for a shorter time range"
			return nil
		}
		s := step{at: at, meets: make([]bool, len(o.Rules)), values: slices.Clone(row[o.Keys+1+len(o.Rules):])}
		for i := range s.meets {
			s.meets[i], _ = row[o.Keys+1+i].(bool)
		}
		group = append(group, s)
		return nil
	})
	if err == nil {
		err = flush()
	}
	return partial, err
}

// sameCell compares keys; lists do not occur in them.
func sameCell(a, b any) bool {
	if t, ok := a.(time.Time); ok {
		u, ok := b.(time.Time)
		return ok && t.Equal(u)
	}
	return a == b
}

// matches lists the records of all matches in a group. It is not complete when
// the search took too long.
func (o Sequence) matches(group []step) (found [][]any, complete bool) {
	var relevant []int // indices of records that satisfy a rule
	for i, s := range group {
		if slices.Contains(s.meets, true) {
			relevant = append(relevant, i)
		}
	}
	m := &sequenceSearch{o: o, group: group, relevant: relevant, steps: maxSequenceSteps}
	for from := 0; from < len(relevant); {
		taken, end := m.at(from)
		if m.steps <= 0 {
			return found, false
		}
		if len(taken) == 0 {
			from++
			continue
		}
		from = end
		for _, i := range taken {
			found = append(found, append([]any{group[i].at.UnixMilli()}, cells(group[i].values)...))
		}
	}
	return found, true
}

// cells are values as JSON can hold them.
func cells(values []any) []any {
	out := make([]any, len(values))
	for i, v := range values {
		if t, ok := v.(time.Time); ok {
			v = t.UnixMilli()
		}
		out[i] = v
	}
	return out
}

// sequenceSearch searches one group.
type sequenceSearch struct {
	o        Sequence
	group    []step
	relevant []int
	steps    int
}

// at is the match that begins at a place of relevant: the records it takes and
// the place after it.
func (m *sequenceSearch) at(from int) (taken []int, end int) {
	pos := from
	for k, rule := range m.o.Rules {
		var run []int
		for start := pos; ; start++ {
			if start >= len(m.relevant) || len(taken) > 0 && !m.follows(taken, start) || len(taken) == 0 && start > from {
				break
			}
			if run = m.run(k, start, taken); int64(len(run)) >= max(rule.Min, 1) {
				pos = start + len(run)
				break
			}
			run = nil
		}
		if int64(len(run)) < rule.Min {
			return nil, 0
		}
		taken = append(taken, run...)
	}
	if len(taken) == 0 || !m.o.Between {
		return taken, pos
	}
	var all []int
	for i := taken[0]; i <= taken[len(taken)-1]; i++ {
		if len(all) > 0 && m.o.MaxPause > 0 && m.group[i].at.Sub(m.group[i-1].at) > m.o.MaxPause {
			return nil, 0
		}
		all = append(all, i)
	}
	return all, pos
}

// run is what rule k takes from a place of relevant on.
func (m *sequenceSearch) run(k, start int, taken []int) []int {
	rule := m.o.Rules[k]
	var run []int
	for p := start; p < len(m.relevant); p++ {
		if m.steps--; m.steps <= 0 {
			return nil
		}
		s := m.group[m.relevant[p]]
		enough := int64(len(run)) >= rule.Min && len(run) > 0
		switch {
		case !s.meets[k], rule.Max >= 0 && int64(len(run)) >= rule.Max:
			return run
		case enough && k+1 < len(m.o.Rules) && s.meets[k+1]:
			return run
		case len(taken)+len(run) > 0 && !m.near(first(taken, run), last(taken, run), m.relevant[p], k > 0 && len(run) == 0):
			return run
		}
		run = append(run, m.relevant[p])
	}
	return run
}

// follows reports whether a match may go on at a place of relevant.
func (m *sequenceSearch) follows(taken []int, p int) bool {
	return m.near(taken[0], taken[len(taken)-1], m.relevant[p], true)
}

// near tests the limits of time. The pause between the two runs of a between is
// that of the records in the stretch, tested when it is known.
func (m *sequenceSearch) near(first, last, next int, newRun bool) bool {
	if m.steps--; m.o.Within > 0 && m.group[next].at.Sub(m.group[first].at) > m.o.Within {
		return false
	}
	if m.o.MaxPause == 0 || newRun && m.o.Between {
		return true
	}
	return m.group[next].at.Sub(m.group[last].at) <= m.o.MaxPause
}

func first(taken, run []int) int {
	if len(taken) > 0 {
		return taken[0]
	}
	return run[0]
}

func last(taken, run []int) int {
	if len(run) > 0 {
		return run[len(run)-1]
	}
	return taken[len(taken)-1]
}
