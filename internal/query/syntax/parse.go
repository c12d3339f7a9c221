package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// What a query may hold. Beyond a bound there is an error that names it.
const (
	MaxBytes    = 1 << 20 // of text
	MaxCommands = 1001    // sub-queries included: 1,000 pipes
	MaxDepth    = 250     // of parentheses, calls, operators and sub-queries within each other
	MaxExpanded = 1 << 22 // bytes that variables may add in all
)

// Options changes how a query is read.
type Options struct {
	// Variables are init blocks read before the text, as a query request
	// carries them.
	Variables []string
	// Eval computes the expression of an init block that needs more than
	// literals, variables, || and concat. Without it such a variable is left in
	// the strings that name it.
	Eval func(Expr) (string, error)
}

// Parse reads a query. The error is *Errors and holds every mistake: each
// command is read on its own.
func Parse(text string) (*Query, error) { return ParseWith(text, Options{}) }

// ParseWith is Parse with options. A mistake in a variable is an *Errors of that
// block, wrapped.
func ParseWith(text string, o Options) (*Query, error) {
	vars, values := map[string]string{}, map[string]Value{}
	var inits []*Init
	for i, block := range o.Variables {
		p := newParser(block, o, vars, values)
		if !p.failed {
			inits = append(inits, p.inits()...)
		}
		if len(p.err.List) == 0 && (len(p.tokens) == 0 || p.pos < len(p.tokens)) {
			p.unexpected()
		}
		if err := p.err.Err(); err != nil {
			return nil, fmt.Errorf("variable %d of the request: %w", i+1, err)
		}
	}
	p := newParser(text, o, vars, values)
	if p.failed {
		return nil, p.err
	}
	q := p.query()
	if err := p.err.Err(); err != nil {
		return nil, err
	}
	q.Source = text
	q.Inits = append(inits, q.Inits...)
	return q, nil
}

// parser reads one text. A mistake makes the rest of the command invisible:
// peek yields TokenEnd until the command is over, so that the functions need
// not check after every step.
type parser struct {
	options Options
	text    string
	tokens  []Token
	closing map[int]int // index of "[" to that of its "]"
	err     *Errors

	pos    int  // next token
	end    int  // first token after the command
	rest   int  // offset within the next token from where it still counts, see cut
	failed bool // a mistake in this command was recorded

	clause   string // command in upper case, for messages
	usage    string
	fragment int // offset where the command starts
	depth    int
	commands int
	grown    int               // bytes that variables added
	vars     map[string]string // for quoted strings
	values   map[string]Value  // for bare variables
	shadowed []shadow          // what to restore after a sub-query
	infos    []CommandInfo
	scalars  []Function
	aggs     []Function
}

// newParser prepares to read a text with some variables known. It fails when
// the text is not UTF-8 or too long.
func newParser(text string, o Options, vars map[string]string, values map[string]Value) *parser {
	p := &parser{options: o, text: text, vars: vars, values: values, err: &Errors{Source: text}}
	switch bad := invalidUTF8(text); {
	case len(text) > MaxBytes:
		p.failAt(Span{0, 0}, fmt.Sprintf("The query has %d bytes; at most %d are allowed", len(text), MaxBytes))
		return p
	case bad >= 0:
		p.failAt(Span{bad, bad + 1}, fmt.Sprintf("The query is not valid UTF-8: byte 0x%02x", text[bad]))
		return p
	}
	p.infos, p.scalars, p.aggs = CommandInfos(), Scalars(), Aggregates()
	for _, t := range lex(text) {
		if t.Kind != TokenComment {
			p.tokens = append(p.tokens, t)
		}
	}
	p.end = len(p.tokens)
	p.matchBrackets()
	p.begin("search")
	return p
}

// matchBrackets finds the end of each sub-query.
func (p *parser) matchBrackets() {
	p.closing = map[int]int{}
	var open []int
	for i, t := range p.tokens {
		switch p.textOf(t) {
		case "[":
			open = append(open, i)
		case "]":
			if len(open) > 0 {
				p.closing[open[len(open)-1]] = i
				open = open[:len(open)-1]
			}
		}
	}
}

func invalidUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

// query reads init blocks and commands up to p.end.
func (p *parser) query() *Query {
	q := &Query{}
	end := p.end
	p.end, p.failed = p.segment(p.pos, end), false
	from := p.here()
	q.Inits = p.inits()
	for first := true; ; first = false {
		if c := p.command(first); c != nil {
			q.Commands = append(q.Commands, c)
		}
		p.pos, p.rest = p.end, 0
		if p.pos == end || p.commands > MaxCommands {
			break
		}
		p.pos++ // the pipe
		p.end, p.failed = p.segment(p.pos, end), false
	}
	p.pos, p.end = end, end
	q.Span = Span{from, max(from, p.behind())}
	return q
}

// segment returns the index of the pipe that ends the command at from, or end.
func (p *parser) segment(from, end int) int {
	for i := from; i < end; i++ {
		switch p.tokens[i].Kind {
		case TokenPipe:
			return i
		case TokenPunct:
			if closing, ok := p.closing[i]; ok && closing < end {
				i = closing
			}
		}
	}
	return end
}

// inits reads init blocks and makes their variables known.
func (p *parser) inits() []*Init {
	var list []*Init
	for p.isWord("init") && p.textAt(p.pos+1) == "{" {
		p.begin("init")
		at := p.here()
		p.pos += 2
		name := p.variable()
		p.expect("=")
		init := &Init{Name: name, X: p.expression()}
		p.expect("}")
		if p.failed {
			// What follows the block may still be read.
			p.failed, p.rest = false, 0
			for p.pos < p.end && p.textAt(p.pos) != "}" {
				p.pos++
			}
			p.pos = min(p.pos+1, p.end)
			p.set(name, &Text{}, true)
			continue
		}
		init.Span = p.since(at)
		p.define(init)
		list = append(list, init)
	}
	return list
}

// variable reads $name and returns the name.
func (p *parser) variable() string {
	t := p.peek()
	if t.Kind != TokenVariable {
		p.unexpected()
		return ""
	}
	p.next()
	return p.textOf(t)[1:]
}

// command reads one command. The first of a query is a search clause, or
// searchlookup, whose name may be left out.
func (p *parser) command(first bool) Command {
	p.begin("search")
	p.commands++
	if p.commands == MaxCommands+1 {
		p.fail(p.peek().Span, fmt.Sprintf("The query has more than %d commands", MaxCommands), "")
	}
	at := p.here()
	var c Command
	switch {
	case p.failed:
		return nil
	case first && p.isWord("searchlookup"):
		c = p.named(at)
	case first:
		if p.isWord("search") {
			p.next()
		}
		term := p.searchClause()
		c = &Search{p.since(at), term}
	default:
		c = p.named(at)
	}
	if !p.failed && p.peek().Kind != TokenEnd {
		p.unexpected()
	}
	if p.failed {
		return nil
	}
	return c
}

// named reads a command that starts with its name.
func (p *parser) named(at int) Command {
	p.clause, p.usage = "COMMAND", ""
	t := p.peek()
	if t.Kind == TokenEnd {
		p.unexpected()
		return nil
	}
	info, ok := findCommand(p.infos, p.textOf(t))
	if t.Kind != TokenWord || !ok {
		p.fail(t.Span, "Unexpected input for COMMAND: "+shorten(p.textOf(t), 60), Closest(p.textOf(t), commandNames(p.infos)))
		return nil
	}
	p.begin(info.Name)
	p.next()
	return p.body(info.Name, at)
}

// body reads what follows the name of a command.
func (p *parser) body(name string, at int) Command {
	switch name {
	case "search":
		term := p.searchClause()
		return &Search{p.since(at), term}
	case "delete", "demomode", "macro", "module", "multisearch":
		return p.raw(name, at)
	}
	for _, group := range []func(string, int) Command{p.columnCommand, p.statsCommand, p.linkCommand, p.rowCommand, p.textCommand, p.clusterCommand, p.displayCommand} {
		if c := group(name, at); c != nil || p.failed {
			return c
		}
	}
	return nil
}

// raw reads the tokens of a command without looking at them.
func (p *parser) raw(name string, at int) Command {
	var words []string
	for p.peek().Kind != TokenEnd {
		if p.peek().Kind == TokenInvalid {
			p.unexpected()
			return nil
		}
		words = append(words, p.textOf(p.next()))
	}
	return &Raw{p.since(at), name, strings.Join(words, " ")}
}

// begin sets the command that messages name.
func (p *parser) begin(name string) {
	p.clause = strings.ToUpper(name)
	p.fragment = p.here()
	p.usage = p.clause
	if name == "init" {
		p.usage += " { $<name> = <expression> }"
	} else if info, _ := findCommand(p.infos, name); info.Usage != "" {
		p.usage += " " + info.Usage
	}
}

// enter counts a level of nesting, which leave ends. It fails beyond MaxDepth
// and after a mistake, and then counts nothing.
func (p *parser) enter() bool {
	if p.depth == MaxDepth {
		p.tooDeep(p.peek().Span)
	}
	if p.failed {
		return false
	}
	p.depth++
	return true
}

func (p *parser) leave() { p.depth-- }

func (p *parser) tooDeep(at Span) {
	p.fail(at, fmt.Sprintf("The query is nested more than %d levels deep", MaxDepth), "")
}
