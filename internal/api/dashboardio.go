package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/catalog"
)

// Bounds of a file of dashboards.
const (
	maxDashboardFile = 16 << 20
	maxDashboards    = 200
)

// importOptions of a file of dashboards.
type importOptions struct {
	sameName     bool   // what has the same name in the compartment is overwritten
	dashboardsTo string // compartment of the dashboards; empty: as the file says
	searchesTo   string // of the saved searches
	rest         string // for what names no compartment, as public files do with placeholders
	builtIn      bool   // ids stay, and only the program changes the items
}

// imported is what became of a file.
type imported struct {
	Created []string `json:"created"`
	Updated []string `json:"updated"`
}

// boardFile is a file of dashboards, read and checked.
type boardFile struct {
	dashboards []*boardDoc
	searches   []*boardDoc // each once
}

// readBoardFile reads {"dashboards":[…]} as Oracle's service exports it.
func readBoardFile(m map[string]any) (*boardFile, error) {
	list, ok := m["dashboards"].([]any)
	switch {
	case !ok:
		return nil, missing("dashboards")
	case len(list) > maxDashboards:
		return nil, invalid("a file may hold at most %d dashboards", maxDashboards)
	}
	f := &boardFile{}
	seen := map[string]bool{}
	for i, v := range list {
		where := fmt.Sprintf("dashboards[%d].", i)
		d, ok := v.(map[string]any)
		if !ok {
			return nil, invalid("dashboards[%d] must be an object", i)
		}
		searches, ok := d["savedSearches"].([]any)
		if !ok && d["savedSearches"] != nil {
			return nil, invalid("%ssavedSearches must be an array", where)
		}
		doc, err := readBoard(catalog.Dashboard, d, where)
		if err != nil {
			return nil, err
		}
		if doc.text("displayName") == "" {
			return nil, missing(where + "displayName")
		}
		for n, v := range searches {
			where := fmt.Sprintf("%ssavedSearches[%d].", where, n)
			m, ok := v.(map[string]any)
			if !ok {
				return nil, invalid("%s must be an object", strings.TrimSuffix(where, "."))
			}
			search, err := readBoard(catalog.DashboardSearch, m, where)
			switch {
			case err != nil:
				return nil, err
			case search.id == "":
				return nil, missing(where + "id")
			case search.text("displayName") == "":
				search.body["displayName"] = search.id
			}
			doc.searches = append(doc.searches, search.id)
			if !seen[search.id] {
				seen[search.id] = true
				f.searches = append(f.searches, search)
			}
		}
		f.dashboards = append(f.dashboards, doc)
	}
	return f, nil
}

// importBoards stores a file: all of it, or with an error nothing. Items that
// are here by their id are updated, others get new ids, and what refers to them
// in the file follows.
func (s *Server) importBoards(ctx context.Context, user string, retry catalog.Retry, f *boardFile, o importOptions) (imported, error) {
	report := imported{Created: []string{}, Updated: []string{}}
	for _, d := range f.searches {
		d.moveTo(cmp.Or(o.searchesTo, o.rest), o.searchesTo != "")
	}
	for _, d := range f.dashboards {
		d.moveTo(cmp.Or(o.dashboardsTo, o.rest), o.dashboardsTo != "")
	}
	_, err := s.Catalog.ChangeItems(ctx, user, retry, func(change *catalog.ItemChange) (catalog.Item, error) {
		im := boardImporter{change: change, options: o, ids: map[string]string{}}
		for _, d := range slices.Concat(f.searches, f.dashboards) {
			if err := im.assign(d); err != nil {
				return catalog.Item{}, err
			}
		}
		for _, d := range slices.Concat(f.searches, f.dashboards) {
			created, changed, err := im.put(d)
			switch {
			case err != nil:
				return catalog.Item{}, err
			case d.kind != catalog.Dashboard:
			case created:
				report.Created = append(report.Created, d.text("displayName"))
			case changed:
				report.Updated = append(report.Updated, d.text("displayName"))
			}
		}
		return catalog.Item{}, nil
	})
	return report, err
}

// moveTo gives a board its compartment: the given one when it must, or when the
// file names none. What else in the board names the old compartment, or scopes a
// search to compartments of the tenancy it comes from, follows.
func (d *boardDoc) moveTo(compartment string, must bool) {
	old := d.text("compartmentId")
	if !must && strings.HasPrefix(old, "ocid1.") || old == compartment {
		return
	}
	walk(d.body, func(_, text string) string {
		if text == old && old != "" {
			return compartment
		}
		return text
	})
	d.body["compartmentId"] = compartment
	config, _ := d.body["uiConfig"].(map[string]any)
	walk(config["scopeFilters"], func(_, text string) string {
		for _, foreign := range []string{"ocid1.compartment.", "ocid1.tenancy.", "${"} {
			if strings.HasPrefix(text, foreign) {
				return compartment
			}
		}
		return text
	})
}

// boardImporter gives the items of a file their ids here, and stores them.
type boardImporter struct {
	change  *catalog.ItemChange
	options importOptions
	ids     map[string]string // as the file calls it → here
	taken   []string
}

// assign finds the id of an item here, or makes one.
func (im *boardImporter) assign(d *boardDoc) error {
	id, err := im.find(d)
	if err != nil {
		return err
	}
	if id == "" {
		id = catalog.NewOCID(string(d.kind))
	}
	if d.id != "" {
		im.ids[d.id] = id
	}
	d.id, im.taken = id, append(im.taken, id)
	return nil
}

func (im *boardImporter) find(d *boardDoc) (string, error) {
	if d.id != "" && !slices.Contains(im.taken, d.id) {
		b, err := im.change.Find(d.kind, d.id, "")
		switch {
		case err == nil && (im.options.builtIn || !b.BuiltIn), im.options.builtIn && errors.Is(err, catalog.ErrNotFound):
			return d.id, nil
		case err != nil && !errors.Is(err, catalog.ErrNotFound):
			return "", err
		}
	}
	if !im.options.sameName {
		return "", nil
	}
	b, err := im.change.Named(d.kind, d.text("compartmentId"), d.text("displayName"), im.taken)
	if errors.Is(err, catalog.ErrNotFound) {
		return "", nil
	}
	return b.ID, err
}

// put stores an item whose id is assigned. A built-in one that has not changed
// keeps its etag.
func (im *boardImporter) put(d *boardDoc) (created, changed bool, err error) {
	for i, id := range d.searches {
		d.searches[i] = cmp.Or(im.ids[id], id)
	}
	walk(d.body, func(key, text string) string {
		switch key {
		case "savedSearchId", "internalKey", "customActionSS", "dashboardId":
			return cmp.Or(im.ids[text], text)
		}
		return text
	})
	old, err := im.change.Find(d.kind, d.id, "")
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return false, false, err
	}
	created = err != nil
	if im.options.builtIn && !created && old.BuiltIn {
		body, err := json.Marshal(d.body)
		if err != nil || string(body) == string(old.Body) && slices.Equal(d.searches, old.Searches) {
			return false, false, err
		}
	}
	_, err = d.put(im.change, d.id, im.options.builtIn)
	return created, true, err
}

// InstallDashboards stores dashboards that come with the program, under the ids
// that their file gives them. Those that are there already and have not changed
// are left as they are. Clients cannot change or delete them.
func (s *Server) InstallDashboards(ctx context.Context, file []byte) error {
	m, err := parseObject(file)
	if err != nil {
		return fmt.Errorf("built-in dashboards: %w", err)
	}
	f, err := readBoardFile(m)
	if err != nil {
		return fmt.Errorf("built-in dashboards: %w", err)
	}
	_, err = s.importBoards(ctx, "system", catalog.Retry{}, f, importOptions{builtIn: true, dashboardsTo: s.opts.Tenancy, searchesTo: s.opts.Tenancy})
	return err
}

func (s *Server) importDashboard(c *call) (*response, error) {
	o := importOptions{rest: s.opts.Tenancy}
	var err error
	if o.sameName, err = c.flag("overrideSameName"); err != nil {
		return nil, err
	}
	if err := c.params(map[string]*string{"overrideDashboardCompartmentOcid": &o.dashboardsTo, "overrideSavedSearchCompartmentOcid": &o.searchesTo}); err != nil {
		return nil, err
	}
	if _, err := s.importBody(c, o); err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) importBody(c *call, o importOptions) (imported, error) {
	m, text, err := c.decodeObject(maxDashboardFile)
	if err != nil {
		return imported{}, err
	}
	retry, err := c.retry(sha256.Sum256(text))
	if err != nil {
		return imported{}, err
	}
	f, err := readBoardFile(m)
	if err != nil {
		return imported{}, err
	}
	return s.importBoards(c.r.Context(), c.user, retry, f, o)
}

// exportDashboard takes a JSON object as its path parameter.
func (s *Server) exportDashboard(c *call) (*response, error) {
	var which struct {
		IDs []string `json:"dashboardIds"`
	}
	if err := json.Unmarshal([]byte(c.path["exportDashboardId"]), &which); err != nil || len(which.IDs) == 0 {
		return nil, invalid(`the last part of the path must be {"dashboardIds":["<ocid>", …]}`)
	}
	tags, err := c.flag("exportTags")
	if err != nil {
		return nil, err
	}
	return s.exportBoards(c.r.Context(), which.IDs, tags)
}

func (s *Server) exportBoards(ctx context.Context, ids []string, tags bool) (*response, error) {
	if len(ids) > maxDashboards {
		return nil, invalid("at most %d dashboards can be exported at once", maxDashboards)
	}
	out := []map[string]any{}
	for _, id := range ids {
		b, err := s.Catalog.Item(ctx, catalog.Dashboard, id)
		if err != nil {
			return nil, err
		}
		m, err := exported(b, tags)
		if err != nil {
			return nil, err
		}
		searches, err := s.searchesOf(ctx, b, m)
		if err != nil {
			return nil, err
		}
		models := make([]map[string]any, len(searches))
		for i, v := range searches {
			if models[i], err = exported(v, tags); err != nil {
				return nil, err
			}
		}
		m["savedSearches"] = models
		out = append(out, m)
	}
	return answer(map[string]any{"dashboards": out}), nil
}

func exported(b catalog.Item, tags bool) (map[string]any, error) {
	m, err := parseObject(b.Body)
	if err != nil {
		return nil, err
	}
	key := "id"
	if b.Kind == catalog.Dashboard {
		key = "dashboardId"
	}
	m[key] = b.ID
	if !tags {
		m["freeformTags"], m["definedTags"] = emptyObject(), emptyObject()
	}
	return m, nil
}

// ownDashboards lists dashboards of every compartment, built-in ones as well.
func (s *Server) ownDashboards(c *call) (*response, error) {
	p, err := c.page("displayName")
	if err != nil {
		return nil, err
	}
	return s.boardList(c, catalog.Dashboard, catalog.ItemFilter{}, p)
}

// ownImportDashboards is ImportDashboard into the tenancy, or into the compartment
// given; it tells what it did.
func (s *Server) ownImportDashboards(c *call) (*response, error) {
	compartment, err := c.param("compartmentId")
	if err != nil {
		return nil, err
	}
	compartment = cmp.Or(compartment, s.opts.Tenancy)
	o := importOptions{dashboardsTo: compartment, searchesTo: compartment}
	if o.sameName, err = c.flag("overrideSameName"); err != nil {
		return nil, err
	}
	report, err := s.importBody(c, o)
	if err != nil {
		return nil, err
	}
	return answer(report), nil
}

// ownExportDashboards exports dashboards that are named by id or display name,
// with their tags.
func (s *Server) ownExportDashboards(c *call) (*response, error) {
	var ids []string
	for _, name := range c.query["dashboard"] {
		switch _, err := s.Catalog.Item(c.r.Context(), catalog.Dashboard, name); {
		case err == nil:
			ids = append(ids, name)
			continue
		case !errors.Is(err, catalog.ErrNotFound):
			return nil, err
		}
		found, _, err := s.Catalog.Items(c.r.Context(), catalog.Dashboard, catalog.ItemFilter{Name: name}, catalog.Page{Limit: 2})
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0:
			return nil, absent("dashboard %.200q is not found; give its id or its whole name", name)
		case len(found) > 1:
			return nil, invalid("several dashboards are named %.200q; give an id", name)
		}
		ids = append(ids, found[0].ID)
	}
	if len(ids) == 0 {
		return nil, missing("dashboard")
	}
	return s.exportBoards(c.r.Context(), ids, true)
}
