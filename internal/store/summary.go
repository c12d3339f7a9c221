package store

import "slices"

// note adds rows, in order, to what the manifest says about a segment: number,
// time range, ingest time and log groups. Writing and verifying share it.
func (s *Segment) note(b *batch) {
	times := b.vectors[timeAt].ints
	if s.Rows == 0 {
		s.From, s.To, s.Ingested = times[0], times[0], b.vectors[ingestAt].ints[0]
	}
	for _, t := range times {
		s.From, s.To = min(s.From, t), max(s.To, t)
	}
	for _, t := range b.vectors[ingestAt].ints {
		s.Ingested = max(s.Ingested, t)
	}
	s.Rows += int64(b.rows)
	last := ""
	for _, g := range b.vectors[groupAt].strs {
		if string(g) == last {
			continue
		}
		last = string(g)
		if at, found := slices.BinarySearch(s.Groups, last); !found {
			s.Groups = slices.Insert(s.Groups, at, last)
		}
	}
}

// absorb adds the rows of another segment to what the manifest says about this one.
func (s *Segment) absorb(o *Segment) {
	if s.Rows == 0 {
		s.From, s.To, s.Ingested = o.From, o.To, o.Ingested
	}
	s.From, s.To, s.Ingested = min(s.From, o.From), max(s.To, o.To), max(s.Ingested, o.Ingested)
	s.Rows += o.Rows
	for _, g := range o.Groups {
		if at, found := slices.BinarySearch(s.Groups, g); !found {
			s.Groups = slices.Insert(s.Groups, at, g)
		}
	}
}
