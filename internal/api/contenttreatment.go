package api

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"ledgerline/internal/content"
)

// What a log source does to entries beside parsing and labelling: it hides texts,
// takes fields of an upload's metadata, and names functions.

type dataFilterModel struct {
	DisplayName string `json:"displayName,omitempty"`
	Description string `json:"description,omitempty"`
	Type        string `json:"filterType"`
	Match       string `json:"matchRegularExpression"`
	Replacement string `json:"replacementString,omitempty"`
	FieldName   string `json:"fieldName,omitempty"`
	Path        string `json:"path,omitempty"`
	HashType    int    `json:"hashType,omitempty"`
	Order       int    `json:"order"`
	IsEnabled   *bool  `json:"isEnabled,omitempty"`
}

type metadataFieldModel struct {
	Key       string `json:"key"`
	FieldName string `json:"fieldName"`
	IsEnabled *bool  `json:"isEnabled,omitempty"`
}

// functionModel is a function of a source. Lookups are run, others kept and exported.
type functionModel struct {
	Name        string                  `json:"functionName"`
	Order       int                     `json:"order"`
	LookupTable string                  `json:"lookupTable,omitempty"`
	LookupMode  *int                    `json:"lookupMode,omitempty"`
	IsEnabled   *bool                   `json:"isEnabled,omitempty"`
	Arguments   []functionArgumentModel `json:"arguments"`
}

// functionArgumentModel ties a column of a lookup to a field: type 0 reads the
// field, type 1 fills it. Which numbers Oracle gives is not published.
type functionArgumentModel struct {
	Type     int    `json:"argumentType"`
	Column   string `json:"argumentLookupColumn,omitempty"`
	Value    string `json:"argumentValue"`
	Service  string `json:"argumentService,omitempty"`
	Order    int    `json:"argumentOrder"`
	Override bool   `json:"isOverrideOutputFields,omitempty"`
}

const (
	inputArgument  = 0
	outputArgument = 1
)

// addTreatment reads filters, metadata fields and functions.
func (s *Server) addTreatment(v *content.Source, d sourceDetails) error {
	for i, f := range d.DataFilters {
		place := "dataFilterDefinitions[" + strconv.Itoa(i) + "]"
		switch {
		case f.FieldName != "" || f.Path != "":
			return invalid("%s: filters work on the text before it is parsed; leave fieldName and path out", place)
		case f.HashType != 0:
			return invalid("%s: hashType: the hash is SHA-256; leave it out", place)
		case f.Match == "":
			return missing(place + ".matchRegularExpression")
		}
		v.DataFilters = append(v.DataFilters, content.DataFilter{Name: f.DisplayName, Description: f.Description, Kind: content.FilterKind(strings.ToUpper(f.Type)),
			Match: f.Match, Replacement: f.Replacement, Order: cmp.Or(f.Order, i+1), Enabled: enabled(f.IsEnabled)})
	}
	for i, m := range d.MetadataFields {
		if m.Key == "" || m.FieldName == "" {
			return missing("metadataFields[" + strconv.Itoa(i) + "] key and fieldName")
		}
		v.MetadataFields = append(v.MetadataFields, content.MetadataField{Key: m.Key, Field: s.internalField(m.FieldName), Enabled: enabled(m.IsEnabled)})
	}
	for i, m := range d.Functions {
		f, err := s.functionFrom(m)
		if err != nil {
			return invalid("functions[%d]: %s", i, asError(err).Message)
		}
		f.Order = cmp.Or(f.Order, i+1)
		if old, ok := s.Library.Source(v.Name); ok && i < len(old.Functions) && old.Functions[i].Name == f.Name {
			f.Extra = old.Functions[i].Extra // what this call cannot tell stays
		}
		v.Functions = append(v.Functions, f)
	}
	return nil
}

func enabled(flag *bool) bool { return flag == nil || *flag }

// The names of functions in Oracle's API and in its content files.
const (
	lookupFunction, lookupElement           = "LOOKUP", "Lookup"
	geolocationFunction, geolocationElement = "GEOLOCATION", "Geolocation"
)

func (s *Server) functionFrom(m functionModel) (content.Function, error) {
	f := content.Function{LookupTable: m.LookupTable, Order: m.Order, Enabled: enabled(m.IsEnabled)}
	switch strings.ToUpper(m.Name) {
	case lookupFunction:
		if f.Name, f.LookupMode = lookupElement, "1"; m.LookupTable == "" {
			return f, missing("lookupTable")
		}
	case geolocationFunction:
		f.Name, f.LookupMode = geolocationElement, "0"
	default:
		if f.Name = m.Name; !s.hasFunction(m.Name) {
			return f, invalid("functionName must be LOOKUP or GEOLOCATION")
		}
	}
	if m.LookupMode != nil {
		f.LookupMode = strconv.Itoa(*m.LookupMode)
	}
	for _, a := range m.Arguments {
		arg := content.FunctionArgument{Column: a.Column, Field: s.internalField(a.Value), Service: a.Service, Order: a.Order}
		f.Override = f.Override || a.Override
		switch {
		case a.Value == "":
			return f, missing("argumentValue, the field")
		case a.Type == inputArgument:
			f.Inputs = append(f.Inputs, arg)
		case a.Type == outputArgument:
			f.Outputs = append(f.Outputs, arg)
		default:
			return f, invalid("argumentType must be 0 (read) or 1 (filled)")
		}
	}
	return f, nil
}

// hasFunction reports whether a content file has brought a function of a name.
func (s *Server) hasFunction(name string) bool {
	return slices.ContainsFunc(s.Library.Sources(), func(v content.Source) bool {
		return slices.ContainsFunc(v.Functions, func(f content.Function) bool { return f.Name == name })
	})
}

func functionOf(f content.Function) functionModel {
	name := f.Name
	if name == lookupElement || name == geolocationElement {
		name = strings.ToUpper(name)
	}
	m := functionModel{Name: name, Order: f.Order, LookupTable: f.LookupTable, IsEnabled: &f.Enabled, Arguments: []functionArgumentModel{}}
	if mode, err := strconv.Atoi(f.LookupMode); err == nil {
		m.LookupMode = &mode
	}
	for kind, list := range [][]content.FunctionArgument{inputArgument: f.Inputs, outputArgument: f.Outputs} {
		for _, a := range list {
			m.Arguments = append(m.Arguments, functionArgumentModel{Type: kind, Column: a.Column, Value: a.Field, Service: a.Service, Order: a.Order, Override: f.Override})
		}
	}
	return m
}

func dataFilterOf(f content.DataFilter) dataFilterModel {
	return dataFilterModel{DisplayName: f.Name, Description: f.Description, Type: string(f.Kind), Match: f.Match, Replacement: f.Replacement, Order: f.Order, IsEnabled: &f.Enabled}
}

func metadataFieldOf(m content.MetadataField) metadataFieldModel {
	return metadataFieldModel{m.Key, m.Field, &m.Enabled}
}
