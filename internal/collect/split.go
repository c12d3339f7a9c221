package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ledgerline/internal/connect"
)

// resources are the resource types and codes met so far: what a refused list is divided by.
type resources struct {
	codes   map[string]map[string]bool // by type
	size    int
	changed bool
}

// Bounds on what a hostile list can make the ledger keep.
const (
	maxResources    = 10_000
	maxResourceName = 256
)

// knownTypes are those of the API's own list; others are added as they are met.
var knownTypes = [...]string{"ICS_ProjectV2", "ICS_AppInstance", "ICS_DVM", "ICS_AgentDefinition", "ICS_AgentInstance",
	"ICS_Schedule", "API_LIBRARY", "ICS_PACKAGE"}

func (s *resources) add(kind, code string) {
	if kind == "" || len(kind) > maxResourceName || len(code) > maxResourceName || s.codes[kind][code] || s.size >= maxResources {
		return
	}
	if s.codes[kind] == nil {
		s.codes[kind] = map[string]bool{}
	}
	s.codes[kind][code] = true
	s.size++
	s.changed = true
}

func (r *reading) loadResources(ctx context.Context) error {
	r.resources.codes = map[string]map[string]bool{}
	text, err := r.ledger.State(ctx, r.opts.Integration, keyResources)
	if err != nil || text == "" {
		return err
	}
	var kept map[string][]string
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return fmt.Errorf("%s: %w", keyResources, err)
	}
	for kind, codes := range kept {
		for _, code := range codes {
			r.resources.add(kind, code)
		}
	}
	r.resources.changed = false
	return nil
}

// saveResources is also called after an error: what was learnt stays.
func (r *reading) saveResources(ctx context.Context) error {
	if !r.resources.changed {
		return nil
	}
	kept := map[string][]string{}
	for kind, codes := range r.resources.codes {
		for code := range codes {
			kept[kind] = append(kept[kind], code)
		}
		slices.Sort(kept[kind])
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return r.ledger.SetState(context.WithoutCancel(ctx), r.opts.Integration, keyResources, string(text))
}

// parts divides a list by type, then by code. No part overlaps another.
func (r *reading) parts(sc scope) []scope {
	var out []scope
	switch {
	case sc.Type == "":
		types := slices.Clone(knownTypes[:])
		for kind := range r.resources.codes {
			types = append(types, kind)
		}
		slices.Sort(types)
		for _, kind := range slices.Compact(types) {
			out = append(out, scope{Window: sc.Window, Type: kind})
		}
	case sc.Code == "":
		for code := range r.resources.codes[sc.Type] {
			if code != "" {
				out = append(out, scope{Window: sc.Window, Type: sc.Type, Code: code})
			}
		}
		slices.SortFunc(out, func(a, b scope) int { return cmp.Compare(a.Code, b.Code) })
	}
	return out
}

const maxSplitRounds = 3

// split reads a refused list in parts. It is proven when the parts are, and add up to the total
// that the whole list names before and after.
func (r *reading) split(ctx context.Context, sc scope, p *pass, res result) (result, error) {
	res.verdict = refused
	if sc.Code != "" {
		return res, nil
	}
	r.out.Splits++
	r.opts.Logger.Info("an offset was refused: reading in parts", "integration", r.opts.Integration, "list", sc.String(), "offset", p.length)
	for range maxSplitRounds {
		total, _, err := r.readTotal(ctx, sc)
		if err != nil {
			return res, err
		}
		sum, whole := 0, true
		for _, part := range r.parts(sc) {
			got, err := r.readScope(ctx, part)
			if connect.KindOf(err) == connect.Refused {
				// A name that cannot be written in a filter, or one the service does not take.
				got, err = result{verdict: refused, note: err.Error()}, nil
			}
			if err != nil {
				return res, err
			}
			res.oldest = earlier(res.oldest, got.oldest)
			if got.verdict != proven {
				res.note, whole = got.note, false
				continue
			}
			sum += got.length
		}
		after, later, err := r.readTotal(ctx, sc)
		if err != nil {
			return res, err
		}
		res.end = later
		switch {
		case total < 0:
			res.note = p.reason + "; without a total it cannot be told whether its parts are all of it"
			return res, nil
		case whole && sum == total && after == total:
			res.verdict, res.length, res.note = proven, total, ""
			return res, nil
		case !whole:
			return res, nil
		case after == total:
			res.note = fmt.Sprintf("%s; in parts %d of %d can be read", p.reason, sum, total)
			return res, nil
		}
	}
	res.verdict = drifting
	res.note = p.reason + "; its parts changed while they were read"
	return res, nil
}

func (r *reading) readTotal(ctx context.Context, sc scope) (int, time.Time, error) {
	page, err := r.fetch(ctx, sc, 0, 0)
	if err != nil {
		return 0, time.Time{}, err
	}
	_, err = r.note(ctx, newTally(), nil, page)
	return page.Total, r.serviceTime(page), err
}
