package query

import (
	"context"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// nothing is what a new service has stored of content.
type nothing struct{ content.Documents }

func (nothing) LoadContent(context.Context) ([]content.Document, error) { return nil, nil }

// TestBuiltInFields: every field that the language promises for all records, or
// that published content relies on, is in the catalogue under its names, and
// names that people try in vain are not.
func TestBuiltInFields(t *testing.T) {
	library, err := content.Open(t.Context(), nothing{}, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		display, internal string // an empty internal name is anything
		kind              record.Type
	}{
		{"Time", "time", record.Timestamp}, {"Original Log Content", "mbody", record.String}, {"Message", "msg", record.String},
		{"Log Source", "msrcid", record.String}, {"Entity", "mtgt", record.String}, {"Entity Type", "mtgttype", record.String},
		{"Log Entity", "mlogent", record.String}, {"Log Group", "logGroup", record.String}, {"Log Origin", "", record.String},
		{"Upload Name", "", record.String}, {"Label", "mtag", record.String}, {"Problem Priority", "mtagpriority", record.String},
		{"Host Name (Server)", "srvrhostname", record.String}, {"Severity", "sevlvl", record.String}, {"Parse Failed", "", record.Long},
		{"Collection Time", "", record.Timestamp}, {"ID", "id", record.String}, {"_Truncated", "", record.Long}, {"Log Set", "", record.String},
		{"User Name", "usrname", record.String}, {"User ID", "usrid", record.String}, {"Source IP", "srcip", record.String},
		{"Status", "status", record.String}, {"Method", "method", record.String}, {"Type", "type", record.String},
		{"Event ID", "eventid", record.String}, {"Event", "event", record.String}, {"Event Type", "eventtype", record.String},
		{"Thread", "thread", record.String}, {"Module", "mod", record.String}, {"ECID", "ecidid", record.String},
	} {
		for _, name := range []string{c.display, c.internal, strings.ToUpper(c.display)} {
			if f, ok := library.Field(name); name != "" && (!ok || f.Display != c.display || f.Type != c.kind) {
				t.Errorf("%s: %t %+v, want %s of type %v", name, ok, f, c.display, c.kind)
			}
		}
	}
	for _, name := range []string{"Parser Name", "Host", "User"} {
		if f, ok := library.Field(name); ok {
			t.Errorf("%s is a field: %+v", name, f)
		}
	}
}

// TestErrorWording: mistakes read as the service words them.
func TestErrorWording(t *testing.T) {
	st := newStore(t)
	for text, want := range map[string]string{
		"* | where Status like 'a%'":                     "where Status like.  Unexpected input for WHERE: like.  Syntax: WHERE <expression>",
		"Status = ":                                      "Missing input for SEARCH",
		"* | stats":                                      "Missing input for STATS",
		"* | stats count by Nothing":                     "Invalid field for BY: Nothing",
		"* | stats count by Message":                     "Invalid field for BY: Message",
		"* | stats count by Status | fields 'User Name'": "Invalid field for FIELDS after STATS: User Name",
		"Nothing = 5":                                    "Invalid field for SEARCH = operator: Nothing",
		"Nothing like 'a%'":                              "Invalid field for SEARCH like operator: Nothing",
		"Nothing in (a, b)":                              "Invalid field for SEARCH in operator: Nothing",
		"Status = 404":                                   "Invalid string value for the field 'Status': 404",
		"'Content Size Out' = 'x'":                       "Invalid long value for the field 'Content Size Out': 'x'",
		"* | where (:id = null)":                         "Unexpected input for WHERE: :",
	} {
		e := NewEngine(st, testFields(), Options{Strict: true})
		err := e.Check(text)
		service, ok := err.(interface{ Service() string })
		if !ok || !strings.Contains(service.Service(), want) {
			t.Errorf("%s\n%v\nwant %s", text, err, want)
		}
	}
}

// TestGeneratedFields: what commands make is called as the language says.
func TestGeneratedFields(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, []rec{{ago: 5, text: "a b", fields: map[string]any{"Status": "200", "Content Size Out": 5}}})
	e := newEngine(st)
	for text, want := range map[string]string{
		"* | link Status":                                                  "Status, Count, Start Time, End Time, Group Duration",
		"* | link Status, cluster()":                                       "Cluster Sample, Potential Issue",
		"* | link Status | where ID != null | fields ID":                   "ID",
		"* | link Status | eval d = 'Query End Time' - 'Query Start Time'": "d",
		"* | stats count":                                                  "Count",
		"* | cluster":                                                      "Collection, ID, Log Source, Count, Cluster Sample, Sample Count, Shape, Trend, Score, Potential Issue, Problem Priority",
		"* | addinsights | fields 'Cluster Record Count', 'Shape Record Count', 'Shape Cluster Count', 'Shape ID', 'Potential Issue'": "Cluster Record Count, Shape Record Count, Shape Cluster Count, Shape ID, Potential Issue",
		"* | rare showcount = true showpercent = true Status":                                                                         "Rare Count(Status), Rare Percent(Status)",
		"* | frequent showcount = true showpercent = true Status":                                                                     "Frequent Count(Status), Frequent Percent(Status)",
		"* | fieldsummary Status":                                  "field, value, count, trend",
		"* | link Time, Status | timecluster sum(Count) by Status": "Cluster ID, Cluster Members, Minimum Value, Maximum Value, Value, Percentage, Cluster Samples",
	} {
		res := ask(t, e, text)
		for name := range strings.SplitSeq(want, ", ") {
			if !slices.ContainsFunc(res.Columns, func(c Column) bool { return c.Name == name }) {
				t.Errorf("%s has no column %s: %+v", text, name, res.Columns)
			}
		}
	}
}
