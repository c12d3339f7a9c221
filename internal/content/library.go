package content

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ledgerline/internal/record"
)

// Documents keeps what was imported. The catalogue of the service implements it.
type Documents interface {
	LoadContent(ctx context.Context) ([]Document, error)
	// SaveContent stores and removes documents in one transaction.
	SaveContent(ctx context.Context, put []Document, remove []DocumentKey) error
}

// Document is one stored item of the library.
type Document struct {
	Kind string // source, parser, field or label
	Name string // internal name
	JSON []byte

	Updated time.Time
}

// DocumentKey names a document.
type DocumentKey struct{ Kind, Name string }

// The kinds of documents.
const (
	KindSource = "source"
	KindParser = "parser"
	KindField  = "field"
	KindLabel  = "label"

	kindRetired = "retired" // the internal name of a field that was deleted
)

// Options of a library. Zero values stand for sensible defaults.
type Options struct {
	Clock        func() time.Time
	Logger       *slog.Logger
	MaxText      int           // bytes of an entry's text that are kept; default 1 MB
	MatchTimeout time.Duration // of one match of a regular expression that RE2 cannot run; default 100 ms

	// Lookups finds a lookup table by name, in any letter case. Without it functions of
	// log sources are kept and not run.
	Lookups func(name string) (*LookupTable, bool)
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.MaxText <= 0 {
		o.MaxText = 1 << 20
	}
	if o.MatchTimeout <= 0 {
		o.MatchTimeout = 100 * time.Millisecond
	}
	return o
}

// Library is the content of one service. It is safe for concurrent use.
type Library struct {
	opts    Options
	docs    Documents
	write   sync.Mutex // held by the one import under way
	current atomic.Pointer[snapshot]
}

// Open reads the built-in content and what docs holds on top of it.
func Open(ctx context.Context, docs Documents, opts Options) (*Library, error) {
	l := &Library{opts: opts.withDefaults(), docs: docs}
	s, err := builtin(l.opts)
	if err != nil {
		return nil, err
	}
	stored, err := docs.LoadContent(ctx)
	if err != nil {
		return nil, fmt.Errorf("load log sources and parsers: %w", err)
	}
	for _, d := range stored {
		if err := s.addDocument(d); err != nil {
			return nil, fmt.Errorf("stored %s %q cannot be read: %w (remove it from the catalogue and import it again)", d.Kind, d.Name, err)
		}
	}
	s.version = 1
	l.current.Store(s)
	return l, nil
}

// Version changes with everything that changes the library.
func (l *Library) Version() uint64 { return l.current.Load().version }

// Source finds a log source by its internal or display name, in any letter case.
// The result is shared: it must not be changed.
func (l *Library) Source(name string) (*Source, bool) { return l.current.Load().sources.find(name) }

// Parser finds a parser by its internal or display name, in any letter case.
// The result is shared: it must not be changed.
func (l *Library) Parser(name string) (*Parser, bool) { return l.current.Load().parsers.find(name) }

// Label finds a label by its internal or display name, in any letter case.
// The result is shared: it must not be changed.
func (l *Library) Label(name string) (*Label, bool) { return l.current.Load().labels.find(name) }

// Field finds a field by its display or internal name, in any letter case.
// A display name wins over an equal internal name of another field.
func (l *Library) Field(name string) (record.Field, bool) {
	f, ok := l.current.Load().fields.find(name)
	if !ok {
		return record.Field{}, false
	}
	return *f, true
}

// Sources returns all log sources by display name.
func (l *Library) Sources() []Source { return l.current.Load().sources.sorted() }

// Parsers returns all parsers by display name.
func (l *Library) Parsers() []Parser { return l.current.Load().parsers.sorted() }

// Fields returns all fields by display name.
func (l *Library) Fields() []record.Field { return l.current.Load().fields.sorted() }

// Labels returns all labels by display name.
func (l *Library) Labels() []Label { return l.current.Load().labels.sorted() }

// Updated says when an item was last written or imported; zero for what is built
// in. The item is named by its kind and its internal name.
func (l *Library) Updated(kind, name string) time.Time {
	return l.current.Load().updated[DocumentKey{kind, fold(name)}]
}

// snapshot is one immutable state of the library.
type snapshot struct {
	version uint64
	opts    Options
	sources names[Source]
	parsers names[Parser]
	fields  names[record.Field]
	labels  names[Label]
	own     map[string]bool           // internal names of fields Oracle does not have
	every   map[string]bool           // internal names of the columns that every record has
	retired map[string]bool           // internal names of deleted fields, which records may have columns of
	updated map[DocumentKey]time.Time // of what is not built in, by folded name

	programs sync.Map // internal name of a source → *program or error, made on first use
}

func newSnapshot(opts Options) *snapshot {
	return &snapshot{
		opts:    opts,
		sources: makeNames(func(s *Source) (string, string) { return s.Name, s.Display }),
		parsers: makeNames(func(p *Parser) (string, string) { return p.Name, p.Display }),
		fields:  makeNames(func(f *record.Field) (string, string) { return f.Name, f.Display }),
		labels:  makeNames(func(l *Label) (string, string) { return l.Name, l.Display }),
		own:     map[string]bool{},
		every:   map[string]bool{},
		retired: map[string]bool{},
		updated: map[DocumentKey]time.Time{},
	}
}

// next returns a copy that may be changed until it is published.
func (s *snapshot) next() *snapshot {
	return &snapshot{
		version: s.version + 1, opts: s.opts,
		sources: s.sources.clone(), parsers: s.parsers.clone(),
		fields: s.fields.clone(), labels: s.labels.clone(),
		own: s.own, every: s.every, retired: maps.Clone(s.retired), updated: maps.Clone(s.updated),
	}
}

func (s *snapshot) addDocument(d Document) error {
	s.updated[DocumentKey{d.Kind, fold(d.Name)}] = d.Updated
	switch d.Kind {
	case KindSource:
		return addJSON(&s.sources, d.JSON)
	case KindParser:
		return addJSON(&s.parsers, d.JSON)
	case KindField:
		return addJSON(&s.fields, d.JSON)
	case KindLabel:
		return addJSON(&s.labels, d.JSON)
	case kindRetired:
		s.retired[d.Name] = true
		return nil
	}
	return errors.New("unknown kind")
}

func addJSON[T any](n *names[T], text []byte) error {
	v := new(T)
	if err := json.Unmarshal(text, v); err != nil {
		return err
	}
	if name, _ := n.key(v); name == "" {
		return errors.New("it has no name")
	}
	n.put(v)
	return nil
}

// names is a set of items that are found by internal or display name.
type names[T any] struct {
	key       func(*T) (name, display string)
	byName    map[string]*T // folded internal name
	byDisplay map[string]*T // folded display name
}

func makeNames[T any](key func(*T) (name, display string)) names[T] {
	return names[T]{key: key, byName: map[string]*T{}, byDisplay: map[string]*T{}}
}

func (n *names[T]) clone() names[T] {
	c := makeNames(n.key)
	for k, v := range n.byName {
		c.byName[k] = v
	}
	for k, v := range n.byDisplay {
		c.byDisplay[k] = v
	}
	return c
}

func (n *names[T]) find(name string) (*T, bool) {
	k := fold(name)
	if v, ok := n.byDisplay[k]; ok {
		return v, true
	}
	v, ok := n.byName[k]
	return v, ok
}

func (n *names[T]) internal(name string) (*T, bool) {
	v, ok := n.byName[fold(name)]
	return v, ok
}

func (n *names[T]) put(v *T) {
	name, display := n.key(v)
	if old, ok := n.byName[fold(name)]; ok {
		if _, d := n.key(old); n.byDisplay[fold(d)] == old {
			delete(n.byDisplay, fold(d))
		}
	}
	n.byName[fold(name)] = v
	if display != "" {
		n.byDisplay[fold(display)] = v
	}
}

func (n *names[T]) sorted() []T {
	out := make([]T, 0, len(n.byName))
	for _, v := range n.byName {
		out = append(out, *v)
	}
	slices.SortFunc(out, func(a, b T) int {
		an, ad := n.key(&a)
		bn, bd := n.key(&b)
		if c := strings.Compare(fold(ad), fold(bd)); c != 0 {
			return c
		}
		return strings.Compare(an, bn)
	})
	return out
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
