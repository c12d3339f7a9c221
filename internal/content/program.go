package content

import (
	"errors"
	"fmt"
	"strings"

	"ledgerline/internal/record"
)

// program is a source made ready to read uploads. It is immutable and shared.
type program struct {
	source   *Source
	readers  []reader // in the order of the source's parsers
	encoding string   // of the first parser
	extended []extendedProgram
	lookups  []lookupProgram
	rules    []ruleProgram
	filters  []filterProgram // of the text, before it is parsed
	drops    []filterProgram // of whole entries
	snap     *snapshot
}

// reader is one parser made ready. Implementations are immutable; what changes
// while reading is in the run.
type reader interface {
	// read reads a piece of the run's body and calls begin, set… and accept for
	// each entry, reject for what it cannot read. Every byte that is not white
	// space must reach one of the two, but for the frame around JSON records and
	// the header line of delimited files.
	read(r *run, level int, piece span) error
}

// valueReader reads the text of one value on behalf of another parser.
type valueReader interface {
	readValue(r *run, text string) bool
}

// target says where a value goes.
type target struct {
	field *record.Field
	kind  targetKind
	part  timePart
	sub   valueReader
	name  string // of the sub-parser
	alone bool   // nothing else of the parser feeds the field
}

type targetKind uint8

const (
	toCell targetKind = iota
	toTime
	toTimePart
	toParser
	toNothing // columns that every record has and no parser may set
)

const maxSubParsers = 4

// compiler turns the parsers of a source into readers.
type compiler struct {
	snap  *snapshot
	depth int // of sub-parsers, which may refer to each other in a circle
}

// program returns the source made ready, from the second time on without work.
func (s *snapshot) program(src *Source) (*program, error) {
	type outcome struct {
		p   *program
		err error
	}
	if v, ok := s.programs.Load(src.Name); ok {
		o := v.(outcome)
		return o.p, o.err
	}
	p, err := s.compile(src)
	s.programs.Store(src.Name, outcome{p, err})
	return p, err
}

func (s *snapshot) compile(src *Source) (*program, error) {
	p := &program{source: src, snap: s}
	var problems []error
	for _, name := range src.Parsers {
		parser, ok := s.parsers.find(name)
		if !ok {
			problems = append(problems, fmt.Errorf("parser %q does not exist: import it", clip(name)))
			continue
		}
		c := &compiler{snap: s}
		rd, err := c.reader(parser)
		if err != nil {
			problems = append(problems, fmt.Errorf("parser %q: %w", clip(name), err))
			continue
		}
		if p.encoding == "" {
			p.encoding = parser.Encoding
		}
		p.readers = append(p.readers, rd)
	}
	if len(p.readers) == 0 {
		if len(problems) == 0 {
			problems = append(problems, fmt.Errorf("it has none (its type is %s); choose another log source", src.Kind))
		}
		return nil, fmt.Errorf("log source %q has no parser that can be run: %w", src.Display, errors.Join(problems...))
	}
	var err error
	if p.filters, p.drops, err = compileFilters(src, s.opts); err != nil {
		return nil, fmt.Errorf("log source %q: %w", src.Display, err)
	}
	for _, m := range src.MetadataFields {
		if _, ok := s.fields.internal(m.Field); !ok {
			return nil, fmt.Errorf("log source %q: the metadata key %q fills the field %q, which does not exist", src.Display, clip(m.Key), clip(m.Field))
		}
	}
	if p.extended, err = s.compileExtended(src); err != nil {
		return nil, fmt.Errorf("log source %q: %w", src.Display, err)
	}
	p.lookups, _ = s.compileFunctions(src) // import has warned of the others
	if p.rules, err = s.compileRules(src); err != nil {
		return nil, fmt.Errorf("log source %q: %w", src.Display, err)
	}
	return p, nil
}

func (c *compiler) reader(p *Parser) (reader, error) {
	switch p.Kind {
	case JSON:
		return newJSONReader(p, c)
	case Regex:
		return newRegexReader(p, c)
	case Delimited:
		return newDelimitedReader(p, c)
	case XML:
		return newXMLReader(p, c)
	}
	return nil, fmt.Errorf("parsers of type %s are kept but cannot be run; use a REGEX, JSON, XML or DELIMITED parser", p.Kind)
}

// target resolves what a parser field feeds. A field this library does not know
// is an error, because its values would be lost; import creates such fields.
func (c *compiler) target(f ParserField) (*target, error) {
	if f.Parser == "" {
		return c.fieldTarget(f.Field)
	}
	sub, ok := c.snap.parsers.find(f.Parser)
	if !ok {
		return &target{kind: toParser, name: f.Parser}, nil // said once per upload
	}
	if c.depth == maxSubParsers {
		return nil, fmt.Errorf("parsers refer to each other more than %d deep", maxSubParsers)
	}
	c.depth++
	defer func() { c.depth-- }()
	rd, err := c.reader(sub)
	if err != nil {
		return nil, fmt.Errorf("sub-parser %q: %w", clip(f.Parser), err)
	}
	vr, ok := rd.(valueReader)
	if !ok {
		return nil, fmt.Errorf("sub-parser %q: parsers of type %s cannot read a value", clip(f.Parser), sub.Kind)
	}
	return &target{kind: toParser, name: f.Parser, sub: vr}, nil
}

func (c *compiler) fieldTarget(name string) (*target, error) {
	f, ok := c.snap.fields.internal(name)
	if !ok {
		return nil, fmt.Errorf("field %q does not exist", clip(name))
	}
	t := &target{field: f}
	switch {
	case f.Name == fieldTime:
		t.kind = toTime
	case c.snap.every[f.Name]:
		t.kind = toNothing
	case strings.HasPrefix(f.Name, "time"):
		for part, n := range timePartFields {
			if n == f.Name {
				t.kind, t.part = toTimePart, timePart(part)
			}
		}
	}
	return t, nil
}

// timePart is one component of a time that a parser reads piecewise.
type timePart uint8

const (
	partYear timePart = iota
	partMonth
	partDay
	partHour
	partMinute
	partSecond
	timeParts
)

var timePartFields = [timeParts]string{"timeyearlong", "timemonthnum", "timeday", "timehour24", "timeminute", "timesecond"}

// markAlone notes which fields have one way only to be set, so that setting
// them need not look for an earlier value.
func (c *compiler) markAlone(targets []*target) {
	if c.depth > 0 {
		return // the parser above may feed the same fields
	}
	seen := map[string]int{}
	for _, t := range targets {
		if t.kind == toParser {
			return
		}
		seen[t.field.Name]++
	}
	for _, t := range targets {
		t.alone = seen[t.field.Name] == 1
	}
}
