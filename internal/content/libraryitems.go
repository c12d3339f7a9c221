package content

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ledgerline/internal/record"
)

// Errors of changes to single items, which callers tell apart.
var (
	ErrBuiltIn = errors.New("built in and not to be changed: make one of another name")
	ErrInUse   = errors.New("in use")
	ErrExists  = errors.New("exists already")
	ErrEtag    = errors.New("the etag does not match: read it again and retry with its etag")
	ErrInvalid = errors.New("invalid")
)

// Etag identifies the state of an item: a source, parser, field or label as the
// library returns it. Equal content has equal etags.
func Etag(item any) string {
	text, err := json.Marshal(item)
	if err != nil { // the items of a library always marshal
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

const maxItemName = 255

// PutParser creates a parser, or replaces the one of its internal name. A
// non-empty ifMatch must be the etag of the one that is replaced. A parser that
// cannot be run is refused with ErrInvalid; warnings say what will not work.
func (l *Library) PutParser(ctx context.Context, p Parser, ifMatch string) ([]Warning, error) {
	return l.change(ctx, func(im *importer) error {
		if err := checkNames("parser", p.Name, p.Display); err != nil {
			return err
		}
		if err := replaceable(&im.next.parsers, p.Name, p.Display, ifMatch, "parser", func(v *Parser) bool { return v.System }); err != nil {
			return err
		}
		p.System = false
		for _, f := range p.Fields {
			if f.Field != "" && f.Parser == "" {
				if _, ok := im.next.fields.internal(f.Field); !ok {
					return fmt.Errorf("%w parser: field %q does not exist; create it first", ErrInvalid, clip(f.Field))
				}
			}
		}
		c := &compiler{snap: im.next}
		if _, err := c.reader(&p); err != nil {
			return fmt.Errorf("%w parser: %w", ErrInvalid, err)
		}
		if err := im.save(KindParser, p.Name, &p, func() { im.next.parsers.put(&p) }); err != nil {
			return err
		}
		im.check(&contentFile{Parsers: []Parser{p}})
		return nil
	})
}

// PutSource creates a log source, or replaces the one of its internal name, as
// PutParser does.
func (l *Library) PutSource(ctx context.Context, s Source, ifMatch string) ([]Warning, error) {
	return l.change(ctx, func(im *importer) error { return im.putSource(s, ifMatch) })
}

// CheckSource does all of PutSource but store it.
func (l *Library) CheckSource(s Source) ([]Warning, error) {
	im := &importer{next: l.current.Load().next(), report: &ImportReport{}, warnings: newWarnings()}
	err := im.putSource(s, "")
	return im.warnings.list(), err
}

func (im *importer) putSource(s Source, ifMatch string) error {
	if err := checkNames("log source", s.Name, s.Display); err != nil {
		return err
	}
	if err := replaceable(&im.next.sources, s.Name, s.Display, ifMatch, "log source", func(v *Source) bool { return v.System }); err != nil {
		return err
	}
	s.System = false
	if len(s.Parsers) > 0 {
		if _, err := im.next.compile(&s); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	if err := im.save(KindSource, s.Name, &s, func() { im.next.sources.put(&s) }); err != nil {
		return err
	}
	im.checkSource(&s)
	return nil
}

// PutField creates a field, or with an internal name changes the description of
// that one; its type stays, because stored records have it.
func (l *Library) PutField(ctx context.Context, f record.Field, ifMatch string) (record.Field, error) {
	_, err := l.change(ctx, func(im *importer) error {
		if f.Name == "" {
			if _, taken := im.next.fields.byDisplay[fold(f.Display)]; taken {
				return fmt.Errorf("field %q %w: name it by its internal name to change it", clip(f.Display), ErrExists)
			}
			f.Name = im.next.freshFieldName(f.Type, "")
		} else if old, ok := im.next.fields.internal(f.Name); ok {
			if f.Type != old.Type || f.MultiValued != old.MultiValued {
				return fmt.Errorf("%w field: %q is %s and stays so, because stored records have it", ErrInvalid, clip(old.Display), describe(old))
			}
			f.Unit, f.CaseSensitive, f.LargeData = old.Unit, old.CaseSensitive, old.LargeData
		} else if !columnName.MatchString(f.Name) || im.next.retired[f.Name] {
			return fmt.Errorf("%w field: %q is the name of a deleted field or no internal name (lower-case letters and digits); leave it out to get one", ErrInvalid, clip(f.Name))
		}
		if err := checkNames("field", f.Name, f.Display); err != nil {
			return err
		}
		if err := replaceable(&im.next.fields, f.Name, f.Display, ifMatch, "field", func(v *record.Field) bool { return v.System }); err != nil {
			return err
		}
		f.System = false
		return im.save(KindField, f.Name, &f, func() { im.next.fields.put(&f) })
	})
	return f, err
}

// PutLabel creates a label, or replaces the one of its internal name. Without a
// name it is made of the display name: "Check Failed" is #check_failed.
func (l *Library) PutLabel(ctx context.Context, v Label, ifMatch string) (Label, error) {
	_, err := l.change(ctx, func(im *importer) error {
		if v.Name == "" {
			v.Name = "#" + strings.Trim(labelName.ReplaceAllString(strings.ToLower(v.Display), "_"), "_")
			if _, taken := im.next.labels.internal(v.Name); taken {
				return fmt.Errorf("label %q %w: name it by its internal name to change it", clip(v.Display), ErrExists)
			}
		}
		if v.Priority == "" {
			v.Priority = "NONE"
		}
		if priorityRank(v.Priority) < 0 {
			return fmt.Errorf("%w label: the priority must be NONE, LOW, MEDIUM or HIGH", ErrInvalid)
		}
		if err := checkNames("label", v.Name, v.Display); err != nil {
			return err
		}
		if err := replaceable(&im.next.labels, v.Name, v.Display, ifMatch, "label", func(v *Label) bool { return v.System }); err != nil {
			return err
		}
		v.System = false
		return im.save(KindLabel, v.Name, &v, func() { im.next.labels.put(&v) })
	})
	return v, err
}

var labelName = regexp.MustCompile(`[^a-z0-9]+`)

// change runs one change on a copy of the library and publishes it after it is
// stored.
func (l *Library) change(ctx context.Context, do func(*importer) error) ([]Warning, error) {
	l.write.Lock()
	defer l.write.Unlock()
	im := &importer{next: l.current.Load().next(), report: &ImportReport{}, warnings: newWarnings()}
	if err := do(im); err != nil {
		return nil, err
	}
	if err := l.publish(ctx, im); err != nil {
		return nil, err
	}
	return im.warnings.list(), nil
}

// publish stores what an importer has gathered and makes it what the library is.
func (l *Library) publish(ctx context.Context, im *importer) error {
	now := l.opts.Clock().UTC().Truncate(time.Millisecond) // as it is stored
	for _, k := range im.remove {
		delete(im.next.updated, DocumentKey{k.Kind, fold(k.Name)})
	}
	for i := range im.put {
		d := &im.put[i]
		d.Updated = now
		im.next.updated[DocumentKey{d.Kind, fold(d.Name)}] = now
	}
	if err := l.docs.SaveContent(ctx, im.put, im.remove); err != nil {
		return fmt.Errorf("store content: %w", err)
	}
	l.current.Store(im.next)
	return nil
}

func checkNames(kind, name, display string) error {
	for _, text := range []string{name, display} {
		if strings.TrimSpace(text) != text || text == "" || len(text) > maxItemName || !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) {
			return fmt.Errorf("%w %s: a name must have 1 to %d bytes, without control or invisible characters or blanks around it", ErrInvalid, kind, maxItemName)
		}
	}
	return nil
}

// hidden reports whether a character cannot be seen, or turns the direction of what
// follows: with it a name is not what it looks like.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// replaceable reports whether an item of these names may be stored.
func replaceable[T any](all *names[T], name, display, ifMatch, kind string, system func(*T) bool) error {
	old, exists := all.internal(name)
	if other, taken := all.byDisplay[fold(display)]; taken && other != old {
		return fmt.Errorf("%s %q %w under another internal name", kind, clip(display), ErrExists)
	}
	return changeable(old, exists, name, ifMatch, kind, system)
}

func changeable[T any](old *T, exists bool, name, ifMatch, kind string, system func(*T) bool) error {
	switch {
	case exists && system(old):
		return fmt.Errorf("%s %q is %w", kind, clip(name), ErrBuiltIn)
	case ifMatch != "" && (!exists || ifMatch != Etag(old)):
		return fmt.Errorf("%s %q: %w", kind, clip(name), ErrEtag)
	}
	return nil
}

// DeleteSource removes a log source by its internal or display name. One that
// replaced a built-in one gives way to it.
func (l *Library) DeleteSource(ctx context.Context, name, ifMatch string) error {
	return l.remove(ctx, KindSource, name, func(im *importer, original *snapshot) error {
		return drop(im, &im.next.sources, &original.sources, KindSource, name, ifMatch, func(v *Source) bool { return v.System })
	})
}

// DeleteParser removes a parser that no log source or parser refers to.
func (l *Library) DeleteParser(ctx context.Context, name, ifMatch string) error {
	return l.remove(ctx, KindParser, name, func(im *importer, original *snapshot) error {
		if p, ok := im.next.parsers.find(name); ok {
			if users := im.next.parserUsers(p); len(users) > 0 {
				return inUse("parser", name, users)
			}
		}
		return drop(im, &im.next.parsers, &original.parsers, KindParser, name, ifMatch, func(v *Parser) bool { return v.System })
	})
}

// DeleteField removes a field that no parser or log source refers to. Records
// keep its values, which can no longer be asked for; its internal name is not
// given again.
func (l *Library) DeleteField(ctx context.Context, name, ifMatch string) error {
	return l.remove(ctx, KindField, name, func(im *importer, original *snapshot) error {
		if f, ok := im.next.fields.find(name); ok {
			parsers, sources := im.next.fieldUsers(f.Name)
			if users := append(parsers, sources...); len(users) > 0 {
				return inUse("field", name, users)
			}
			im.next.retired[f.Name] = true
			im.put = append(im.put, Document{Kind: kindRetired, Name: f.Name, JSON: []byte("{}")})
		}
		return drop(im, &im.next.fields, &original.fields, KindField, name, ifMatch, func(v *record.Field) bool { return v.System })
	})
}

// DeleteLabel removes a label that no log source gives.
func (l *Library) DeleteLabel(ctx context.Context, name, ifMatch string) error {
	return l.remove(ctx, KindLabel, name, func(im *importer, original *snapshot) error {
		if v, ok := im.next.labels.find(name); ok {
			if users := im.next.labelUsers(v); len(users) > 0 {
				return inUse("label", name, users)
			}
		}
		return drop(im, &im.next.labels, &original.labels, KindLabel, name, ifMatch, func(v *Label) bool { return v.System })
	})
}

func inUse(kind, name string, users []string) error {
	shown := users[:min(len(users), 5)]
	return fmt.Errorf("%s %q is %w by %s", kind, clip(name), ErrInUse, clip(strings.Join(shown, ", ")))
}

func (l *Library) remove(ctx context.Context, kind, name string, do func(im *importer, original *snapshot) error) error {
	original, err := builtin(l.opts)
	if err != nil {
		return err
	}
	if _, err = l.change(ctx, func(im *importer) error { return do(im, original) }); err == nil {
		l.opts.Logger.Info("content deleted", "kind", kind, "name", clip(name))
	}
	return err
}

// drop takes an item out, or puts the built-in one of its name back.
func drop[T any](im *importer, all, original *names[T], kind, name, ifMatch string, system func(*T) bool) error {
	v, ok := all.find(name)
	if !ok {
		return &NotFoundError{Kind: kind, Name: name}
	}
	internal, display := all.key(v)
	if err := changeable(v, true, internal, ifMatch, kind, system); err != nil {
		return err
	}
	im.remove = append(im.remove, DocumentKey{Kind: kind, Name: internal})
	delete(all.byName, fold(internal))
	if all.byDisplay[fold(display)] == v {
		delete(all.byDisplay, fold(display))
	}
	if was, ok := original.internal(internal); ok {
		all.put(was)
	}
	return nil
}

// parserUsers lists by display name what refers to a parser.
func (s *snapshot) parserUsers(p *Parser) (users []string) {
	is := func(name string) bool { v, ok := s.parsers.find(name); return ok && v == p }
	for _, src := range s.sources.sorted() {
		for _, name := range src.Parsers {
			if is(name) {
				users = append(users, "log source "+src.Display)
				break
			}
		}
	}
	for _, other := range s.parsers.sorted() {
		names, _ := other.headerParsers() // what cannot be read was refused when it came
		for _, f := range other.Fields {
			names = append(names, f.Parser)
		}
		if slices.ContainsFunc(names, func(name string) bool { return name != "" && is(name) }) {
			users = append(users, "parser "+other.Display)
		}
	}
	return users
}

// fieldUsers lists by display name the parsers and log sources that refer to a field.
func (s *snapshot) fieldUsers(name string) (parsers, sources []string) {
	for _, p := range s.parsers.sorted() {
		for _, f := range p.Fields {
			if strings.EqualFold(f.Field, name) {
				parsers = append(parsers, "parser "+p.Display)
				break
			}
		}
	}
	for _, src := range s.sources.sorted() {
		if src.mentions(name) {
			sources = append(sources, "log source "+src.Display)
		}
	}
	return parsers, sources
}

func (s *Source) mentions(field string) bool {
	is := func(name string) bool { return strings.EqualFold(name, field) }
	condition := func(c *Condition) bool { return c != nil && c.mentions(is) }
	for _, g := range s.ExtendedFields {
		if condition(g.Condition) {
			return true
		}
		for _, f := range g.Fields {
			used := is(f.Base)
			visitCaptures(f.Expression, func(name string) string { used = used || is(name); return name })
			if used {
				return true
			}
		}
	}
	for _, r := range s.LabelRules {
		if is(r.Field) || condition(r.Guard) || condition(&r.When) {
			return true
		}
	}
	if slices.ContainsFunc(s.MetadataFields, func(m MetadataField) bool { return is(m.Field) }) {
		return true
	}
	for _, f := range s.Functions {
		for _, list := range [][]FunctionArgument{f.Inputs, f.Outputs} {
			for _, a := range list {
				if is(a.Field) {
					return true
				}
			}
		}
	}
	return false
}

func (s *snapshot) labelUsers(v *Label) (users []string) {
	for _, src := range s.sources.sorted() {
		for _, r := range src.LabelRules {
			used := false
			for _, tag := range r.Tags {
				if found, ok := s.labels.find(tag); ok && found == v && r.Field == fieldLabels {
					used = true
				}
			}
			if used {
				users = append(users, "log source "+src.Display)
				break
			}
		}
	}
	return users
}

// FieldUsers lists by display name the parsers and log sources that refer to a
// field, which is named by its internal name.
func (l *Library) FieldUsers(name string) (parsers, sources []string) {
	return l.current.Load().fieldUsers(name)
}

// TryParser reads a text with a parser that need not be in the library and calls
// emit for each entry, as Parse does. Nothing is stored.
func (l *Library) TryParser(ctx context.Context, p Parser, text []byte, emit func(*record.Entry) error) ([]Warning, error) {
	snap := l.current.Load().next()
	c := &compiler{snap: snap}
	rd, err := c.reader(&p)
	if err != nil {
		return nil, fmt.Errorf("%w parser: %w", ErrInvalid, err)
	}
	prog := &program{source: &Source{Name: p.Name, Display: p.Display}, readers: []reader{rd}, encoding: p.Encoding, snap: snap}
	return prog.parse(ctx, Upload{Origin: &record.Origin{}}, text, emit)
}
