package content

import (
	"slices"
	"strconv"

	"ledgerline/internal/record"
)

// contentNamespace and contentVersion are what exports bear. No importer is
// known to look at the version.
const (
	contentNamespace = "http://www.oracle.com/DataCenter/LogAnalyticsStd"
	contentVersion   = "2.94.1.0.0"
)

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// encodeField writes the constants that every exported field bears.
func encodeField(f *record.Field) *node {
	n := element("Field").with("oms_version", contentVersion)
	n.add(leaf("DisplayName", f.Display)).optional("Description", f.Description)
	return n.add(leaf("FieldType", "1"), leaf("IsSystem", "0"), leaf("IsPrimary", "1"), leaf("DataType", f.Type.String()),
		leaf("IsMetricKeyEligible", "0"), leaf("IsMetricValueEligible", "0"), leaf("FacetEligible", "1"), leaf("RangeFacetEligible", "0"),
		leaf("TableEligible", "1"), leaf("FacetPriority", "1"), leaf("Summarizable", "1"), leaf("HighCardinality", "1"),
		leaf("LargeData", flag(f.LargeData)), leaf("MultiValued", flag(f.MultiValued)), leaf("SMAEnabledSetting", "0"))
}

func encodeLabel(l *Label) *node {
	n := element("Tag", leaf("Name", l.Name), leaf("DisplayName", l.Display)).optional("Description", l.Descr)
	n.add(leaf("IsSystem", "0"), leaf("ProblemPriority", l.Priority))
	for _, a := range l.Aliases {
		n.add(element("Alias", leaf("DisplayName", a), leaf("IsSystem", "0")).with("name", a))
	}
	return n
}

// parserCodes is the reverse of parserKinds.
func parserCode(k ParserKind) string {
	for code, kind := range parserKinds {
		if kind == k && code != "" {
			return code
		}
	}
	const unknown = len("TYPE_")
	if len(k) > unknown {
		return string(k[unknown:])
	}
	return string(k)
}

func encodeParser(p *Parser) (*node, error) {
	n := element("Parser").with("type", parserCode(p.Kind)).with("tokenize_orig_text", "1").with("oms_version", contentVersion)
	n.add(leaf("Name", p.Name), leaf("DisplayName", p.Display)).optional("Description", p.Description).optional("ParserContent", p.Content)
	n.add(leaf("IsSingleLineContent", flag(p.SingleLine))).addPath("HeaderContent", p.Kind, p.Header).optional("FooterContent", p.Footer)
	n.optional("ExampleContent", p.Example).add(leaf("IsSystem", "0")).optional("Encoding", p.Encoding).optional("Language", p.Language)
	fields := element("ParserFields")
	for _, f := range p.Fields {
		m := element("ParserField", leaf("FieldSeq", strconv.Itoa(f.Seq)))
		fields.add(m.optional("FieldName", f.Field).optional("ParserName", f.Parser).addPath("StructuredColInfo", p.Kind, f.Path))
	}
	n.add(fields)
	plugins, err := unpacked(p.Plugins)
	if err != nil {
		return nil, err
	}
	n.add(plugins...).add(leaf("WrittenOnce", "0"), leaf("IsDefaultParser", "1"))
	return n.optional("FieldDelimiter", p.Delimiter).optional("FieldQualifier", p.Qualifier), nil
}

// sourceOrder is the order of a source's elements in every known export.
var sourceOrder = []string{
	"SourceType", "TargetTypes", "DisplayName", "Description", "IsSystem", "IsSecureContent", "Endpoints", "Patterns", "Parsers",
	"ExtFieldDefinitions", "TagConditions", "AutoAssociation", "SourceFunctions", "MetadataFields", "DataFilters", "IsHidden", "IsSMAEnabled", "Properties",
}

func encodeSource(s *Source) (*node, error) {
	n := element("Source").with("name", s.Name).with("configWarningSettings", "0").with("oms_version", contentVersion)
	n.optional("SourceType", s.Kind)
	if len(s.EntityTypes) > 0 {
		types := element("TargetTypes")
		for _, t := range s.EntityTypes {
			types.add(leaf("TargetType", t))
		}
		n.add(types)
	}
	n.add(leaf("DisplayName", s.Display)).optional("Description", s.Description).add(leaf("IsSecureContent", flag(s.Secure)))
	if len(s.Parsers) > 0 {
		parsers := element("Parsers")
		for i, p := range s.Parsers {
			parsers.add(element("Parser", leaf("ParserSeq", strconv.Itoa(i+1)), leaf("ParserName", p)))
		}
		n.add(parsers)
	}
	patterns, err := encodePatterns(s.Patterns)
	if err != nil {
		return nil, err
	}
	n.add(patterns)
	for _, e := range s.ExtendedFields {
		n.add(encodeExtended(e))
	}
	n.add(encodeRules(s.LabelRules)...)
	functions, err := encodeFunctions(s.Functions)
	if err != nil {
		return nil, err
	}
	n.add(functions, encodeMetadataFields(s.MetadataFields), encodeFilters(s.DataFilters))
	extra, err := unpacked(s.Extra)
	if err != nil {
		return nil, err
	}
	n.add(extra...)
	if n.child("IsSystem") == nil {
		n.add(leaf("IsSystem", "0"))
	}
	slices.SortStableFunc(n.children, func(a, b *node) int {
		return slices.Index(sourceOrder, a.name) - slices.Index(sourceOrder, b.name)
	})
	return n, nil
}

func encodePatterns(patterns []Pattern) (*node, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	all := element("Patterns")
	for _, p := range patterns {
		if p.Database != nil {
			db, err := unpacked(p.Database)
			if err != nil {
				return nil, err
			}
			all.add(db...)
			continue
		}
		n := element("Pattern", leaf("Value", p.Text)).optional("Description", p.Descr)
		all.add(n.add(leaf("IsInclude", flag(p.Include)), leaf("InUse", "1"), leaf("IsSystem", "0"), leaf("IsEnabled", flag(p.Enabled))))
	}
	return all, nil
}

func encodeCondition(name string, c Condition) *node {
	if c.Join != "" {
		return element(name, encodeBlock(c))
	}
	n := element(name).with("field", c.Field).with("operator", c.Operator)
	return n.add(conditionValues(c))
}

func conditionValues(c Condition) *node {
	if len(c.Values) == 0 {
		return nil
	}
	n := element("ConditionValues")
	for _, v := range c.Values {
		n.add(leaf("ConditionValue", v))
	}
	return n
}

func encodeExtended(e ExtendedFields) *node {
	n := element("ExtFieldDefinitions")
	if e.Condition != nil {
		n.add(encodeCondition("Condition", *e.Condition))
	}
	for _, f := range e.Fields {
		d := element("ExtFieldDefinition", leaf("BaseFieldName", f.Base)).optional("BaseFieldLogText", f.Example)
		d.add(leaf("RegexExpression", f.Expression))
		var captured []string
		visitCaptures(f.Expression, func(name string) string { captured = append(captured, name); return name })
		slices.Sort(captured)
		for _, name := range slices.Compact(captured) {
			d.add(leaf("ExtFieldName", name))
		}
		n.add(d.add(leaf("IsSystem", "0"), leaf("IsEnabled", flag(f.Enabled))))
	}
	return n
}

// encodeRules groups the rules that share a guard.
func encodeRules(rules []LabelRule) []*node {
	var groups []*node
	var guard *Condition
	for i := range rules {
		r := &rules[i]
		if len(groups) == 0 || !sameCondition(guard, r.Guard) {
			guard = r.Guard
			g := element("TagConditions")
			if guard != nil {
				g.add(encodeCondition("BlockCondition", *guard))
			}
			groups = append(groups, g)
		}
		groups[len(groups)-1].add(encodeRule(r))
	}
	return groups
}

func sameCondition(a, b *Condition) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.String() == b.String()
}

func encodeRule(r *LabelRule) *node {
	n := element("TagCondition").with("alertRuleVisible", flag(r.Visible))
	simple := r.When.Join == ""
	if simple {
		n.with("field", r.When.Field).with("operator", r.When.Operator).add(conditionValues(r.When))
	}
	tags := element("ConditionTags").with("tagField", r.Field)
	for _, t := range r.Tags {
		tags.add(leaf("ConditionTag", t))
	}
	n.add(tags, leaf("IsSystem", "0"), leaf("IsEnabled", flag(r.Enabled)))
	if simple {
		return n
	}
	return n.add(encodeBlock(r.When))
}

func encodeBlock(c Condition) *node {
	if c.Join == "" {
		return element("ConditionBlock", leaf("FieldName", c.Field), leaf("Operator", c.Operator)).add(conditionValues(c))
	}
	blocks := element("ConditionBlocks")
	for _, o := range c.Of {
		blocks.add(encodeBlock(o))
	}
	return element("ConditionBlock", leaf("ConditionBlocksOperator", c.Join), blocks)
}

func encodeFunctions(functions []Function) (*node, error) {
	if len(functions) == 0 {
		return nil, nil
	}
	all := element("SourceFunctions")
	for _, f := range functions {
		n := element("SourceFunction").with("name", f.Name).with("order", strconv.Itoa(f.Order))
		if f.LookupTable != "" {
			n.with("lookupTable", f.LookupTable)
		}
		n.with("lookupMode", f.LookupMode).with("overrideOutputFields", flag(f.Override))
		for _, set := range []struct {
			name string
			args []FunctionArgument
		}{{"InputField", f.Inputs}, {"OutputField", f.Outputs}} {
			for _, a := range set.args {
				arg := leaf(set.name, a.Field).with("lkCol", a.Column).with("order", strconv.Itoa(a.Order))
				if a.Service != "" {
					arg.with("service", a.Service)
				}
				n.add(arg)
			}
		}
		extra, err := unpacked(f.Extra)
		if err != nil {
			return nil, err
		}
		n.add(extra...)
		all.add(n.add(leaf("IsSystem", "0"), leaf("IsEnabled", flag(f.Enabled))))
	}
	return all, nil
}
