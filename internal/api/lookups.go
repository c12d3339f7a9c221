package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/htmlindex"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query/syntax"
)

// lookupModel is Oracle's LogAnalyticsLookup.
type lookupModel struct {
	ID                string                    `json:"id"`
	CompartmentID     string                    `json:"compartmentId"`
	Name              string                    `json:"name"`
	DisplayName       string                    `json:"lookupDisplayName"`
	Description       string                    `json:"description"`
	Type              string                    `json:"type"`
	Reference         int64                     `json:"lookupReference"`
	ReferenceString   string                    `json:"lookupReferenceString"`
	ActiveEditVersion int64                     `json:"activeEditVersion"`
	EditVersion       int64                     `json:"editVersion"`
	IsBuiltIn         int64                     `json:"isBuiltIn"`
	IsHidden          bool                      `json:"isHidden"`
	Fields            []lookupFieldModel        `json:"fields"`
	StatusSummary     lookupStatusModel         `json:"statusSummary"`
	TimeUpdated       *time.Time                `json:"timeUpdated"`
	FreeformTags      map[string]string         `json:"freeformTags"`
	DefinedTags       map[string]map[string]any `json:"definedTags"`
	MaxMatches        int                       `json:"maxMatches"`
	Default           string                    `json:"defaultMatchValue,omitempty"`
	Rows              int64                     `json:"rowCount"` // not Oracle's
}

type lookupFieldModel struct {
	Name          string `json:"name"`
	DisplayName   string `json:"displayName"`
	Position      int64  `json:"position"`
	MatchOperator string `json:"matchOperator"`
	Default       string `json:"defaultMatchValue,omitempty"`
}

type lookupStatusModel struct {
	Status          string `json:"status"`
	ChunksProcessed int64  `json:"chunksProcessed"`
	TotalChunks     int64  `json:"totalChunks"`
}

func (s *Server) lookupOf(l catalog.Lookup) lookupModel {
	m := lookupModel{ID: l.ID, CompartmentID: s.opts.Tenancy, Name: l.Name, DisplayName: l.Name, Description: l.Description, Type: "Lookup",
		Reference: l.Number, ReferenceString: itoa(l.Number), ActiveEditVersion: l.Revision, EditVersion: l.Revision, IsHidden: l.Hidden,
		StatusSummary: lookupStatusModel{Status: "SUCCESSFUL", ChunksProcessed: 1, TotalChunks: 1}, TimeUpdated: stamp(l.Updated), FreeformTags: l.Freeform, DefinedTags: l.Defined,
		MaxMatches: max(1, l.Matching.MaxMatches), Default: l.Matching.Default, Rows: l.Rows}
	for i, name := range l.Columns {
		m.Fields = append(m.Fields, lookupFieldModel{Name: name, DisplayName: name, Position: int64(i + 1), MatchOperator: "EQUAL", Default: l.Matching.Defaults[name]})
	}
	return m
}

func (s *Server) registerLookup(c *call) (*response, error) {
	kind, err := c.need("type")
	if err != nil {
		return nil, err
	}
	switch kind {
	case "Lookup":
	case "Dictionary", "Module":
		return nil, &Error{Status: http.StatusNotImplemented, Code: notImplementedCode, Message: "RegisterLookup with type=" + kind + " is not implemented by this server; only Lookup is"}
	default:
		return nil, invalid("type must be Lookup")
	}
	l := catalog.Lookup{}
	if l.Name, err = c.need("name"); err != nil {
		return nil, err
	}
	if l.Description, err = c.param("description"); err != nil {
		return nil, err
	}
	if l.Hidden, err = c.flag("isHidden"); err != nil {
		return nil, err
	}
	text, done, err := s.csvBody(c)
	if err != nil {
		return nil, err
	}
	defer done()
	retry, err := c.retry(catalog.Payload([]byte(l.Name), []byte(l.Description), text))
	if err != nil {
		return nil, err
	}
	t, err := catalog.ReadTable(text)
	if err != nil {
		return nil, err
	}
	if l, err = s.Catalog.CreateLookup(c.r.Context(), l, t, retry); err != nil {
		return nil, err
	}
	return answer(s.lookupOf(l)).with("etag", l.Etag), nil
}

// csvBody reads the body of a call that carries a table, as UTF-8. Such bodies
// share the memory that uploads may take; done gives it back.
func (s *Server) csvBody(c *call) (text []byte, done func(), err error) {
	size := c.r.ContentLength
	if size < 0 || size > catalog.MaxTableBytes {
		size = catalog.MaxTableBytes
	}
	if !s.inFlight.Take(size) {
		return nil, nil, tooMany("too many uploads at once", time.Second)
	}
	defer func() {
		if err != nil {
			s.inFlight.Give(size)
		}
	}()
	charset, err := c.param("charEncoding")
	if err != nil {
		return nil, nil, err
	}
	if text, err = c.readBody(catalog.MaxTableBytes); err != nil {
		return nil, nil, err
	}
	switch strings.ToUpper(charset) {
	case "", "UTF-8", "UTF8", "US-ASCII", "ASCII":
	default:
		enc, err := htmlindex.Get(charset)
		if err != nil {
			return nil, nil, invalid("charEncoding %.64q is unknown; name another or convert the file to UTF-8", charset)
		}
		if text, err = enc.NewDecoder().Bytes(text); err != nil {
			return nil, nil, invalid("the body is not in charEncoding %.64q", charset)
		}
	}
	return text, func() { s.inFlight.Give(size) }, nil
}

func (s *Server) getLookup(c *call) (*response, error) {
	l, err := s.Catalog.Lookup(c.r.Context(), c.path["lookupName"])
	if err != nil {
		return nil, err
	}
	return answer(s.lookupOf(l)).with("etag", l.Etag), nil
}

func (s *Server) listLookups(c *call) (*response, error) {
	p, err := c.page("displayName")
	if err != nil {
		return nil, err
	}
	var f catalog.LookupFilter
	var kind, system, status string
	if err := c.params(map[string]*string{"type": &kind, "lookupDisplayText": &f.Text, "isSystem": &system, "status": &status}); err != nil {
		return nil, err
	}
	if kind == "" && c.op.Pattern != ownBase+"/lookups" {
		return nil, missing("type")
	}
	switch p.Sort { // all lookups are of one type, status and creation type
	case "type", "status", "creationType":
		p.Sort = "displayName"
	}
	// Every lookup here is a simple one, made by users, and whole.
	if kind != "" && kind != "Lookup" || system == "BUILT_IN" || status == "FAILED" || status == "INPROGRESS" {
		return answer(collection[lookupModel](nil)), nil
	}
	lookups, next, err := s.Catalog.Lookups(c.r.Context(), f, p)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(lookups, s.lookupOf))).with("opc-next-page", c.next(next)), nil
}

// lookupChange reads what the calls that change a lookup have in common.
func (c *call) lookupChange(payload ...[]byte) (catalog.LookupChange, error) {
	change := catalog.LookupChange{Name: c.path["lookupName"]}
	var err error
	if change.IfMatch, err = c.head("if-match"); err != nil {
		return change, err
	}
	if change.Force, err = c.flag("isForce"); err != nil {
		return change, err
	}
	change.Retry, err = c.retry(catalog.Payload(append(payload, []byte(change.Name))...))
	return change, err
}

// updateLookupData replaces all rows. With isForce the columns may be others.
func (s *Server) updateLookupData(c *call) (*response, error) {
	text, done, err := s.csvBody(c)
	if err != nil {
		return nil, err
	}
	defer done()
	change, err := c.lookupChange(text)
	if err != nil {
		return nil, err
	}
	t, err := catalog.ReadTable(text)
	if err != nil {
		return nil, err
	}
	return finished(s.Catalog.ReplaceLookup(c.r.Context(), change, t))
}

func (s *Server) appendLookupData(c *call) (*response, error) {
	text, done, err := s.csvBody(c)
	if err != nil {
		return nil, err
	}
	defer done()
	change, err := c.lookupChange(text)
	if err != nil {
		return nil, err
	}
	return finished(s.Catalog.AppendLookup(c.r.Context(), change, text))
}

// deleteLookup is refused without isForce while a log source or a saved search
// names the lookup.
func (s *Server) deleteLookup(c *call) (*response, error) {
	change, err := c.lookupChange()
	if err != nil {
		return nil, err
	}
	if !change.Force {
		users, err := s.lookupUsers(c, change.Name)
		if err != nil {
			return nil, err
		}
		if len(users) > 0 {
			return nil, &Error{Status: http.StatusConflict, Code: "Conflict",
				Message: "the lookup is used by " + clip(strings.Join(users, ", "), 500) + "; change them first, or set isForce"}
		}
	}
	return finished(s.Catalog.DeleteLookup(c.r.Context(), change))
}

// finished answers a change with its work request.
func finished(workRequest string, err error) (*response, error) {
	if err != nil {
		return nil, err
	}
	return answer(nil).with("opc-work-request-id", workRequest), nil
}

// lookupUsers names the log sources and saved searches that use a lookup.
func (s *Server) lookupUsers(c *call, name string) ([]string, error) {
	var users []string
	for _, source := range s.Library.Sources() {
		for _, f := range source.Functions {
			if strings.EqualFold(f.LookupTable, name) {
				users = append(users, "log source "+source.Name)
				break
			}
		}
	}
	page := catalog.Page{}
	for {
		searches, next, err := s.Catalog.SavedSearches(c.r.Context(), page)
		if err != nil {
			return nil, err
		}
		for _, saved := range searches {
			q, err := syntax.Parse(saved.Query)
			if err == nil && slices.ContainsFunc(q.Commands, func(cmd syntax.Command) bool { return readsLookup(cmd, name) }) {
				users = append(users, "saved search "+saved.Name)
			}
		}
		if next == "" {
			return users, nil
		}
		page.After = next
	}
}

func readsLookup(c syntax.Command, name string) bool {
	switch c := c.(type) {
	case *syntax.Lookup:
		return strings.EqualFold(c.Table.Text, name)
	case *syntax.SearchLookup:
		return strings.EqualFold(c.Table.Text, name)
	}
	return false
}

// configWorkRequestModel is Oracle's LogAnalyticsConfigWorkRequest.
type configWorkRequestModel struct {
	ID              string               `json:"id"`
	CompartmentID   string               `json:"compartmentId"`
	OperationType   string               `json:"operationType"`
	Payload         []workRequestPayload `json:"payload"`
	PercentComplete int64                `json:"percentComplete"`
	TimeStarted     *time.Time           `json:"timeStarted"`
	TimeAccepted    *time.Time           `json:"timeAccepted"`
	TimeFinished    *time.Time           `json:"timeFinished"`
	LifecycleState  string               `json:"lifecycleState"`
}

type workRequestPayload struct {
	LookupReference       int64  `json:"lookupReference,omitempty"`
	LookupReferenceString string `json:"lookupReferenceString,omitempty"`
	SourceName            string `json:"sourceName,omitempty"`
	EntityID              string `json:"entityId,omitempty"`
}

func (s *Server) configWorkRequestOf(w catalog.WorkRequest) configWorkRequestModel {
	payload := []workRequestPayload{{LookupReference: w.Lookup, LookupReferenceString: itoa(w.Lookup)}}
	if w.Pairs != nil {
		payload = mapped(w.Pairs, func(p catalog.Pair) workRequestPayload {
			return workRequestPayload{SourceName: p.Source, EntityID: p.Entity}
		})
	}
	return configWorkRequestModel{ID: w.ID, CompartmentID: s.opts.Tenancy, OperationType: w.Operation, Payload: payload,
		PercentComplete: 100, TimeStarted: stamp(w.Accepted), TimeAccepted: stamp(w.Accepted), TimeFinished: stamp(w.Finished), LifecycleState: "SUCCEEDED"}
}

// mayKnow reports whether the caller may read every log group that a work request
// is about.
func mayKnow(c *call, w catalog.WorkRequest) bool {
	return !slices.ContainsFunc(w.Pairs, func(p catalog.Pair) bool { return p.LogGroup != "" && !c.who.rights.LogGroup(p.LogGroup, catalog.Read) })
}

func (s *Server) getConfigWorkRequest(c *call) (*response, error) {
	w, err := s.Catalog.WorkRequest(c.r.Context(), c.path["workRequestId"])
	if err == nil && !mayKnow(c, w) {
		err = refusedTo(c)
	}
	if err != nil {
		return nil, orRefused(c, err)
	}
	return answer(s.configWorkRequestOf(w)), nil
}

func (s *Server) listConfigWorkRequests(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	p, err := c.page("timeAccepted")
	if err != nil {
		return nil, err
	}
	if compartment != s.opts.Tenancy {
		return answer(collection[configWorkRequestModel](nil)), nil
	}
	groups, err := s.Catalog.Groups(c.r.Context(), c.who.rights, catalog.Read)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Catalog.WorkRequests(c.r.Context(), groups, p)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(list, s.configWorkRequestOf))).with("opc-next-page", c.next(next)), nil
}

// ownPutLookup creates a lookup, or replaces its rows and columns.
func (s *Server) ownPutLookup(c *call) (*response, error) {
	text, done, err := s.csvBody(c)
	if err != nil {
		return nil, err
	}
	defer done()
	t, err := catalog.ReadTable(text)
	if err != nil {
		return nil, err
	}
	name := c.path["lookupName"]
	description, err := c.param("description")
	if err != nil {
		return nil, err
	}
	l, err := s.Catalog.CreateLookup(c.r.Context(), catalog.Lookup{Name: name, Description: description}, t, catalog.Retry{})
	if errors.Is(err, catalog.ErrExists) {
		if _, err = s.Catalog.ReplaceLookup(c.r.Context(), catalog.LookupChange{Name: name, Force: true}, t); err == nil {
			l, err = s.Catalog.Lookup(c.r.Context(), name)
		}
	}
	if err != nil {
		return nil, err
	}
	return answer(s.lookupOf(l)).with("etag", l.Etag), nil
}

// Rows of a lookup that our own call shows at once.
const lookupRows, maxLookupRows = 100, 10_000

// ownGetLookup describes a lookup and shows its first rows.
func (s *Server) ownGetLookup(c *call) (*response, error) {
	limit, err := c.number("limit", lookupRows, maxLookupRows)
	if err != nil {
		return nil, err
	}
	l, t, err := s.Catalog.LookupTable(c.r.Context(), c.path["lookupName"])
	if err != nil {
		return nil, err
	}
	return answer(struct {
		lookupModel
		Columns []string   `json:"columns"`
		Rows    [][]string `json:"rows"`
	}{s.lookupOf(l), t.Columns, t.Rows[:min(limit, len(t.Rows))]}).with("etag", l.Etag), nil
}
