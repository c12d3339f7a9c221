package api

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/encoding/ianaindex"

	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// The lists that user interfaces load beside the content itself: parts of one
// item, counts, and what one may choose from.

// listOperations are those of the lists.
func listOperations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost
		ns        = "/20200601/namespaces/{namespaceName}"
		source    = ns + "/sources/{sourceName}"
	)
	return []operation{
		{Method: get, Pattern: source + "/patterns", Name: "ListSourcePatterns", handle: (*Server).listSourcePatterns},
		{Method: get, Pattern: source + "/extendedFieldDefinitions", Name: "ListSourceExtendedFieldDefinitions", handle: (*Server).listSourceExtended},
		{Method: get, Pattern: ns + "/sourceSummary", Name: "GetSourceSummary", handle: (*Server).sourceSummary},
		{Method: get, Pattern: ns + "/sourceMetaTypes", Name: "ListMetaSourceTypes", handle: (*Server).listSourceTypes},
		{Method: get, Pattern: ns + "/sourceMetaFunctions", Name: "ListSourceMetaFunctions", handle: (*Server).listNothing},
		{Method: get, Pattern: ns + "/sourceLabelOperators", Name: "ListSourceLabelOperators", handle: (*Server).listLabelOperators},
		{Method: get, Pattern: ns + "/parsersSummary", Name: "GetParserSummary", handle: (*Server).parserSummary},
		{Method: get, Pattern: ns + "/parserFunctions", Name: "ListParserFunctions", handle: (*Server).listParserFunctions},
		{Method: get, Pattern: ns + "/parserMetaPlugins", Name: "ListParserMetaPlugins", handle: (*Server).listParserPlugins},
		{Method: get, Pattern: ns + "/parserActions", Name: "ListParserActions", handle: (*Server).listNothing},
		{Method: get, Pattern: ns + "/fields/{fieldName}/usages", Name: "GetFieldUsages", handle: (*Server).fieldUsages},
		{Method: get, Pattern: ns + "/fieldSummary", Name: "GetFieldsSummary", handle: (*Server).fieldSummary},
		{Method: get, Pattern: ns + "/labelPriorities", Name: "ListLabelPriorities", handle: (*Server).listLabelPriorities},
		{Method: get, Pattern: ns + "/labelSourceDetails", Name: "ListLabelSourceDetails", handle: (*Server).listLabelSources},
		{Method: get, Pattern: ns + "/labelSummary", Name: "GetLabelSummary", handle: (*Server).labelSummary},
		{Method: post, Pattern: ns + "/labels/actions/basicInfo", Name: "BatchGetBasicInfo", handle: (*Server).basicLabels},
		{Method: get, Pattern: ns + "/supportedCharEncodings", Name: "ListSupportedCharEncodings", handle: (*Server).listEncodings},
		{Method: get, Pattern: ns + "/lookupSummary", Name: "GetLookupSummary", handle: (*Server).lookupSummary},
		{Method: get, Pattern: ns + "/logAnalyticsLogGroupsSummary", Name: "GetLogAnalyticsLogGroupsSummary", handle: (*Server).logGroupsSummary},
		{Method: get, Pattern: ns + "/storage/logSets", Name: "ListLogSets", handle: (*Server).listNothing},
		{Method: get, Pattern: ns + "/storage/logSetsCount", Name: "GetLogSetsCount", handle: (*Server).countLogSets},
		{Method: get, Pattern: ns + "/storage/usage", Name: "GetStorageUsage", handle: (*Server).storageUsage},
		{Method: get, Pattern: ns + "/preferences", Name: "GetPreferences", handle: (*Server).getPreferences},
		{Method: post, Pattern: ns + "/preferences/actions/updatePreferences", Name: "UpdatePreferences", handle: (*Server).updatePreferences},
		{Method: post, Pattern: ns + "/preferences/actions/removePreferences", Name: "RemovePreferences", handle: (*Server).removePreferences},
	}
}

// listNothing answers lists of what this server has none of.
func (s *Server) listNothing(c *call) (*response, error) {
	if _, err := c.page("name"); err != nil {
		return nil, err
	}
	return answer(collection[string](nil)), nil
}

// sourceOfPath is the log source that the path names.
func (s *Server) sourceOfPath(c *call) (*content.Source, error) {
	v, ok := s.Library.Source(c.path["sourceName"])
	if !ok {
		return nil, absent("Log source %.200q is not found", c.path["sourceName"])
	}
	return v, nil
}

func (s *Server) listSourcePatterns(c *call) (*response, error) {
	v, err := s.sourceOfPath(c)
	if err != nil {
		return nil, err
	}
	include, err := c.flag("isInclude")
	if err != nil {
		return nil, err
	}
	filtered := c.query.Has("isInclude")
	return listItems(c, v.Patterns, "patternText", func(p content.Pattern) bool { return !filtered || p.Include == include },
		map[string]func(content.Pattern) string{"patternText": func(p content.Pattern) string { return p.Text }},
		func(p content.Pattern) patternModel { return patternModel{p.Text, p.Include, p.Enabled} })
}

func (s *Server) listSourceExtended(c *call) (*response, error) {
	v, err := s.sourceOfPath(c)
	if err != nil {
		return nil, err
	}
	return listItems(c, extendedOf(*v), "baseFieldName", func(extendedDetails) bool { return true }, map[string]func(extendedDetails) string{
		"baseFieldName":     func(e extendedDetails) string { return e.BaseFieldName },
		"regularExpression": func(e extendedDetails) string { return e.RegularExpression },
	}, func(e extendedDetails) extendedDetails { return e })
}

// builtInCount answers how many items are built in and how many are users'.
func builtInCount[T any](list []T, system func(T) bool) (*response, error) {
	built := 0
	for _, v := range list {
		if system(v) {
			built++
		}
	}
	return answer(map[string]int{"oobCount": built, "nonOobCount": len(list) - built}), nil
}

func (s *Server) sourceSummary(*call) (*response, error) {
	return builtInCount(s.Library.Sources(), func(v content.Source) bool { return v.System })
}

func (s *Server) parserSummary(*call) (*response, error) {
	return builtInCount(s.Library.Parsers(), func(v content.Parser) bool { return v.System })
}

func (s *Server) fieldSummary(*call) (*response, error) {
	return builtInCount(s.Library.Fields(), func(v record.Field) bool { return v.System })
}

func (s *Server) labelSummary(*call) (*response, error) {
	return builtInCount(s.Library.Labels(), func(v content.Label) bool { return v.System })
}

type namedModel struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

func byName(v namedModel) string { return v.Name }

func listNamed(c *call, list []namedModel) (*response, error) {
	return listItems(c, list, "name", func(namedModel) bool { return true }, map[string]func(namedModel) string{"name": byName}, func(v namedModel) namedModel { return v })
}

// listSourceTypes lists the types of the log sources there are, and those that
// can be uploaded to in any case.
func (s *Server) listSourceTypes(c *call) (*response, error) {
	names := map[string]string{"os_file": "File", "os_syslog": "Syslog"}
	for _, v := range s.Library.Sources() {
		if names[v.Kind] == "" && v.Kind != "" {
			names[v.Kind] = v.Kind
		}
	}
	var list []namedModel
	for name, display := range names {
		list = append(list, namedModel{name, display})
	}
	return listNamed(c, list)
}

// listLabelOperators lists what a label's condition may ask.
func (s *Server) listLabelOperators(c *call) (*response, error) {
	list := []namedModel{{"IS_NULL", "Is Null"}, {"NOT_NULL", "Not Null"}}
	for _, o := range []namedModel{{"EQUAL", "Equal"}, {"EQUAL_IGNORE_CASE", "Equal Ignore Case"}, {"IN", "In"}, {"IN_IGNORE_CASE", "In Ignore Case"},
		{"CONTAINS", "Contains"}, {"CONTAINS_IGNORE_CASE", "Contains Ignore Case"}, {"STARTS_WITH", "Starts With"}, {"ENDS_WITH", "Ends With"},
		{"CONTAINS_REGEX", "Contains Regex"}, {"CONTAINS_ONEOF_REGEXES", "Contains One of Regexes"}} {
		list = append(list, o, namedModel{"NOT_" + o.Name, "Not " + o.DisplayName})
	}
	return listNamed(c, list)
}

func (s *Server) listLabelPriorities(c *call) (*response, error) {
	type priority struct {
		Priority string `json:"priority"`
	}
	return answer(collection([]priority{{"NONE"}, {"LOW"}, {"MEDIUM"}, {"HIGH"}})), nil
}

// fieldUsages tells which parsers and log sources refer to a field.
func (s *Server) fieldUsages(c *call) (*response, error) {
	f, ok := s.Library.Field(c.path["fieldName"])
	if !ok {
		return nil, absent("Field %.200q is not found", c.path["fieldName"])
	}
	parsers, sources := s.Content.FieldUsers(f.Name)
	type parser struct {
		Name        string `json:"parserName"`
		DisplayName string `json:"parserDisplayName"`
		Type        string `json:"parserType,omitempty"`
		IsSystem    bool   `json:"isSystem"`
	}
	type source struct {
		Name        string `json:"sourceName"`
		DisplayName string `json:"sourceDisplayName"`
		Type        string `json:"sourceType,omitempty"`
		IsSystem    bool   `json:"isSystem"`
	}
	dependentParsers := mapped(parsers, func(text string) parser {
		name := strings.TrimPrefix(text, "parser ")
		p, ok := s.Library.Parser(name)
		if !ok { // deleted in the meantime
			return parser{Name: name, DisplayName: name}
		}
		return parser{p.Name, p.Display, string(p.Kind), p.System}
	})
	dependentSources := mapped(sources, func(text string) source {
		name := strings.TrimPrefix(text, "log source ")
		v, ok := s.Library.Source(name)
		if !ok {
			return source{Name: name, DisplayName: name}
		}
		return source{v.Name, v.Display, v.Kind, v.System}
	})
	return answer(map[string]any{"dependentParsers": dependentParsers, "dependentSources": dependentSources}), nil
}

// listLabelSources lists where a label is given, and under which condition.
func (s *Server) listLabelSources(c *call) (*response, error) {
	label, err := c.param("labelName")
	if err != nil {
		return nil, err
	}
	type use struct {
		Source      string               `json:"sourceName"`
		DisplayName string               `json:"sourceDisplayName"`
		Block       *conditionBlockModel `json:"conditionBlock"`
		Field       string               `json:"labelFieldName"`
		FieldName   string               `json:"labelFieldDisplayname"`
	}
	var uses []use
	for _, v := range s.Library.Sources() {
		for _, r := range v.LabelRules {
			for _, m := range conditionsOf(r) {
				if label != "" && !strings.EqualFold(label, m.LabelName) {
					continue
				}
				display := m.StorageField
				if f, ok := s.Library.Field(m.StorageField); ok {
					display = f.Display
				}
				uses = append(uses, use{v.Name, v.Display, m.Block, m.StorageField, display})
			}
		}
	}
	key := func(u use) string { return u.DisplayName }
	return listItems(c, uses, "sourceDisplayName", func(use) bool { return true },
		map[string]func(use) string{"sourceDisplayName": key, "labelFieldDisplayName": func(u use) string { return u.FieldName }}, func(u use) use { return u })
}

// basicLabels answers the labels that the body names.
func (s *Server) basicLabels(c *call) (*response, error) {
	var d struct {
		Names []string `json:"labelNames"`
	}
	if _, err := c.decodeChange(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	return listItems(c, s.Library.Labels(), "name", func(l content.Label) bool { return slices.Contains(d.Names, l.Name) }, map[string]func(content.Label) string{
		"name":     func(l content.Label) string { return l.Name },
		"priority": func(l content.Label) string { return l.Priority },
	}, s.labelOf)
}

// listEncodings lists encodings an upload may name.
func (s *Server) listEncodings(c *call) (*response, error) {
	var names []namedModel
	for _, name := range []string{"UTF-8", "US-ASCII", "UTF-16LE", "UTF-16BE", "ISO-8859-1", "ISO-8859-2", "ISO-8859-5", "ISO-8859-7", "ISO-8859-9", "ISO-8859-15",
		"windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "Shift_JIS", "EUC-JP", "ISO-2022-JP", "EUC-KR", "GBK", "GB18030", "Big5", "KOI8-R"} {
		if enc, err := ianaindex.IANA.Encoding(name); err == nil && (enc != nil || name == "US-ASCII") {
			names = append(names, namedModel{Name: name})
		}
	}
	r, err := listItems(c, names, "name", func(namedModel) bool { return true }, map[string]func(namedModel) string{"name": byName}, byName)
	if err != nil {
		return nil, err
	}
	return r.with("opc-total-items", itoa(int64(len(names)))), nil
}

func (s *Server) lookupSummary(c *call) (*response, error) {
	n := 0
	page := catalog.Page{Limit: catalog.MaxPage}
	for {
		list, next, err := s.Catalog.Lookups(c.r.Context(), catalog.LookupFilter{}, page)
		if err != nil {
			return nil, err
		}
		if n += len(list); next == "" {
			return answer(map[string]int{"userCreatedCount": n, "oracleDefinedCount": 0, "totalCount": n}), nil
		}
		page.After = next
	}
}

func (s *Server) countLogSets(*call) (*response, error) {
	return answer(map[string]int{"count": 0}), nil
}

// storageUsage tells the bytes of the segments; nothing is archived.
func (s *Server) storageUsage(c *call) (*response, error) {
	stats, err := s.Store.Stats(c.r.Context())
	if err != nil {
		return nil, err
	}
	return answer(map[string]int64{"activeDataSizeInBytes": stats.Bytes, "archivedDataSizeInBytes": 0, "recalledArchivedDataSizeInBytes": 0}), nil
}

// preferences of the namespace: names with values, which this server keeps and
// does not act upon.
type preferences struct {
	Items []preference `json:"items"`
}

type preference struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

const maxPreferences = 1000

func (s *Server) getPreferences(c *call) (*response, error) {
	list, err := s.allItems(c.r.Context(), catalog.Preference, "")
	if err != nil {
		return nil, err
	}
	return listItems(c, list, "name", func(catalog.Item) bool { return true }, map[string]func(catalog.Item) string{"name": func(v catalog.Item) string { return v.Name }},
		func(v catalog.Item) preference { return preference{v.Name, string(v.Body)} })
}

func (s *Server) updatePreferences(c *call) (*response, error) {
	return s.changePreferences(c, func(change *catalog.ItemChange, p preference) error {
		_, err := change.Put(catalog.Item{Kind: catalog.Preference, ID: p.Name, Name: p.Name, Compartment: s.opts.Tenancy, Body: []byte(p.Value)})
		return err
	})
}

func (s *Server) removePreferences(c *call) (*response, error) {
	return s.changePreferences(c, func(change *catalog.ItemChange, p preference) error { return change.Delete(catalog.Preference, p.Name) })
}

func (s *Server) changePreferences(c *call, do func(*catalog.ItemChange, preference) error) (*response, error) {
	var d preferences
	if _, err := c.decodeChange(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	if len(d.Items) == 0 || len(d.Items) > maxPreferences {
		return nil, invalid("items must hold 1 to %d preferences", maxPreferences)
	}
	_, err := s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		for _, p := range d.Items {
			if p.Name == "" {
				return catalog.Item{}, missing("items[].name")
			}
			if err := do(change, p); err != nil {
				return catalog.Item{}, err
			}
		}
		return catalog.Item{}, nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) logGroupsSummary(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	f := catalog.LogGroupFilter{Compartment: compartment}
	if f.IDs, err = s.Catalog.Groups(c.r.Context(), c.who.rights, catalog.Inspect); err != nil {
		return nil, err
	}
	n := 0
	page := catalog.Page{Limit: catalog.MaxPage}
	for {
		list, next, err := s.Catalog.LogGroups(c.r.Context(), f, page)
		if err != nil {
			return nil, err
		}
		if n += len(list); next == "" {
			return answer(map[string]int{"count": n}), nil
		}
		page.After = next
	}
}
