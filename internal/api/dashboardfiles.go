package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"ledgerline/internal/boards"
	"ledgerline/internal/catalog"
)

// maxDashboardFile bounds a file of dashboards.
const maxDashboardFile = 16 << 20

// InstallDashboards stores dashboards that come with the program, under the ids
// that their file gives them. Those that are there already and have not changed
// are left as they are. Clients cannot change or delete them.
func (s *Server) InstallDashboards(ctx context.Context, file []byte) error {
	m, err := parseObject(file)
	if err != nil {
		return fmt.Errorf("built-in dashboards: %w", err)
	}
	f, err := boards.ReadFile(m)
	if err != nil {
		return fmt.Errorf("built-in dashboards: %w", err)
	}
	_, err = s.importBoards(ctx, "system", catalog.Retry{}, f, boards.ImportOptions{BuiltIn: true, DashboardsTo: s.opts.Tenancy, SearchesTo: s.opts.Tenancy})
	return err
}

// importBoards stores a file: all of it, or with an error nothing.
func (s *Server) importBoards(ctx context.Context, user string, retry catalog.Retry, f *boards.File, o boards.ImportOptions) (boards.Imported, error) {
	report := boards.Imported{Created: []string{}, Updated: []string{}} // of a file that came before
	_, err := s.Catalog.ChangeItems(ctx, user, retry, func(change *catalog.ItemChange) (catalog.Item, error) {
		var err error
		report, err = f.Import(change, o)
		return catalog.Item{}, err
	})
	return report, err
}

func (s *Server) importDashboard(c *call) (*response, error) {
	o := boards.ImportOptions{Rest: s.opts.Tenancy}
	var err error
	if o.SameName, err = c.flag("overrideSameName"); err != nil {
		return nil, err
	}
	if err := c.params(map[string]*string{"overrideDashboardCompartmentOcid": &o.DashboardsTo, "overrideSavedSearchCompartmentOcid": &o.SearchesTo}); err != nil {
		return nil, err
	}
	if _, err := s.importBody(c, o); err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) importBody(c *call, o boards.ImportOptions) (boards.Imported, error) {
	m, text, err := c.decodeObject(maxDashboardFile)
	if err != nil {
		return boards.Imported{}, err
	}
	retry, err := c.retry(sha256.Sum256(text))
	if err != nil {
		return boards.Imported{}, err
	}
	f, err := boards.ReadFile(m)
	if err != nil {
		return boards.Imported{}, err
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
	if len(ids) > boards.MaxDashboards {
		return nil, invalid("at most %d dashboards can be exported at once", boards.MaxDashboards)
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
	boards.MarkBuiltIn(b.Kind, m, b.BuiltIn)
	if !tags {
		m["freeformTags"], m["definedTags"] = map[string]any{}, map[string]any{}
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
	o := boards.ImportOptions{DashboardsTo: compartment, SearchesTo: compartment}
	if o.SameName, err = c.flag("overrideSameName"); err != nil {
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
