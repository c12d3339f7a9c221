package api

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"ledgerline/internal/content"
)

// parserDetails is a parser as clients describe it.
type parserDetails struct {
	Name                string                `json:"name"`
	DisplayName         string                `json:"displayName"`
	Description         string                `json:"description"`
	Type                string                `json:"type"`
	Content             string                `json:"content"`
	HeaderContent       string                `json:"headerContent"`
	FooterContent       string                `json:"footerContent"`
	ExampleContent      string                `json:"exampleContent"`
	FieldDelimiter      string                `json:"fieldDelimiter"`
	FieldQualifier      string                `json:"fieldQualifier"`
	Encoding            string                `json:"encoding"`
	Language            string                `json:"language"`
	IsSingleLineContent bool                  `json:"isSingleLineContent"`
	FieldMaps           []fieldMapModel       `json:"fieldMaps"`
	ParserFunctions     []parserFunctionModel `json:"parserFunctions"`
}

// parserFrom turns what a client describes into a parser of the library. On
// creation the internal name is the display name when it is not given.
func (s *Server) parserFrom(d parserDetails) (content.Parser, error) {
	p := content.Parser{Name: cmp.Or(d.Name, d.DisplayName), Display: cmp.Or(d.DisplayName, d.Name), Description: d.Description,
		Kind: content.ParserKind(strings.ToUpper(cmp.Or(d.Type, string(content.Regex)))), Content: d.Content, Header: d.HeaderContent, Footer: d.FooterContent,
		SingleLine: d.IsSingleLineContent, Delimiter: d.FieldDelimiter, Qualifier: d.FieldQualifier, Example: d.ExampleContent,
		Encoding: d.Encoding, Language: d.Language}
	if p.Name == "" {
		return p, missing("name")
	}
	if old, ok := s.Library.Parser(p.Name); ok && old.Name == p.Name && (d.ParserFunctions == nil || reflect.DeepEqual(d.ParserFunctions, parserFunctionsOf(*old))) {
		p.Plugins = old.Plugins // also what a call cannot set
	} else {
		functions, err := functionsFrom(d.ParserFunctions, p.Kind)
		if err != nil {
			return p, err
		}
		p.SetFunctions(functions)
	}
	for i, m := range d.FieldMaps {
		f := content.ParserField{Seq: cmp.Or(m.ParserFieldSequence, i+1), Path: m.StructuredColumnInfo}
		named := cmp.Or(m.StorageFieldName, m.ParserFieldName)
		if m.Field != nil {
			named = cmp.Or(m.Field.Name, m.Field.DisplayName, named)
		}
		switch {
		case named != "":
			f.Field = s.internalField(named)
		case m.ParserName != "" && m.ParserName != p.Name:
			f.Parser = m.ParserName
		default:
			return p, missing("fieldMaps[" + itoa(int64(i)) + "].parserFieldName")
		}
		p.Fields = append(p.Fields, f)
	}
	return p, nil
}

// internalField returns the internal name of a field that is named in any way; an
// unknown name is returned as it is.
func (s *Server) internalField(name string) string {
	if f, ok := s.Library.Field(name); ok {
		return f.Name
	}
	return name
}

func (s *Server) oneParser(name string) (*response, error) {
	v, ok := s.Library.Parser(name)
	if !ok {
		return nil, absent("Parser %.200q is not found", name)
	}
	return answer(s.parserOf(*v)).with("etag", content.Etag(v)), nil
}

// sourceDetails is a log source as clients describe it, as far as this server
// keeps it. What is not supported must be empty, so that nothing is lost silently.
type sourceDetails struct {
	Name            string                `json:"name"`
	DisplayName     string                `json:"displayName"`
	Description     string                `json:"description"`
	TypeName        string                `json:"typeName"`
	IsSecureContent bool                  `json:"isSecureContent"`
	Parsers         []sourceParserDetails `json:"parsers"`
	EntityTypes     []entityTypeModel     `json:"entityTypes"`
	Patterns        []patternModel        `json:"patterns"`
	LabelConditions []labelConditionModel `json:"labelConditions"`
	ExtendedFields  []extendedDetails     `json:"extendedFieldDefinitions"`
	DataFilters     []dataFilterModel     `json:"dataFilterDefinitions"`
	MetadataFields  []metadataFieldModel  `json:"metadataFields"`
	Functions       []functionModel       `json:"functions"`
	keptLists
}

type sourceParserDetails struct {
	Name           string `json:"name"`
	ParserSequence int    `json:"parserSequence"`
}

type extendedDetails struct {
	BaseFieldName     string `json:"baseFieldName"`
	BaseFieldLogText  string `json:"baseFieldLogText"`
	RegularExpression string `json:"regularExpression"`
	IsEnabled         *bool  `json:"isEnabled,omitempty"`
	ConditionField    string `json:"conditionField,omitempty"`
	ConditionOperator string `json:"conditionOperator,omitempty"`
	ConditionValue    string `json:"conditionValue,omitempty"`
	ConditionText     string `json:"conditionString,omitempty"`

	Block *genericBlockModel `json:"conditionBlock,omitempty"`
}

func (s *Server) sourceFrom(d sourceDetails) (content.Source, error) {
	v := content.Source{Name: cmp.Or(d.Name, d.DisplayName), Display: cmp.Or(d.DisplayName, d.Name), Description: d.Description,
		Kind: cmp.Or(d.TypeName, "os_file"), Secure: d.IsSecureContent, Kept: d.kept()}
	slices.SortStableFunc(d.Parsers, func(a, b sourceParserDetails) int { return cmp.Compare(a.ParserSequence, b.ParserSequence) })
	for _, p := range d.Parsers {
		name := p.Name
		if found, ok := s.Library.Parser(name); ok {
			name = found.Name
		}
		v.Parsers = append(v.Parsers, name)
	}
	for _, t := range d.EntityTypes {
		v.EntityTypes = append(v.EntityTypes, t.EntityType)
	}
	for _, p := range d.Patterns {
		v.Patterns = append(v.Patterns, content.Pattern{Text: p.PatternText, Include: p.IsInclude, Enabled: p.IsEnabled})
	}
	for i, l := range d.LabelConditions {
		rule, err := s.ruleFrom(l)
		if err != nil {
			return v, invalid("labelConditions[%d]: %s", i, asError(err).Message)
		}
		v.LabelRules = append(v.LabelRules, rule)
	}
	for i, e := range d.ExtendedFields {
		group := content.ExtendedFields{Fields: []content.ExtendedField{{Base: s.internalField(e.BaseFieldName), Example: e.BaseFieldLogText,
			Expression: e.RegularExpression, Enabled: e.IsEnabled == nil || *e.IsEnabled}}}
		var err error
		if group.Condition, err = s.extendedCondition(e); err != nil {
			return v, invalid("extendedFieldDefinitions[%d]: %s", i, asError(err).Message)
		}
		v.ExtendedFields = append(v.ExtendedFields, group)
	}
	return v, s.addTreatment(&v, d)
}

// sourceDetailsOf is sourceFrom backwards.
func (s *Server) sourceDetailsOf(v content.Source) sourceDetails {
	d := sourceDetails{Name: v.Name, DisplayName: v.Display, Description: v.Description, TypeName: v.Kind, IsSecureContent: v.Secure,
		EntityTypes: mapped(v.EntityTypes, func(t string) entityTypeModel { return entityTypeModel{t} }),
		Patterns:    mapped(v.Patterns, func(p content.Pattern) patternModel { return patternModel{p.Text, p.Include, p.Enabled} })}
	for i, name := range v.Parsers {
		d.Parsers = append(d.Parsers, sourceParserDetails{name, i + 1})
	}
	for _, r := range v.LabelRules {
		d.LabelConditions = append(d.LabelConditions, conditionsOf(r)...)
	}
	d.ExtendedFields = extendedOf(v)
	d.keptLists = keptOf(v)
	d.Functions, d.DataFilters, d.MetadataFields = mapped(v.Functions, functionOf), mapped(v.DataFilters, dataFilterOf), mapped(v.MetadataFields, metadataFieldOf)
	return d
}

func extendedOf(v content.Source) []extendedDetails {
	out := []extendedDetails{}
	for _, g := range v.ExtendedFields {
		for _, f := range g.Fields {
			e := extendedDetails{BaseFieldName: f.Base, BaseFieldLogText: f.Example, RegularExpression: f.Expression, IsEnabled: &f.Enabled}
			if c := g.Condition; c != nil && c.Join == "" && len(c.Values) < 2 {
				e.ConditionField, e.ConditionOperator, e.ConditionValue = c.Field, c.Operator, strings.Join(c.Values, "")
			} else if c != nil {
				b := genericBlock(*blockOf(*c))
				e.ConditionText, e.Block = c.String(), &b
			}
			out = append(out, e)
		}
	}
	return out
}

func (s *Server) oneSource(name string) (*response, error) {
	v, ok := s.Library.Source(name)
	if !ok {
		return nil, absent("Log source %.200q is not found", name)
	}
	d := s.sourceDetailsOf(*v)
	m := s.sourceOf(*v)
	m.Patterns, m.LabelConditions, m.ExtendedFields = d.Patterns, d.LabelConditions, d.ExtendedFields
	m.Functions, m.DataFilters, m.MetadataFields, m.keptLists = d.Functions, d.DataFilters, d.MetadataFields, d.keptLists
	for i, name := range v.Parsers {
		if p, ok := s.Library.Parser(name); ok {
			pm := s.parserOf(*p)
			pm.ParserSequence = i + 1
			m.Parsers = append(m.Parsers, pm)
		}
	}
	return answer(m).with("etag", content.Etag(v)), nil
}
