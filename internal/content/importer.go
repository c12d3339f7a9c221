package content

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/record"
)

// ImportOptions of an import.
type ImportOptions struct {
	Replace bool // items that exist, also built-in ones, are replaced
}

// ImportReport says what an import did. Sources, parsers and labels are listed
// by internal name, fields by display name.
type ImportReport struct {
	Content  string // name of the content
	Sources  Changes
	Parsers  Changes
	Fields   Changes
	Labels   Changes
	Warnings []Warning // what was imported but will not work as in Oracle's service
}

// Changes of one kind of item.
type Changes struct {
	Created, Updated []string
	Conflicting      []string // exist with other content and were left alone
	Unchanged        []string
}

// All returns every name, sorted.
func (c Changes) All() []string {
	all := slices.Concat(c.Created, c.Updated, c.Conflicting, c.Unchanged)
	slices.Sort(all)
	return all
}

// Import adds the content of a ZIP as Oracle's service exports it, or of a bare
// content.xml: all of it or, with an error, nothing. Items that exist with other
// content are conflicts and are left alone unless opts.Replace is set. Fields are
// matched by display name; where the exporting service used another internal
// name, everything in the content is renamed. The type of an existing field never
// changes, because stored records have it.
func (l *Library) Import(ctx context.Context, file []byte, opts ImportOptions) (*ImportReport, error) {
	text, err := contentXML(file)
	if err != nil {
		return nil, err
	}
	root, err := readContentXML(text)
	if err != nil {
		return nil, err
	}
	l.write.Lock()
	defer l.write.Unlock()
	im := &importer{next: l.current.Load().next(), replace: opts.Replace, report: &ImportReport{}, warnings: newWarnings()}
	if err := im.all(root); err != nil {
		return nil, err
	}
	im.report.Warnings = im.warnings.list()
	if len(im.put) == 0 {
		return im.report, nil
	}
	if err := l.publish(ctx, im); err != nil {
		return nil, err
	}
	l.opts.Logger.Info("content imported", "content", im.report.Content, "items", len(im.put), "warnings", len(im.report.Warnings))
	return im.report, nil
}

type importer struct {
	next     *snapshot
	replace  bool
	report   *ImportReport
	warnings warnings
	put      []Document
	remove   []DocumentKey
}

func (im *importer) all(root *node) error {
	// The first reading yields the fields; the second, after renaming, the rest.
	fields, err := decodeTree(root)
	if err != nil {
		return err
	}
	im.report.Content = fields.Name
	local, err := im.fields(fields)
	if err != nil {
		return err
	}
	visitFieldNames(root, func(name string) string {
		if l, ok := local[name]; ok {
			return l
		}
		return name
	})
	if err := im.impliedFields(root); err != nil {
		return err
	}
	file, err := decodeTree(root)
	if err != nil {
		return err
	}
	for i := range file.Labels {
		v := &file.Labels[i]
		if err := merge(im, &im.next.labels, v, &v.System, KindLabel, &im.report.Labels); err != nil {
			return err
		}
	}
	for i := range file.Parsers {
		v := &file.Parsers[i]
		if err := merge(im, &im.next.parsers, v, &v.System, KindParser, &im.report.Parsers); err != nil {
			return err
		}
	}
	for i := range file.Sources {
		v := &file.Sources[i]
		if old, ok := im.next.sources.internal(v.Name); ok {
			v.Kept = old.Kept
		}
		if err := merge(im, &im.next.sources, v, &v.System, KindSource, &im.report.Sources); err != nil {
			return err
		}
	}
	im.check(file)
	return nil
}

// fields finds or creates the fields of the content and returns foreign internal
// name → local internal name.
func (im *importer) fields(f *contentFile) (map[string]string, error) {
	foreign := map[string]string{} // folded display name → foreign internal name
	for name, display := range f.Foreign {
		foreign[fold(display)] = name
	}
	declared := map[string]bool{}
	for _, field := range f.Fields {
		declared[fold(field.Display)] = true
		if err := im.field(field, foreign[fold(field.Display)]); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedKeys(f.Foreign) {
		display := f.Foreign[name]
		if declared[fold(display)] || display == "" {
			continue
		}
		if _, ok := im.next.fields.byDisplay[fold(display)]; ok {
			continue
		}
		t, _, ok := userField(name)
		if !ok {
			t = record.String
		}
		im.warnings.add("FieldGuessed", fmt.Sprintf("field %q is named but not described; it was created as %s", clip(display), t), "")
		if err := im.field(record.Field{Display: display, Type: t}, name); err != nil {
			return nil, err
		}
	}
	local := map[string]string{}
	for name, display := range f.Foreign {
		if field, ok := im.next.fields.byDisplay[fold(display)]; ok {
			local[name] = field.Name
		}
	}
	return local, nil
}

func (im *importer) field(f record.Field, foreign string) error {
	old, ok := im.next.fields.byDisplay[fold(f.Display)]
	if !ok {
		if err := checkNames("field", f.Display, f.Display); err != nil {
			return err
		}
		f.Name = im.next.freshFieldName(f.Type, foreign)
		im.report.Fields.Created = append(im.report.Fields.Created, f.Display)
		return im.save(KindField, f.Name, &f, func() { im.next.fields.put(&f) })
	}
	changes := &im.report.Fields
	switch {
	case old.Type != f.Type || old.MultiValued != f.MultiValued:
		im.warnings.add("FieldConflict", fmt.Sprintf("field %q exists as %s and stays so; values that do not fit will be left out", old.Display, describe(old)), "")
		changes.Conflicting = append(changes.Conflicting, old.Display)
	case im.replace && !old.System && (old.Description != f.Description || old.LargeData != f.LargeData):
		n := *old
		n.Description, n.LargeData = f.Description, f.LargeData
		changes.Updated = append(changes.Updated, old.Display)
		return im.save(KindField, n.Name, &n, func() { im.next.fields.put(&n) })
	default:
		changes.Unchanged = append(changes.Unchanged, old.Display)
	}
	return nil
}

func describe(f *record.Field) string {
	if f.MultiValued {
		return f.Type.String() + " with several values"
	}
	return f.Type.String()
}

// impliedFields creates fields that the content takes for granted: Oracle's
// built-in ones that this library has not met yet.
func (im *importer) impliedFields(root *node) error {
	var err error
	visitFieldNames(root, func(name string) string {
		if f, ok := im.next.fields.internal(name); ok {
			return f.Name
		}
		if err != nil {
			return name
		}
		column := strings.ToLower(name)
		if !columnName.MatchString(column) {
			err = fmt.Errorf("content.xml names the field %q, which cannot be an internal name (lower-case letters and digits)", clip(name))
			return name
		}
		f := record.Field{Name: column, Display: column, Type: record.String, Description: "Taken for granted by imported content; its type is a guess"}
		if _, taken := im.next.fields.byDisplay[column]; taken {
			f.Display = column + " (internal)"
		}
		im.warnings.add("FieldAssumed", fmt.Sprintf("field %q is neither built in nor described; it was created as STRING", column), "")
		im.report.Fields.Created = append(im.report.Fields.Created, f.Display)
		err = im.save(KindField, f.Name, &f, func() { im.next.fields.put(&f) })
		return column
	})
	return err
}

// save notes a document for the transaction and changes the next snapshot.
func (im *importer) save(kind, name string, v any, apply func()) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s %q: %w", kind, clip(name), err)
	}
	im.put = append(im.put, Document{Kind: kind, Name: name, JSON: text})
	apply()
	return nil
}

// merge adds one item; system points to its System flag.
func merge[T any](im *importer, all *names[T], v *T, system *bool, kind string, c *Changes) error {
	name, display := all.key(v)
	if err := checkNames(kind, name, display); err != nil {
		return err
	}
	old, exists := all.internal(name)
	if other, ok := all.byDisplay[fold(display)]; ok && other != old {
		im.warnings.add("NameTaken", fmt.Sprintf("%s %q: another one is displayed as %q; it was not imported", kind, clip(name), clip(display)), "")
		c.Conflicting = append(c.Conflicting, name)
		return nil
	}
	if !exists {
		c.Created = append(c.Created, name)
		return im.save(kind, name, v, func() { all.put(v) })
	}
	same, err := sameContent(old, v, system)
	switch {
	case err != nil:
		return err
	case same:
		c.Unchanged = append(c.Unchanged, name)
		return nil
	case !im.replace || ofAudit(name):
		c.Conflicting = append(c.Conflicting, name)
		return nil
	}
	c.Updated = append(c.Updated, name)
	oldName, _ := all.key(old)
	return im.save(kind, oldName, v, func() { all.put(v) })
}

// ofAudit names the content that reads what the service notes of its own use: whoever
// could replace it could hide what it did.
func ofAudit(name string) bool { return name == SourceLedgerlineAudit || name == auditParser }

// sameContent compares items whatever their System flag.
func sameContent[T any](old, v *T, system *bool) (bool, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return false, err
	}
	*system = true
	bs, err := json.Marshal(v)
	*system = false
	if err != nil {
		return false, err
	}
	a, err := json.Marshal(old)
	return bytes.Equal(a, b) || bytes.Equal(a, bs), err
}

// check warns of what was imported but will not work.
func (im *importer) check(f *contentFile) {
	for _, p := range f.Parsers {
		c := &compiler{snap: im.next}
		if _, err := c.reader(&p); err != nil {
			im.warnings.add("ParserNotRunnable", fmt.Sprintf("parser %q: %v", clip(p.Name), err), "")
		}
		for _, pf := range p.Fields {
			if pf.Parser != "" {
				im.needParser(pf.Parser, "parser "+p.Name)
			}
			if im.next.every[pf.Field] && pf.Field != fieldTime {
				im.warnings.add("FieldNotSettable", fmt.Sprintf("parser %q sets field %q, which every record has; the value is not taken", clip(p.Name), pf.Field), "")
			}
		}
	}
	for i := range f.Sources {
		im.checkSource(&f.Sources[i])
	}
}

func (im *importer) checkSource(s *Source) {
	for _, p := range s.Parsers {
		im.needParser(p, "log source "+s.Name)
	}
	lookups, notRun := im.next.compileFunctions(s)
	for _, message := range notRun {
		im.warnings.add("FunctionNotRun", message, "")
	}
	for _, l := range lookups {
		if _, ok := im.next.opts.Lookups(l.table); !ok {
			im.warnings.add("LookupMissing", fmt.Sprintf("log source %q takes values from the lookup %q, which does not exist yet: register it", clip(s.Name), clip(l.table)), "")
		}
	}
	for _, name := range sortedKeys(s.Kept) {
		im.warnings.add("KeptNotRun", fmt.Sprintf("log source %q: %s are kept and answered, and change nothing here; an exported content file is without them", clip(s.Name), name), "")
	}
	for _, r := range s.LabelRules {
		if r.Field != fieldLabels {
			continue
		}
		for _, tag := range r.Tags {
			if _, ok := im.next.labels.find(tag); !ok {
				im.warnings.add("UnknownLabel", fmt.Sprintf("log source %q puts the label %q, which is not defined: it has no priority", clip(s.Name), clip(tag)), "")
			}
		}
	}
	if len(s.Parsers) == 0 {
		im.warnings.add("SourceNotRunnable", fmt.Sprintf("log source %q (%s) has no parser, so uploads cannot name it", clip(s.Name), clip(cmp.Or(s.Kind, "no type"))), "")
	} else if _, err := im.next.compile(s); err != nil {
		im.warnings.add("SourceNotRunnable", err.Error(), "")
	}
}

func (im *importer) needParser(name, user string) {
	if _, ok := im.next.parsers.find(name); !ok {
		im.warnings.add("UnknownParser", fmt.Sprintf("%s refers to the parser %q, which does not exist: import it", clip(user), clip(name)), "")
	}
}
