package query

import (
	"encoding/json"
	"strings"
	"time"

	"ledgerline/internal/query/plan"
)

// cell is a value as results hold it: tables are JSON text in the engine.
func cell(c *plan.Column, v any) any {
	s, ok := v.(string)
	if c.Table == nil || !ok {
		return clean(v)
	}
	in := json.NewDecoder(strings.NewReader(s))
	in.UseNumber()
	t := &Table{Columns: describe(c.Table)}
	if err := in.Decode(&t.Rows); err != nil {
		return s // text that an expression made of the table
	}
	for _, row := range t.Rows {
		for i := range min(len(row), len(c.Table)) {
			row[i] = typed(row[i], c.Table[i].Type.Kind)
		}
	}
	return t
}

// typed reads a value of JSON text as one of a kind.
func typed(v any, k plan.Kind) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		switch {
		case k == plan.Time && err == nil:
			return time.UnixMilli(n).UTC()
		case k == plan.Int && err == nil:
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = typed(v[i], k)
		}
	}
	return v
}
