package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

type sourceModel struct {
	Name            string                `json:"name"`
	SourceID        int64                 `json:"sourceId"`
	DisplayName     string                `json:"displayName"`
	Description     string                `json:"description"`
	TypeName        string                `json:"typeName"`
	IsSystem        bool                  `json:"isSystem"`
	IsSecureContent bool                  `json:"isSecureContent"`
	LifecycleState  string                `json:"lifecycleState"`
	PatternCount    int                   `json:"patternCount"`
	Associations    *int64                `json:"associationCount,omitempty"`
	TimeUpdated     *time.Time            `json:"timeUpdated"`
	EntityTypes     []entityTypeModel     `json:"entityTypes"`
	Patterns        []patternModel        `json:"patterns,omitempty"`
	Parsers         []parserModel         `json:"parsers,omitempty"`
	ExtendedFields  []extendedDetails     `json:"extendedFieldDefinitions,omitempty"`
	LabelConditions []labelConditionModel `json:"labelConditions,omitempty"`
	Functions       []functionModel       `json:"functions,omitempty"`
	DataFilters     []dataFilterModel     `json:"dataFilterDefinitions,omitempty"`
	MetadataFields  []metadataFieldModel  `json:"metadataFields,omitempty"`
	keptLists
}

type entityTypeModel struct {
	EntityType string `json:"entityType"`
}

type patternModel struct {
	PatternText string `json:"patternText"`
	IsInclude   bool   `json:"isInclude"`
	IsEnabled   bool   `json:"isEnabled"`
}

type parserModel struct {
	Name                string          `json:"name"`
	DisplayName         string          `json:"displayName"`
	Description         string          `json:"description"`
	Type                string          `json:"type"`
	Content             string          `json:"content,omitempty"`
	HeaderContent       string          `json:"headerContent,omitempty"`
	FooterContent       string          `json:"footerContent,omitempty"`
	ExampleContent      string          `json:"exampleContent,omitempty"`
	FieldDelimiter      string          `json:"fieldDelimiter,omitempty"`
	FieldQualifier      string          `json:"fieldQualifier,omitempty"`
	Encoding            string          `json:"encoding,omitempty"`
	Language            string          `json:"language,omitempty"`
	IsSingleLineContent bool            `json:"isSingleLineContent"`
	IsSystem            bool            `json:"isSystem"`
	ParserSequence      int             `json:"parserSequence,omitempty"`
	SourcesCount        *int            `json:"sourcesCount,omitempty"`
	TimeUpdated         *time.Time      `json:"timeUpdated"`
	FieldMaps           []fieldMapModel `json:"fieldMaps"`

	ParserFunctions []parserFunctionModel `json:"parserFunctions,omitempty"`
}

type fieldMapModel struct {
	Field                *fieldModel `json:"field,omitempty"`
	ParserFieldName      string      `json:"parserFieldName,omitempty"`
	ParserName           string      `json:"parserName,omitempty"`
	ParserFieldSequence  int         `json:"parserFieldSequence"`
	StorageFieldName     string      `json:"storageFieldName,omitempty"`
	StructuredColumnInfo string      `json:"structuredColumnInfo,omitempty"`
}

type fieldModel struct {
	Name          string     `json:"name"`
	DisplayName   string     `json:"displayName"`
	Description   string     `json:"description"`
	DataType      string     `json:"dataType"`
	IsMultiValued bool       `json:"isMultiValued"`
	IsLargeData   bool       `json:"isLargeData"`
	IsSystem      bool       `json:"isSystem"`
	UnitType      string     `json:"unitType,omitempty"`
	TimeUpdated   *time.Time `json:"timeUpdated"`
}

type labelModel struct {
	Name        string       `json:"name"`
	DisplayName string       `json:"displayName"`
	Description string       `json:"description"`
	Priority    string       `json:"priority,omitempty"`
	IsSystem    bool         `json:"isSystem"`
	Aliases     []aliasModel `json:"aliases"`
	Uses        *int         `json:"countUsageInSource,omitempty"` // log sources that give the label
	TimeUpdated *time.Time   `json:"timeUpdated"`
}

type aliasModel struct {
	Alias string `json:"alias"`
}

// updated is when an item of content was last changed: what is built in, when the
// program was first started.
func (s *Server) updated(kind, name string) *time.Time {
	t := s.Library.Updated(kind, name)
	if t.IsZero() {
		t = s.Catalog.FirstStart()
	}
	return stamp(t)
}

// sourceID numbers a log source. It is made of the internal name, so that it stays,
// and small enough for every client's numbers.
func sourceID(name string) int64 {
	sum := sha256.Sum256([]byte(strings.ToLower(name)))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 12)
}

func (s *Server) sourceOf(v content.Source) sourceModel {
	return sourceModel{Name: v.Name, SourceID: sourceID(v.Name), TimeUpdated: s.updated(content.KindSource, v.Name), DisplayName: v.Display, Description: v.Description, TypeName: v.Kind, IsSystem: v.System,
		IsSecureContent: v.Secure, LifecycleState: "ACTIVE", PatternCount: len(v.Patterns),
		EntityTypes: mapped(v.EntityTypes, func(t string) entityTypeModel { return entityTypeModel{t} })}
}

func (s *Server) parserOf(p content.Parser) parserModel {
	m := parserModel{Name: p.Name, DisplayName: p.Display, Description: p.Description, Type: string(p.Kind), Content: p.Content, HeaderContent: p.Header,
		FooterContent: p.Footer, ExampleContent: p.Example, FieldDelimiter: p.Delimiter, FieldQualifier: p.Qualifier, Encoding: p.Encoding,
		Language: p.Language, ParserFunctions: parserFunctionsOf(p), IsSingleLineContent: p.SingleLine, IsSystem: p.System, TimeUpdated: s.updated(content.KindParser, p.Name)}
	m.FieldMaps = mapped(p.Fields, func(f content.ParserField) fieldMapModel {
		fm := fieldMapModel{ParserFieldName: f.Field, ParserName: f.Parser, ParserFieldSequence: f.Seq, StorageFieldName: f.Field, StructuredColumnInfo: f.Path}
		if field, ok := s.Library.Field(f.Field); ok && f.Field != "" {
			v := s.fieldOf(field)
			fm.Field = &v
		}
		return fm
	})
	return m
}

func (s *Server) fieldOf(f record.Field) fieldModel {
	return fieldModel{Name: f.Name, DisplayName: f.Display, Description: f.Description, DataType: f.Type.String(), IsMultiValued: f.MultiValued,
		IsLargeData: f.LargeData, IsSystem: f.System, UnitType: f.Unit, TimeUpdated: s.updated(content.KindField, f.Name)}
}

func (s *Server) labelOf(l content.Label) labelModel {
	return labelModel{Name: l.Name, DisplayName: l.Display, Description: l.Descr, Priority: l.Priority, IsSystem: l.System,
		TimeUpdated: s.updated(content.KindLabel, l.Name),
		Aliases:     mapped(l.Aliases, func(a string) aliasModel { return aliasModel{a} })}
}

func (s *Server) listSources(c *call) (*response, error) {
	if _, err := c.need("compartmentId"); err != nil {
		return nil, err
	}
	keep, err := c.sourceFilter()
	if err != nil {
		return nil, err
	}
	simplified, err := c.flag("isSimplified")
	if err != nil {
		return nil, err
	}
	associations, err := s.associationCounts(c)
	if err != nil {
		return nil, err
	}
	model := func(v content.Source) any {
		m, n := s.sourceOf(v), associations[v.Name]
		m.Associations = &n
		return m
	}
	if simplified {
		model = func(v content.Source) any { return namedModel{v.Name, v.Display} }
	}
	return listItems(c, s.Library.Sources(), "name", keep, map[string]func(content.Source) string{
		"name":             func(v content.Source) string { return v.Display },
		"sourceType":       func(v content.Source) string { return v.Kind },
		"associationCount": func(v content.Source) string { return sortableCount(associations[v.Name]) },
		"timeUpdated":      func(v content.Source) string { return sortable(s.updated(content.KindSource, v.Name)) },
	}, model)
}

func (s *Server) getSource(c *call) (*response, error) {
	if _, err := c.need("compartmentId"); err != nil {
		return nil, err
	}
	return s.oneSource(c.path["sourceName"])
}

func (s *Server) listParsers(c *call) (*response, error) {
	keep, err := s.parserFilter(c)
	if err != nil {
		return nil, err
	}
	users := s.parserUsers()
	return listItems(c, s.Library.Parsers(), "name", keep, map[string]func(content.Parser) string{
		"name":         func(v content.Parser) string { return v.Display },
		"type":         func(v content.Parser) string { return string(v.Kind) },
		"sourcesCount": func(v content.Parser) string { return byCount(len(users[v.Name])) },
		"timeUpdated":  func(v content.Parser) string { return sortable(s.updated(content.KindParser, v.Name)) },
	}, func(v content.Parser) parserModel {
		m, n := s.parserOf(v), len(users[v.Name])
		m.SourcesCount = &n
		return m
	})
}

func (s *Server) getParser(c *call) (*response, error) { return s.oneParser(c.path["parserName"]) }

func (s *Server) listFields(c *call) (*response, error) {
	keep, err := s.fieldFilter(c)
	if err != nil {
		return nil, err
	}
	return listItems(c, s.Library.Fields(), "name", keep,
		map[string]func(record.Field) string{
			"name":        func(v record.Field) string { return v.Display },
			"dataType":    func(v record.Field) string { return v.Type.String() },
			"timeUpdated": func(v record.Field) string { return sortable(s.updated(content.KindField, v.Name)) },
		}, s.fieldOf)
}

func (s *Server) listLabels(c *call) (*response, error) {
	var name, text, priority, sort string
	if err := c.params(map[string]*string{"labelName": &name, "labelDisplayText": &text, "labelPriority": &priority, "labelSortBy": &sort}); err != nil {
		return nil, err
	}
	system, err := c.systemFilter()
	if err != nil {
		return nil, err
	}
	counted, err := c.flag("isCountPop")
	if err != nil {
		return nil, err
	}
	withAliases, err := c.flagIs("isAliasPop")
	if err != nil {
		return nil, err
	}
	uses := s.labelUses()
	return listItems(c, s.Library.Labels(), cmp.Or(sort, "name"), func(v content.Label) bool {
		return system(v.System) && (name == "" || strings.EqualFold(name, v.Name)) && contains(v.Display+"\n"+v.Descr, text) &&
			(priority == "" || strings.EqualFold(priority, v.Priority))
	}, map[string]func(content.Label) string{
		"name":        func(v content.Label) string { return v.Display },
		"priority":    func(v content.Label) string { return v.Priority },
		"sourceUsing": func(v content.Label) string { return byCount(uses[strings.ToLower(v.Name)]) },
		"timeUpdated": func(v content.Label) string { return sortable(s.updated(content.KindLabel, v.Name)) },
	}, func(v content.Label) labelModel {
		m := s.labelOf(v)
		if n := uses[strings.ToLower(v.Name)]; counted {
			m.Uses = &n
		}
		if !withAliases(true) {
			m.Aliases = []aliasModel{}
		}
		return m
	})
}

// contains reports whether a text holds another, in any letter case.
func contains(text, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// systemFilter reads isSystem: ALL, CUSTOM or BUILT_IN.
func (c *call) systemFilter() (func(bool) bool, error) {
	v, err := c.param("isSystem")
	if err != nil {
		return nil, err
	}
	switch v {
	case "", "ALL":
		return func(bool) bool { return true }, nil
	case "BUILT_IN":
		return func(system bool) bool { return system }, nil
	case "CUSTOM":
		return func(system bool) bool { return !system }, nil
	}
	return nil, invalid("isSystem must be ALL, CUSTOM or BUILT_IN")
}

// listItems filters, sorts and pages a list held in memory. Its page tokens are
// offsets: the library changes only when content is imported.
func listItems[T, M any](c *call, all []T, defaultSort string, keep func(T) bool, keys map[string]func(T) string, model func(T) M) (*response, error) {
	p, err := c.page(defaultSort)
	if err != nil {
		return nil, err
	}
	key, ok := keys[p.Sort]
	if !ok {
		return nil, invalid("cannot sort by %.40q", p.Sort)
	}
	var kept []T
	for _, v := range all {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	slices.SortStableFunc(kept, func(a, b T) int {
		n := strings.Compare(strings.ToLower(key(a)), strings.ToLower(key(b)))
		if p.Desc {
			n = -n
		}
		return n
	})
	start := 0
	if p.After != "" {
		if start, err = strconv.Atoi(p.After); err != nil || start < 0 {
			return nil, invalid("page: the token cannot be read; start again without it")
		}
	}
	start = min(start, len(kept))
	end := min(start+p.Limit, len(kept))
	next := ""
	if end < len(kept) {
		next = c.next(strconv.Itoa(end))
	}
	return answer(collection(mapped(kept[start:end], model))).with("opc-next-page", next), nil
}
