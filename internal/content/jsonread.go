package content

import (
	"fmt"
	"strings"

	"ledgerline/internal/jsonscan"
)

// jsonReader finds the entries of a JSON upload. The upload may hold one
// document, several after each other, or one a line.
type jsonReader struct {
	paths      []entryPath // alternatives, tried on each document
	fields     *branch
	feeds      []feed
	fieldSlots int
	doc        *branch // paths that start with ^; nil when there are none
	docs       []feed
	docSlots   int
}

// entryPath names either an array, each element of which is an entry (kind 2),
// or objects (kind 0).
type entryPath struct {
	steps []step
	array bool
}

func parseEntryPath(text string) (entryPath, error) {
	path, kind, ok := cutLast(text, ":")
	if !ok || (kind != "0" && kind != "2") {
		return entryPath{}, fmt.Errorf("entry path %q must be a path followed by :0 (object) or :2 (array)", clip(text))
	}
	steps, err := parsePath(path)
	if err != nil {
		return entryPath{}, err
	}
	for _, s := range steps {
		if s.kind == stepIndex {
			return entryPath{}, fmt.Errorf("entry path %q: [n] is not supported here, only [*]", clip(text))
		}
	}
	return entryPath{steps, kind == "2"}, nil
}

// feed says which slots hold what a target gets: alternatives, the best first.
type feed struct {
	to         *target
	first, end int
}

const maxAlternatives = 8

func newJSONReader(p *Parser, c *compiler) (*jsonReader, error) {
	header := strings.TrimSpace(p.Header)
	if header == "" {
		header = "$:0"
	}
	r := &jsonReader{fields: &branch{}}
	alternatives := splitPath(header)
	if len(alternatives) > maxAlternatives {
		return nil, fmt.Errorf("entry path %q has more than %d alternatives", clip(header), maxAlternatives)
	}
	for _, text := range alternatives {
		e, err := parseEntryPath(text)
		if err != nil {
			return nil, err
		}
		r.paths = append(r.paths, e)
	}
	var targets []*target
	for _, f := range p.Fields {
		t, err := c.target(f)
		if err != nil {
			return nil, err
		}
		if err := r.add(f.Path, t); err != nil {
			return nil, fmt.Errorf("field %d: %w", f.Seq, err)
		}
		targets = append(targets, t)
	}
	c.markAlone(targets)
	return r, nil
}

// add hangs the alternatives of one field into the tree of the entry or of the document.
func (r *jsonReader) add(path string, t *target) error {
	tree, feeds, slots := r.fields, &r.feeds, &r.fieldSlots
	inDoc := strings.HasPrefix(path, "^")
	if inDoc {
		if r.doc == nil {
			r.doc = &branch{}
		}
		tree, feeds, slots = r.doc, &r.docs, &r.docSlots
	}
	alternatives := splitPath(path)
	if len(alternatives) > maxAlternatives {
		return fmt.Errorf("path %q has more than %d alternatives", clip(path), maxAlternatives)
	}
	f := feed{to: t, first: *slots}
	for _, a := range alternatives {
		if strings.HasPrefix(a, "^") != inDoc {
			return fmt.Errorf("path %q: alternatives must all start with ^ or none", clip(path))
		}
		steps, err := parsePath(strings.TrimPrefix(a, "^"))
		if err != nil {
			return err
		}
		tree.add(steps, *slots)
		*slots++
	}
	f.end = *slots
	*feeds = append(*feeds, f)
	return nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// jsonWalk is the state of reading one piece of a body.
type jsonWalk struct {
	*jsonReader
	run    *run
	at     entryPath // the one under way
	level  int
	s      string // the body up to the end of the piece
	slots  []found
	held   []found // values of the document
	hits   int     // nodes of the current document that the entry path found
	damage int     // where reading had to stop
	err    error
}

func (r *jsonReader) read(run *run, level int, piece span) error {
	w := &jsonWalk{jsonReader: r, run: run, level: level, s: run.body[:piece.end],
		slots: make([]found, r.fieldSlots), held: make([]found, r.docSlots)}
	i := piece.start
	if strings.HasPrefix(w.s[i:], "\ufeff") {
		i += len("\ufeff")
	}
	for i = jsonscan.SkipBlank(w.s, i); i < len(w.s); i = jsonscan.SkipBlank(w.s, i) {
		start := i
		if r.doc != nil {
			clear(w.held)
			r.doc.extract(w.s, i, w.held) // of a damaged document as much as can be read
		}
		end, ok := w.document(i)
		if w.err != nil {
			return w.err
		}
		if ok {
			if i = end; w.hits == 0 {
				w.reject(span{start, end}, "no "+w.at.String()+" in it")
			}
			continue
		}
		if w.hits == 0 {
			w.damage = start // nothing of it is kept yet
		}
		i = w.resume(w.damage)
		if jsonscan.TrimBlank(w.s[w.damage:i]) == "" {
			run.warnings.add("DocumentTruncated", "a JSON document ends before it is complete; its complete entries were kept", w.s[start:])
			continue
		}
		w.reject(span{w.damage, i}, "not valid JSON")
	}
	return w.err
}

// document looks for entries at each of the entry paths, until one has them.
func (w *jsonWalk) document(i int) (end int, ok bool) {
	for _, w.at = range w.paths {
		w.hits = 0
		if end, ok = w.locate(i, w.at.steps); w.hits > 0 || w.err != nil {
			break
		}
	}
	return end, ok
}

func (e entryPath) String() string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range e.steps {
		if s.kind == stepEach {
			b.WriteString("[*]")
		} else {
			b.WriteString("." + s.key)
		}
	}
	if e.array {
		return "array " + b.String()
	}
	return "object " + b.String()
}

// resume says where to go on after damage. Where each line may be a document of
// its own, the next line that starts one is taken; else nothing after the damage
// can be trusted.
func (w *jsonWalk) resume(i int) int {
	if len(w.at.steps) > 0 {
		return len(w.s)
	}
	for {
		n := strings.IndexByte(w.s[i:], '\n')
		if n < 0 {
			return len(w.s)
		}
		i += n + 1
		if i < len(w.s) && (w.s[i] == '{' || w.s[i] == '[') {
			return i
		}
	}
}

// locate follows the entry path from the value at s[i].
func (w *jsonWalk) locate(i int, path []step) (int, bool) {
	if i >= len(w.s) {
		w.damage = i
		return i, false
	}
	switch {
	case len(path) == 0:
		return w.entries(i)
	case path[0].kind == stepEach && w.s[i] == '[':
		return w.elements(i, func(i int) (int, bool) {
			before := w.hits
			end, ok := w.locate(i, path[1:])
			if ok && w.hits == before {
				w.reject(span{i, end}, "no "+w.at.String()+" in it")
			}
			return end, ok && w.err == nil
		})
	case path[0].kind == stepKey && w.s[i] == '{':
		return w.members(i, path)
	}
	return w.skip(i)
}

// members follows the path into the object at s[i].
func (w *jsonWalk) members(i int, path []step) (int, bool) {
	i = jsonscan.SkipBlank(w.s, i+1)
	if i < len(w.s) && w.s[i] == '}' {
		return i + 1, true
	}
	for {
		key := i
		var ok bool
		if i, ok = jsonscan.SkipKey(w.s, key); !ok {
			w.damage = key
			return i, false
		}
		name, _ := jsonscan.SkipString(w.s, key)
		if jsonscan.Unquote(w.s[key:name]) == path[0].key {
			i, ok = w.locate(i, path[1:])
		} else if i, ok = jsonscan.SkipValue(w.s, i); !ok {
			w.damage = key
		}
		if !ok {
			return i, false
		}
		if i, ok = w.separator(i, '}'); !ok {
			return i, false
		}
		if w.s[i-1] == '}' {
			return i, true
		}
		i = jsonscan.SkipBlank(w.s, i)
	}
}

// elements visits the elements of the array at s[i].
func (w *jsonWalk) elements(i int, visit func(int) (int, bool)) (int, bool) {
	w.hits++
	i = jsonscan.SkipBlank(w.s, i+1)
	if i < len(w.s) && w.s[i] == ']' {
		return i + 1, true
	}
	for {
		var ok bool
		if i, ok = visit(i); !ok {
			return i, false
		}
		if i, ok = w.separator(i, ']'); !ok {
			return i, false
		}
		if w.s[i-1] == ']' {
			return i, true
		}
		i = jsonscan.SkipBlank(w.s, i)
	}
}

// separator skips a comma or the closing bracket.
func (w *jsonWalk) separator(i int, closing byte) (int, bool) {
	after := i
	i = jsonscan.SkipBlank(w.s, i)
	if i < len(w.s) && (w.s[i] == ',' || w.s[i] == closing) {
		return i + 1, true
	}
	w.damage = after
	return i, false
}

// skip passes over a value in which the path cannot go on.
func (w *jsonWalk) skip(i int) (int, bool) {
	end, ok := jsonscan.SkipValue(w.s, i)
	if !ok {
		w.damage = i
	}
	return end, ok
}

// entries reads the node that the entry path names.
func (w *jsonWalk) entries(i int) (int, bool) {
	switch {
	case w.s[i] == '[':
		return w.elements(i, w.entry)
	case w.s[i] == '{' && !w.at.array:
		return w.entry(i)
	case w.at.array && strings.HasPrefix(w.s[i:], "null"):
		w.hits++ // no array, so no entries
		return i + len("null"), true
	}
	return w.skip(i)
}

// entry reads one record.
func (w *jsonWalk) entry(i int) (int, bool) {
	if i >= len(w.s) {
		w.damage = i
		return i, false
	}
	if w.err = w.run.proceed(); w.err != nil {
		return i, false
	}
	for n := range w.slots {
		w.slots[n] = found{more: w.slots[n].more[:0]}
	}
	end, ok := w.fields.extract(w.s, i, w.slots)
	if !ok {
		w.damage = i
		return end, false
	}
	w.hits++
	if w.s[i] != '{' {
		w.reject(span{i, end}, "not a JSON object")
		return end, w.err == nil
	}
	w.run.begin(w.level)
	for n := range w.docs {
		w.run.feed(&w.docs[n], w.s, w.held)
	}
	for n := range w.feeds {
		w.run.feed(&w.feeds[n], w.s, w.slots)
	}
	w.err = w.run.accept(span{i, end})
	return end, w.err == nil
}

func (w *jsonWalk) reject(piece span, reason string) {
	w.hits++
	w.run.reject(w.level, piece, reason)
	if w.err == nil {
		w.err = w.run.err
	}
}

// readValue reads a value of another parser's field that is itself JSON.
func (r *jsonReader) readValue(run *run, text string) bool {
	slots := make([]found, r.fieldSlots)
	i := jsonscan.SkipBlank(text, 0)
	if i >= len(text) || text[i] != '{' || len(r.paths[len(r.paths)-1].steps) > 0 {
		return false
	}
	if _, ok := r.fields.extract(text, i, slots); !ok {
		return false
	}
	for n := range r.feeds {
		run.feed(&r.feeds[n], text, slots)
	}
	return true
}
