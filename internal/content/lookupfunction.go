package content

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"ledgerline/internal/record"
)

// LookupTable is a table that functions of log sources take values from. It is safe
// for concurrent use, and keeps what it learns of its rows: give the same one as long
// as the table is the same.
type LookupTable struct {
	Columns []string
	Rows    [][]string

	mu      sync.Mutex
	indexes map[string]*lookupIndex // by the numbers of the columns
}

// lookupIndex finds the rows that hold values in some columns.
type lookupIndex struct {
	first map[string]int32 // by key, the first row
	next  []int32          // by row, the next of the same key; 0: none, since the first row follows no other
}

// column finds a column by name, in any letter case; -1 when there is none.
func (t *LookupTable) column(name string) int {
	return slices.IndexFunc(t.Columns, func(c string) bool { return strings.EqualFold(c, name) })
}

// index returns the index of some columns, from the second time on without work.
func (t *LookupTable) index(columns []int) *lookupIndex {
	t.mu.Lock()
	defer t.mu.Unlock() // while reading, too: two uploads at once read a table once
	name := fmt.Sprint(columns)
	if x := t.indexes[name]; x != nil {
		return x
	}
	x := &lookupIndex{first: make(map[string]int32, len(t.Rows)), next: make([]int32, len(t.Rows))}
	last := make(map[string]int32, len(t.Rows))
	var key []byte
	values := make([]string, len(columns))
	for i, row := range t.Rows {
		for n, c := range columns {
			values[n] = row[c]
		}
		var ok bool
		if key, ok = lookupKey(key[:0], values); !ok {
			continue
		}
		if before, ok := last[string(key)]; ok {
			x.next[before] = int32(i)
		} else {
			x.first[string(key)] = int32(i)
		}
		last[string(key)] = int32(i)
	}
	if t.indexes == nil {
		t.indexes = map[string]*lookupIndex{}
	}
	t.indexes[name] = x
	return x
}

// lookupKey joins values, whatever their letter case, as the lookup command of queries
// compares them; an empty value matches nothing.
func lookupKey(key []byte, values []string) ([]byte, bool) {
	for _, v := range values {
		if v == "" {
			return key, false
		}
		v = strings.ToLower(v)
		key = append(strconv.AppendInt(key, int64(len(v)), 10), ':')
		key = append(key, v...)
	}
	return key, true
}

// lookupProgram is one function of a log source that takes values from a lookup table.
type lookupProgram struct {
	table    string
	inputs   []lookupArgument
	outputs  []lookupArgument
	override bool
}

type lookupArgument struct {
	column string
	field  *record.Field
}

// The functions of Oracle's content files, and the only mode seen of a lookup.
const (
	functionLookup = "Lookup"
	simpleLookup   = "1"
	serviceField   = "FIELD"
)

// compileFunctions makes those functions ready that can be run, in their order. notRun
// says of the others why.
func (s *snapshot) compileFunctions(src *Source) (programs []lookupProgram, notRun []string) {
	functions := slices.Clone(src.Functions)
	slices.SortStableFunc(functions, func(a, b Function) int { return a.Order - b.Order })
	for i := range functions {
		f := &functions[i]
		if !f.Enabled {
			continue
		}
		p, why := s.compileLookup(f)
		if why == "" {
			programs = append(programs, p)
			continue
		}
		message := fmt.Sprintf("log source %q: the function %s is kept but not run", clip(src.Name), clip(f.Name))
		if f.LookupTable != "" {
			message += fmt.Sprintf(" (lookup %q)", clip(f.LookupTable))
		}
		notRun = append(notRun, message+": "+why)
	}
	return programs, notRun
}

func (s *snapshot) compileLookup(f *Function) (p lookupProgram, why string) {
	switch {
	case f.Name != functionLookup:
		return p, "only lookups are run here"
	case s.opts.Lookups == nil:
		return p, "there are no lookups here"
	case f.LookupTable == "":
		return p, "it names no lookup"
	case f.LookupMode != "" && f.LookupMode != simpleLookup:
		return p, fmt.Sprintf("the mode %q is unknown", clip(f.LookupMode))
	case len(f.Inputs) == 0 || len(f.Outputs) == 0:
		return p, "it needs a field to read and one to fill"
	}
	p = lookupProgram{table: f.LookupTable, override: f.Override}
	for _, set := range []struct {
		from []FunctionArgument
		to   *[]lookupArgument
	}{{f.Inputs, &p.inputs}, {f.Outputs, &p.outputs}} {
		for _, a := range set.from {
			field, ok := s.fields.internal(a.Field)
			switch {
			case !ok:
				return p, fmt.Sprintf("the field %q does not exist", clip(a.Field))
			case a.Service != "" && a.Service != serviceField:
				return p, fmt.Sprintf("an argument is of the service %q, and only fields are read and filled here", clip(a.Service))
			case a.Column == "":
				return p, "an argument names no column"
			case set.to == &p.outputs && s.every[field.Name]:
				return p, fmt.Sprintf("it fills %q, which every record has", field.Display)
			}
			*set.to = append(*set.to, lookupArgument{a.Column, field})
		}
	}
	return p, ""
}

// openLookup is a function with its table as it is for one upload.
type openLookup struct {
	*lookupProgram
	table   *LookupTable
	index   *lookupIndex
	columns []int // of the outputs
}

// openLookups finds the tables of the source's functions. What cannot be found is a
// warning, and its function does nothing.
func (r *run) openLookups() {
	for i := range r.prog.lookups {
		p := &r.prog.lookups[i]
		t, ok := r.prog.snap.opts.Lookups(p.table)
		if !ok {
			r.warnings.add("LookupMissing", fmt.Sprintf("the lookup %q of the log source does not exist; its fields stay empty until it is registered", clip(p.table)), "")
			continue
		}
		o := openLookup{lookupProgram: p, table: t}
		keys, missing := make([]int, 0, len(p.inputs)), ""
		for _, a := range p.inputs {
			if keys = append(keys, t.column(a.column)); keys[len(keys)-1] < 0 {
				missing = a.column
			}
		}
		for _, a := range p.outputs {
			if o.columns = append(o.columns, t.column(a.column)); o.columns[len(o.columns)-1] < 0 {
				missing = a.column
			}
		}
		if missing != "" {
			r.warnings.add("LookupMissing", fmt.Sprintf("the lookup %q of the log source has no column %q; its fields stay empty", clip(p.table), clip(missing)), "")
			continue
		}
		o.index = t.index(keys)
		r.lookups = append(r.lookups, o)
	}
}

// look takes what the rows of a table say of the entry under way: of each column the
// first value there is.
func (r *run) look(o *openLookup) {
	values := make([]string, len(o.inputs))
	for i, a := range o.inputs {
		var ok bool
		if values[i], ok = r.value(a.field); !ok {
			return
		}
	}
	var ok bool
	if r.key, ok = lookupKey(r.key[:0], values); !ok {
		return
	}
	first, ok := o.index.first[string(r.key)]
	if !ok {
		return
	}
	for i, a := range o.outputs {
		if before, has := r.value(a.field); has && before != "" && !o.override {
			continue
		}
		row := first
		for o.table.Rows[row][o.columns[i]] == "" && o.index.next[row] > 0 {
			row = o.index.next[row]
		}
		if text := o.table.Rows[row][o.columns[i]]; text != "" {
			if v, ok := r.cast(a.field, text); ok {
				r.put(a.field.Name, v)
			}
		}
	}
}
