package content

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ledgerline/internal/record"
)

// contentFile is what one content.xml holds.
type contentFile struct {
	Name    string
	Fields  []record.Field    // without internal names
	Foreign map[string]string // internal name in the exporting service → display name
	Parsers []Parser
	Sources []Source
	Labels  []Label
}

// decodeContent reads content.xml without renaming fields.
func decodeContent(text []byte) (*contentFile, error) {
	root, err := readContentXML(text)
	if err != nil {
		return nil, err
	}
	return decodeTree(root)
}

func readContentXML(text []byte) (*node, error) {
	root, err := readXML(text)
	if err != nil {
		return nil, err
	}
	if root.name != "LoganContent" {
		return nil, fmt.Errorf("content.xml starts with <%s>, not with <LoganContent>; is this a Log Analytics content export?", clip(root.name))
	}
	return root, nil
}

func decodeTree(root *node) (*contentFile, error) {
	f := &contentFile{Name: root.attr("name"), Foreign: map[string]string{}}
	for _, m := range root.child("FieldNameMaps").all("FieldNameMap") {
		f.Foreign[m.word("Name")] = m.word("DisplayName")
	}
	for _, n := range root.children {
		var err error
		switch n.name {
		case "Field":
			err = f.addField(n)
		case "Tag":
			err = f.addLabel(n)
		case "Parser":
			err = f.addParser(n)
		case "Source":
			err = f.addSource(n)
		}
		if err != nil {
			return nil, fmt.Errorf("content.xml, %s %q: %w", n.name, clip(cmp.Or(n.attr("name"), n.word("Name"), n.word("DisplayName"))), err)
		}
	}
	return f, nil
}

func (f *contentFile) addField(n *node) error {
	t, ok := record.ParseType(n.word("DataType"))
	if !ok {
		return fmt.Errorf("unknown data type %q", clip(n.word("DataType")))
	}
	d := n.word("DisplayName")
	if d == "" {
		return errors.New("no display name")
	}
	f.Fields = append(f.Fields, record.Field{
		Display: d, Type: t, Description: n.value("Description"),
		MultiValued: n.word("MultiValued") == "1", LargeData: n.word("LargeData") == "1",
	})
	return nil
}

func (f *contentFile) addLabel(n *node) error {
	l := Label{
		Name: n.word("Name"), Display: n.word("DisplayName"), Descr: n.value("Description"),
		Priority: cmp.Or(strings.ToUpper(n.word("ProblemPriority")), "NONE"),
	}
	if l.Name == "" {
		return errors.New("no name")
	}
	l.Display = cmp.Or(l.Display, l.Name)
	if priorityRank(l.Priority) < 0 {
		return fmt.Errorf("unknown problem priority %q", clip(l.Priority))
	}
	for _, a := range n.all("Alias") {
		l.Aliases = append(l.Aliases, cmp.Or(a.attr("name"), a.word("DisplayName")))
	}
	f.Labels = append(f.Labels, l)
	return nil
}

// parserKinds maps the type attribute of a parser. Only 0, 4 and 6 are known
// from public content; others are kept but cannot be run. XML stands for itself, so
// that what is exported here can be imported again.
var parserKinds = map[string]ParserKind{"0": Regex, "": Regex, "4": Delimited, "6": JSON, "XML": XML}

func (f *contentFile) addParser(n *node) error {
	kind, ok := parserKinds[n.attr("type")]
	if !ok {
		kind = ParserKind("TYPE_" + n.attr("type"))
	}
	p := Parser{
		Name: n.word("Name"), Display: n.word("DisplayName"), Description: n.value("Description"),
		Kind: kind, Content: n.value("ParserContent"), Header: n.path("HeaderContent", kind), Footer: n.value("FooterContent"),
		SingleLine: n.word("IsSingleLineContent") != "0", Delimiter: n.value("FieldDelimiter"), Qualifier: n.value("FieldQualifier"),
		Example: n.value("ExampleContent"), Encoding: n.word("Encoding"), Language: n.word("Language"),
	}
	if p.Name == "" {
		return errors.New("no name")
	}
	p.Display = cmp.Or(p.Display, p.Name)
	for _, m := range n.child("ParserFields").all("ParserField") {
		seq, err := strconv.Atoi(cmp.Or(m.word("FieldSeq"), "0"))
		if err != nil {
			return fmt.Errorf("field sequence %q is not a number", clip(m.word("FieldSeq")))
		}
		pf := ParserField{Seq: seq, Field: m.word("FieldName"), Parser: m.word("ParserName"), Path: strings.TrimSpace(m.path("StructuredColInfo", kind))}
		if (pf.Field == "") == (pf.Parser == "") {
			return fmt.Errorf("parser field %d needs either a field or a parser", seq)
		}
		p.Fields = append(p.Fields, pf)
	}
	slices.SortStableFunc(p.Fields, func(a, b ParserField) int { return cmp.Compare(a.Seq, b.Seq) })
	p.Plugins = packed(n.all("ParserPlugins"))
	f.Parsers = append(f.Parsers, p)
	return nil
}

func (f *contentFile) addSource(n *node) error {
	s := Source{
		Name: strings.TrimSpace(n.attr("name")), Display: n.word("DisplayName"), Description: n.value("Description"),
		Kind: n.word("SourceType"), Secure: n.word("IsSecureContent") == "1",
	}
	s.Name = cmp.Or(s.Name, s.Display)
	s.Display = cmp.Or(s.Display, s.Name)
	if s.Name == "" {
		return errors.New("no name")
	}
	var extra []*node
	for _, c := range n.children {
		switch c.name {
		case "SourceType", "DisplayName", "Description", "IsSecureContent":
		case "IsSystem":
			// A source that Oracle ships stays marked so in an export; for us it is a user's.
			if strings.TrimSpace(c.text) == "1" {
				extra = append(extra, c)
			}
		case "TargetTypes":
			for _, t := range c.all("TargetType") {
				s.EntityTypes = append(s.EntityTypes, strings.TrimSpace(t.text))
			}
		case "Parsers":
			s.Parsers = decodeParserRefs(c)
		case "Patterns":
			s.Patterns = append(s.Patterns, decodePatterns(c)...)
		case "ExtFieldDefinitions":
			s.ExtendedFields = append(s.ExtendedFields, decodeExtended(c))
		case "TagConditions":
			s.LabelRules = append(s.LabelRules, decodeRules(c)...)
		case "SourceFunctions":
			for _, fn := range c.all("SourceFunction") {
				s.Functions = append(s.Functions, decodeFunction(fn))
			}
		case "MetadataFields":
			s.MetadataFields = decodeMetadataFields(c)
		case "DataFilters":
			s.DataFilters = decodeFilters(c)
		default:
			extra = append(extra, c)
		}
	}
	s.Extra = packed(extra)
	f.Sources = append(f.Sources, s)
	return nil
}

func decodeParserRefs(n *node) []string {
	refs := n.all("Parser")
	slices.SortStableFunc(refs, func(a, b *node) int { return cmp.Compare(number(a.word("ParserSeq")), number(b.word("ParserSeq"))) })
	var out []string
	for _, r := range refs {
		if name := r.word("ParserName"); name != "" {
			out = append(out, name)
		}
	}
	return out
}

func decodePatterns(n *node) []Pattern {
	var out []Pattern
	for _, c := range n.children {
		p := Pattern{Include: c.word("IsInclude") != "0", Enabled: c.word("IsEnabled") != "0"}
		if c.name == "Pattern" {
			p.Text, p.Descr = c.value("Value"), c.value("Description")
		} else {
			p.Database = packed([]*node{c})
		}
		out = append(out, p)
	}
	return out
}

func decodeCondition(n *node, field, operator string) Condition {
	if b := n.child("ConditionBlock"); b != nil {
		return decodeBlock(b)
	}
	c := Condition{Field: field, Operator: strings.ToUpper(operator)}
	for _, v := range n.child("ConditionValues").all("ConditionValue") {
		c.Values = append(c.Values, v.text)
	}
	return c
}

func decodeExtended(n *node) ExtendedFields {
	var e ExtendedFields
	if c := n.child("Condition"); c != nil {
		cond := decodeCondition(c, c.attr("field"), c.attr("operator"))
		e.Condition = &cond
	}
	for _, d := range n.all("ExtFieldDefinition") {
		e.Fields = append(e.Fields, ExtendedField{
			Base: d.word("BaseFieldName"), Example: d.value("BaseFieldLogText"),
			Expression: d.value("RegexExpression"), Enabled: d.word("IsEnabled") != "0",
		})
	}
	return e
}

func decodeRules(n *node) []LabelRule {
	var guard *Condition
	if b := n.child("BlockCondition"); b != nil {
		c := decodeCondition(b, b.attr("field"), b.attr("operator"))
		guard = &c
	}
	var out []LabelRule
	for _, t := range n.all("TagCondition") {
		r := LabelRule{Guard: guard, Enabled: t.word("IsEnabled") != "0", Visible: t.attr("alertRuleVisible") == "1"}
		if tags := t.child("ConditionTags"); tags != nil {
			r.Field = cmp.Or(tags.attr("tagField"), fieldLabels)
			for _, tag := range tags.all("ConditionTag") {
				r.Tags = append(r.Tags, tag.text)
			}
		}
		r.When = decodeCondition(t, t.attr("field"), t.attr("operator"))
		if r.When.Join == "" || len(r.When.Of) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// decodeBlock reads a comparison or a group of blocks, which may be nested.
func decodeBlock(n *node) Condition {
	blocks := n.child("ConditionBlocks")
	if blocks == nil {
		return decodeCondition(n, n.word("FieldName"), n.word("Operator"))
	}
	var of []Condition
	for _, b := range blocks.all("ConditionBlock") {
		of = append(of, decodeBlock(b))
	}
	return Joined(cmp.Or(strings.ToUpper(n.word("ConditionBlocksOperator")), joinAnd), of)
}

func decodeFunction(n *node) Function {
	fn := Function{
		Name: n.attr("name"), LookupTable: n.attr("lookupTable"), LookupMode: n.attr("lookupMode"),
		Order: number(n.attr("order")), Override: n.attr("overrideOutputFields") == "1", Enabled: n.word("IsEnabled") != "0",
	}
	var extra []*node
	for _, c := range n.children {
		arg := FunctionArgument{Column: c.attr("lkCol"), Field: strings.TrimSpace(c.text), Service: c.attr("service"), Order: number(c.attr("order"))}
		switch c.name {
		case "InputField":
			fn.Inputs = append(fn.Inputs, arg)
		case "OutputField":
			fn.Outputs = append(fn.Outputs, arg)
		case "IsSystem", "IsEnabled":
		default:
			extra = append(extra, c)
		}
	}
	fn.Extra = packed(extra)
	return fn
}

func number(s string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(s)) // an absent or odd order sorts first
	return n
}

// clip shortens text of others for an error or a warning.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

// priorityRank orders problem priorities; -1 is unknown.
func priorityRank(p string) int {
	return slices.Index([]string{"NONE", "LOW", "MEDIUM", "HIGH"}, p)
}
