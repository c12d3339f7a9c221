package api

import (
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// The filters of the lists of content, one function for each list.

// filter says which items of a list are asked for.
type filter[T any] func(T) bool

// both is the filter of what passes one and the other.
func both[T any](a, b filter[T]) filter[T] { return func(v T) bool { return a(v) && b(v) } }

// names reads lists separated by commas, of names and of ids: Oracle's description
// calls what stands in parserIds names, and only log sources have numbers.
func (c *call) names(names, ids string) ([]string, error) {
	var out []string
	for _, key := range []string{names, ids} {
		text, err := c.param(key)
		if err != nil {
			return nil, err
		}
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				out = append(out, name)
			}
		}
	}
	return out, nil
}

// namedAny reports whether a list names an item, by its internal or its display name.
func namedAny(list []string, name, display string) bool {
	return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, name) || strings.EqualFold(v, display) })
}

// origin reads what the lists of log sources and parsers have in common: who made
// them, and their categories. Content has none here, so naming one chooses nothing.
func (c *call) origin() (system func(bool) bool, uncategorized bool, err error) {
	if system, err = c.systemFilter(); err != nil {
		return nil, false, err
	}
	text, err := c.param("categories")
	return system, strings.Trim(text, ", ") == "", err
}

// flagIs reads a flag that may be left out; then every value passes.
func (c *call) flagIs(name string) (func(bool) bool, error) {
	want, err := c.flag(name)
	if err != nil || !c.query.Has(name) {
		return func(bool) bool { return true }, err
	}
	return func(have bool) bool { return have == want }, nil
}

func (c *call) sourceFilter() (filter[content.Source], error) {
	var name, text, kind, entity, pattern, state string
	if err := c.params(map[string]*string{"name": &name, "sourceDisplayText": &text, "sourceType": &kind, "entityType": &entity,
		"patternText": &pattern, "lifecycleState": &state}); err != nil {
		return nil, err
	}
	system, uncategorized, err := c.origin()
	if err != nil {
		return nil, err
	}
	associated, err := c.flagIs("isAutoAssociated")
	if err != nil {
		return nil, err
	}
	switch state {
	case "", "ALL", "ACTIVE", "DELETED": // a log source that is deleted is gone
	default:
		return nil, invalid("lifecycleState must be ACTIVE, DELETED or ALL")
	}
	// No log source associates itself with entities, and none is deleted.
	possible := uncategorized && associated(false) && state != "DELETED"
	return func(v content.Source) bool {
		return possible && system(v.System) && (name == "" || strings.EqualFold(name, v.Name)) && contains(v.Display+"\n"+v.Description, text) &&
			(kind == "" || strings.EqualFold(kind, v.Kind)) && (entity == "" || slices.Contains(v.EntityTypes, entity)) &&
			(pattern == "" || slices.ContainsFunc(v.Patterns, func(p content.Pattern) bool { return contains(p.Text, pattern) }))
	}, nil
}

// parserFilter filters by the parser itself and by the log sources that use it;
// with isMatchAll, type and type of log source are alternatives.
func (s *Server) parserFilter(c *call) (filter[content.Parser], error) {
	var name, text, kind, sourceKind string
	if err := c.params(map[string]*string{"parserName": &name, "parserDisplayText": &text, "parserType": &kind, "sourceType": &sourceKind}); err != nil {
		return nil, err
	}
	system, uncategorized, err := c.origin()
	if err != nil {
		return nil, err
	}
	any, err := c.flag("isMatchAll")
	if err != nil {
		return nil, err
	}
	users := s.parserUsers()
	ofType := func(v content.Parser) bool { return strings.EqualFold(kind, string(v.Kind)) }
	ofSource := func(v content.Parser) bool {
		return slices.ContainsFunc(users[v.Name], func(u *content.Source) bool { return strings.EqualFold(u.Kind, sourceKind) })
	}
	types := alternatives(any, given[content.Parser]{kind != "" && kind != "ALL", ofType}, given[content.Parser]{sourceKind != "", ofSource})
	return func(v content.Parser) bool {
		return uncategorized && system(v.System) && (name == "" || strings.EqualFold(name, v.Name)) && contains(v.Display+"\n"+v.Description, text) && types(v)
	}, nil
}

// given is one of several filters, if the client gave it.
type given[T any] struct {
	set  bool
	test filter[T]
}

// alternatives passes what passes any of the given filters, or all of them;
// without a given one, everything.
func alternatives[T any](any bool, list ...given[T]) filter[T] {
	list = slices.DeleteFunc(list, func(g given[T]) bool { return !g.set })
	return func(v T) bool {
		for _, g := range list {
			if g.test(v) == any {
				return any
			}
		}
		return !any || len(list) == 0
	}
}

// parserUsers lists the log sources that use each parser, also as a sub-parser.
func (s *Server) parserUsers() map[string][]*content.Source {
	users := map[string][]*content.Source{}
	for _, v := range s.Library.Sources() {
		for _, name := range s.parsersOf(v) {
			users[name] = append(users[name], &v)
		}
	}
	return users
}

// parsersOf names the parsers of a log source with their sub-parsers.
func (s *Server) parsersOf(v content.Source) []string {
	var out []string
	var add func(name string)
	add = func(name string) {
		p, ok := s.Library.Parser(name)
		if !ok || slices.Contains(out, p.Name) {
			return
		}
		out = append(out, p.Name)
		for _, f := range p.Fields {
			if f.Parser != "" {
				add(f.Parser)
			}
		}
	}
	for _, name := range v.Parsers {
		add(name)
	}
	return out
}

// fieldFilter filters by text and by who uses a field. A log source uses the
// fields of its conditions and extended fields and, unless isIncludeParser is
// false, those that its parsers map. Criteria are alternatives with isMatchAll.
func (s *Server) fieldFilter(c *call) (filter[record.Field], error) {
	var text, kind string
	if err := c.params(map[string]*string{"filter": &text, "parserType": &kind}); err != nil {
		return nil, err
	}
	any, err := c.flag("isMatchAll")
	if err != nil {
		return nil, err
	}
	throughParsers, err := c.flagIs("isIncludeParser")
	if err != nil {
		return nil, err
	}
	sources, err := c.names("sourceNames", "sourceIds")
	if err != nil {
		return nil, err
	}
	parsers, err := c.names("parserNames", "parserIds")
	if err != nil {
		return nil, err
	}
	byText := func(v record.Field) bool { return contains(v.Display+"\n"+v.Name+"\n"+v.Description, text) }
	byType := kind != "" && kind != "ALL"
	if len(sources)+len(parsers) == 0 && !byType {
		return byText, nil
	}
	fromSources, fromParsers, fromType := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var chosen, ofChosen []string // log sources, and their parsers
	for _, v := range s.Library.Sources() {
		if namedAny(sources, v.Name, v.Display) || slices.Contains(sources, itoa(sourceID(v.Name))) {
			chosen, ofChosen = append(chosen, "log source "+v.Display), append(ofChosen, s.parsersOf(v)...)
		}
	}
	for _, p := range s.Library.Parsers() {
		for _, f := range p.Fields {
			fromSources[f.Field] = fromSources[f.Field] || throughParsers(true) && slices.Contains(ofChosen, p.Name)
			fromParsers[f.Field] = fromParsers[f.Field] || namedAny(parsers, p.Name, p.Display)
			fromType[f.Field] = fromType[f.Field] || strings.EqualFold(kind, string(p.Kind))
		}
	}
	bySource := func(v record.Field) bool {
		_, users := s.Content.FieldUsers(v.Name)
		return fromSources[v.Name] || slices.ContainsFunc(users, func(u string) bool { return slices.Contains(chosen, u) })
	}
	in := func(set map[string]bool) filter[record.Field] {
		return func(v record.Field) bool { return set[v.Name] }
	}
	return both(byText, alternatives(any, given[record.Field]{len(sources) > 0, bySource},
		given[record.Field]{len(parsers) > 0, in(fromParsers)}, given[record.Field]{byType, in(fromType)})), nil
}

// labelUses counts the log sources that give each label.
func (s *Server) labelUses() map[string]int {
	uses := map[string]int{}
	for _, v := range s.Library.Sources() {
		seen := map[string]bool{}
		for _, r := range v.LabelRules {
			for _, tag := range r.Tags {
				if key := strings.ToLower(tag); !seen[key] {
					seen[key] = true
					uses[key]++
				}
			}
		}
	}
	return uses
}

// byCount sorts as text what is a number.
func byCount(n int) string { return fmt.Sprintf("%012d", n) }
