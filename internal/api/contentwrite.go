package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// Content is what changes the library: files of it, and single items.
type Content interface {
	ContentZIP
	ContentItems
	ContentChecks
}

// ContentItems changes single items of the library. A non-empty ifMatch must be
// the etag of the item that is changed.
type ContentItems interface {
	PutSource(ctx context.Context, s content.Source, ifMatch string) ([]content.Warning, error)
	PutParser(ctx context.Context, p content.Parser, ifMatch string) ([]content.Warning, error)
	PutField(ctx context.Context, f record.Field, ifMatch string) (record.Field, error)
	PutLabel(ctx context.Context, l content.Label, ifMatch string) (content.Label, error)
	DeleteSource(ctx context.Context, name, ifMatch string) error
	DeleteParser(ctx context.Context, name, ifMatch string) error
	DeleteField(ctx context.Context, name, ifMatch string) error
	DeleteLabel(ctx context.Context, name, ifMatch string) error
}

// ContentChecks tells about content without changing it.
type ContentChecks interface {
	Label(name string) (*content.Label, bool)
	// CheckSource does all of PutSource but store it.
	CheckSource(s content.Source) ([]content.Warning, error)
	// TryExtended searches the example of an extended field; nil: it does not match.
	TryExtended(f content.ExtendedField) (map[string]string, error)
	// TryCondition judges a condition by values of fields.
	TryCondition(c content.Condition, values map[string]string) (bool, error)
	// TryParser reads a text with a parser that need not be in the library.
	TryParser(ctx context.Context, p content.Parser, text []byte, emit func(*record.Entry) error) ([]content.Warning, error)
	// FieldUsers lists the parsers and log sources that refer to a field.
	FieldUsers(name string) (parsers, sources []string)
}

// contentOperations change single items of the library.
func contentOperations() []operation {
	const (
		get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
		ns             = "/20200601/namespaces/{namespaceName}"
	)
	return []operation{
		{Method: post, Pattern: ns + "/sources/actions/upsert", Name: "UpsertSource", handle: (*Server).upsertSource},
		{Method: post, Pattern: ns + "/sources/actions/validateExtendedFields", Name: "ValidateSourceExtendedFieldDetails", handle: (*Server).validateExtended},
		{Method: post, Pattern: ns + "/sources/actions/validate", Name: "ValidateSource", handle: (*Server).validateSource},
		{Method: post, Pattern: ns + "/sources/actions/validateLabelCondition", Name: "ValidateLabelCondition", handle: (*Server).validateCondition},
		{Method: del, Pattern: ns + "/sources/{sourceName}", Name: "DeleteSource", handle: (*Server).deleteSource},
		{Method: post, Pattern: ns + "/parsers/actions/upsert", Name: "UpsertParser", handle: (*Server).upsertParser},
		{Method: del, Pattern: ns + "/parsers/{parserName}", Name: "DeleteParser", handle: (*Server).deleteParser},
		{Method: post, Pattern: ns + "/parsers/actions/test", Name: "TestParser", handle: (*Server).testParser},
		{Method: post, Pattern: ns + "/parsers/actions/extractLogFieldPaths", Name: "ExtractStructuredLogFieldPaths", handle: (*Server).extractFieldPaths},
		{Method: post, Pattern: ns + "/parsers/actions/extractLogHeaderPaths", Name: "ExtractStructuredLogHeaderPaths", handle: (*Server).extractHeaderPaths},
		{Method: get, Pattern: ns + "/fields/{fieldName}", Name: "GetField", handle: (*Server).getField},
		{Method: post, Pattern: ns + "/fields/actions/upsert", Name: "UpsertField", handle: (*Server).upsertField},
		{Method: del, Pattern: ns + "/fields/{fieldName}", Name: "DeleteField", handle: (*Server).deleteField},
		{Method: get, Pattern: ns + "/labels/{labelName}", Name: "GetLabel", handle: (*Server).getLabel},
		{Method: post, Pattern: ns + "/labels/actions/upsert", Name: "UpsertLabel", handle: (*Server).upsertLabel},
		{Method: del, Pattern: ns + "/labels/{labelName}", Name: "DeleteLabel", handle: (*Server).deleteLabel},
	}
}

// change is what every call that creates or changes something carries: the etag
// it expects, and the retry token.
type change struct {
	ifMatch string
	text    []byte
}

// decodeChange reads a JSON body whose null members are absent, and the headers
// of a change.
func (c *call) decodeChange(limit int64, into any) (change, error) {
	m, text, err := c.decodeObject(limit)
	if err != nil {
		return change{}, err
	}
	dropNulls(m)
	clean, err := json.Marshal(m)
	if err != nil {
		return change{}, err
	}
	d := json.NewDecoder(bytes.NewReader(clean))
	if err := d.Decode(into); err != nil {
		return change{}, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: "the body is not the JSON expected: " + err.Error()}
	}
	ifMatch, err := c.head("if-match")
	return change{ifMatch: ifMatch, text: text}, err
}

func dropNulls(v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e == nil {
				delete(v, k)
				continue
			}
			dropNulls(e)
		}
	case []any:
		for _, e := range v {
			dropNulls(e)
		}
	}
}

// once runs a change under its retry token: the same token with the same body
// answers what the first call answered. do returns what is kept under the token.
func (s *Server) once(c *call, text []byte, do func() ([]byte, error)) ([]byte, error) {
	retry, err := c.retry(sha256.Sum256(append(bytes.Clone(text), c.r.RequestURI...)))
	if err != nil {
		return nil, err
	}
	stored, ok, err := s.Catalog.Remembered(c.r.Context(), retry)
	if err != nil || ok {
		return stored, err
	}
	result, err := do()
	if err != nil {
		return nil, err
	}
	return result, s.Catalog.Remember(c.r.Context(), retry, append([]byte{}, result...)) // not nil: the column takes no NULL
}

func (s *Server) upsertParser(c *call) (*response, error) {
	var d parserDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	p, err := s.parserFrom(d)
	if err != nil {
		return nil, err
	}
	name, err := s.once(c, ch.text, func() ([]byte, error) {
		_, err := s.Content.PutParser(c.r.Context(), p, ch.ifMatch)
		return []byte(p.Name), err
	})
	if err != nil {
		return nil, err
	}
	return s.oneParser(string(name))
}

func (s *Server) deleteParser(c *call) (*response, error) {
	return s.deleteItem(c, c.path["parserName"], s.Content.DeleteParser)
}

func (s *Server) deleteSource(c *call) (*response, error) {
	return s.deleteItem(c, c.path["sourceName"], s.Content.DeleteSource)
}

func (s *Server) deleteField(c *call) (*response, error) {
	return s.deleteItem(c, c.path["fieldName"], s.Content.DeleteField)
}

func (s *Server) deleteLabel(c *call) (*response, error) {
	return s.deleteItem(c, c.path["labelName"], s.Content.DeleteLabel)
}

func (s *Server) deleteItem(c *call, name string, remove func(ctx context.Context, name, ifMatch string) error) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	_, err = s.once(c, []byte(name), func() ([]byte, error) { return nil, remove(c.r.Context(), name, ifMatch) })
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// maxUpserts is how often a log source is read again that other calls changed meanwhile.
const maxUpserts = 100

func (s *Server) upsertSource(c *call) (*response, error) {
	change, err := s.readSource(c)
	if err != nil {
		return nil, err
	}
	ignore, err := c.flag("isIgnoreWarning")
	if err != nil {
		return nil, err
	}
	name, err := s.once(c, change.text, func() ([]byte, error) {
		for try := 1; ; try++ {
			source, old, err := s.changedSource(change)
			if err != nil {
				return nil, err
			}
			if !ignore {
				if err := s.unwarned(source, old); err != nil {
					return nil, err
				}
			}
			ifMatch := change.ifMatch
			if ifMatch == "" && old != nil { // parts of it are the old one's
				ifMatch = content.Etag(old)
			}
			_, err = s.Content.PutSource(c.r.Context(), source, ifMatch)
			if change.ifMatch == "" && errors.Is(err, content.ErrEtag) && try < maxUpserts {
				continue // another call was between reading and writing
			}
			return []byte(source.Name), err
		}
	})
	if err != nil {
		return nil, err
	}
	return s.oneSource(string(name))
}

// unwarned refuses a log source with warnings, but for those that the stored one has
// as well: what is read can be written back.
func (s *Server) unwarned(source content.Source, old *content.Source) error {
	warnings, err := s.Content.CheckSource(source)
	if err != nil || len(warnings) == 0 {
		return err
	}
	known := map[string]bool{}
	if old != nil && !old.System {
		before, err := s.Content.CheckSource(*old)
		if err != nil {
			return err
		}
		for _, w := range before {
			known[w.Message] = true
		}
	}
	for _, w := range warnings {
		if !known[w.Message] {
			return invalid("%s; repeat with isIgnoreWarning=true to store it all the same", w.Message)
		}
	}
	return nil
}

// sourceChange is what a call says of a log source.
type sourceChange struct {
	change
	details     sourceDetails
	incremental bool   // the members that are absent stay as they are
	like        string // the sourceId of the log source that lends its members
}

func (s *Server) readSource(c *call) (sourceChange, error) {
	var v sourceChange
	var err error
	if v.incremental, err = c.flag("isIncremental"); err != nil {
		return v, err
	}
	if v.like, err = c.param("createLikeSourceId"); err != nil {
		return v, err
	}
	if v.change, err = c.decodeChange(s.limits.MaxJSON, &v.details); err != nil {
		return v, err
	}
	if v.details.Name == "" && v.details.DisplayName == "" {
		return v, missing("displayName")
	}
	return v, nil
}

// changedSource is the log source that a call makes of the one that there is, if any.
func (s *Server) changedSource(v sourceChange) (source content.Source, old *content.Source, err error) {
	d := v.details
	name := cmp.Or(d.Name, d.DisplayName)
	old, _ = s.Library.Source(name)
	model := old
	switch {
	case v.incremental && (d.Name == "" || old == nil):
		return source, old, invalid("isIncremental needs the name of a log source that exists")
	case v.like != "" && (v.incremental || old != nil):
		return source, old, invalid("createLikeSourceId makes a log source of a new name")
	case v.like != "":
		if model = s.sourceNumbered(v.like); model == nil {
			return source, old, absent("Log source number %.40q is not found", v.like)
		}
	}
	if v.incremental || v.like != "" {
		merged := s.sourceDetailsOf(*model)
		if v.like != "" { // a display name of its own
			merged.Name, merged.DisplayName = name, name
		}
		if err := json.Unmarshal(v.text, &merged); err != nil {
			return source, old, invalid("the body is not the JSON expected: %v", err)
		}
		d = merged
	}
	if source, err = s.sourceFrom(d); err != nil {
		return source, old, err
	}
	if model != nil && (model != old || old.Name == source.Name) { // what these calls cannot tell stays
		source.Extra = model.Extra
	}
	if old != nil && old.Name != source.Name {
		old = nil // found by its display name; it is another one
	}
	return source, old, nil
}

// sourceNumbered finds a log source by its sourceId; nil when there is none.
func (s *Server) sourceNumbered(id string) *content.Source {
	for _, v := range s.Library.Sources() {
		if itoa(sourceID(v.Name)) == id {
			return &v
		}
	}
	return nil
}

func (s *Server) validateSource(c *call) (*response, error) {
	change, err := s.readSource(c)
	if err != nil {
		return nil, err
	}
	source, _, err := s.changedSource(change)
	if err != nil {
		return nil, err
	}
	type result struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	results := []result{}
	warnings, err := s.Content.CheckSource(source)
	if err != nil {
		results = append(results, result{"ERROR", asError(err).Message})
	}
	for _, w := range warnings {
		results = append(results, result{w.Code, w.Message})
	}
	return answer(collection(results)), nil
}

func (s *Server) getField(c *call) (*response, error) { return s.oneField(c.path["fieldName"]) }

func (s *Server) oneField(name string) (*response, error) {
	f, ok := s.Library.Field(name)
	if !ok {
		return nil, absent("Field %.200q is not found", name)
	}
	return answer(s.fieldOf(f)).with("etag", content.Etag(f)), nil
}

func (s *Server) upsertField(c *call) (*response, error) {
	var d struct {
		Name          string `json:"name"`
		DisplayName   string `json:"displayName"`
		Description   string `json:"description"`
		DataType      string `json:"dataType"`
		IsMultiValued bool   `json:"isMultiValued"`
	}
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if d.DisplayName == "" {
		return nil, missing("displayName")
	}
	t, ok := record.ParseType(strings.ToUpper(cmp.Or(d.DataType, "STRING")))
	if !ok {
		return nil, invalid("dataType must be STRING, LONG, INTEGER, FLOAT, DOUBLE or TIMESTAMP")
	}
	name, err := s.once(c, ch.text, func() ([]byte, error) {
		f, err := s.Content.PutField(c.r.Context(), record.Field{Name: d.Name, Display: d.DisplayName, Description: d.Description, Type: t,
			MultiValued: d.IsMultiValued}, ch.ifMatch)
		return []byte(f.Display), err
	})
	if err != nil {
		return nil, err
	}
	return s.oneField(string(name))
}

func (s *Server) getLabel(c *call) (*response, error) { return s.oneLabel(c.path["labelName"]) }

func (s *Server) oneLabel(name string) (*response, error) {
	v, ok := s.Content.Label(name)
	if !ok {
		return nil, absent("Label %.200q is not found", name)
	}
	return answer(s.labelOf(*v)).with("etag", content.Etag(*v)), nil
}

func (s *Server) upsertLabel(c *call) (*response, error) {
	var d labelModel
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if d.DisplayName == "" {
		return nil, missing("displayName")
	}
	name, err := s.once(c, ch.text, func() ([]byte, error) {
		v, err := s.Content.PutLabel(c.r.Context(), content.Label{Name: d.Name, Display: d.DisplayName, Descr: d.Description, Priority: d.Priority,
			Aliases: mapped(d.Aliases, func(a aliasModel) string { return a.Alias })}, ch.ifMatch)
		return []byte(v.Name), err
	})
	if err != nil {
		return nil, err
	}
	return s.oneLabel(string(name))
}
