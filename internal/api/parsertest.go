package api

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// What a parser wizard asks: what a parser makes of an example, and which paths
// an example has to choose from.

// Bounds of a trial.
const (
	maxExample     = 1 << 20
	maxTestEntries = 1000
	maxPaths       = 2000
	maxDepth       = 64
)

type parserTestModel struct {
	AdditionalInfo map[string]string `json:"additionalInfo"`
	ExampleContent string            `json:"exampleContent"`
	Entries        []testEntryModel  `json:"entries"`
	Lines          []testLineModel   `json:"lines"`
	Names          []string          `json:"namedCaptureGroups"`
	Violations     []violationModel  `json:"violations"`
}

type testEntryModel struct {
	LogEntry           string            `json:"logEntry"`
	MatchStatus        string            `json:"matchStatus"`
	Fields             map[string]string `json:"fields"`
	FieldNameValueMap  map[string]string `json:"fieldNameValueMap"`
	FieldPositionValue map[string]string `json:"fieldPositionValueMap"`
	FieldMapping       []testFieldModel  `json:"fieldMapping"`
	Timestamp          int64             `json:"timestampEpochMillisec"`
	LogLines           []testLineModel   `json:"loglines"`
}

type testFieldModel struct {
	Position   int    `json:"position"`
	FieldName  string `json:"fieldName"`
	Value      string `json:"value"`
	ParserName string `json:"parserName"`
}

type testLineModel struct {
	OriginalLogLine string `json:"originalLogLine"`
}

type violationModel struct {
	RuleName        string `json:"ruleName"`
	RuleType        string `json:"ruleType"`
	RuleDescription string `json:"ruleDescription"`
}

// testParser reads the example of a parser that is described in the body.
func (s *Server) testParser(c *call) (*response, error) {
	scope, err := c.param("scope")
	if err != nil {
		return nil, err
	}
	if scope != "" && !slices.Contains([]string{"LOG_LINES", "LOG_ENTRIES", "LOG_LINES_LOG_ENTRIES"}, scope) {
		return nil, invalid("scope must be LOG_LINES, LOG_ENTRIES or LOG_LINES_LOG_ENTRIES")
	}
	p, err := s.readParser(c)
	if err != nil {
		return nil, err
	}
	if p.Name == "" {
		p.Name, p.Display = "test", "test"
	}
	out := parserTestModel{ExampleContent: p.Example, AdditionalInfo: map[string]string{}, Entries: []testEntryModel{}, Lines: []testLineModel{},
		Names: []string{}, Violations: []violationModel{}}
	warnings, err := s.Content.TryParser(c.r.Context(), p, []byte(p.Example), func(e *record.Entry) error {
		if len(out.Entries) < maxTestEntries {
			out.Entries = append(out.Entries, s.testEntry(p, e))
		}
		return nil
	})
	if err != nil {
		out.Violations = append(out.Violations, violationModel{"ParserNotRunnable", "ERROR", asError(err).Message})
	}
	for _, w := range warnings {
		out.Violations = append(out.Violations, violationModel{w.Code, "WARN", w.Message})
	}
	if scope != "LOG_ENTRIES" {
		for line := range strings.Lines(p.Example) {
			if len(out.Lines) < maxTestEntries {
				out.Lines = append(out.Lines, testLineModel{strings.TrimRight(line, "\r\n")})
			}
		}
	}
	if scope == "LOG_LINES" {
		out.Entries = []testEntryModel{}
	}
	return answer(out), nil
}

func (s *Server) readParser(c *call) (content.Parser, error) {
	var d parserDetails
	if _, err := c.decodeChange(s.limits.MaxJSON, &d); err != nil {
		return content.Parser{}, err
	}
	if d.Name == "" && d.DisplayName == "" {
		d.Name = "test"
	}
	switch {
	case d.ExampleContent == "":
		return content.Parser{}, missing("exampleContent")
	case len(d.ExampleContent) > maxExample:
		return content.Parser{}, invalid("exampleContent may have at most %d bytes", maxExample)
	}
	return s.parserFrom(d)
}

func (s *Server) testEntry(p content.Parser, e *record.Entry) testEntryModel {
	m := testEntryModel{LogEntry: e.Text, MatchStatus: "MATCH", Fields: map[string]string{}, FieldNameValueMap: map[string]string{},
		FieldPositionValue: map[string]string{}, FieldMapping: []testFieldModel{}, Timestamp: e.Time, LogLines: []testLineModel{}}
	for line := range strings.Lines(e.Text) {
		m.LogLines = append(m.LogLines, testLineModel{strings.TrimRight(line, "\r\n")})
	}
	for _, cell := range e.Cells {
		if f, ok := s.Library.Field(cell.Field); ok && f.Display == "Parse Failed" {
			m.MatchStatus = "NO_MATCH"
		}
		m.Fields[cell.Field] = cellText(cell.Value)
	}
	for _, f := range p.Fields {
		if value, ok := m.Fields[f.Field]; ok || f.Field == "time" {
			m.FieldPositionValue[strconv.Itoa(f.Seq)] = cmp.Or(value, timeText(e.Time))
		}
	}
	s.testFields(&m, p, e, nil)
	return m
}

// testFields tells which parser gave which field: the parser itself and, below
// it, those that read what it cut out.
func (s *Server) testFields(m *testEntryModel, p content.Parser, e *record.Entry, above []string) {
	above = append(above, p.Name)
	for _, f := range p.Fields {
		if f.Parser != "" {
			if sub, ok := s.Library.Parser(f.Parser); ok && !slices.Contains(above, sub.Name) {
				s.testFields(m, *sub, e, above)
			}
			continue
		}
		value, ok := m.Fields[f.Field]
		if f.Field == "time" {
			value, ok = timeText(e.Time), true
		}
		if ok {
			m.FieldNameValueMap[f.Field] = value
			m.FieldMapping = append(m.FieldMapping, testFieldModel{f.Seq, f.Field, value, p.Name})
		}
	}
}

func timeText(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }

// cellText writes a value as the tables of a wizard show it.
func cellText(v record.Value) string {
	switch {
	case v.List != nil:
		return strings.Join(v.List, ", ")
	case v.Kind == record.Long:
		return itoa(v.Int)
	case v.Kind == record.Double:
		return strconv.FormatFloat(v.Num, 'g', -1, 64)
	case v.Kind == record.Timestamp:
		return timeText(v.Int)
	}
	return v.Str
}

// extractFieldPaths lists what the fields of a parser can be mapped to: the paths
// from an entry of a JSON example, those of an XML one, or the columns of a
// delimited one.
func (s *Server) extractFieldPaths(c *call) (*response, error) {
	p, err := s.readExample(c)
	if err != nil {
		return nil, err
	}
	if p.Kind == content.Delimited {
		first, _, _ := strings.Cut(p.Example, "\n")
		columns := strings.Split(strings.TrimRight(first, "\r"), p.Delimiter)
		for i, name := range columns {
			columns[i] = strings.Trim(strings.TrimSpace(name), p.Qualifier+`"`)
		}
		return answer(map[string][]string{"paths": columns}), nil
	}
	if p.Kind == content.XML {
		found, err := readXMLPaths(p.Example)
		if err != nil {
			return nil, err
		}
		return answer(map[string][]string{"paths": slices.DeleteFunc(slices.Sorted(maps.Keys(found.fields)), func(path string) bool {
			return p.Header != "" && !strings.HasPrefix(path, p.Header+"/") // outside of the entries
		})}), nil
	}
	doc, err := exampleJSON(p.Example)
	if err != nil {
		return nil, err
	}
	paths := map[string]bool{}
	for _, node := range entriesAt(doc, p.Header) {
		if err := leafPaths(node, "$", 0, paths); err != nil {
			return nil, err
		}
	}
	return answer(map[string][]string{"paths": slices.Sorted(maps.Keys(paths))}), nil
}

type headerPathModel struct {
	LogKey       string   `json:"logKey"`
	HeaderValues []string `json:"headerValues"`
}

// extractHeaderPaths lists where the entries of an example may be: of JSON the
// whole document and each array of objects in it, of XML each element with others in it.
func (s *Server) extractHeaderPaths(c *call) (*response, error) {
	p, err := s.readExample(c)
	if err != nil {
		return nil, err
	}
	out := struct {
		JSON    []headerPathModel `json:"jsonPaths"`
		XML     []string          `json:"xmlPaths"`
		Headers []string          `json:"headerPaths"`
	}{[]headerPathModel{}, []string{}, []string{}}
	if p.Kind == content.Delimited {
		first, _, _ := strings.Cut(p.Example, "\n")
		out.Headers = append(out.Headers, strings.TrimRight(first, "\r"))
		return answer(out), nil
	}
	if p.Kind == content.XML {
		found, err := readXMLPaths(p.Example)
		if err != nil {
			return nil, err
		}
		out.XML = slices.Sorted(maps.Keys(found.entries))
		out.Headers = out.XML
		return answer(out), nil
	}
	doc, err := exampleJSON(p.Example)
	if err != nil {
		return nil, err
	}
	var found []headerPathModel
	if err := headerPaths(doc, "$", 0, &found); err != nil {
		return nil, err
	}
	for _, h := range found {
		out.Headers = append(out.Headers, h.HeaderValues...)
	}
	out.JSON = append(out.JSON, found...)
	return answer(out), nil
}

func (s *Server) readExample(c *call) (content.Parser, error) {
	kind, err := c.param("parserType")
	if err != nil {
		return content.Parser{}, err
	}
	p, err := s.readParser(c)
	if err != nil {
		return p, err
	}
	if kind != "" {
		p.Kind = content.ParserKind(kind)
	}
	if p.Kind != content.JSON && p.Kind != content.XML && (p.Kind != content.Delimited || p.Delimiter == "") {
		return p, invalid("paths can be extracted for parserType JSON and XML, and for DELIMITED with a fieldDelimiter")
	}
	return p, nil
}

// exampleJSON reads the first JSON document of an example.
func exampleJSON(text string) (any, error) {
	var doc any
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&doc); err != nil {
		return nil, invalid("exampleContent is not JSON: %v", err)
	}
	return doc, nil
}

// entriesAt returns the nodes that an entry path such as $.items:2 chooses; all of
// the document when it chooses none.
func entriesAt(doc any, header string) []any {
	path, _, _ := strings.Cut(header, ":")
	nodes := []any{doc}
	for _, name := range strings.Split(strings.TrimPrefix(path, "$"), ".") {
		if name = strings.TrimSuffix(name, "[*]"); name == "" {
			continue
		}
		var next []any
		for _, n := range nodes {
			if m, ok := n.(map[string]any); ok && m[name] != nil {
				next = append(next, m[name])
			}
		}
		nodes = next
	}
	var out []any
	for _, n := range nodes {
		if list, ok := n.([]any); ok {
			out = append(out, list...)
			continue
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		return []any{doc}
	}
	return out
}

func jsonMember(path, key string) string {
	if strings.ContainsAny(key, ".[]'\"") {
		return path + "['" + key + "']"
	}
	return path + "." + key
}

func leafPaths(v any, path string, depth int, paths map[string]bool) error {
	if depth > maxDepth || len(paths) > maxPaths {
		return invalid("exampleContent has more than %d paths or nests more than %d deep", maxPaths, maxDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if err := leafPaths(e, jsonMember(path, k), depth+1, paths); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			if err := leafPaths(e, path+"[*]", depth+1, paths); err != nil {
				return err
			}
		}
	default:
		paths[path] = true
	}
	return nil
}

// headerPaths lists the entry paths of a document: the path of each object with
// :0, of each array of objects with :2.
func headerPaths(v any, path string, depth int, out *[]headerPathModel) error {
	if depth > maxDepth || len(*out) > maxPaths {
		return invalid("exampleContent has more than %d paths or nests more than %d deep", maxPaths, maxDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		*out = append(*out, headerPathModel{path, []string{path + ":0"}})
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if err := headerPaths(v[k], jsonMember(path, k), depth+1, out); err != nil {
				return err
			}
		}
	case []any:
		if len(v) > 0 {
			if _, ok := v[0].(map[string]any); ok {
				*out = append(*out, headerPathModel{path, []string{path + ":2"}})
			}
		}
	}
	return nil
}
