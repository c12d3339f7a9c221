package query

import (
	"maps"
	"slices"

	"ledgerline/internal/store"
)

// visible shows of a catalogue the log groups that a request may see.
type visible struct {
	Catalogue
	groups []string
}

// LogGroups names no other log group, so that no plan does.
func (v visible) LogGroups() map[string]string {
	names := maps.Clone(v.Catalogue.LogGroups())
	maps.DeleteFunc(names, func(id, _ string) bool { return !slices.Contains(v.groups, id) })
	return names
}

// bounds of the times in a segment, as far as a request may know them: a segment
// that also holds records of other log groups tells no more than its UTC day.
func (s *session) bounds(seg *store.Segment) (from, to int64) {
	from, to = seg.From, seg.To+1
	groups := s.request.Scope.Groups
	if groups == nil || !slices.ContainsFunc(seg.Groups, func(g string) bool { return !slices.Contains(groups, g) }) {
		return from, to
	}
	const day = 24 * 60 * 60 * 1000
	floor := func(ms int64) int64 { return ms - ((ms%day)+day)%day }
	return floor(from), floor(to-1) + day
}
