// Package syntax turns the text of a query in the OCI Log Analytics query
// language into a tree and back, and names every mistake it finds with its
// place in the text. It knows no fields and no data: whether a name is a field
// or a literal, and whether a command may stand where it does, is decided by
// the planner.
//
// Parse reads a query, Query.String prints it in canonical form, and
// Parse(q.String()) gives the same tree again but for spans and quotes. The
// grammar is that of the language's public documentation and of queries in
// published dashboards.
package syntax

// Span is a range of byte offsets in the text of the query.
type Span struct{ Start, End int }

// Pos returns the span; it makes every struct that embeds one a Node.
func (s Span) Pos() Span { return s }

// Node is anything with a place in the text.
type Node interface{ Pos() Span }

// Command is one step of the pipe. The commands are in ast_commands.go, one struct each.
type Command interface {
	Node
	// Keyword is the name of the command in lower case.
	Keyword() string
}

// Expr is an expression of where, eval, init and function arguments:
// Ref, Number, Duration, Null, Bool, Variable, Call, Unary, Binary, Logic or In.
type Expr interface {
	Node
	expr()
}

// SearchTerm is a condition of the search clause: All, Keyword, Compare, Like,
// InList, Between, And, Or, Not or Subquery.
type SearchTerm interface {
	Node
	searchTerm()
}

// Value is the right side of a condition in the search clause, and a literal
// elsewhere: Text, Number, Duration, Null, Variable, TimeCall, or Any as a
// bound of between.
type Value interface {
	Node
	value()
}

// Query is a pipe of commands. The first is a Search or a SearchLookup.
type Query struct {
	Span
	Source   string  // the text that was parsed
	Inits    []*Init // variables of the request first; the spans of those are within their own text
	Commands []Command
}

// Init is a block `init { $name = expression }`.
type Init struct {
	Span
	Name string // without the dollar sign
	X    Expr
	// Value is what X comes to; nil when only the engine can compute it.
	Value Value
}

// Subquery is a query in brackets. As a search term it stands for the rows it yields.
type Subquery struct {
	Span
	Query *Query
}

// Name is a field, table, alias or any other name.
type Name struct {
	Span
	Text   string // decoded, variables replaced
	Quoted bool   // written in quotes; without meaning once parsed
	// Template is Text before its variables were replaced; empty when it holds none.
	Template string
}

// Aliased is a field with an optional new name.
type Aliased struct {
	Span
	Field Name
	Alias *Name // nil when absent
}

// Text is a string value: a quoted one or a bare word.
type Text struct{ Name }

// Pattern is a regular expression in RE2 syntax, its backslashes untouched.
type Pattern struct{ Name }

// Number is a decimal literal, with a minus sign only as a Value.
type Number struct {
	Span
	Text string // exactly as written
}

// Int is a whole number given as an option.
type Int struct {
	Span
	Value int64
}

// Bool is true or false.
type Bool struct {
	Span
	Value bool
}

// Null is the bare word null.
type Null struct{ Span }

// Any is the bound * of between: no limit.
type Any struct{ Span }

// Variable is a bare $name.
type Variable struct {
	Span
	Name  string // without the dollar sign
	Value Value  // from its init block; nil when only the engine can compute it
}

// Unit is a unit of time.
type Unit string

// The units of time, spelt as the canonical form prints them.
const (
	Second Unit = "second"
	Minute Unit = "minute"
	Hour   Unit = "hour"
	Day    Unit = "day"
	Week   Unit = "week"
	Month  Unit = "month"
	Year   Unit = "year"
)

// Duration is a number of units of time. Months and years are those of the calendar.
type Duration struct {
	Span
	Count int64 // negative only as a Value
	Unit  Unit
	Text  string // as written, for a comparison with a string field
}

// Offset is a shift in time, either by a duration or by the length of the window.
type Offset struct {
	Span
	Auto     bool // by minus the length of the window
	Negative bool
	Count    int64
	Unit     Unit
}

// Ref is a bare word or a quoted string in an expression. It names a field when
// there is one of that name and is a string literal otherwise (section 4.2 of
// the language reference); the words null, true and false are literals only bare.
type Ref struct{ Name }

// Call is a function call. Func is in lower case. A call without arguments
// covers the bare forms of count, trend, rownum and now() alike.
type Call struct {
	Span
	Func string
	Args []Expr
}

// Op is an operator of an expression or a comparison.
type Op string

// The operators.
const (
	OpOr     Op = "or"
	OpAnd    Op = "and"
	OpNot    Op = "not"
	OpEq     Op = "="
	OpNe     Op = "!="
	OpLt     Op = "<"
	OpGt     Op = ">"
	OpLe     Op = "<="
	OpGe     Op = ">="
	OpAdd    Op = "+"
	OpSub    Op = "-"
	OpConcat Op = "||"
	OpMul    Op = "*"
	OpDiv    Op = "/"
	OpMod    Op = "%"
)

// Unary is OpSub or OpNot before an operand.
type Unary struct {
	Span
	Op Op
	X  Expr
}

// Binary is a comparison or an arithmetic operation. Comparisons chain from
// left to right: a = b = c compares the truth of a = b with c.
type Binary struct {
	Span
	Op   Op
	X, Y Expr
}

// Logic joins two or more conditions by OpAnd or OpOr; no argument is itself a
// Logic of the same operator.
type Logic struct {
	Span
	Op   Op
	Args []Expr
}

// In tests whether X is among List.
type In struct {
	Span
	X    Expr
	Not  bool
	List []Expr // at least one
}

// All matches every record: * or an empty clause.
type All struct{ Span }

// Keyword looks for a word, or when quoted a phrase, in the original text.
// Both may hold the wildcards * % and ?.
type Keyword struct {
	Span
	Text     string
	Phrase   bool
	Template string // as in Name
}

// Compare is field op value. Op is one of the six comparisons.
type Compare struct {
	Span
	Field Name
	Op    Op
	Value Value
}

// Like matches the whole of a field against any of the patterns, in which * and
// % stand for any run and ? for one character; a backslash before one of them
// makes it literal.
type Like struct {
	Span
	Field    Name
	Not      bool
	In       bool // written `like in`; Patterns may then have more than one
	Patterns []Text
}

// InList tests whether a field has one of the values.
type InList struct {
	Span
	Field  Name
	Not    bool
	Values []Value // at least one
}

// Between tests whether a field is in a range, both ends included.
type Between struct {
	Span
	Field     Name
	Not       bool
	Low, High Value
}

// TimeCall is one of the time functions allowed in the search clause. Func is
// in lower case.
type TimeCall struct {
	Span
	Func string
	Args []Value
}

// And holds two or more terms, none of them an And.
type And struct {
	Span
	Terms []SearchTerm
}

// Or holds two or more terms, none of them an Or.
type Or struct {
	Span
	Terms []SearchTerm
}

// Not negates a term.
type Not struct {
	Span
	Term SearchTerm
}

func (*Ref) expr()      {}
func (*Number) expr()   {}
func (*Duration) expr() {}
func (*Null) expr()     {}
func (*Bool) expr()     {}
func (*Variable) expr() {}
func (*Call) expr()     {}
func (*Unary) expr()    {}
func (*Binary) expr()   {}
func (*Logic) expr()    {}
func (*In) expr()       {}

func (*All) searchTerm()      {}
func (*Keyword) searchTerm()  {}
func (*Compare) searchTerm()  {}
func (*Like) searchTerm()     {}
func (*InList) searchTerm()   {}
func (*Between) searchTerm()  {}
func (*And) searchTerm()      {}
func (*Or) searchTerm()       {}
func (*Not) searchTerm()      {}
func (*Subquery) searchTerm() {}

func (*Text) value()     {}
func (*Number) value()   {}
func (*Duration) value() {}
func (*Null) value()     {}
func (*Any) value()      {}
func (*Variable) value() {}
func (*TimeCall) value() {}
