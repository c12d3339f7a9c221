package compile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/query/plan"
)

// DuckDB is the dialect of DuckDB 1.4.
type DuckDB struct{}

// Ident quotes a name.
func (DuckDB) Ident(name string) string {
	return `"` + strings.ReplaceAll(printable(name), `"`, `""`) + `"`
}

// printable replaces what the name of a column cannot hold.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// text is the one place where text of a query becomes SQL: a literal in which a
// quote is doubled and everything else stands for itself.
func text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if !strings.ContainsAny(s, "\x00\n") {
		return quoted
	}
	// The engine ends a statement at a zero byte, and the end of a line would be
	// indented with the statement, so both are spliced in.
	return "(" + strings.NewReplacer("\x00", "' || chr(0) || '", "\n", "' || chr(10) || '").Replace(quoted) + ")"
}

// Type names a type.
func (DuckDB) Type(t plan.Type) string {
	name := "VARCHAR"
	switch t.Kind {
	case plan.Bool:
		name = "BOOLEAN"
	case plan.Int:
		name = "BIGINT"
	case plan.Float:
		name = "DOUBLE"
	case plan.Time:
		name = "TIMESTAMP"
	}
	if t.List {
		name += "[]"
	}
	return name
}

// Literal writes a value.
func (d DuckDB) Literal(v any, t plan.Type) (string, error) {
	switch v := v.(type) {
	case nil:
		return "CAST(NULL AS " + d.Type(t) + ")", nil
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)), nil
	case string:
		return text(v), nil
	case int64:
		if v == math.MinInt64 { // its digits alone are too large for a BIGINT
			return "(-9223372036854775807 - 1)", nil
		}
		return "CAST(" + strconv.FormatInt(v, 10) + " AS BIGINT)", nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "CAST(NULL AS DOUBLE)", nil
		}
		return "CAST(" + strconv.FormatFloat(v, 'g', -1, 64) + " AS DOUBLE)", nil
	case time.Time:
		ms := v.UnixMilli()
		if y := v.UTC().Year(); y < 1 || y > 9999 {
			return "epoch_ms(CAST(" + strconv.FormatInt(ms, 10) + " AS BIGINT))", nil
		}
		return "TIMESTAMP '" + v.UTC().Format("2006-01-02 15:04:05.000") + "'", nil
	case []any:
		items := make([]string, len(v))
		for i, m := range v {
			s, err := d.Literal(m, plan.Type{Kind: t.Kind})
			if err != nil {
				return "", err
			}
			items[i] = s
		}
		return "CAST([" + strings.Join(items, ", ") + "] AS " + d.Type(t) + ")", nil
	}
	return "", fmt.Errorf("compile: no literal for %T", v)
}

// Cast converts a value; what does not fit becomes null.
func (d DuckDB) Cast(value string, from, to plan.Type) string {
	switch {
	case from == to:
		return value
	case from.List && !to.List:
		return d.Cast(value+"[1]", plan.Type{Kind: from.Kind}, to)
	case !from.List && to.List:
		return "CASE WHEN " + value + " IS NULL THEN NULL ELSE [" + d.Cast(value, from, plan.Type{Kind: to.Kind}) + "] END"
	case to.Kind == plan.Time && from.Kind.Numeric():
		return "TRY(epoch_ms(CAST(" + value + " AS BIGINT)))"
	case from.Kind == plan.Time && to.Kind.Numeric():
		return "CAST(epoch_ms(" + value + ") AS " + d.Type(to) + ")"
	}
	return "TRY_CAST(" + value + " AS " + d.Type(to) + ")"
}

// Files reads segment files that have the same columns.
func (DuckDB) Files(paths []string, numbered bool) string {
	list := make([]string, len(paths))
	for i, p := range paths {
		list[i] = text(p)
	}
	s := "read_parquet([" + strings.Join(list, ", ") + "], union_by_name = false"
	if numbered {
		s += ", file_row_number = true"
	}
	return s + ")"
}

// Series counts from 0.
func (d DuckDB) Series(column string, n int) string {
	return fmt.Sprintf("(SELECT unnest(range(%d)) AS %s)", n, d.Ident(column))
}

// Aggregate writes an aggregate function.
func (d DuckDB) Aggregate(a plan.Agg, arg, order, suffix string) string {
	f := func(s string) string { return s + suffix }
	switch a.Function {
	case plan.CountRows:
		return f("count(*)")
	case plan.Count:
		return f("count(" + arg + ")")
	case plan.CountDist:
		return f("count(DISTINCT " + arg + ")")
	case plan.Sum:
		if a.Arg.Type().Kind == plan.Int {
			// The sum of BIGINTs is a HUGEINT; what does not fit is null.
			return "TRY_CAST(" + f("sum("+arg+")") + " AS BIGINT)"
		}
		return f("sum(" + arg + ")")
	case plan.Avg:
		return f("avg(" + arg + ")")
	case plan.StdDev:
		return f("stddev_samp(" + arg + ")")
	case plan.Percentile:
		if a.Arg.Type().Kind != plan.Int {
			arg = "CAST(" + arg + " AS DOUBLE)"
		}
		return f("quantile_cont(" + arg + ", " + strconv.FormatFloat(a.P, 'f', -1, 64) + ")")
	case plan.Max:
		return f("max(" + arg + ")")
	case plan.Earliest:
		return f("arg_min(" + arg + ", " + order + ")")
	case plan.Latest:
		return f("arg_max(" + arg + ", " + order + ")")
	case plan.FirstN:
		return f(fmt.Sprintf("arg_min(%s, %s, %d)", arg, order, a.N))
	default:
		return f("min(" + arg + ")")
	}
}

// Dense gathers values into a list of n.
func (DuckDB) Dense(value, place, empty string, n int) string {
	return fmt.Sprintf("list_transform(range(%d), lambda i: coalesce(map_from_entries(list(struct_pack(k := %s, v := %s)))[i], %s))", n, place, value, empty)
}
