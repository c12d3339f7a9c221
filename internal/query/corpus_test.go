package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// taught is a catalogue with the lookup tables that a query names.
type taught struct {
	fields
	tables map[string]*plan.Lookup
}

func (k taught) Lookup(name string) (*plan.Lookup, bool) {
	t, ok := k.tables[strings.ToLower(name)]
	return t, ok
}

// table makes the table, or the column of one, that a message misses.
func (k taught) table(message string) bool {
	if name, ok := strings.CutPrefix(message, "Invalid table for LOOKUP: "); ok {
		name, _, _ = strings.Cut(name, ";")
		k.tables[strings.ToLower(name)] = &plan.Lookup{Rows: [][]string{{"1", "2", "3"}}}
		return true
	}
	column, ok := strings.CutPrefix(message, "Invalid field for LOOKUP: ")
	column, name, both := strings.Cut(column, " is no column of ")
	if t := k.tables[strings.ToLower(name)]; ok && both && t != nil {
		t.Columns = append(t.Columns, column)
		return true
	}
	return false
}

// text makes a field a text that a query compares with one.
func (k taught) text(message string) bool {
	name, ok := strings.CutPrefix(message, "Invalid long value for the field '")
	name, _, _ = strings.Cut(name, "'")
	for i, f := range k.list {
		if ok && strings.EqualFold(f.Display, name) && f.Type != record.String {
			k.list[i].Type = record.String
			return true
		}
	}
	return false
}

// learn is a catalogue that grew by the fields a query is said to lack: numbers
// where a function of numbers wants them, else text.
func learn(e *Engine, text string) (taught, error) {
	known := taught{testFields(), map[string]*plan.Lookup{}}
	for range 30 {
		e.catalogue = known
		err := e.Check(text)
		var bad *syntax.Errors
		if !errors.As(err, &bad) {
			return known, err
		}
		before := len(known.list)
		learnt := false
		for _, x := range bad.List {
			if known.table(x.Message) || known.text(x.Message) {
				learnt = true
				continue
			}
			clause, name, ok := strings.Cut(strings.TrimPrefix(x.Message, "Invalid field for "), ": ")
			clause, gone := strings.CutSuffix(clause, " after LINK") // its records may have the field
			if !ok || strings.Contains(clause, " after ") || gone && clause == "FIELDS" {
				continue
			}
			if _, exists := known.Field(name); exists {
				continue
			}
			f := record.Field{Name: fmt.Sprintf("udf%d", len(known.list)), Display: name, Type: record.String}
			switch clause {
			case "SUM", "AVG", "PCT", "MEDIAN", "MAX", "MIN", "WHERE", "EVAL":
				f.Type = record.Double
			}
			known.list = append(known.list, f)
		}
		if len(known.list) == before && !learnt {
			return known, err
		}
	}
	return known, errors.New("no end of unknown fields")
}

// TestRealQueries runs every query of published dashboards over records made
// for it, in a day of its own: whatever its search asks for, all of them hold.
// A query may only be refused for a command that is not supported.
func TestRealQueries(t *testing.T) {
	shared := os.Getenv("LEDGERLINE_SHARED")
	if shared == "" {
		shared = "../../../shared/data"
	}
	data, err := os.ReadFile(filepath.Join(shared, "queries.jsonl"))
	if err != nil {
		t.Skip("the published queries are not here: ", err)
	}
	st := newStore(t)
	day := 0
	for line := range bytes.Lines(data) {
		var q struct{ Query string }
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		day++
		t.Run(fmt.Sprint(day), func(t *testing.T) {
			c := published{t: t, store: st, text: q.Query, day: day, now: testNow.AddDate(0, 0, 3*day)}
			c.run()
			if t.Failed() {
				t.Log(q.Query)
			}
		})
	}
}
