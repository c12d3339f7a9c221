package api

import (
	"reflect"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

func comparison(field, operator string, values ...string) la.ConditionBlock {
	return la.ConditionBlock{FieldName: &field, LabelConditionOperator: &operator, LabelConditionValues: values}
}

func TestSDKValidateLabelCondition(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c, ns := g.sdk(), ptr("demo")
	validate := func(d la.ValidateLabelConditionDetails) la.ValidateLabelConditionResult {
		t.Helper()
		r, err := c.ValidateLabelCondition(ctx, la.ValidateLabelConditionRequest{NamespaceName: ns, ValidateLabelConditionDetails: d})
		if err != nil {
			t.Fatal(err)
		}
		return r.ValidateLabelConditionResult
	}
	user := g.field("User Name")
	block := &la.ConditionBlock{ConditionBlocksOperator: "AND", ConditionBlocks: []la.ConditionBlock{comparison("User Name", "in", "ann", "bob"),
		{ConditionBlocksOperator: "NOT_OR", ConditionBlocks: []la.ConditionBlock{comparison("msg", "CONTAINS", "it's"), comparison("msg", "IS_NULL")}}}}
	text := user + " IN ('ann', 'bob') AND NOT (msg CONTAINS 'it''s' OR msg IS_NULL)"
	ofBlock := validate(la.ValidateLabelConditionDetails{ConditionBlock: block})
	if *ofBlock.Status != "SUCCEEDED" || *ofBlock.ConditionString != text || ofBlock.EvaluationResult != nil {
		t.Errorf("%+v", ofBlock)
	}
	ofText := validate(la.ValidateLabelConditionDetails{ConditionString: ptr("'User Name' in ('ann','bob') and not (msg contains 'it''s' or msg is_null)")})
	if *ofText.ConditionString != text || !reflect.DeepEqual(ofText.ConditionBlock, ofBlock.ConditionBlock) {
		t.Errorf("%+v, want %+v", ofText, ofBlock)
	}
	for message, want := range map[string]bool{"fine": true, "it's": false, "": false} {
		values := []la.LogAnalyticsProperty{{Name: ptr("User Name"), Value: ptr("bob")}}
		if message != "" {
			values = append(values, la.LogAnalyticsProperty{Name: ptr("msg"), Value: &message})
		}
		r := validate(la.ValidateLabelConditionDetails{ConditionString: &text, ConditionBlock: block, FieldValues: values})
		if *r.Status != "SUCCEEDED" || r.EvaluationResult == nil || *r.EvaluationResult != want || len(r.FieldValues) != len(values) {
			t.Errorf("%q: %+v", message, r)
		}
	}
	for says, d := range map[string]la.ValidateLabelConditionDetails{
		"character 5":      {ConditionString: ptr("msg ( 'x'")},
		"different things": {ConditionString: ptr("msg EQUAL 'x'"), ConditionBlock: block},
		"does not exist":   {ConditionString: ptr("nosuchfield EQUAL 'x'")},
		"is unknown":       {ConditionString: ptr("msg LIKE 'x'")},
		"holds a compar":   {ConditionBlock: &la.ConditionBlock{ConditionBlocksOperator: "AND"}},
	} {
		if r := validate(d); *r.Status != "FAILED" || !strings.Contains(*r.StatusDescription, says) {
			t.Errorf("%s: %+v", says, r)
		}
	}
	_, err := c.ValidateLabelCondition(ctx, la.ValidateLabelConditionRequest{NamespaceName: ns})
	refused(t, err, 400, "MissingParameter")
	// Nesting is bounded before it is walked.
	deep := strings.Repeat(`{"conditionBlocks":[`, 9000) + `{"fieldName":"msg","labelConditionOperator":"IS_NULL"}` + strings.Repeat("]}", 9000)
	if code, m := g.local("POST", nsPath+"/sources/actions/validateLabelCondition", `{"conditionBlock":`+deep+`}`); code >= 500 || code == 200 && m["status"] != "FAILED" {
		t.Errorf("deep: %d %v", code, m)
	}
}

// Conditions of a log source come as text or as blocks within blocks, and are answered as both.
func TestSDKConditionsOfASource(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c, ns := g.sdk(), ptr("demo")
	text := "sevlvl EQUAL 'E' AND NOT (msg IS_NULL OR (msg CONTAINS 'x' AND msg CONTAINS 'y'))"
	d := la.UpsertLogAnalyticsSourceDetails{Name: ptr("s"), DisplayName: ptr("s"), Parsers: []la.LogAnalyticsParser{{Name: ptr(g.lib.Sources()[0].Parsers[0])}},
		LabelConditions:          []la.LogAnalyticsSourceLabelCondition{{LabelName: ptr("#a"), ConditionString: &text}},
		ExtendedFieldDefinitions: []la.LogAnalyticsSourceExtendedFieldDefinition{{BaseFieldName: ptr("msg"), RegularExpression: ptr("{sevlvl:x}"), ConditionString: &text}}}
	upsert := func(d la.UpsertLogAnalyticsSourceDetails) la.LogAnalyticsSource {
		t.Helper()
		r, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: d, IsIgnoreWarning: ptr(true)})
		if err != nil {
			t.Fatal(err)
		}
		return r.LogAnalyticsSource
	}
	of := upsert(d)
	if len(of.LabelConditions) != 1 || len(of.ExtendedFieldDefinitions) != 1 {
		t.Fatalf("%+v", of)
	}
	label, extended := of.LabelConditions[0], of.ExtendedFieldDefinitions[0]
	if *label.ConditionString != text || *extended.ConditionString != text || len(label.ConditionBlock.ConditionBlocks[1].ConditionBlocks[1].ConditionBlocks) != 2 {
		t.Errorf("%+v, %+v", label, extended)
	}
	// The blocks alone, as answered, say the same.
	d.LabelConditions[0].ConditionString, d.LabelConditions[0].ConditionBlock = nil, label.ConditionBlock
	d.ExtendedFieldDefinitions[0].ConditionString, d.ExtendedFieldDefinitions[0].ConditionBlock = nil, extended.ConditionBlock
	if again := upsert(d); !reflect.DeepEqual(again.LabelConditions, of.LabelConditions) || !reflect.DeepEqual(again.ExtendedFieldDefinitions, of.ExtendedFieldDefinitions) {
		t.Errorf("%+v, want %+v", again, of)
	}
	d.LabelConditions[0] = la.LogAnalyticsSourceLabelCondition{LabelName: ptr("#a"), ConditionString: ptr("msg EQUAL")}
	_, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: d})
	refused(t, err, 400, "InvalidParameter")
}
