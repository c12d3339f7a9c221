package query

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/query/plan"
	"ledgerline/internal/query/syntax"
)

const manual = "../../docs/query-language.md"

// example is a query of the manual and what the manual says of it: a result, or
// an error.
type example struct {
	line   int // of the query's first line
	zone   string
	query  string
	result string
	failed bool // the result is an error's text
}

// examples reads the blocks of the manual: each one fenced as query is followed by
// one fenced as result or error.
func examples(t *testing.T) []example {
	t.Helper()
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	var kind, zone string
	var body []string
	wanting := false
	start := 0
	for i, line := range strings.Split(string(data), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && kind == "":
			words := append(strings.Fields(info), "text")
			kind, zone, body, start = words[0], strings.TrimPrefix(words[1], "zone="), nil, i+2
			if kind == "query" && wanting {
				t.Errorf("%s:%d: the query before has no result", manual, i+1)
			}
			if (kind == "result" || kind == "error") != wanting && kind != "query" {
				t.Errorf("%s:%d: a block of %s in the wrong place", manual, i+1, kind)
			}
		case fence:
			text := strings.Join(body, "\n")
			switch kind {
			case "query":
				out, wanting = append(out, example{line: start, query: text}), true
				if zone != "text" {
					out[len(out)-1].zone = zone
				}
			case "result", "error":
				if len(out) > 0 {
					e := &out[len(out)-1]
					e.result, e.failed, wanting = text, kind == "error", false
				}
			}
			kind = ""
		default:
			body = append(body, line)
		}
	}
	if kind != "" || wanting {
		t.Errorf("%s: the last block is not complete", manual)
	}
	return out
}

// noDocuments is a catalogue of content that holds what is built in alone.
type noDocuments struct{ content.Documents }

func (noDocuments) LoadContent(context.Context) ([]content.Document, error) { return nil, nil }

// manualCatalogue is what the manual's queries know: the fields that every
// installation has, one log group and one lookup table.
type manualCatalogue struct {
	fields
	people *plan.Lookup
}

func (c manualCatalogue) Lookup(name string) (*plan.Lookup, bool) {
	return c.people, strings.EqualFold(name, "People")
}

func newManualEngine(t *testing.T) *Engine {
	t.Helper()
	library, err := content.Open(t.Context(), noDocuments{}, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("testdata/manual/people.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	table, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cat := manualCatalogue{
		fields{library.Fields(), map[string]string{groupA: "Default"}},
		&plan.Lookup{Columns: table[0], Rows: table[1:]},
	}
	st := newStore(t)
	ingestWith(t, cat, st, 1, readRecords(t, "testdata/manual/records.jsonl"))
	return NewEngine(st, cat, Options{Clock: func() time.Time { return testNow }})
}

// TestManual asks every query of the manual and compares the answer with what
// the manual says.
func TestManual(t *testing.T) {
	e := newManualEngine(t)
	for _, x := range examples(t) {
		t.Run(fmt.Sprintf("line %d", x.line), func(t *testing.T) {
			zone, err := time.LoadLocation(x.zone)
			if err != nil {
				t.Fatal(err)
			}
			req := request(x.query)
			req.Zone = zone
			res, err := e.Run(t.Context(), req)
			switch {
			case x.failed && err == nil:
				t.Errorf("%s\nno error, want\n%s", x.query, x.result)
			case x.failed:
				if strings.TrimSpace(err.Error()) != strings.TrimSpace(x.result) {
					t.Errorf("%s\nerror\n%v\nwant\n%s", x.query, err, x.result)
				}
			case err != nil:
				t.Errorf("%s\n%v", x.query, err)
			default:
				got, want := tableOf(res), tableIn(x.result)
				if !sameTable(got, want) {
					t.Errorf("%s\ngot\n%s\nwant\n%s", x.query, printed(got), printed(want))
				}
			}
		})
	}
}

// TestManualIsComplete wants an example of every command and function: one with
// a result, or one that shows that it is not supported.
func TestManualIsComplete(t *testing.T) {
	shown, refused, functions := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, x := range examples(t) {
		if _, name, ok := strings.Cut(x.result, "function not supported: "); x.failed && ok {
			name, _, _ = strings.Cut(name, ";")
			functions[name] = true
		}
		q, err := syntax.Parse(x.query)
		if err != nil {
			continue // an example of a mistake
		}
		for _, c := range q.Commands {
			name := strings.ToLower(c.Keyword())
			if x.failed && strings.Contains(x.result, "command not supported: "+c.Keyword()) {
				refused[name] = true
			}
			if !x.failed {
				shown[name] = true
			}
		}
		if !x.failed {
			for _, word := range strings.FieldsFunc(strings.ToLower(x.query), func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < '0' || r > '9')
			}) {
				functions[word] = true
			}
		}
	}
	for _, c := range syntax.CommandInfos() {
		switch {
		case shown[c.Name] && refused[c.Name]:
			t.Errorf("%s is shown to work and to be refused", c.Name)
		case !shown[c.Name] && !refused[c.Name]:
			t.Errorf("%s has no example in %s", c.Name, manual)
		}
	}
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range syntax.CommandInfos() {
		if usage := strings.TrimSpace(c.Name + " " + c.Usage); shown[c.Name] && !strings.Contains(string(text), "\n    "+usage+"\n") {
			t.Errorf("%s lacks the usage of %s:\n    %s", manual, c.Name, usage)
		}
	}
	for _, f := range slices.Concat(syntax.Aggregates(), syntax.Scalars()) {
		if !functions[f.Name] {
			t.Errorf("the function %s has no example in %s", f.Name, manual)
		}
	}
}

// tableOf prints a result as cells: the headers, the rows, and then the charts
// and tables beside them, each below a row with its name.
func tableOf(res *Result) [][]string {
	out := cellsOf(res.Columns, res.Rows)
	for _, c := range res.Charts {
		out = append(out, []string{"chart " + c.Name + ":"})
		out = append(out, seriesCells(c.Series)...)
	}
	for _, table := range res.Tables {
		out = append(out, []string{"table " + table.Name + ":"})
		out = append(out, cellsOf(table.Columns, table.Rows)...)
	}
	return out
}

func cellsOf(columns []Column, rows [][]any) [][]string {
	var names []string
	for _, c := range columns {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	out := [][]string{names}
	for _, row := range rows {
		var cells []string
		for i, v := range row {
			if !columns[i].Hidden {
				cells = append(cells, cellText(v))
			}
		}
		out = append(out, cells)
	}
	return out
}

func seriesCells(s *Series) [][]string {
	names := []string{"Time"}
	for _, c := range slices.Concat(s.By, s.Values) {
		names = append(names, c.Name)
	}
	out := [][]string{names}
	for i, at := range s.Buckets {
		for _, line := range s.Lines {
			cells := []string{cellText(time.UnixMilli(at))}
			for _, k := range line.Key {
				cells = append(cells, cellText(k))
			}
			for _, points := range line.Points {
				cells = append(cells, cellText(points[i]))
			}
			out = append(out, cells)
		}
	}
	return out
}

func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = cellText(v[i])
		}
		return strings.Join(parts, ", ")
	case *Table:
		var rows []string
		for _, row := range v.Rows {
			rows = append(rows, cellText(row))
		}
		return strings.Join(rows, "; ")
	}
	return fmt.Sprint(v)
}

// tableIn reads a table of the manual: a line a row, a bar between cells. The
// line below the headers is decoration.
func tableIn(text string) [][]string {
	var out [][]string
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Trim(line, "-|+ ") == "" {
			continue
		}
		cells := strings.Split(line, " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out = append(out, cells)
	}
	return out
}

func sameTable(got, want [][]string) bool {
	return slices.EqualFunc(got, want, func(a, b []string) bool { return slices.EqualFunc(a, b, sameCell) })
}

// sameCell compares cells; the manual may round numbers.
func sameCell(got, want string) bool {
	if got == want {
		return true
	}
	_, decimals, ok := strings.Cut(want, ".")
	g, err1 := strconv.ParseFloat(got, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	return ok && err1 == nil && err2 == nil && math.Abs(g-w) <= 0.5001*math.Pow10(-len(decimals))
}

func printed(table [][]string) string {
	widths := map[int]int{}
	for _, row := range table {
		for i, c := range row {
			if len(row) > 1 {
				widths[i] = max(widths[i], len([]rune(c)))
			}
		}
	}
	var b strings.Builder
	for i, row := range table {
		line := ""
		for j, c := range row {
			if j > 0 {
				line += " | "
			}
			line += c + strings.Repeat(" ", max(0, widths[j]-len([]rune(c))))
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		if i == 0 {
			b.WriteString(strings.Repeat("-", max(3, len([]rune(line)))) + "\n")
		}
	}
	return b.String()
}
