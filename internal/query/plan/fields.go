package plan

import (
	"regexp"
	"slices"
	"strings"

	"ledgerline/internal/query/syntax"
)

// fields chooses and renames what is shown. Hidden columns stay usable
// (section 7.8 of the reference).
func (p *planner) fields(f *frame, c *syntax.Fields) {
	forUI := strings.EqualFold(c.Target, "ui")
	for _, it := range c.Items {
		switch {
		case strings.ContainsAny(it.Field.Text, "*%?") && p.lookup(f, it.Field.Text) == nil:
			p.wildcardField(f, it, forUI)
		case it.Minus:
			col := p.field(f, it.Field, "FIELDS")
			if col != nil && !forUI {
				f.visible = remove(f.visible, col)
			}
		default:
			if col := p.field(f, it.Field, "FIELDS"); col != nil {
				if !forUI {
					f.show(col)
				}
				if it.Alias != nil {
					p.renameColumn(f, col, it.Field.Text, it.Alias.Text)
				}
			}
		}
	}
}

// wildcardField shows or hides all columns whose name matches.
func (p *planner) wildcardField(f *frame, it syntax.SignedField, forUI bool) {
	if forUI {
		return
	}
	re := nameGlob(it.Field.Text)
	if it.Minus {
		f.visible = slices.DeleteFunc(slices.Clone(f.visible), func(c *Column) bool { return re.MatchString(c.Name) })
		return
	}
	for _, c := range f.made {
		if re.MatchString(c.Name) {
			f.show(c)
		}
	}
	if f.grouped() {
		return
	}
	for _, field := range p.env.Catalogue.Fields() {
		if re.MatchString(field.Display) {
			if c := p.lookup(f, field.Display); c != nil {
				f.show(c)
			}
		}
	}
}

// nameGlob matches names against a pattern with * % and ?, without letter case.
func nameGlob(pattern string) *regexp.Regexp {
	var b strings.Builder
	for _, r := range pattern {
		switch r {
		case '*', '%':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile("(?is)^" + b.String() + "$")
}

// rename changes the names of columns. A source that does not exist is left
// alone, as the service does.
func (p *planner) rename(f *frame, c *syntax.Rename) {
	type change struct {
		col      *Column
		from, to string
	}
	var changes []change
	for _, it := range c.Items {
		if col := p.lookup(f, it.Field.Text); col != nil && it.Alias != nil {
			changes = append(changes, change{col, it.Field.Text, it.Alias.Text})
		}
	}
	for _, ch := range changes {
		p.renameColumn(f, ch.col, ch.from, ch.to)
	}
}

// renameColumn gives a column another name; the old one stops resolving. The
// column itself is copied, because other branches of the plan may show it as it was.
func (p *planner) renameColumn(f *frame, c *Column, from, to string) {
	if strings.EqualFold(from, to) && c.Name == to {
		return
	}
	renamed := *c
	renamed.Name = to
	at := slices.Index(f.visible, c)
	if old := f.names[fold(to)]; old != nil && old != c {
		f.visible = remove(f.visible, old)
		f.made = remove(f.made, old)
		at = slices.Index(f.visible, c)
	}
	f.names[fold(c.Name)] = nil
	f.names[fold(from)] = nil
	f.made = remove(f.made, c)
	f.define(&renamed)
	if at >= 0 {
		f.visible = slices.Clone(f.visible)
		f.visible[at] = &renamed
	}
	if f.time == c {
		f.time = &renamed
	}
	if f.points != nil {
		replaceColumn(f.points.By, c, &renamed)
		replaceColumn(f.points.Values, c, &renamed)
	}
}

func replaceColumn(list []*Column, old, with *Column) {
	if i := slices.Index(list, old); i >= 0 {
		list[i] = with
	}
}
