package plan

// byTime returns the sort that ends the plan when rows may be read along time:
// records in the order of time, with nothing below it that looks at more than one
// record.
func byTime(s *Sort, f *frame) *Sort {
	if f.time == nil || len(s.By) == 0 {
		return nil
	}
	r, ok := s.By[0].By.(*Ref)
	if !ok || r.Column.ID != f.time.ID || r.Column != f.scan.fields["time"] {
		return nil
	}
	for n := s.In; ; {
		switch m := n.(type) {
		case *Scan:
			if m != f.scan {
				return nil
			}
			return s
		case *Filter:
			n = m.In
		case *Extend:
			n = m.In
		default:
			return nil
		}
	}
}
