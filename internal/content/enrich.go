package content

import (
	"fmt"
	"strconv"
	"time"

	"ledgerline/internal/record"
)

// extendedProgram is one enabled extended field definition.
type extendedProgram struct {
	condition *conditionProgram
	base      *record.Field
	pattern   *pattern
	refs      []groupTarget
}

// memo is what the latest text of a base field gave. Entries of one upload often
// repeat it: the link of a document, the name of a file.
type memo struct {
	base   string
	values []heldValue
	known  bool
}

func (s *snapshot) compileExtended(src *Source) ([]extendedProgram, error) {
	var out []extendedProgram
	c := &compiler{snap: s}
	for _, group := range src.ExtendedFields {
		var cond *conditionProgram
		if group.Condition != nil {
			p, err := s.compileCondition(*group.Condition)
			if err != nil {
				return nil, err
			}
			cond = &p
		}
		for _, f := range group.Fields {
			if !f.Enabled {
				continue
			}
			base, ok := s.fields.internal(f.Base)
			if !ok {
				return nil, fmt.Errorf("extended field: base field %q does not exist", clip(f.Base))
			}
			p, err := compilePattern(f.Expression, patternOptions{captures: true, timeout: s.opts.MatchTimeout})
			if err != nil {
				return nil, fmt.Errorf("extended field: %w", err)
			}
			e := extendedProgram{condition: cond, base: base, pattern: p}
			for _, n := range p.names {
				t, err := c.fieldTarget(n.name)
				if err != nil {
					return nil, fmt.Errorf("extended field: %w", err)
				}
				if t.kind == toTime || t.kind == toTimePart {
					t = &target{field: t.field, kind: toNothing} // the entry is dated before
				}
				e.refs = append(e.refs, groupTarget{n.group, t})
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// TryExtended searches the example of an extended field as Parse would search an
// entry, and returns what it captures by the internal names of fields in the expression; nil
// when it does not match. What cannot be run is refused with ErrInvalid.
func (l *Library) TryExtended(f ExtendedField) (map[string]string, error) {
	snap := l.current.Load()
	f.Enabled = true
	compiled, err := snap.compileExtended(&Source{ExtendedFields: []ExtendedFields{{Fields: []ExtendedField{f}}}})
	if err != nil {
		return nil, fmt.Errorf("%w %w", ErrInvalid, err)
	}
	p, text := compiled[0].pattern, f.Example
	if len(text) > snap.opts.MaxText {
		text = cut(text, snap.opts.MaxText)
	}
	found, ok, err := p.find(text)
	if err != nil {
		return nil, fmt.Errorf("%w extended field: the expression takes too long; simplify it (nested quantifiers and lookaround are costly)", ErrInvalid)
	}
	if !ok {
		return nil, nil
	}
	captured := map[string]string{}
	for _, n := range p.names {
		captured[n.name] = found.group(n.group)
	}
	return captured, nil
}

// ruleProgram is one enabled label rule.
type ruleProgram struct {
	guard  *conditionProgram
	when   conditionProgram
	labels []ruleLabel   // for the field mtag
	field  *record.Field // else
	value  string
}

type ruleLabel struct {
	display  string
	priority int
}

func (s *snapshot) compileRules(src *Source) ([]ruleProgram, error) {
	var out []ruleProgram
	for _, r := range src.LabelRules {
		if !r.Enabled || len(r.Tags) == 0 || r.When.Join == "" && r.When.Field == "" {
			continue
		}
		var p ruleProgram
		var err error
		if p.when, err = s.compileCondition(r.When); err != nil {
			return nil, err
		}
		if r.Guard != nil {
			g, err := s.compileCondition(*r.Guard)
			if err != nil {
				return nil, err
			}
			p.guard = &g
		}
		if r.Field == fieldLabels {
			for _, tag := range r.Tags {
				l := ruleLabel{display: tag}
				if known, ok := s.labels.find(tag); ok {
					l = ruleLabel{known.Display, priorityRank(known.Priority)}
				}
				p.labels = append(p.labels, l)
			}
		} else {
			f, ok := s.fields.internal(r.Field)
			if !ok {
				return nil, fmt.Errorf("label rule: field %q does not exist", clip(r.Field))
			}
			if s.every[f.Name] {
				continue // import has warned
			}
			p.field, p.value = f, r.Tags[0]
		}
		out = append(out, p)
	}
	return out, nil
}

// enrich adds extended fields, then what lookups tell, then labels.
func (r *run) enrich() {
	var latest *conditionProgram
	holds := true
	for i := range r.prog.extended {
		e := &r.prog.extended[i]
		if e.condition != latest { // the definitions of one condition stand together and share it
			latest = e.condition
			holds = latest == nil || latest.holds(r)
		}
		if holds {
			r.extend(e, &r.matches[i])
		}
	}
	for i := range r.lookups {
		r.look(&r.lookups[i])
	}
	highest := 0
	for i := range r.prog.rules {
		rule := &r.prog.rules[i]
		if !rule.holds(r) {
			continue
		}
		for _, l := range rule.labels {
			r.label(l.display)
			highest = max(highest, l.priority)
		}
		if rule.field != nil {
			if v, ok := r.cast(rule.field, rule.value); ok {
				r.put(rule.field.Name, v)
			}
		}
	}
	if highest > 0 {
		r.put(fieldPriority, record.Text([]string{"", "Low", "Medium", "High"}[highest]))
	}
}

func (r *run) extend(e *extendedProgram, m *memo) {
	base, ok := r.value(e.base)
	if !ok || base == "" {
		return
	}
	if !m.known || m.base != base {
		*m = memo{base: base, known: true}
		if found, ok := r.find(e.pattern, base); ok {
			for _, ref := range e.refs {
				if text := found.group(ref.group); text != "" {
					m.values = append(m.values, heldValue{ref.to, text})
				}
			}
		}
	}
	setHeld(r, m.values)
}

func (r *run) label(display string) {
	for _, l := range r.entry.Labels {
		if l == display {
			return
		}
	}
	r.entry.Labels = append(r.entry.Labels, display)
}

// value returns the text of a field of the entry under way, also of the columns
// that every record has.
func (r *run) value(f *record.Field) (string, bool) {
	o := r.up.Origin
	switch f.Name {
	case fieldText:
		return r.entry.Text, true
	case fieldTime:
		return time.UnixMilli(r.entry.Time).UTC().Format(isoMillis), true
	case "msrcid":
		return r.prog.source.Display, true
	case "mtgt":
		return o.Entity, o.Entity != ""
	case "mtgttype":
		return o.EntityType, o.EntityType != ""
	case "mlogent":
		return o.LogEntity, o.LogEntity != ""
	case "logorigin":
		return o.File, o.File != ""
	case "uploadname":
		return o.UploadName, o.UploadName != ""
	case "muploadid":
		return o.Upload, o.Upload != ""
	case "loggroup":
		return o.LogGroup, o.LogGroup != ""
	}
	for i := range r.cells {
		if r.cells[i].Field == f.Name {
			return valueText(r.cells[i].Value), true
		}
	}
	return "", false
}

const isoMillis = "2006-01-02T15:04:05.000Z"

func valueText(v record.Value) string {
	switch v.Kind {
	case record.Long:
		return strconv.FormatInt(v.Int, 10)
	case record.Double:
		return strconv.FormatFloat(v.Num, 'g', -1, 64)
	case record.Timestamp:
		return time.UnixMilli(v.Int).UTC().Format(isoMillis)
	}
	return v.Str
}
