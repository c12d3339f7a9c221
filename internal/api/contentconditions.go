package api

import (
	"cmp"
	"slices"
	"strings"

	"ledgerline/internal/content"
)

// labelConditionModel is a rule that gives a label, or a value to a field.
type labelConditionModel struct {
	FieldName     string               `json:"fieldName,omitempty"`
	Operator      string               `json:"labelConditionOperator,omitempty"`
	Value         string               `json:"labelConditionValue,omitempty"`
	Values        []string             `json:"labelConditionValues,omitempty"`
	Block         *conditionBlockModel `json:"conditionBlock,omitempty"`
	Guard         string               `json:"blockConditionField,omitempty"`
	GuardOperator string               `json:"blockConditionOperator,omitempty"`
	GuardValue    string               `json:"blockConditionValue,omitempty"`
	LabelName     string               `json:"labelName,omitempty"`
	StorageField  string               `json:"storageField,omitempty"`
	IsEnabled     *bool                `json:"isEnabled,omitempty"`
	IsVisible     bool                 `json:"isVisible"`
	ConditionText string               `json:"conditionString,omitempty"`
}

type conditionBlockModel struct {
	Operator      string                `json:"conditionBlocksOperator,omitempty"`
	FieldName     string                `json:"fieldName,omitempty"`
	LabelOperator string                `json:"labelConditionOperator,omitempty"`
	Value         string                `json:"labelConditionValue,omitempty"`
	Values        []string              `json:"labelConditionValues,omitempty"`
	Blocks        []conditionBlockModel `json:"conditionBlocks,omitempty"`
}

// labelField is the internal name of the field that labels go into.
const labelField = "mtag"

func (s *Server) ruleFrom(l labelConditionModel) (content.LabelRule, error) {
	r := content.LabelRule{Field: cmp.Or(l.StorageField, labelField), Tags: []string{l.LabelName}, Enabled: l.IsEnabled == nil || *l.IsEnabled, Visible: l.IsVisible}
	if r.Field != labelField {
		r.Field = s.internalField(r.Field)
	}
	if l.LabelName == "" {
		return r, missing("labelName")
	}
	if l.Guard != "" {
		r.Guard = &content.Condition{Field: s.internalField(l.Guard), Operator: l.GuardOperator, Values: []string{l.GuardValue}}
	}
	var err error
	r.When, err = s.conditionFrom(l)
	return r, err
}

// conditionFrom reads the condition of a rule: its block, which counts when there is
// a text, too, else the text, else the one comparison of the rule itself.
func (s *Server) conditionFrom(l labelConditionModel) (content.Condition, error) {
	switch {
	case l.Block != nil:
		return s.conditionOf(*l.Block)
	case l.ConditionText != "":
		return s.parseCondition(l.ConditionText)
	case l.FieldName != "":
		return s.conditionOf(conditionBlockModel{FieldName: l.FieldName, LabelOperator: l.Operator, Value: l.Value, Values: l.Values})
	}
	return content.Condition{}, missing("conditionBlock (or conditionString, or fieldName)")
}

// parseCondition reads the text of a condition, in which fields may have any of their names.
func (s *Server) parseCondition(text string) (content.Condition, error) {
	c, err := content.ParseCondition(text)
	if err != nil {
		return c, err
	}
	s.nameFields(&c)
	return c, nil
}

func (s *Server) nameFields(c *content.Condition) {
	if c.Join == "" {
		c.Field = s.internalField(c.Field)
	}
	for i := range c.Of {
		s.nameFields(&c.Of[i])
	}
}

// conditionOf reads a block: a comparison, further blocks, or both, which are joined.
func (s *Server) conditionOf(b conditionBlockModel) (content.Condition, error) {
	var of []content.Condition
	if b.FieldName != "" {
		if b.LabelOperator == "" {
			return content.Condition{}, missing("labelConditionOperator of " + b.FieldName)
		}
		values := b.Values
		if len(values) == 0 && b.Value != "" {
			values = []string{b.Value}
		}
		of = append(of, content.Condition{Field: s.internalField(b.FieldName), Operator: strings.ToUpper(b.LabelOperator), Values: values})
	}
	for _, inner := range b.Blocks {
		c, err := s.conditionOf(inner)
		if err != nil {
			return c, err
		}
		of = append(of, c)
	}
	join := strings.ToUpper(cmp.Or(b.Operator, "AND"))
	switch {
	case len(of) == 0:
		return content.Condition{}, invalid("a condition block holds a comparison (fieldName, labelConditionOperator) or further blocks")
	case !slices.Contains([]string{"AND", "OR", "NOT_AND", "NOT_OR"}, join):
		return content.Condition{}, invalid("conditionBlocksOperator must be AND, OR, NOT_AND or NOT_OR")
	}
	return content.Joined(join, of), nil
}

// blockOf is conditionOf backwards. The outermost block is always a group.
func blockOf(c content.Condition) *conditionBlockModel {
	b := innerBlock(c)
	if c.Join == "" {
		b = conditionBlockModel{Operator: "AND", Blocks: []conditionBlockModel{b}}
	}
	return &b
}

func innerBlock(c content.Condition) conditionBlockModel {
	if c.Join != "" {
		return conditionBlockModel{Operator: c.Join, Blocks: mapped(c.Of, innerBlock)}
	}
	if len(c.Values) == 1 {
		return conditionBlockModel{FieldName: c.Field, LabelOperator: c.Operator, Value: c.Values[0]}
	}
	return conditionBlockModel{FieldName: c.Field, LabelOperator: c.Operator, Values: c.Values}
}

// conditionsOf is ruleFrom backwards: one condition for each tag of a rule.
func conditionsOf(r content.LabelRule) (out []labelConditionModel) {
	block, text := blockOf(r.When), r.When.String()
	for _, tag := range r.Tags {
		m := labelConditionModel{Block: block, ConditionText: text, LabelName: tag, StorageField: r.Field, IsEnabled: &r.Enabled, IsVisible: r.Visible}
		if r.Guard != nil {
			m.Guard, m.GuardOperator, m.GuardValue = r.Guard.Field, r.Guard.Operator, strings.Join(r.Guard.Values, ",")
		}
		out = append(out, m)
	}
	return out
}

// genericBlockModel is a condition block as extended fields spell it.
type genericBlockModel struct {
	Join     string              `json:"conditionBlocksOperator,omitempty"`
	Name     string              `json:"name,omitempty"`
	Operator string              `json:"operator,omitempty"`
	Value    string              `json:"value,omitempty"`
	Values   []string            `json:"values,omitempty"`
	Blocks   []genericBlockModel `json:"genericConditionBlocks,omitempty"`
}

func (b genericBlockModel) labelBlock() conditionBlockModel {
	return conditionBlockModel{b.Join, b.Name, b.Operator, b.Value, b.Values, mapped(b.Blocks, genericBlockModel.labelBlock)}
}

func genericBlock(b conditionBlockModel) genericBlockModel {
	return genericBlockModel{b.Operator, b.FieldName, b.LabelOperator, b.Value, b.Values, mapped(b.Blocks, genericBlock)}
}

// extendedCondition reads under which condition a field is extended; nil: always.
func (s *Server) extendedCondition(e extendedDetails) (*content.Condition, error) {
	var c content.Condition
	var err error
	switch {
	case e.ConditionField != "":
		c = content.Condition{Field: s.internalField(e.ConditionField), Operator: e.ConditionOperator, Values: []string{e.ConditionValue}}
	case e.Block != nil:
		c, err = s.conditionOf(e.Block.labelBlock())
	case e.ConditionText != "":
		c, err = s.parseCondition(e.ConditionText)
	default:
		return nil, nil
	}
	return &c, err
}

// maxTriedFields bounds what a condition is tried with.
const maxTriedFields = 1000

type fieldValueModel struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// validateCondition turns the text of a condition into blocks or blocks into text,
// compares them where both are given, and judges the condition by values of fields.
func (s *Server) validateCondition(c *call) (*response, error) {
	var d struct {
		Text   string               `json:"conditionString"`
		Block  *conditionBlockModel `json:"conditionBlock"`
		Values []fieldValueModel    `json:"fieldValues"`
	}
	if _, err := c.decodeChange(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	switch {
	case d.Text == "" && d.Block == nil:
		return nil, missing("conditionString or conditionBlock")
	case len(d.Values) > maxTriedFields:
		return nil, invalid("fieldValues: at most %d", maxTriedFields)
	}
	result := struct {
		Text              string               `json:"conditionString"`
		Block             *conditionBlockModel `json:"conditionBlock"`
		Status            string               `json:"status"`
		StatusDescription string               `json:"statusDescription,omitempty"`
		Values            []fieldValueModel    `json:"fieldValues,omitempty"`
		Holds             *bool                `json:"evaluationResult,omitempty"`
	}{d.Text, cmp.Or(d.Block, &conditionBlockModel{}), "FAILED", "", d.Values, nil}
	condition, err := s.conditionFrom(labelConditionModel{Block: d.Block, ConditionText: d.Text})
	if err == nil && d.Text != "" && d.Block != nil {
		var said content.Condition
		if said, err = s.parseCondition(d.Text); err == nil && said.String() != condition.String() {
			err = invalid("conditionString and conditionBlock say different things; the block says %s", clip(condition.String(), 500))
		}
	}
	values := make(map[string]string, len(d.Values))
	for _, v := range d.Values {
		values[s.internalField(v.Name)] = v.Value
	}
	var holds bool
	if err == nil {
		holds, err = s.Content.TryCondition(condition, values)
	}
	if err != nil {
		result.StatusDescription = asError(err).Message
		return answer(result), nil
	}
	result.Text, result.Block, result.Status = condition.String(), blockOf(condition), "SUCCEEDED"
	if len(d.Values) > 0 {
		result.Holds = &holds
	}
	return answer(result), nil
}
