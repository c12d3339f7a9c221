package content

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"ledgerline/internal/jsonscan"
	"ledgerline/internal/record"
)

// put sets a cell of the entry under way; the latest value of a field wins.
func (r *run) put(field string, v record.Value) {
	for i := range r.cells {
		if r.cells[i].Field == field {
			r.cells[i].Value = v
			return
		}
	}
	r.cells = append(r.cells, record.Cell{Field: field, Value: v})
}

// setText gives a value to a target. An empty value is no value.
func (r *run) setText(t *target, text string) {
	if text == "" {
		return
	}
	switch t.kind {
	case toCell:
		v, ok := r.cast(t.field, text)
		switch {
		case !ok:
		case t.alone:
			r.cells = append(r.cells, record.Cell{Field: t.field.Name, Value: v})
		default:
			r.put(t.field.Name, v)
		}
	case toTime:
		if ms, ok := r.times.parse(text); ok {
			r.when, r.timed = ms, true
		} else {
			r.bad = text
		}
	case toTimePart:
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			r.parts[t.part] = n
			r.given |= 1 << t.part
		} else {
			r.bad = text
		}
	case toParser:
		if t.sub == nil {
			r.warnings.add("UnknownParser", fmt.Sprintf("parser %q, which reads a value, does not exist: import it", clip(t.name)), text)
		} else if !t.sub.readValue(r, text) {
			r.warnings.add("SubParserFailed", fmt.Sprintf("parser %q cannot read a value", clip(t.name)), text)
		}
	}
}

// feed gives the first alternative that holds a value to its target.
func (r *run) feed(f *feed, s string, slots []found) {
	n := f.first
	for n < f.end-1 && !slots[n].holds(s) {
		n++
	}
	r.setJSON(f.to, s, &slots[n])
}

// holds reports whether a path selected more than null or an empty string.
func (f *found) holds(s string) bool {
	return f.end > 0 && (len(f.more) > 0 || s[f.start] != 'n' && f.of(s) != `""`)
}

// setJSON gives the values that a path selected to a target.
func (r *run) setJSON(t *target, s string, f *found) {
	if f.end == 0 {
		return
	}
	text, ok := jsonText(f.of(s))
	if len(f.more) == 0 {
		if ok {
			r.setText(t, text)
		}
		return
	}
	if t.kind != toCell || t.field.Type != record.String {
		// One column holds one number: the first that is there counts.
		for i := 0; !ok && i < len(f.more); i++ {
			text, ok = jsonText(f.more[i].of(s))
		}
		r.setText(t, text)
		r.warnings.add("ValueDropped", fmt.Sprintf("field %q takes one value; further ones were left out", t.display()), f.of(s))
		return
	}
	var list []string
	if ok && text != "" {
		list = append(list, text)
	}
	for _, m := range f.more {
		if text, ok := jsonText(m.of(s)); ok && text != "" {
			list = append(list, text)
		}
	}
	switch {
	case len(list) == 0:
	case t.field.MultiValued:
		v := record.Text(list[0])
		v.List = list[1:]
		r.put(t.field.Name, v)
	default:
		r.put(t.field.Name, record.Text(strings.Join(list, ", ")))
	}
}

func (t *target) display() string {
	if t.field != nil {
		return t.field.Display
	}
	return t.name
}

// jsonText returns the text of a JSON value: strings decoded, objects and arrays
// as they are, and nothing for null or when there is nothing in them.
func jsonText(v string) (string, bool) {
	switch v[0] {
	case '"':
		return jsonscan.Unquote(v), true
	case 'n':
		return "", false
	case '{', '[':
		if jsonscan.SkipBlank(v, 1) == len(v)-1 {
			return "", false
		}
	}
	return v, true
}

// cast turns text into a value of the field's type. What does not fit is
// dropped with a warning.
func (r *run) cast(f *record.Field, text string) (record.Value, bool) {
	if f.Type == record.String {
		if limit := r.prog.snap.opts.MaxText; len(text) > limit {
			r.warnings.add("ValueTruncated", fmt.Sprintf("a value of field %q was longer than %d bytes and was cut", f.Display, limit), text)
			text = cut(text, limit)
		}
		return record.Text(text), true
	}
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return record.Value{}, false
	}
	switch f.Type {
	case record.Long, record.Integer:
		if n, err := strconv.ParseInt(trimmed, 10, 64); err == nil {
			return record.Whole(n), true
		}
		// 3.0 and 1e3 are whole numbers too, as far as a float is exact.
		if d, ok := parseFloat(trimmed); ok && d == math.Trunc(d) && math.Abs(d) <= 1<<53 {
			return record.Whole(int64(d)), true
		}
	case record.Float, record.Double:
		if d, ok := parseFloat(trimmed); ok {
			return record.Fraction(d), true
		}
	case record.Timestamp:
		if ms, ok := r.times.parse(trimmed); ok {
			return record.At(ms), true
		}
	}
	r.warnings.add("ValueDropped", fmt.Sprintf("values that do not fit field %q (%s) were left out", f.Display, f.Type), text)
	return record.Value{}, false
}

// parseFloat reads decimal numbers; words such as NaN and hexadecimal are no numbers here.
func parseFloat(s string) (float64, bool) {
	if strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, false
	}
	d, err := strconv.ParseFloat(s, 64)
	return d, err == nil && !math.IsInf(d, 0)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// warnings counts what could not be read, by code and message.
type warnings struct {
	byKey map[warningKey]*Warning
	order []*Warning
}

type warningKey struct{ code, message string }

const (
	maxWarnings    = 200 // kinds; further ones are counted together
	exampleMaximum = 200 // bytes
)

func newWarnings() warnings { return warnings{byKey: map[warningKey]*Warning{}} }

func (w *warnings) add(code, message, example string) {
	k := warningKey{code, message}
	if len(w.order) >= maxWarnings && w.byKey[k] == nil {
		k = warningKey{"Other", "further kinds of problems, not listed one by one"}
	}
	if old := w.byKey[k]; old != nil {
		old.Count++
		return
	}
	if len(example) > exampleMaximum {
		example = cut(example, exampleMaximum)
	}
	n := &Warning{Code: k.code, Message: k.message, Count: 1, Example: strings.Clone(example)}
	w.byKey[k] = n
	w.order = append(w.order, n)
}

func (w *warnings) list() []Warning {
	out := make([]Warning, len(w.order))
	for i, p := range w.order {
		out[i] = *p
	}
	return out
}
