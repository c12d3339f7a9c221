package content

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
)

// tables stands for the lookups of a service; a table that changes is another one.
type tables map[string]*LookupTable

func (t tables) find(name string) (*LookupTable, bool) {
	v, ok := t[strings.ToLower(name)]
	return v, ok
}

// staff opens a library whose log source "staff" reads a user, a region and a text.
// fields maps display names to internal ones.
func staff(t *testing.T, known tables, functions ...Function) (l *Library, fields map[string]string, warnings []Warning) {
	t.Helper()
	ctx := context.Background()
	l, err := Open(ctx, &memory{}, Options{Clock: func() time.Time { return receipt }, Lookups: known.find})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.PutLabel(ctx, Label{Display: "Red", Priority: "NONE"}, ""); err != nil {
		t.Fatal(err)
	}
	fields = map[string]string{}
	for _, f := range []record.Field{{Display: "Who", Type: record.String}, {Display: "Region Code", Type: record.String}, {Display: "Team", Type: record.String},
		{Display: "Site", Type: record.String}, {Display: "Floor", Type: record.Long}} {
		made, err := l.PutField(ctx, f, "")
		if err != nil {
			t.Fatal(err)
		}
		fields[f.Display] = made.Name
	}
	fields["Message"] = "msg"
	if _, err := l.PutParser(ctx, Parser{Name: "staff", Display: "staff", Kind: Regex, Content: `(\S*),(\S+),(.*)`, SingleLine: true,
		Fields: []ParserField{{Seq: 1, Field: fields["Who"]}, {Seq: 2, Field: fields["Region Code"]}, {Seq: 3, Field: "msg"}}}, ""); err != nil {
		t.Fatal(err)
	}
	for i := range functions {
		for _, list := range [][]FunctionArgument{functions[i].Inputs, functions[i].Outputs} {
			for n := range list {
				if name, ok := fields[list[n].Field]; ok {
					list[n].Field = name
				}
			}
		}
	}
	warnings, err = l.PutSource(ctx, Source{Name: "staff", Display: "Staff", Parsers: []string{"staff"}, Functions: functions,
		LabelRules: []LabelRule{{When: Condition{Field: fields["Team"], Operator: "EQUAL", Values: []string{"red"}}, Field: fieldLabels, Tags: []string{"Red"}, Enabled: true}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	return l, fields, warnings
}

func teams() Function {
	return Function{Name: "Lookup", LookupTable: "Teams", LookupMode: "1", Order: 1, Enabled: true,
		Inputs:  []FunctionArgument{{Column: "user", Field: "Who", Service: "FIELD"}, {Column: "REGION", Field: "Region Code"}},
		Outputs: []FunctionArgument{{Column: "team", Field: "Team"}, {Column: "floor", Field: "Floor"}}}
}

func teamRows(rows ...[]string) tables {
	return tables{"teams": {Columns: []string{"User", "Region", "Team", "Floor"}, Rows: rows}}
}

func warned(list []Warning, code string) (n int64) {
	for _, w := range list {
		if w.Code == code {
			n += w.Count
		}
	}
	return n
}

func TestLookupsFillFields(t *testing.T) {
	known := teamRows([]string{"ann", "eu", "red", "3"}, []string{"ANN", "us", "blue", "upstairs"}, []string{"bob", "eu", "", "4"}, []string{"Bob", "EU", "green", "5"},
		[]string{"", "eu", "ghost", "9"})
	l, fields, warnings := staff(t, known, teams())
	if len(warnings) > 0 {
		t.Errorf("%v", warnings)
	}
	entries, warnings := parse(t, l, upload("Staff"), "ann,EU,in\nAnn,us,out\nbob,eu,in\ndan,eu,in\n,eu,nobody\n")
	if len(entries) != 5 {
		t.Fatalf("%d entries", len(entries))
	}
	team, floor := fields["Team"], fields["Floor"]
	wantCell(t, entries[0], team, record.Text("red"))
	wantCell(t, entries[0], floor, record.Whole(3))
	if !slices.Equal(entries[0].Labels, []string{"Red"}) {
		t.Errorf("labels %v: they follow what lookups tell", entries[0].Labels)
	}
	wantCell(t, entries[1], team, record.Text("blue"))
	wantNoCell(t, entries[1], floor) // no number
	wantCell(t, entries[2], team, record.Text("green"))
	wantCell(t, entries[2], floor, record.Whole(4))
	for _, e := range entries[3:] {
		wantNoCell(t, e, team)
		wantNoCell(t, e, floor)
	}
	if warned(warnings, "ValueDropped") != 1 || warned(warnings, "LookupMissing") != 0 {
		t.Errorf("%v", warnings)
	}

	// The next upload sees the table as it is then.
	known["teams"] = &LookupTable{Columns: []string{"region", "user", "team", "floor"}, Rows: [][]string{{"eu", "dan", "red", "1"}}}
	entries, _ = parse(t, l, upload("Staff"), "ann,eu,in\ndan,eu,in\n")
	wantNoCell(t, entries[0], team)
	wantCell(t, entries[1], team, record.Text("red"))
}

func TestLookupsRunInOrderAndMayOverride(t *testing.T) {
	known := teamRows([]string{"ann", "eu", "red", "3"})
	known["sites"] = &LookupTable{Columns: []string{"team", "site", "said"}, Rows: [][]string{{"red", "Lyon", "moved"}}}
	site := Function{Name: "Lookup", LookupTable: "sites", Order: 2, Enabled: true, Inputs: []FunctionArgument{{Column: "team", Field: "Team"}},
		Outputs: []FunctionArgument{{Column: "site", Field: "Site"}, {Column: "said", Field: "Message"}}}
	l, fields, _ := staff(t, known, site, teams()) // listed the other way round
	entries, _ := parse(t, l, upload("Staff"), "ann,eu,in\n")
	wantCell(t, entries[0], fields["Site"], record.Text("Lyon"))
	wantCell(t, entries[0], "msg", record.Text("in"))

	site = Function{Name: "Lookup", LookupTable: "sites", Order: 2, Enabled: true, Override: true, Inputs: []FunctionArgument{{Column: "team", Field: "Team"}},
		Outputs: []FunctionArgument{{Column: "said", Field: "Message"}}}
	l, _, _ = staff(t, known, teams(), site)
	entries, _ = parse(t, l, upload("Staff"), "ann,eu,in\n")
	wantCell(t, entries[0], "msg", record.Text("moved"))

	off := teams()
	off.Enabled = false
	l, fields, warnings := staff(t, known, off)
	entries, _ = parse(t, l, upload("Staff"), "ann,eu,in\n")
	if wantNoCell(t, entries[0], fields["Team"]); len(warnings) > 0 {
		t.Errorf("%v", warnings)
	}
}

// What cannot be looked up is said once for an upload, and no record is lost for it.
func TestLookupsThatAreMissing(t *testing.T) {
	known := tables{}
	l, fields, warnings := staff(t, known, teams())
	if warned(warnings, "LookupMissing") != 1 {
		t.Errorf("%v", warnings)
	}
	for _, table := range []*LookupTable{nil, {Columns: []string{"user", "team", "floor"}, Rows: [][]string{{"ann", "red", "1"}}}, {Columns: []string{"user", "region", "team"}}} {
		if table != nil {
			known["teams"] = table
		}
		entries, warnings := parse(t, l, upload("Staff"), "ann,eu,in\nbob,eu,in\n")
		if len(entries) != 2 || warned(warnings, "LookupMissing") != 1 {
			t.Errorf("%d entries, %v", len(entries), warnings)
		}
		wantNoCell(t, entries[0], fields["Team"])
	}
}

// Functions whose form is not clear are kept, and each is said not to run.
func TestFunctionsThatAreNotRun(t *testing.T) {
	for name, change := range map[string]func(*Function){
		"Geolocation":    func(f *Function) { f.Name, f.LookupTable = "Geolocation", "" },
		"the mode":       func(f *Function) { f.LookupMode = "7" },
		"the service":    func(f *Function) { f.Inputs[0].Service = "ENTITY" },
		"no column":      func(f *Function) { f.Outputs[0].Column = "" },
		"does not exist": func(f *Function) { f.Outputs[0].Field = "nosuch" },
		"every record":   func(f *Function) { f.Outputs[0].Field = "time" },
		"to fill":        func(f *Function) { f.Outputs = nil },
	} {
		f := teams()
		change(&f)
		l, fields, warnings := staff(t, teamRows([]string{"ann", "eu", "red", "3"}), f)
		if len(warnings) != 1 || warnings[0].Code != "FunctionNotRun" || !strings.Contains(warnings[0].Message, name) {
			t.Errorf("%s: %v", name, warnings)
		}
		entries, _ := parse(t, l, upload("Staff"), "ann,eu,in\n")
		wantNoCell(t, entries[0], fields["Floor"])
		if v, _ := l.Source("staff"); len(v.Functions) != 1 {
			t.Errorf("%s: %+v", name, v.Functions)
		}
	}
}
