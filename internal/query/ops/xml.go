package ops

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"
)

// Bounds on what one value may cost. Values beyond the first three count as if
// they were not XML.
const (
	maxXMLBytes = 1 << 20
	maxXMLDepth = 100
	maxXMLNodes = 100_000
	maxXMLSteps = 5_000_000 // from node to node, for all paths of a value
	maxXPath    = 1000      // bytes
)

// XML reads values out of XML documents by XPath 1.0. Its input is one row of
// each document: a key, the text.
type XML struct {
	Paths []string
}

// CheckXPath tells what is wrong with an expression.
func CheckXPath(path string) error {
	if len(path) > maxXPath {
		return fmt.Errorf("an expression may be %d bytes long", maxXPath)
	}
	_, err := xpath.Compile(path)
	return err
}

// Run yields, for each document in which at least one path finds something: its
// key, and for each path the text of the first node it finds, or the value of
// the expression; else nil.
func (o XML) Run(ctx context.Context, in Source, emit Emit) (string, error) {
	paths := make([]*xpath.Expr, len(o.Paths))
	for i, path := range o.Paths {
		var err error
		if paths[i], err = xpath.Compile(path); err != nil {
			return "", err
		}
	}
	partial := ""
	err := in(func(row []any) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		s, ok := row[1].(string)
		if !ok {
			return nil
		}
		doc, err := parseXML(s)
		if err != nil {
			return nil // other text is no mistake: it has no value
		}
		out, found := []any{row[0]}, false
		steps := maxXMLSteps
		for _, path := range paths {
			v := evaluate(ctx, path, doc, &steps)
			if v != nil {
				found = true
			}
			out = append(out, v)
		}
		if steps <= 0 {
			partial = "xmlextract gave up on a document: write a path that visits fewer nodes"
		}
		if !found {
			return nil
		}
		return emit(out)
	})
	return partial, err
}

var errXML = errors.New("not an XML document that is read here")

// parseXML reads a document. Document types are refused, and with them the
// definition of entities.
func parseXML(s string) (*xmlquery.Node, error) {
	if len(s) > maxXMLBytes {
		return nil, errXML
	}
	// Text is UTF-8 whatever the document says.
	charset := func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	d := xml.NewDecoder(strings.NewReader(s))
	d.CharsetReader = charset
	depth, nodes, roots := 0, 0, 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, errXML
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			nodes += len(t.Attr)
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && strings.TrimSpace(string(t)) != "" {
				return nil, errXML
			}
		}
		if nodes++; nodes > maxXMLNodes || depth > maxXMLDepth || roots > 1 {
			return nil, errXML
		}
	}
	return xmlquery.ParseWithOptions(strings.NewReader(s), xmlquery.ParserOptions{
		Decoder: &xmlquery.DecoderOptions{Strict: true, CharsetReader: charset}})
}

// evaluate is the value of a path as text; nil without one. The library panics
// on some expressions that it compiles, such as sum() of what is no number.
func evaluate(ctx context.Context, path *xpath.Expr, doc *xmlquery.Node, steps *int) (value any) {
	defer func() {
		if recover() != nil || *steps <= 0 {
			value = nil
		}
	}()
	at := &walker{NodeNavigator: xmlquery.CreateXPathNavigator(doc), ctx: ctx, steps: steps}
	switch v := path.Evaluate(at).(type) {
	case *xpath.NodeIterator:
		if v.MoveNext() {
			return v.Current().Value()
		}
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		if !math.IsNaN(v) {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return nil
}

// walker counts the steps through a document, and stands still when there were
// too many or the query has ended.
type walker struct {
	*xmlquery.NodeNavigator
	ctx   context.Context
	steps *int
}

func (w *walker) may() bool {
	if *w.steps > 0 && *w.steps%4096 == 0 && w.ctx.Err() != nil {
		*w.steps = 0
	}
	*w.steps--
	return *w.steps > 0
}

// Copy of the position.
func (w *walker) Copy() xpath.NodeNavigator {
	return &walker{w.NodeNavigator.Copy().(*xmlquery.NodeNavigator), w.ctx, w.steps}
}

// MoveTo the position of another.
func (w *walker) MoveTo(other xpath.NodeNavigator) bool {
	o, ok := other.(*walker)
	return ok && w.NodeNavigator.MoveTo(o.NodeNavigator)
}

// MoveToParent, if there is one.
func (w *walker) MoveToParent() bool { return w.may() && w.NodeNavigator.MoveToParent() }

// MoveToChild that is first, if there is one.
func (w *walker) MoveToChild() bool { return w.may() && w.NodeNavigator.MoveToChild() }

// MoveToNext sibling, if there is one.
func (w *walker) MoveToNext() bool { return w.may() && w.NodeNavigator.MoveToNext() }

// MoveToPrevious sibling, if there is one.
func (w *walker) MoveToPrevious() bool { return w.may() && w.NodeNavigator.MoveToPrevious() }

// MoveToFirst sibling, if there is one.
func (w *walker) MoveToFirst() bool { return w.may() && w.NodeNavigator.MoveToFirst() }

// MoveToNextAttribute, if there is one.
func (w *walker) MoveToNextAttribute() bool { return w.may() && w.NodeNavigator.MoveToNextAttribute() }
