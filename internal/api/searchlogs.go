package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/logsearch"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// searchLogsDetails is the body of SearchLogs.
type searchLogsDetails struct {
	Start  *time.Time `json:"timeStart"`
	End    *time.Time `json:"timeEnd"`
	Query  string     `json:"searchQuery"`
	Fields bool       `json:"isReturnFieldInfo"`
}

type searchLogsModel struct {
	Results []searchResultModel `json:"results"`
	Fields  []searchFieldModel  `json:"fields"`
	Summary searchSummaryModel  `json:"summary"`
}

type searchResultModel struct {
	Data json.RawMessage `json:"data"`
}

type searchFieldModel struct {
	Name string `json:"fieldName"`
	Type string `json:"fieldType"`
}

type searchSummaryModel struct {
	Results int `json:"resultCount"`
	Fields  int `json:"fieldCount"`
}

// Bounds of a page: of results, and of the records looked at for it. When the
// latter is reached the page is short, and the next one goes on from there.
const (
	searchPage    = 100
	maxSearchPage = 1000
	searchStep    = 2000
	maxSearchScan = 50_000
)

// searchPlace is where a page of a search starts: at a time, behind so many
// records of it. Records that arrive meanwhile do not move it.
type searchPlace struct {
	At   int64 `json:"at"`
	Skip int   `json:"skip"`
	Left int   `json:"left"` // of the query's own limit; 0: none
}

// searchLogs reads stored records back as OCI Logging gives them, newest first:
// {"datetime": …, "logContent": event}. Records that came as events are given as
// they came; of any other, logContent is made with the record's text as its data.
func (s *Server) searchLogs(c *call) (*response, error) {
	var d searchLogsDetails
	text, err := c.decode(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	switch {
	case d.Start == nil:
		return nil, missing("timeStart")
	case d.End == nil:
		return nil, missing("timeEnd")
	case !d.Start.Before(*d.End):
		return nil, invalid("timeStart must be before timeEnd")
	}
	search, err := logsearch.Parse(d.Query)
	if err != nil {
		return nil, invalid("searchQuery: %v", err)
	}
	limit, err := c.number("limit", searchPage, maxSearchPage)
	if err != nil {
		return nil, err
	}
	window := record.Window{From: d.Start.UTC(), To: d.End.UTC()}
	place := searchPlace{At: window.To.UnixMilli(), Left: search.Limit}
	if search.Ascending {
		place.At = window.From.UnixMilli()
	}
	key := c.user + "\n" + string(text)
	token, err := c.param("page")
	if err != nil {
		return nil, err
	}
	if token != "" {
		sealed, err := openPage(key, token)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(sealed), &place); err != nil || place.Skip < 0 || place.Left < 0 {
			return nil, invalid("page: the token cannot be read; start again without it")
		}
	}
	run := logSearchRun{server: s, search: search, window: window, place: place, limit: limit}
	ctx, stop := context.WithTimeout(c.r.Context(), s.limits.QueryTime)
	defer stop()
	if err := run.read(ctx); err != nil {
		return nil, err
	}
	out := searchLogsModel{Results: run.found, Summary: searchSummaryModel{Results: len(run.found)}}
	if d.Fields {
		out.Fields = []searchFieldModel{{"datetime", "NUMBER"}, {"logContent", "STRING"}}
		out.Summary.Fields = len(out.Fields)
	}
	resp := answer(out)
	if run.more {
		sealed, err := json.Marshal(run.place)
		if err != nil {
			return nil, err
		}
		resp.with("opc-next-page", sealPage(key, string(sealed)))
	}
	return resp, nil
}

// logSearchRun reads one page.
type logSearchRun struct {
	server *Server
	search logsearch.Query
	window record.Window
	place  searchPlace
	limit  int
	groups map[string]string // OCIDs of log groups by the names that queries show

	found []searchResultModel
	more  bool
}

// read looks at records a step at a time, from the place of the page, until the
// page is full, the time range ends, or enough was looked at.
func (r *logSearchRun) read(ctx context.Context) error {
	r.found = []searchResultModel{}
	if err := r.learnGroups(ctx); err != nil {
		return err
	}
	for scanned := 0; ; {
		window := r.window
		at := time.UnixMilli(r.place.At).UTC()
		if r.search.Ascending {
			window.From = at
		} else if next := at.Add(time.Millisecond); r.place.Skip > 0 || next.Before(window.To) {
			window.To = next
		}
		want := r.place.Skip + searchStep
		rows, err := r.rows(ctx, window, want)
		if err != nil {
			return err
		}
		for _, row := range rows[min(r.place.Skip, len(rows)):] {
			if len(r.found) == r.limit {
				r.more = true
				return nil
			}
			if row.time == r.place.At {
				r.place.Skip++
			} else {
				r.place.At, r.place.Skip = row.time, 1
			}
			if !r.fits(&row) {
				continue
			}
			r.found = append(r.found, searchResultModel{row.data()})
			if r.search.Limit > 0 {
				if r.place.Left--; r.place.Left == 0 {
					return nil
				}
			}
		}
		if len(rows) < want {
			return nil
		}
		if scanned += searchStep; scanned >= maxSearchScan {
			r.more = true
			return nil
		}
	}
}

func (r *logSearchRun) learnGroups(ctx context.Context) error {
	r.groups = map[string]string{}
	for page := (catalog.Page{Limit: catalog.MaxPage}); ; {
		groups, next, err := r.server.Catalog.LogGroups(ctx, catalog.LogGroupFilter{}, page)
		if err != nil {
			return err
		}
		for _, g := range groups {
			r.groups[g.Name] = g.ID
		}
		if page.After = next; next == "" {
			return nil
		}
	}
}

// rows asks the engine for records of a time range, in order.
func (r *logSearchRun) rows(ctx context.Context, window record.Window, most int) ([]logRecord, error) {
	order := "-Time, 'Upload ID', 'Record Number'"
	if r.search.Ascending {
		order = "Time, 'Upload ID', 'Record Number'"
	}
	result, err := r.server.Query.Run(ctx, query.Request{Window: window, Limit: most, Zone: time.UTC, Timeout: r.server.limits.QueryTime,
		Text: r.candidates() + " | fields Time, 'Log Source', 'Log Group', 'Upload ID', 'Record Number', 'Original Log Content' | sort " + order})
	if err != nil {
		return nil, err
	}
	column := func(internal string) int {
		return slices.IndexFunc(result.Columns, func(c query.Column) bool { return c.Internal == internal })
	}
	at, source, group := column(store.ColTime), column(store.ColSource), column(store.ColGroup)
	upload, number, text := column(store.ColUpload), column(store.ColOrdinal), column(store.ColText)
	if slices.Min([]int{at, source, group, upload, number, text}) < 0 {
		return nil, errors.New("the engine left out a column of a search")
	}
	out := make([]logRecord, 0, len(result.Rows))
	for _, row := range result.Rows {
		when, ok := row[at].(time.Time)
		if !ok {
			return nil, fmt.Errorf("the engine gave %T for a time", row[at])
		}
		out = append(out, logRecord{time: when.UnixMilli(), source: textOf(row[source]), groupName: textOf(row[group]), group: cmp.Or(r.groups[textOf(row[group])], textOf(row[group])),
			id: textOf(row[upload]) + "." + textOf(row[number]), text: textOf(row[text]), tenancy: r.server.opts.Tenancy})
	}
	return out, nil
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// candidates is the part of the search that the engine can do: a text that must
// stand in every record of the result. What it finds is looked at once more.
func (r *logSearchRun) candidates() string {
	var words []string
	if len(r.search.Scopes) == 1 {
		words = append(words, r.search.Scopes[0].Log)
	}
	for _, e := range r.search.Required() {
		// What is made for records that are no events stands in none of their texts.
		_, made := r.server.Library.Source(e.Text)
		if name := e.Path[0]; !made && (name == "type" || name == "data") {
			words = append(words, e.Text)
		}
	}
	out := "*"
	for _, w := range words {
		if len(w) < 4 || strings.ContainsFunc(w, func(c rune) bool { // JSON and the query language spell these as they are
			return !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '.' || c == '-' || c == '_')
		}) {
			continue
		}
		out += " and 'Original Log Content' like '%" + w + "%'"
	}
	return out
}

// fits reports whether a record is of the search's scope and meets its conditions.
func (r *logSearchRun) fits(row *logRecord) bool {
	inside := slices.ContainsFunc(r.search.Scopes, func(s logsearch.Scope) bool {
		return (s.Compartment == r.server.opts.Tenancy || row.at("oracle", "compartmentid") == s.Compartment) &&
			(s.Group == "" || s.Group == row.group || s.Group == row.groupName || row.at("oracle", "loggroupid") == s.Group) &&
			(s.Log == "" || row.at("oracle", "logid") == s.Log)
	})
	return inside && r.search.Holds(row.value)
}

// logRecord is a stored record, read as an event when it is asked about.
type logRecord struct {
	time              int64
	source, group, id string
	text, tenancy     string
	groupName         string
	read              bool
	raw               json.RawMessage // logContent
	content           map[string]any
}

// event reads the record's text: the event itself, or what wraps it, or anything.
func (r *logRecord) event() map[string]any {
	if r.read {
		return r.content
	}
	r.read = true
	var outer struct {
		Content json.RawMessage `json:"logContent"`
		ID      json.RawMessage `json:"id"`
		Type    json.RawMessage `json:"type"`
	}
	isObject := json.Unmarshal([]byte(r.text), &outer) == nil && strings.HasPrefix(strings.TrimSpace(r.text), "{")
	switch {
	case isObject && len(outer.Content) > 0 && outer.Content[0] == '{':
		r.raw = outer.Content
	case isObject && outer.ID != nil && outer.Type != nil:
		r.raw = json.RawMessage(r.text)
	default:
		made := logEvent{ID: r.id, Source: r.source, Version: "1.0", Time: time.UnixMilli(r.time).UTC().Format(eventTime), Type: r.source,
			Oracle: logEventPlace{LogGroup: r.group, Compartment: r.tenancy, Tenant: r.tenancy}}
		made.Data = r.text
		if isObject {
			made.Data = json.RawMessage(r.text)
		}
		r.raw, _ = json.Marshal(made)
	}
	if json.Unmarshal(r.raw, &r.content) != nil {
		r.content = map[string]any{}
	}
	return r.content
}

// value finds what a path of a query names: datetime, logContent as text or what
// is below it, or what is in the event.
func (r *logRecord) value(path []string) (any, bool) {
	content := r.event()
	switch {
	case len(path) == 1 && path[0] == "datetime":
		return float64(r.time), true
	case len(path) == 1 && path[0] == "logContent":
		return string(r.raw), true
	case path[0] == "logContent":
		path = path[1:]
	}
	var v any = content
	for _, key := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = object[key]; !ok {
			return nil, false
		}
	}
	return v, v != nil
}

func (r *logRecord) at(path ...string) string {
	v, _ := r.value(path)
	text, _ := v.(string)
	return text
}

// data is the record as an answer shows it.
func (r *logRecord) data() json.RawMessage {
	r.event()
	return fmt.Appendf(nil, `{"datetime":%d,"logContent":%s}`, r.time, r.raw)
}
