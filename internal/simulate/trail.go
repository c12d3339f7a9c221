package simulate

import (
	"slices"
	"sort"
	"sync"
)

// trail is the audit trail: records in order of time, and the same again for
// every resource type and code, so that a page costs what it holds.
type trail struct {
	mu     sync.RWMutex
	all    []*event
	byType map[string][]*event
	byCode map[string][]*event
	rare   map[string]*rareIndex
}

// rareIndex serves a filter that has no index of its own, from its second use on.
type rareIndex struct {
	match func(*event) bool
	list  []*event
}

const mostRare = 64 // filters remembered

// newTrail takes events in order of time.
func newTrail(events []event) *trail {
	t := &trail{all: make([]*event, len(events)), byType: map[string][]*event{}, byCode: map[string][]*event{}, rare: map[string]*rareIndex{}}
	for i := range events {
		e := &events[i]
		t.all[i] = e
		t.byType[e.resource.typ] = append(t.byType[e.resource.typ], e)
		t.byCode[e.resource.code] = append(t.byCode[e.resource.code], e)
	}
	return t
}

// add inserts records where their time puts them.
func (t *trail) add(events ...event) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range events {
		e := &events[i]
		t.all = insert(t.all, e)
		t.byType[e.resource.typ] = insert(t.byType[e.resource.typ], e)
		t.byCode[e.resource.code] = insert(t.byCode[e.resource.code], e)
		for _, r := range t.rare {
			if r.match(e) {
				r.list = insert(r.list, e)
			}
		}
	}
	return len(events)
}

func insert(list []*event, e *event) []*event {
	i := sort.Search(len(list), func(i int) bool { return list[i].compare(e) > 0 })
	return slices.Insert(list, i, e)
}

// view calls use with the records of a filter since a moment (epoch
// milliseconds), oldest first. They may be read only until use returns.
func (t *trail) view(f filter, since int64, use func([]*event)) {
	if !f.indexed() {
		t.index(f)
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []*event
	switch r := t.rare[f.key()]; {
	case f.indexed() && f.code != "":
		list = t.byCode[f.code]
	case f.indexed() && f.typ != "":
		list = t.byType[f.typ]
	case f.indexed():
		list = t.all
	case r != nil:
		list = r.list
	default:
		list = keep(t.all, f.match)
	}
	list = list[sort.Search(len(list), func(i int) bool { return list[i].at >= since }):]
	if f.distinct {
		list = distinct(list)
	}
	use(list)
}

func (t *trail) index(f filter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rare[f.key()] == nil && len(t.rare) < mostRare {
		t.rare[f.key()] = &rareIndex{f.match, keep(t.all, f.match)}
	}
}

func keep(list []*event, match func(*event) bool) []*event {
	var out []*event
	for _, e := range list {
		if match(e) {
			out = append(out, e)
		}
	}
	return out
}

// distinct leaves the newest record of each resource.
func distinct(list []*event) []*event {
	seen := map[*resource]bool{}
	var out []*event
	for i := len(list) - 1; i >= 0; i-- {
		if r := list[i].resource; !seen[r] {
			seen[r] = true
			out = append(out, list[i])
		}
	}
	slices.Reverse(out)
	return out
}

// snapshot copies the list of all records.
func (t *trail) snapshot() []*event {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.all)
}
