package api

import (
	"maps"
	"strings"
	"time"

	"ledgerline/internal/query"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// parseModel is Oracle's ParseQueryOutput.
type parseModel struct {
	DisplayQueryString  string            `json:"displayQueryString"`
	InternalQueryString string            `json:"internalQueryString"`
	Columns             []columnModel     `json:"columns,omitempty"`
	Commands            []descriptorModel `json:"commands,omitempty"`
	TimeFilter          *timeRangeModel   `json:"timeFilter,omitempty"`
	Variables           []variableModel   `json:"variables,omitempty"`
	Properties          []string          `json:"properties"` // of modules, which are refused: none
	ResponseTimeInMs    int64             `json:"responseTimeInMs"`
}

type variableModel struct {
	Name         string `json:"name"`
	Type         string `json:"type,omitempty"`
	DefaultValue string `json:"defaultValue,omitempty"`
}

// textDetails is the body of calls about the text of a query.
type textDetails struct {
	CompartmentID string `json:"compartmentId"`
	QueryString   string `json:"queryString"`
	SubSystem     string `json:"subSystem"`
}

// text reads the body of a call about the text of a query.
func (s *Server) text(c *call) (textDetails, error) {
	var d textDetails
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return d, err
	}
	return d, checkSubSystem(d.SubSystem)
}

// parseQuery checks a query and takes it apart for editors.
func (s *Server) parseQuery(c *call) (*response, error) {
	began := time.Now()
	d, err := s.text(c)
	if err != nil {
		return nil, err
	}
	if d.QueryString == "" {
		return nil, missing("queryString")
	}
	about, err := s.Query.Describe(query.Request{Text: d.QueryString})
	if err != nil {
		return nil, err
	}
	q, err := syntax.Parse(d.QueryString)
	if err != nil {
		return nil, err
	}
	m := s.parsed(q, nil)
	m.Columns = mapped(about.Columns, columnOf)
	if w := about.Window; !w.From.IsZero() && !w.To.IsZero() {
		r := timeRange(w, time.UTC)
		m.TimeFilter = &r
	}
	for _, init := range q.Inits {
		m.Variables = append(m.Variables, variableOf(init))
	}
	m.ResponseTimeInMs = time.Since(began).Milliseconds()
	return answer(m), nil
}

func variableOf(init *syntax.Init) variableModel {
	v := variableModel{Name: "$" + init.Name, DefaultValue: syntax.Format(init.X)}
	switch value := init.Value.(type) {
	case *syntax.Number:
		v.Type = "NUMBER"
	case *syntax.Text:
		v.Type, v.DefaultValue = "STRING", value.Text
	}
	return v
}

// parsed describes a query, or a sub-query below commands that declared names.
// The tree is changed: names of fields become internal ones.
func (s *Server) parsed(q *syntax.Query, declared map[string]bool) *parseModel {
	m := &parseModel{DisplayQueryString: q.String(), Properties: []string{}}
	d := describer{server: s, declared: maps.Clone(declared)}
	if d.declared == nil {
		d.declared = map[string]bool{}
	}
	for _, cmd := range q.Commands {
		m.Commands = append(m.Commands, d.command(cmd))
	}
	m.InternalQueryString = q.String()
	return m
}

// queryStrings returns a query in canonical form, with display and with internal
// names of fields.
func (s *Server) queryStrings(r query.Request) (display, internal string, err error) {
	q, err := syntax.ParseWith(r.Text, syntax.Options{Variables: r.Variables})
	if err != nil {
		return "", "", err
	}
	m := s.parsed(q, nil)
	return m.DisplayQueryString, m.InternalQueryString, nil
}

// descriptorModel is Oracle's AbstractCommandDescriptor with the members of all
// its subtypes; Name is the discriminator.
type descriptorModel struct {
	Name                string       `json:"name"`
	DisplayQueryString  string       `json:"displayQueryString"`
	InternalQueryString string       `json:"internalQueryString"`
	Category            string       `json:"category,omitempty"`
	ReferencedFields    []fieldRef   `json:"referencedFields,omitempty"`
	DeclaredFields      []fieldRef   `json:"declaredFields,omitempty"`
	IsHidden            bool         `json:"isHidden"`
	SubQueries          []parseModel `json:"subQueries,omitempty"`

	GroupByFields       []fieldRef         `json:"groupByFields,omitempty"`
	Functions           []fieldRef         `json:"functions,omitempty"`
	Time                *fieldRef          `json:"time,omitempty"`
	Span                any                `json:"span,omitempty"` // a number for BUCKET, else text
	Limit               *int64             `json:"limit,omitempty"`
	Step                *int64             `json:"step,omitempty"`
	MaxValues           *int64             `json:"maxValues,omitempty"`
	MaxBuckets          *int64             `json:"maxBuckets,omitempty"`
	Ranges              []bucketRangeModel `json:"ranges,omitempty"`
	DefaultValue        string             `json:"defaultValue,omitempty"`
	TopCount            *int64             `json:"topCount,omitempty"`
	BottomCount         *int64             `json:"bottomCount,omitempty"`
	Correlate           []fieldRef         `json:"correlate,omitempty"`
	TimeShift           string             `json:"timeShift,omitempty"`
	BaselineQuery       string             `json:"baselineQuery,omitempty"`
	TableName           string             `json:"tableName,omitempty"`
	ShouldIncludeNulls  *bool              `json:"shouldIncludeNulls,omitempty"`
	ShouldIncludeTrends *bool              `json:"shouldIncludeTrends,omitempty"`
	Include             string             `json:"include,omitempty"`
	CityField           *fieldRef          `json:"cityField,omitempty"`
	RegionField         *fieldRef          `json:"regionField,omitempty"`
	CountryField        *fieldRef          `json:"countryField,omitempty"`
	ContinentField      *fieldRef          `json:"continentField,omitempty"`
	CoordinatesField    *fieldRef          `json:"coordinatesField,omitempty"`
	Color               string             `json:"color,omitempty"`
	Priority            string             `json:"priority,omitempty"`
	MatchOnly           []string           `json:"matchOnly,omitempty"`
	Fields              []string           `json:"fields,omitempty"`
	Keywords            []string           `json:"keywords,omitempty"`
}

type bucketRangeModel struct {
	Lower *float64 `json:"lower,omitempty"`
	Upper *float64 `json:"upper,omitempty"`
	Alias string   `json:"alias,omitempty"`
}

// fieldRef is Oracle's AbstractField with the members of its subtypes FIELD,
// FIELDS, FUNCTION and SORT; Kind is the discriminator.
type fieldRef struct {
	Kind                 string          `json:"name"`
	DisplayName          string          `json:"displayName"`
	OriginalDisplayNames []string        `json:"originalDisplayNames,omitempty"`
	InternalName         string          `json:"internalName,omitempty"`
	ValueType            string          `json:"valueType,omitempty"`
	IsDeclared           bool            `json:"isDeclared"`
	IsGroupable          bool            `json:"isGroupable"`
	IsDuration           bool            `json:"isDuration"`
	Alias                string          `json:"alias,omitempty"`
	UnitType             string          `json:"unitType,omitempty"`
	Function             string          `json:"function,omitempty"`
	Arguments            []argumentModel `json:"arguments,omitempty"`
	Direction            string          `json:"direction,omitempty"`
	Operation            string          `json:"operation,omitempty"`
}

type argumentModel struct {
	Type     string `json:"type"` // FIELD or LITERAL
	Value    any    `json:"value"`
	DataType string `json:"dataType,omitempty"`
}

// describer describes commands one after the other.
type describer struct {
	server   *Server
	declared map[string]bool // columns that commands before made, in lower case
}

// field describes a name as it is meant after the commands before.
func (d *describer) field(kind, name string) fieldRef {
	f := fieldRef{Kind: kind, DisplayName: name, IsDeclared: d.declared[strings.ToLower(name)]}
	if known, ok := d.known(name); ok {
		f.DisplayName, f.OriginalDisplayNames = known.Display, []string{known.Display}
		f.InternalName, f.ValueType, f.UnitType, f.IsGroupable = known.Name, known.Type.String(), known.Unit, !known.LargeData
	}
	return f
}

// known finds a field of records that no column hides.
func (d *describer) known(name string) (record.Field, bool) {
	if d.declared[strings.ToLower(name)] {
		return record.Field{}, false
	}
	return d.server.Library.Field(name)
}

// command describes a command and turns the names of fields in it into internal ones.
func (d *describer) command(c syntax.Command) descriptorModel {
	m := descriptorModel{Name: descriptorName(c.Keyword()), DisplayQueryString: syntax.FormatCommand(c)}
	parts := syntax.PartsOf(c)
	d.extras(c, &m)
	for _, sub := range parts.Subqueries {
		// Names of the sub-query, too, become internal ones here.
		p := d.server.parsed(sub.Query, d.declared)
		switch c.(type) {
		case *syntax.Search, *syntax.AddFields, *syntax.HighlightGroups:
			m.SubQueries = append(m.SubQueries, *p)
		case *syntax.ClusterCompare:
			m.BaselineQuery = p.DisplayQueryString
		}
	}
	if m.ReferencedFields == nil {
		for _, n := range parts.Reads {
			f := d.field("FIELD", n.Text)
			if f.InternalName != "" || f.IsDeclared { // any other word is a value
				m.ReferencedFields = append(m.ReferencedFields, f)
			}
		}
	}
	for _, n := range parts.Reads {
		if f, ok := d.known(n.Text); ok && n.Template == "" {
			n.Text = f.Name
		}
	}
	m.InternalQueryString = syntax.FormatCommand(c)
	for _, n := range parts.Makes {
		d.declared[strings.ToLower(n.Text)] = true
		m.DeclaredFields = append(m.DeclaredFields, d.field("FIELD", n.Text))
	}
	return m
}
