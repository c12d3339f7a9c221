package record

import "strings"

// Type is the data type of a field, as the OCI Log Analytics API spells it.
type Type uint8

// The types a field may have. Long and Integer are stored alike, as are Float
// and Double; the distinction is kept for clients.
const (
	String Type = iota + 1
	Long
	Integer
	Float
	Double
	Timestamp
)

var typeNames = [...]string{"", "STRING", "LONG", "INTEGER", "FLOAT", "DOUBLE", "TIMESTAMP"}

func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return ""
}

// ParseType reads a type name in any letter case.
func ParseType(s string) (Type, bool) {
	for i, n := range typeNames {
		if i > 0 && strings.EqualFold(n, s) {
			return Type(i), true
		}
	}
	return 0, false
}

// Numeric reports whether values can be summed.
func (t Type) Numeric() bool { return t == Long || t == Integer || t == Float || t == Double }

// Field describes one field of the catalogue.
type Field struct {
	Name          string // internal name: the column of a segment
	Display       string // name used in queries and answers
	Type          Type
	CaseSensitive bool // equality and grouping respect letter case
	MultiValued   bool
	LargeData     bool   // too large to group by
	System        bool   // built in, not a user's
	Unit          string // unit name of the query language, such as "ms"; may be empty
	Description   string
}

// Value is one typed cell. Exactly the member that Kind names is set.
type Value struct {
	Kind Type // String, Long, Double or Timestamp
	Str  string
	Int  int64 // Long, and Timestamp in epoch milliseconds
	Num  float64
	List []string // further members of a multi-valued String; Str is the first
}

// Text returns a string value.
func Text(s string) Value { return Value{Kind: String, Str: s} }

// Whole returns an integer value.
func Whole(n int64) Value { return Value{Kind: Long, Int: n} }

// Fraction returns a floating-point value.
func Fraction(f float64) Value { return Value{Kind: Double, Num: f} }

// At returns a timestamp value of epoch milliseconds.
func At(ms int64) Value { return Value{Kind: Timestamp, Int: ms} }
