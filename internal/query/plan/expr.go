package plan

import (
	"ledgerline/internal/record"
)

// Kind is the kind of value an expression yields.
type Kind uint8

// The kinds. A Bool is 1 or 0 wherever a number is wanted.
const (
	Null Kind = iota
	Bool
	String
	Int
	Float
	Time
)

var kindNames = [...]string{"null", "bool", "string", "int", "float", "time"}

func (k Kind) String() string { return kindNames[k] }

// Numeric reports whether values can be calculated with as they are.
func (k Kind) Numeric() bool { return k == Int || k == Float || k == Bool }

// Type of an expression or column. A List holds any number of values of its kind.
type Type struct {
	Kind Kind
	List bool
}

// KindOf returns the kind that values of a field's type have.
func KindOf(t record.Type) Kind {
	switch t {
	case record.Long, record.Integer:
		return Int
	case record.Float, record.Double:
		return Float
	case record.Timestamp:
		return Time
	default:
		return String
	}
}

// RecordType returns how results describe values of the type.
func (t Type) RecordType() record.Type {
	switch t.Kind {
	case Bool, Int:
		return record.Long
	case Float:
		return record.Double
	case Time:
		return record.Timestamp
	default:
		return record.String
	}
}

// Expr is a typed scalar expression over the columns of one row.
type Expr interface{ Type() Type }

// Ref reads a column.
type Ref struct{ Column *Column }

// Const is a value of the query's text: nil, bool, string, int64, float64 or
// time.Time; for a list, a slice of strings.
type Const struct {
	Value any
	Of    Type
}

// Call applies an operation to arguments. Which operations exist, and how an
// engine spells them, is the business of the dialect.
type Call struct {
	Op   Op
	Args []Expr
	Of   Type
}

// Type of the column.
func (e *Ref) Type() Type { return e.Column.Type }

// Type of the value.
func (e *Const) Type() Type { return e.Of }

// Type of the operation's result.
func (e *Call) Type() Type { return e.Of }

func ref(c *Column) Expr        { return &Ref{c} }
func text(s string) *Const      { return &Const{s, Type{Kind: String}} }
func whole(n int64) *Const      { return &Const{n, Type{Kind: Int}} }
func fraction(f float64) *Const { return &Const{f, Type{Kind: Float}} }
func truth(b bool) *Const       { return &Const{b, Type{Kind: Bool}} }
func null() *Const              { return &Const{nil, Type{Kind: Null}} }
func call(op Op, k Kind, args ...Expr) Expr {
	return &Call{op, args, Type{Kind: k}}
}
func test(op Op, args ...Expr) Expr { return call(op, Bool, args...) }

func isNull(e Expr) bool {
	c, ok := e.(*Const)
	return ok && c.Value == nil
}

// conjunction joins conditions; nil stands for "always".
func conjunction(conds ...Expr) Expr {
	var all []Expr
	for _, c := range conds {
		if c != nil {
			all = append(all, c)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return test(And, all...)
}

func disjunction(conds []Expr) Expr {
	switch len(conds) {
	case 0:
		return truth(false)
	case 1:
		return conds[0]
	}
	return test(Or, conds...)
}

// negation is true for whatever cond is not true for, a missing value
// included: the service's documentation is silent on missing values in
// negative tests, so this choice lives here alone.
func negation(cond Expr) Expr { return test(Not, cond) }

// Op names an operation.
type Op string

// Operations on truth values. And, Or take any number of arguments. Not is
// true unless its argument is true.
const (
	And     Op = "and"
	Or      Op = "or"
	Not     Op = "not"
	IsNull  Op = "isnull"
	NotNull Op = "notnull"
	// Eq to Ge compare two values of one kind; null makes them null.
	Eq Op = "="
	Lt Op = "<"
	Gt Op = ">"
	Le Op = "<="
	Ge Op = ">="
	// In compares the first argument with the rest, all of one kind.
	In Op = "in"
	// AnyMatch is true when a member of the list, its first argument, meets
	// the second, which reads the member through a Ref to Member.
	AnyMatch Op = "anymatch"
	// Glob matches text against a pattern where % is any run and ? one
	// character; both are folded already. The pattern is a Const.
	Glob Op = "glob"
	// Phrase searches text for the words of its second argument, a Const: one
	// after the other, without letter case, and not as parts of longer words.
	Phrase Op = "phrase"
	// Matches searches text for the regular expression of its second argument (RE2).
	Matches Op = "matches"
	// Contains looks for the second text in the first.
	Contains Op = "contains"
	// Starts tests whether the first text starts with the second.
	Starts Op = "starts"
)

// Operations on values.
const (
	Fold       Op = "fold"     // text without letter case
	FoldList   Op = "foldlist" // a list's members without letter case
	Add        Op = "+"
	Sub        Op = "-"
	Mul        Op = "*"
	Div        Op = "/" // always a fraction; null when dividing by zero
	Mod        Op = "%"
	Neg        Op = "neg"
	IntDiv     Op = "//" // rounds down; for buckets of time
	Concat     Op = "||" // joins texts; null counts as empty
	Coalesce   Op = "coalesce"
	If         Op = "if"       // condition, value, …, else
	ToText     Op = "totext"   // as results print it
	ToFloat    Op = "tofloat"  // null when not a number
	ToInt      Op = "toint"    // truncates; null when it does not fit
	ToMillis   Op = "tomillis" // epoch milliseconds of a time
	FromMillis Op = "frommillis"
	ToBit      Op = "tobit" // 1 or 0 of a truth value
	First      Op = "first" // first member of a list
	ListText   Op = "listtext"
	Size       Op = "size"   // number of members of a list
	Row        Op = "row"    // a composite key to order by
	Mask       Op = "mask"   // signature of a message: what varies becomes a wildcard
	Digest     Op = "digest" // whole number that stands for its arguments
)

// Functions of the language that engines offer as they are. Those with a
// position count from 0.
const (
	Upper       Op = "upper"
	Capitalize  Op = "capitalize"
	Length      Op = "length"
	Reverse     Op = "reverse"
	Substr      Op = "substr"    // text, start[, end)
	IndexOf     Op = "indexof"   // text, part[, from]
	LastIndexOf Op = "lastindex" // text, part
	Replace     Op = "replace"
	LTrim       Op = "ltrim"
	RTrim       Op = "rtrim"
	Trim        Op = "trim"
	Encode64    Op = "encode64"
	Decode64    Op = "decode64"
	URLEncode   Op = "urlencode"
	URLDecode   Op = "urldecode"
	MD5         Op = "md5"
	SHA1        Op = "sha1"
	SHA256      Op = "sha256"
	SHA512      Op = "sha512"
	Abs         Op = "abs"
	Ceil        Op = "ceil"
	Floor       Op = "floor"
	Sqrt        Op = "sqrt"
	Round       Op = "round" // number, digits
	// ReadNumber reads decimal, hexadecimal (0x1F) and octal (017) text.
	ReadNumber    Op = "readnumber"
	Power         Op = "power"
	Radians       Op = "radians"
	Distance      Op = "distance" // two points as latitude, longitude in degrees; miles
	Greatest      Op = "greatest"
	Least         Op = "least"
	FormatTime    Op = "formattime"    // time, strftime pattern, zone
	ParseTime     Op = "parsetime"     // text, strptime pattern, zone
	ParseISO      Op = "parseiso"      // text, zone
	AddUnits      Op = "addunits"      // time, count, unit, zone
	SetUnits      Op = "setunits"      // time, unit, value, zone
	ParseDuration Op = "parseduration" // text to milliseconds
	PrintDuration Op = "printduration" // milliseconds to text
	Extract       Op = "extract"       // text, expression, number of the group; null when it does not match
	JSONPath      Op = "jsonpath"      // text, path; null when absent
	// AddressBits is an IP address as text: 4 or 6, then its bits; null for other text.
	AddressBits Op = "addressbits"
)

// Member stands for the member of a list inside AnyMatch.
func Member(k Kind) *Ref { return &Ref{&Column{ID: "", Type: Type{Kind: k}}} }
