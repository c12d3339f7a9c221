package content

import (
	"slices"

	"ledgerline/internal/record"
)

// Origin tells which parser gave a field of an entry, and at which position of it.
type Origin struct {
	Field  string // internal name
	Seq    int
	Parser string // name
}

// Origins tells of each field of an entry that p read where it came from: the parser
// itself or, below it, those that read what it cut out, which find finds by name.
func Origins(p *Parser, e *record.Entry, find func(name string) (*Parser, bool)) []Origin {
	return origins(p, e, find, nil)
}

func origins(p *Parser, e *record.Entry, find func(name string) (*Parser, bool), above []string) (out []Origin) {
	above = append(above, p.Name)
	for _, f := range p.Fields {
		if f.Parser != "" {
			if sub, ok := find(f.Parser); ok && !slices.Contains(above, sub.Name) {
				out = append(out, origins(sub, e, find, above)...)
			}
			continue
		}
		if f.Field == "time" || slices.ContainsFunc(e.Cells, func(c record.Cell) bool { return c.Field == f.Field }) {
			out = append(out, Origin{f.Field, f.Seq, p.Name})
		}
	}
	return out
}
