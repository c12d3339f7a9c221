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

// learn runs a query against a catalogue that grows by the fields it is said to
// lack: numbers where a function of numbers wants them, else text.
func learn(t *testing.T, e *Engine, text string) error {
	known := taught{testFields(), map[string]*plan.Lookup{}}
	for range 30 {
		e.catalogue = known
		_, err := e.Run(t.Context(), request(text))
		var bad *syntax.Errors
		if !errors.As(err, &bad) {
			return err
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
			return err
		}
	}
	return errors.New("no end of unknown fields")
}

// TestRealQueries runs every query of published dashboards over a store that
// has the fields it names. A query may only be refused for a command that is
// not supported yet.
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
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	refused := map[string]int{}
	total, ran := 0, 0
	for line := range bytes.Lines(data) {
		var q struct{ Query string }
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		total++
		err := learn(t, newEngine(st), q.Query)
		var bad *syntax.Errors
		switch {
		case err == nil:
			ran++
		case errors.As(err, &bad) && strings.Contains(err.Error(), "not supported"):
			for _, x := range bad.List {
				refused[x.Message]++
			}
		default:
			t.Errorf("%s\n%v", q.Query, err)
		}
	}
	t.Logf("%d of %d queries ran; refused: %v", ran, total, refused)
}
