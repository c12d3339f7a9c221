package content

import (
	"encoding/json"
	"strings"

	"ledgerline/internal/record"
)

// Source is a log source: which parsers read its files, and what is added to
// the entries after parsing.
type Source struct {
	Name           string // internal, stable
	Display        string // used in queries
	Description    string
	Kind           string   // os_file, database_sql, rest_api, …
	EntityTypes    []string // internal names
	Parsers        []string // parser names, tried in this order
	ExtendedFields []ExtendedFields
	LabelRules     []LabelRule
	Functions      []Function
	Patterns       []Pattern
	DataFilters    []DataFilter    `json:",omitempty"`
	MetadataFields []MetadataField `json:",omitempty"`
	System         bool
	Secure         bool
	Extra          []byte // elements of Oracle's XML this program does not use, kept for export
	// Kept are lists that clients of Oracle's API give a source and want back, and that
	// this program does not act upon, by their names there. Content files have no place for them.
	Kept map[string]json.RawMessage `json:",omitempty"`
}

// ParserKind is how a parser reads a file.
type ParserKind string

// The kinds of parsers.
const (
	Regex     ParserKind = "REGEX"
	JSON      ParserKind = "JSON"
	XML       ParserKind = "XML"
	Delimited ParserKind = "DELIMITED"
	ODL       ParserKind = "ODL"
)

// Parser turns bytes into named fields.
type Parser struct {
	Name        string
	Display     string
	Description string
	Kind        ParserKind
	Content     string // regular expression of a REGEX parser
	Header      string // start of an entry, or the entry path of JSON ("$.items:2", alternatives separated by |)
	Footer      string
	SingleLine  bool
	Delimiter   string
	Qualifier   string
	Example     string
	Encoding    string
	Language    string
	Fields      []ParserField
	Plugins     []byte // XML kept for export
	System      bool
}

// ParserField maps one position or path of the entry to a field.
type ParserField struct {
	Seq    int
	Field  string // internal name; empty when Parser is set
	Parser string // sub-parser that reads the value
	Path   string // JSONPath relative to the entry, or "^…" relative to the document, or alternatives separated by | (both Ledgerline's own)
}

// ExtendedFields are fields cut out of other fields, under an optional condition.
type ExtendedFields struct {
	Condition *Condition
	Fields    []ExtendedField
}

// ExtendedField searches a base field with a regular expression that holds {field:regex} captures.
type ExtendedField struct {
	Base       string
	Example    string
	Expression string
	Enabled    bool
}

// Condition compares one field with alternatives, or joins further conditions.
type Condition struct {
	Field    string
	Operator string
	Values   []string
	Join     string      `json:",omitempty"` // AND, OR, NOT_AND or NOT_OR of the conditions in Of; empty: the comparison counts
	Of       []Condition `json:",omitempty"`
}

// LabelRule writes tags into a field when its condition holds.
type LabelRule struct {
	When    Condition
	Guard   *Condition
	Field   string // "mtag" adds labels
	Tags    []string
	Enabled bool
	Visible bool // offered for alert rules
}

// UnmarshalJSON also reads a rule that was stored when conditions had one level.
func (r *LabelRule) UnmarshalJSON(text []byte) error {
	type rule LabelRule
	stored := struct {
		*rule
		All, Any []Condition
		Negate   bool
	}{rule: (*rule)(r)}
	if err := json.Unmarshal(text, &stored); err != nil {
		return err
	}
	join, of := joinAnd, stored.All
	if len(of) == 0 {
		join, of = joinOr, stored.Any
	}
	if stored.Negate {
		join = "NOT_" + join
	}
	if len(of) > 0 {
		r.When = Joined(join, of)
	}
	return nil
}

// Function enriches an entry (Lookup, Geolocation). Those of lookups are run.
type Function struct {
	Name, LookupTable, LookupMode string
	Order                         int
	Inputs, Outputs               []FunctionArgument
	Override, Enabled             bool
	Extra                         []byte // elements of Oracle's XML this program does not use, kept for export
}

// FunctionArgument ties a column of the lookup to a field.
type FunctionArgument struct {
	Column, Field string
	Service       string // such as FIELD; kept for export
	Order         int
}

// Pattern is a file glob of a source.
type Pattern struct {
	Text     string
	Descr    string
	Include  bool
	Enabled  bool
	Database []byte // a DBPattern, kept for export
}

// MetadataField gives the value of a key of an upload's metadata to a field.
type MetadataField struct {
	Key, Field string
	Enabled    bool
}

// metadataField names the field that takes a key of an upload's metadata; a key that
// the source does not speak of names the field itself.
func (s *Source) metadataField(key string) string {
	for _, m := range s.MetadataFields {
		if m.Enabled && strings.EqualFold(m.Key, key) {
			return m.Field
		}
	}
	return key
}

// Label is a tag with a priority.
type Label struct {
	Name     string // #check_failed
	Display  string
	Priority string // NONE, LOW, MEDIUM, HIGH
	Aliases  []string
	System   bool
	Descr    string
}

// Warning says what of an upload could not be read as it should.
type Warning struct {
	Code    string // stable, such as ParseFailed, TimeAssumed, ValueDropped, TextTruncated
	Message string
	Count   int64
	Example string // start of the first text concerned, at most 200 bytes
}

// Upload describes the bytes given to Parse.
type Upload struct {
	Origin     *record.Origin
	Timezone   string // IANA name, for stamps without a zone; default UTC
	Encoding   string
	DateFormat string
	DateYear   int
	Metadata   map[string]string // display name → value, set on every entry
	First      int64             // Ordinal of the first entry; not 0 when an upload is parsed in several parts
}
