package api

import (
	"cmp"
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
	for _, o := range content.Origins(&p, e, s.Library.Parser) {
		value := m.Fields[o.Field]
		if o.Field == "time" {
			value = timeText(e.Time)
		}
		m.FieldNameValueMap[o.Field] = value
		m.FieldMapping = append(m.FieldMapping, testFieldModel{o.Seq, o.Field, value, o.Parser})
	}
	return m
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

// extractFieldPaths lists what the fields of a parser can be mapped to.
func (s *Server) extractFieldPaths(c *call) (*response, error) {
	p, err := s.readExample(c)
	if err != nil {
		return nil, err
	}
	paths, err := p.FieldPaths()
	if err != nil {
		return nil, err
	}
	return answer(map[string][]string{"paths": list(paths)}), nil
}

type headerPathModel struct {
	LogKey       string   `json:"logKey"`
	HeaderValues []string `json:"headerValues"`
}

// extractHeaderPaths lists where the entries of an example may be.
func (s *Server) extractHeaderPaths(c *call) (*response, error) {
	p, err := s.readExample(c)
	if err != nil {
		return nil, err
	}
	found, err := p.EntryPaths()
	if err != nil {
		return nil, err
	}
	out := struct {
		JSON    []headerPathModel `json:"jsonPaths"`
		XML     []string          `json:"xmlPaths"`
		Headers []string          `json:"headerPaths"`
	}{[]headerPathModel{}, []string{}, []string{}}
	for _, path := range found {
		out.Headers = append(out.Headers, path.Header)
		switch p.Kind {
		case content.JSON:
			out.JSON = append(out.JSON, headerPathModel{path.Node, []string{path.Header}})
		case content.XML:
			out.XML = append(out.XML, path.Header)
		}
	}
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
