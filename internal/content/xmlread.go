package content

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// xmlReader reads documents of XML. An entry is an element at the path of the
// header, such as /log/record, or the root element without one. A field is the text
// of an element or an attribute, such as /log/record/user/@id: in the entry, the
// first that has a value; beside it, the last one before. Paths name elements
// without their namespaces.
type xmlReader struct {
	entry  string // path of the entries; empty: the root element
	inside map[string][]*target
	beside map[string][]*target
}

const (
	maxXMLDepth = 200  // elements that are open at once
	maxXMLPath  = 4096 // bytes of their names
)

func newXMLReader(p *Parser, c *compiler) (*xmlReader, error) {
	r := &xmlReader{entry: strings.TrimRight(strings.TrimSpace(p.Header), "/"), inside: map[string][]*target{}, beside: map[string][]*target{}}
	if r.entry != "" && !strings.HasPrefix(r.entry, "/") {
		return nil, fmt.Errorf("entry path %q: write it from the root, such as /log/record", clip(p.Header))
	}
	for _, f := range p.Fields {
		t, err := c.target(f)
		if err != nil {
			return nil, err
		}
		path := strings.TrimSpace(f.Path)
		if path == "" {
			return nil, fmt.Errorf("field %d has no path", f.Seq)
		}
		if under, ok := r.under(path); ok {
			r.inside[under] = append(r.inside[under], t)
		} else {
			r.beside[path] = append(r.beside[path], t)
		}
	}
	return r, nil
}

// under returns the part of a field's path that lies below the entry: empty for the
// text of the entry itself, else with a slash before it.
func (r *xmlReader) under(path string) (string, bool) {
	switch {
	case path == ".":
		return "", true
	case !strings.HasPrefix(path, "/"): // from the entry on
		return "/" + strings.TrimPrefix(path, "./"), true
	case r.entry == "": // the root element, whatever its name
		if i := strings.IndexByte(path[1:], '/'); i >= 0 {
			return path[1+i:], true
		}
		return "", true
	}
	under, ok := strings.CutPrefix(path, r.entry)
	return under, ok && (under == "" || under[0] == '/')
}

// xmlWalk is the state of reading one piece of a body.
type xmlWalk struct {
	*xmlReader
	run    *run
	level  int
	open   []xmlElement // around the place that is read
	depth  int          // of the entry under way; 0: none
	start  int          // where it began
	values []xmlValue   // found in it
	before []xmlValue   // found beside entries
	count  int          // of entries
}

type xmlElement struct {
	path string
	text []byte
}

type xmlValue struct {
	to   *target
	text string
}

func (r *xmlReader) read(run *run, level int, piece span) error {
	w := &xmlWalk{xmlReader: r, run: run, level: level}
	decoder := xml.NewDecoder(strings.NewReader(run.body[piece.start:piece.end]))
	// The body is UTF-8 by now, whatever it says of itself.
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	rest := piece.start // of what belongs to no entry
	for {
		if err := run.proceed(); err != nil {
			return err
		}
		at := piece.start + int(decoder.InputOffset())
		token, err := decoder.Token()
		end := piece.start + int(decoder.InputOffset())
		if err == nil {
			err = w.take(token, at)
		} else if errors.Is(err, io.EOF) {
			if err = nil; w.count > 0 || blankXML(run.body[piece.start:piece.end]) {
				return run.err
			}
			err = fmt.Errorf("there is no element %s", cmp.Or(r.entry, "in it"))
		}
		if err != nil {
			if w.depth > 0 && w.count > 0 {
				rest = w.start
			}
			run.reject(level, span{rest, piece.end}, "not the XML expected: "+clip(err.Error()))
			return run.err
		}
		if w.depth > len(w.open) {
			if err := w.finish(span{w.start, end}); err != nil {
				return err
			}
			rest = end
		}
	}
}

// take goes on by one token, which begins at an offset of the body.
func (w *xmlWalk) take(token xml.Token, at int) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("it declares a document type, which may define entities")
	case xml.StartElement:
		if len(w.open) == maxXMLDepth {
			return fmt.Errorf("more than %d elements are open at once", maxXMLDepth)
		}
		path := "/" + t.Name.Local
		if n := len(w.open); n > 0 {
			path = w.open[n-1].path + path
		}
		if len(path) > maxXMLPath {
			return fmt.Errorf("the names of open elements take more than %d bytes", maxXMLPath)
		}
		w.open = append(w.open, xmlElement{path: path})
		if w.depth == 0 && (path == w.entry || w.entry == "" && len(w.open) == 1) {
			w.depth, w.start, w.values = len(w.open), at, w.values[:0]
		}
		for _, a := range t.Attr {
			w.found(path+"/@"+a.Name.Local, a.Value)
		}
	case xml.CharData:
		if n := len(w.open); n > 0 {
			w.open[n-1].text = append(w.open[n-1].text, t...)
		} else if !blankXML(string(t)) {
			return errors.New("there is text outside of elements")
		}
	case xml.EndElement:
		last := w.open[len(w.open)-1]
		w.found(last.path, strings.TrimSpace(string(last.text)))
		w.open = w.open[:len(w.open)-1]
	}
	return nil
}

// blankXML reports whether a text outside of elements is none: a byte-order mark, blanks.
func blankXML(s string) bool { return strings.TrimSpace(strings.TrimPrefix(s, "\ufeff")) == "" }

// found notes a value that a path asks for.
func (w *xmlWalk) found(path, text string) {
	if text == "" {
		return
	}
	if w.depth == 0 {
		for _, t := range w.beside[path] {
			w.before = append(slices.DeleteFunc(w.before, func(v xmlValue) bool { return v.to == t }), xmlValue{t, text})
		}
		return
	}
	for _, t := range w.inside[path[len(w.open[w.depth-1].path):]] {
		if !slices.ContainsFunc(w.values, func(v xmlValue) bool { return v.to == t }) {
			w.values = append(w.values, xmlValue{t, text})
		}
	}
}

func (w *xmlWalk) finish(text span) error {
	w.depth, w.count = 0, w.count+1
	w.run.begin(w.level)
	for _, v := range slices.Concat(w.before, w.values) {
		w.run.setText(v.to, v.text)
	}
	return w.run.accept(text)
}
