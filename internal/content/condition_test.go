package content

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func is(field, value string) Condition {
	return Condition{Field: field, Operator: "EQUAL", Values: []string{value}}
}

func TestConditionTexts(t *testing.T) {
	a, b, c := is("sevlvl", "ERROR"), Condition{Field: "msg", Operator: "CONTAINS", Values: []string{"it's", "x"}}, Condition{Field: "usrname", Operator: "IS_NULL"}
	for text, want := range map[string]Condition{
		"sevlvl EQUAL 'ERROR'":                          a,
		"( sevlvl equal 'ERROR' )":                      a,
		"msg CONTAINS ('it''s', 'x')":                   b,
		"usrname IS_NULL":                               c,
		"'User Name' IS_NULL":                           {Field: "User Name", Operator: "IS_NULL"},
		"sevlvl EQUAL 'ERROR' AND usrname IS_NULL":      {Join: "AND", Of: []Condition{a, c}},
		"NOT (usrname IS_NULL)":                         {Join: "NOT_AND", Of: []Condition{c}},
		"not (sevlvl EQUAL 'ERROR' or usrname is_null)": {Join: "NOT_OR", Of: []Condition{a, c}},
		// AND binds closer than OR.
		"usrname IS_NULL OR sevlvl EQUAL 'ERROR' AND usrname IS_NULL":   {Join: "OR", Of: []Condition{c, {Join: "AND", Of: []Condition{a, c}}}},
		"(usrname IS_NULL OR sevlvl EQUAL 'ERROR') AND usrname IS_NULL": {Join: "AND", Of: []Condition{{Join: "OR", Of: []Condition{c, a}}, c}},
	} {
		got, err := ParseCondition(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
		again, err := ParseCondition(got.String())
		if err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%s is written as %s, which is %+v, %v", text, got, again, err)
		}
	}
	for text, at := range map[string]string{
		"":                       "character 1",
		"msg":                    "character 4",
		"msg EQUAL":              "character 10",
		"msg EQUAL x":            "character 11",
		"msg EQUAL 'x":           "character 11",
		"msg EQUAL 'x' AND":      "character 18",
		"msg EQUAL 'x' msg":      "character 15",
		"(msg EQUAL 'x'":         "character 15",
		"NOT msg EQUAL 'x'":      "character 5",
		"msg EQUAL ('x' 'y')":    "character 16",
		strings.Repeat("(", 100): "nested more than",
		"a IS_NULL" + strings.Repeat(" OR a IS_NULL", 2000): "more than 1000",
	} {
		if _, err := ParseCondition(text); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), at) {
			t.Errorf("%.40s: %v, want %s", text, err, at)
		}
	}
}

// What is read is written so that it reads the same.
func FuzzParseCondition(f *testing.F) {
	f.Add("msg CONTAINS ('a''b', 'c') AND NOT (sevlvl IN ('X') OR 'Some Field' IS_NULL)")
	f.Add("((a EQUAL ()) OR b NOT_NULL) and not ((not (c EQUAL '')))")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCondition(text)
		if err != nil {
			return
		}
		again, err := ParseCondition(c.String())
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%q is written as %q: %+v, not %+v, %v", text, c, again, c, err)
		}
	})
}

// A condition of three levels, judged for every combination of what it asks.
func TestNestedConditionsAreJudged(t *testing.T) {
	l := openLibrary(t)
	c, err := ParseCondition("sevlvl EQUAL 'E' AND NOT (usrname IS_NULL OR (msg CONTAINS 'x' AND msg CONTAINS 'y'))")
	if err != nil {
		t.Fatal(err)
	}
	for _, sev := range []string{"E", "W"} {
		for _, user := range []string{"", "ann"} {
			for _, msg := range []string{"", "x", "y", "xy"} {
				values := map[string]string{"sevlvl": sev, "msg": msg}
				if user != "" {
					values["usrname"] = user
				}
				want := sev == "E" && user != "" && msg != "xy"
				if got, err := l.TryCondition(c, values); err != nil || got != want {
					t.Errorf("%v: %t, %v", values, got, err)
				}
			}
		}
	}
	deep := is("msg", "x")
	for range maxConditionDepth + 1 {
		deep = Condition{Join: "NOT_AND", Of: []Condition{deep}}
	}
	for _, bad := range []Condition{deep, {Join: "XOR", Of: []Condition{is("msg", "x")}}, {Join: "AND"}, is("nofield", "x"), {Field: "msg", Operator: "LIKE"},
		{Field: "msg", Operator: "CONTAINS_REGEX", Values: []string{"("}}} {
		if _, err := l.TryCondition(bad, nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.80s: %v", bad, err)
		}
	}
}

// Rules stored by earlier versions had two lists and a flag.
func TestRulesOfEarlierVersionsAreRead(t *testing.T) {
	one := `{"Field":"msg","Operator":"EQUAL","Values":["x"]}`
	for text, want := range map[string]string{
		`"All":[` + one + `],"Any":null,"Negate":false`:       "msg EQUAL 'x'",
		`"All":[` + one + `,` + one + `],"Negate":true`:       "NOT (msg EQUAL 'x' AND msg EQUAL 'x')",
		`"Any":[` + one + `,` + one + `],"Negate":false`:      "msg EQUAL 'x' OR msg EQUAL 'x'",
		`"Any":[` + one + `],"Negate":true`:                   "NOT (msg EQUAL 'x')",
		`"When":{"Join":"OR","Of":[` + one + `,` + one + `]}`: "msg EQUAL 'x' OR msg EQUAL 'x'",
	} {
		var r LabelRule
		if err := json.Unmarshal([]byte(`{`+text+`,"Field":"mtag","Tags":["#a"],"Enabled":true}`), &r); err != nil || r.When.String() != want || r.Field != "mtag" || !r.Enabled {
			t.Errorf("%s is %+v, %v", text, r, err)
		}
	}
}

// Groups within groups come out of a content file as they went in.
func TestNestedBlocksOfContentFiles(t *testing.T) {
	c, err := ParseCondition("sevlvl EQUAL 'E' AND NOT (usrname IS_NULL OR (msg CONTAINS ('x', 'y') AND msg NOT_CONTAINS 'z'))")
	if err != nil {
		t.Fatal(err)
	}
	rule := LabelRule{When: c, Field: fieldLabels, Tags: []string{"#a"}, Enabled: true}
	if got := decodeRules(element("TagConditions", encodeRule(&rule))); len(got) != 1 || !reflect.DeepEqual(got[0], rule) {
		t.Errorf("%+v, want %+v", got, rule)
	}
	extended := ExtendedFields{Condition: &c, Fields: []ExtendedField{{Base: "msg", Expression: "{udfs1:x}", Enabled: true}}}
	if got := decodeExtended(encodeExtended(extended)); !reflect.DeepEqual(got, extended) {
		t.Errorf("%+v, want %+v", got, extended)
	}
}
