package content

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Names chooses what to export: sources and parsers by internal or display
// name, fields by display or internal name.
type Names struct{ Sources, Parsers, Fields []string }

// NotFoundError says that a name stands for nothing in the library.
type NotFoundError struct{ Kind, Name string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s %q does not exist", e.Kind, clip(e.Name))
}

// Export writes the named items with what they need — parsers, labels and the
// fields that Oracle's service does not have — as a ZIP that Oracle's service and
// this library import. Equal content gives equal bytes. A name that stands for
// nothing is a *NotFoundError.
func (l *Library) Export(ctx context.Context, names Names) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ex := &exporter{snap: l.current.Load(), sources: map[string]*Source{}, parsers: map[string]*Parser{}, fields: map[string]bool{}, missing: map[string]bool{}}
	if err := ex.choose(names); err != nil {
		return nil, err
	}
	root, readme, err := ex.tree()
	if err != nil {
		return nil, err
	}
	b := bytes.NewBufferString(`<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n")
	root.write(b, 0)
	return zipMembers(zipMember{"content.xml", b.Bytes()}, zipMember{"README.txt", []byte(readme)})
}

type exporter struct {
	snap    *snapshot
	sources map[string]*Source
	parsers map[string]*Parser
	fields  map[string]bool // internal names
	missing map[string]bool // parsers that are referred to and not here
}

func (ex *exporter) choose(names Names) error {
	for _, name := range names.Sources {
		s, ok := ex.snap.sources.find(name)
		if !ok {
			return &NotFoundError{"log source", name}
		}
		ex.sources[s.Name] = s
		for _, p := range s.Parsers {
			ex.parser(p)
		}
	}
	for _, name := range names.Parsers {
		if !ex.parser(name) {
			return &NotFoundError{"parser", name}
		}
	}
	for _, name := range names.Fields {
		f, ok := ex.snap.fields.find(name)
		if !ok {
			return &NotFoundError{"field", name}
		}
		ex.fields[f.Name] = true
	}
	return nil
}

// parser adds a parser and those it hands values to.
func (ex *exporter) parser(name string) bool {
	p, ok := ex.snap.parsers.find(name)
	if !ok {
		ex.missing[name] = true
		return false
	}
	if ex.parsers[p.Name] != nil {
		return true
	}
	ex.parsers[p.Name] = p
	for _, f := range p.Fields {
		if f.Parser != "" {
			ex.parser(f.Parser)
		}
	}
	headers, _ := p.headerParsers() // encodeParser says what cannot be read
	for _, name := range headers {
		ex.parser(name)
	}
	return true
}

// tree makes content.xml and the text for people.
func (ex *exporter) tree() (*node, string, error) {
	body := element("body")
	for _, name := range sortedKeys(ex.parsers) {
		n, err := encodeParser(ex.parsers[name])
		if err != nil {
			return nil, "", fmt.Errorf("export parser %q: %w", clip(name), err)
		}
		body.add(n)
	}
	labels, unknownLabels := map[string]*Label{}, map[string]bool{}
	for _, name := range sortedKeys(ex.sources) {
		s := ex.sources[name]
		n, err := encodeSource(s)
		if err != nil {
			return nil, "", fmt.Errorf("export log source %q: %w", clip(name), err)
		}
		body.add(n)
		for _, r := range s.LabelRules {
			for _, tag := range r.Tags {
				if l, ok := ex.snap.labels.find(tag); r.Field == fieldLabels && ok {
					labels[l.Name] = l
				} else if r.Field == fieldLabels {
					unknownLabels[tag] = true
				}
			}
		}
	}
	references := map[string]bool{}
	visitFieldNames(body, func(name string) string {
		if f, ok := ex.snap.fields.internal(name); ok && ex.carried(f.Name) {
			ex.fields[f.Name] = true
		} else {
			references[name] = true
		}
		return name
	})

	root := element("LoganContent").with("xmlns", contentNamespace).with("name", "content_ledgerline").
		with("content_version", contentVersion).with("oms_version", contentVersion)
	nameMaps := element("FieldNameMaps")
	var displays []string
	for _, name := range sortedKeys(ex.fields) {
		f, _ := ex.snap.fields.internal(name)
		root.add(encodeField(f))
		displays = append(displays, f.Display)
		nameMaps.add(element("FieldNameMap", leaf("Name", f.Name), leaf("DisplayName", f.Display)))
	}
	for _, name := range sortedKeys(labels) {
		root.add(encodeLabel(labels[name]))
	}
	root.add(body.children...)
	if len(nameMaps.children) > 0 {
		root.add(nameMaps)
	}
	var text strings.Builder
	text.WriteString("Content\n")
	section(&text, "Sources", sortedKeys(ex.sources))
	section(&text, "Parsers", sortedKeys(ex.parsers))
	section(&text, "Fields", displays)
	section(&text, "Labels", sortedKeys(labels))
	text.WriteString("\nReference\n")
	section(&text, "Fields", sortedKeys(references))
	section(&text, "Parsers", sortedKeys(ex.missing))
	section(&text, "Labels", sortedKeys(unknownLabels))
	section(&text, "Functions", ex.functions())
	if ex.usesPaths(func(path string) bool { return strings.HasPrefix(path, "^") }) {
		text.WriteString("\nNote\nPaths that start with ^ are read from the whole document. Only Ledgerline knows them; elsewhere those fields stay empty.\n")
	}
	if ex.usesPaths(func(path string) bool { return len(splitPath(path)) > 1 }) {
		text.WriteString("\nNote\nLedgerline reads several paths for one field. Elsewhere the one written in the parser is read, which fits records as services send them.\n")
	}
	return root, text.String(), nil
}

// carried reports whether an export must bring the field along: it is a user's,
// or Ledgerline's own. Others are Oracle's, by the same internal name.
func (ex *exporter) carried(name string) bool {
	_, _, user := userField(name)
	return user || ex.snap.own[name]
}

func (ex *exporter) functions() []string {
	set := map[string]bool{}
	for _, s := range ex.sources {
		for _, f := range s.Functions {
			set[f.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func (ex *exporter) usesPaths(are func(path string) bool) bool {
	for _, p := range ex.parsers {
		if p.Kind == JSON && slices.ContainsFunc(p.Fields, func(f ParserField) bool { return are(f.Path) }) {
			return true
		}
	}
	return false
}

func section(b *strings.Builder, title string, names []string) {
	if len(names) > 0 {
		fmt.Fprintf(b, "%s: [%s]\n", title, strings.Join(names, ", "))
	}
}
