package syntax

// An option that was not written is nil, or an empty string or slice; its
// default is the planner's to know.

// Search filters by the search clause. It is also the first command of most queries.
type Search struct {
	Span
	Term SearchTerm // never nil; All for an empty clause
}

// Where keeps the rows whose condition is true.
type Where struct {
	Span
	Cond Expr
}

// Eval computes columns, one after the other.
type Eval struct {
	Span
	Assignments []Assignment
}

// Assignment is name = expression.
type Assignment struct {
	Span
	Name Name
	X    Expr
}

// Agg is an aggregate function with an optional name. The arguments are
// fields, constants and, within trend and ifnull, another aggregate.
type Agg struct {
	Span
	Call  *Call
	Alias *Name
}

// Stats aggregates rows by groups.
type Stats struct {
	Span
	Aggs []Agg
	By   []Name
}

// EventStats aggregates and writes the result into every row.
type EventStats struct {
	Span
	Aggs []Agg
	By   []Name
}

// TimeStats aggregates over time.
type TimeStats struct {
	Span
	Every       *Duration // span =
	Field       *Name
	TopCount    *Int // at most one of TopCount and BottomCount
	BottomCount *Int
	MaxValues   *Int
	Name        *Name
	Aggs        []Agg
	By          []Name
}

// TimeCluster aggregates over time and groups similar series.
type TimeCluster struct {
	Span
	Every     *Duration // span =
	Field     *Name
	MaxValues *Int
	Name      *Name
	Aggs      []Agg
	By        []Name // at least one
}

// GeoStats aggregates by place.
type GeoStats struct {
	Span
	Include                                       []string // client, server; or custom alone
	City, Region, Country, Continent, Coordinates *Name    // with custom only
	Aggs                                          []Agg
	By                                            []Name
}

// Link groups records by the values of its keys.
type Link struct {
	Span
	IncludeNulls  *Bool
	IncludeTrends *Bool
	IncludeInfo   *Bool
	Every         *Duration // span =
	Keys          []LinkKey
}

// LinkKey is a field, or a call of cluster().
type LinkKey struct {
	Span
	Field   Name  // when Cluster is nil
	Cluster *Call // cluster(), with its arguments
}

// SignedField is a field to add or, after a minus sign, to remove or to sort
// descending by.
type SignedField struct {
	Span
	Minus bool
	Field Name // may hold wildcards where the command allows them
	Alias *Name
}

// Classify clusters groups for the bubble chart.
type Classify struct {
	Span
	TopCount    *Int
	BottomCount *Int
	Correlate   []SignedField // * stands for all
	Fields      []Name
	Alias       *Name
}

// AddFields adds to the groups what its sub-queries aggregate.
type AddFields struct {
	Span
	Subqueries []*Subquery
}

// CreateView stores the rows of a sub-query under a name.
type CreateView struct {
	Span
	Subquery *Subquery
	Name     Name
}

// Map joins the groups with a view.
type Map struct {
	Span
	Subquery *Subquery
	View     Name
}

// Sequence finds runs of records within each group.
type Sequence struct {
	Span
	Name     Name
	Field    *Name
	Within   *Duration // span =
	MaxPause *Duration
	Between  bool // `between rule and rule`; otherwise the rules follow each other
	Rules    []SequenceRule
	Select   []Aliased
}

// SequenceRule is a run of records.
type SequenceRule struct {
	Span
	Subquery *Subquery
	Min      int64
	Max      int64 // -1 for no maximum
}

// CreateTable attaches a table of columns of the current groups.
type CreateTable struct {
	Span
	Name   Name
	Select []TableColumn
}

// TableColumn is a field, or a constant written literal(x).
type TableColumn struct {
	Span
	Field   Name // when Literal is nil
	Literal *Text
	Alias   *Name
}

// UpdateTable replaces a table by what the sub-query makes of its rows.
type UpdateTable struct {
	Span
	Name     Name
	Subquery *Subquery
}

// HighlightGroups marks groups.
type HighlightGroups struct {
	Span
	Color     string // a colour name or #rrggbb, in lower case
	Priority  string // high, medium or low
	MatchOnly []Name
	Keywords  []Keyword
	Subquery  *Subquery
	Alias     *Name
}

// Highlight marks words in the records shown.
type Highlight struct {
	Span
	Color    string
	Fields   []Name
	Keywords []Keyword
}

// HighlightRows marks records.
type HighlightRows struct {
	Span
	Color    string
	Keywords []Keyword
}

// CompareWith runs what is before it over other windows of time.
type CompareWith struct {
	Span
	Fields []Name
	Shift  *Offset // timeshift =
	Size   *Duration
	Count  *Int
	Ranges []CompareRange // timerange =; then Shift, Size and Count are nil
}

// CompareRange is one window.
type CompareRange struct {
	Span
	From, To Value
	Alias    *Name
}

// TimeCompare adds to a time series the values of earlier periods.
type TimeCompare struct {
	Span
	Shift *Duration
	Count *Int
}

// Sort orders rows.
type Sort struct {
	Span
	Keys []SignedField // without aliases
}

// Head keeps the first rows.
type Head struct {
	Span
	Limit *Int
}

// Tail keeps the last rows.
type Tail struct {
	Span
	Limit *Int
}

// Top keeps the rows with the largest values, or counts the most frequent.
type Top struct {
	Span
	Limit *Int
	Field Name
	By    []Name
}

// Bottom keeps the rows with the smallest values, or counts the least frequent.
type Bottom struct {
	Span
	Limit *Int
	Field Name
	By    []Name
}

// Frequent keeps the most frequent values.
type Frequent struct {
	Span
	Limit                  *Int
	ShowCount, ShowPercent *Bool
	Fields                 []Name
	Alias                  *Name
	By                     []Name
}

// Rare keeps the least frequent values.
type Rare struct {
	Span
	Limit                  *Int
	ShowCount, ShowPercent *Bool
	Fields                 []Name
	Alias                  *Name
	By                     []Name
}

// Distinct keeps the distinct combinations of some fields.
type Distinct struct {
	Span
	Fields []Name
}

// Dedup keeps the first rows of each key.
type Dedup struct {
	Span
	Count        *Int
	IncludeNulls *Bool
	Consecutive  *Bool
	Fields       []Name
}

// Delta subtracts the value of an earlier row.
type Delta struct {
	Span
	From  *Name // field =: the field of the earlier row
	Step  *Int
	Field Name
	Alias *Name
}

// Outlier keeps or marks the rows with irregular values.
type Outlier struct {
	Span
	Action string // filter or annotate
	Remove *Bool
	Fields []Name
	Alias  *Name
}

// Anomaly marks anomalous values. Its real syntax is not published; this one
// is ours: anomaly [field {, field}] [as name].
type Anomaly struct {
	Span
	Fields []Name
	Alias  *Name
}

// Bucket replaces a number by the label of its range.
type Bucket struct {
	Span
	Width      *Number // span =
	MaxBuckets *Int
	Field      Name
	Ranges     []BucketRange
	Others     *Name
}

// BucketRange is [alias =] low - high.
type BucketRange struct {
	Span
	Alias     *Name
	Low, High Number
}

// Fields chooses and renames the columns shown.
type Fields struct {
	Span
	Target string // ui or query
	Items  []SignedField
}

// Rename changes the names of columns. Every item has an alias.
type Rename struct {
	Span
	Items []Aliased
}

// FieldSummary lists the most frequent values of fields.
type FieldSummary struct {
	Span
	MaxValues     *Int
	IncludeNulls  *Bool
	IncludeTrends *Bool
	Fields        []Name
}

// Extract makes columns of the named groups of a regular expression.
type Extract struct {
	Span
	Field   *Name
	Pattern Pattern
}

// Regex keeps the rows whose field matches any of the expressions, or none.
type Regex struct {
	Span
	Field    Name
	Not      bool
	Patterns []Pattern // at least one
}

// JSONExtract makes columns of JSON paths.
type JSONExtract struct {
	Span
	Field *Name
	Paths []PathColumn
}

// XMLExtract makes columns of XPath expressions.
type XMLExtract struct {
	Span
	Field *Name
	Paths []PathColumn
}

// PathColumn is name = path.
type PathColumn struct {
	Span
	Name Name
	Path Text
}

// Lookup adds columns of a lookup table.
type Lookup struct {
	Span
	Table      Name
	MaxMatches *Int
	Default    Value // Text, Number, Null or Variable
	Select     []Aliased
	Using      []LookupKey
}

// LookupKey is `using field [= column]`.
type LookupKey struct {
	Span
	Field  Name
	Column *Name // nil when it has the name of the field
}

// SearchLookup reads the rows of a lookup table.
type SearchLookup struct {
	Span
	Table Name
}

// AddInsights writes what cluster finds into every record.
type AddInsights struct{ Span }

// Cluster groups records by the signature of their message.
type Cluster struct {
	Span
	Similarity *Number
	Fields     []Name
}

// ClusterCompare shows what clusters differ from a baseline.
type ClusterCompare struct {
	Span
	Shift         *Offset // timeshift =
	StartTime     Value   // with EndTime, in place of Shift
	EndTime       Value
	Size          *Duration
	IncludeTrends *Bool
	Every         *Duration // span =
	Baseline      *Subquery
}

// ClusterDetails shows the records of clusters.
type ClusterDetails struct {
	Span
	Collection *Name
	IDs        []Value
}

// ClusterSplit shows the records of clusters, split into columns.
type ClusterSplit struct {
	Span
	Collection *Name
	IDs        []Value
}

// LinkDetails shows the records of groups.
type LinkDetails struct {
	Span
	Collection *Name
	IDs        []Value
}

// NLP makes columns of the words of a text.
type NLP struct {
	Span
	Table      *Name
	Similarity *Number
	Functions  []NLPFunction
}

// NLPFunction is cluster(field) or keywords(field) with a name.
type NLPFunction struct {
	Span
	Func  string // cluster or keywords
	Field Name
	Alias Name
}

// Raw is a command whose syntax nobody publishes, or that this system does not
// run: delete, macro, module, multisearch, demomode.
type Raw struct {
	Span
	Command string // in lower case
	Text    string // its tokens, one space between them
}
