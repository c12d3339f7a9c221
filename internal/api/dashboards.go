package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"

	"ledgerline/internal/boards"
	"ledgerline/internal/catalog"
)

// dashboardOperations are those of Oracle's Management Dashboard service.
func dashboardOperations() []operation {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		dashboards          = "/20200901/managementDashboards"
		dashboard           = dashboards + "/{managementDashboardId}"
		searches            = "/20200901/managementSavedSearches"
		search              = searches + "/{managementSavedSearchId}"
		own                 = ownBase + "/dashboards"
	)
	return []operation{
		{Method: post, Pattern: dashboards, Name: "CreateManagementDashboard", handle: (*Server).createDashboard},
		{Method: get, Pattern: dashboards, Name: "ListManagementDashboards", handle: (*Server).listDashboards},
		{Method: get, Pattern: dashboard, Name: "GetManagementDashboard", handle: (*Server).getDashboard},
		{Method: put, Pattern: dashboard, Name: "UpdateManagementDashboard", handle: (*Server).updateDashboard},
		{Method: del, Pattern: dashboard, Name: "DeleteManagementDashboard", handle: (*Server).deleteDashboard},
		{Method: post, Pattern: dashboard + "/actions/changeCompartment", Name: "ChangeManagementDashboardsCompartment", handle: (*Server).updateDashboard},
		{Method: post, Pattern: dashboards + "/actions/importDashboard", Name: "ImportDashboard", handle: (*Server).importDashboard},
		{Method: get, Pattern: dashboards + "/actions/exportDashboard/{exportDashboardId}", Name: "ExportDashboard", handle: (*Server).exportDashboard},

		{Method: post, Pattern: searches, Name: "CreateManagementSavedSearch", handle: (*Server).createBoardSearch},
		{Method: get, Pattern: searches, Name: "ListManagementSavedSearches", handle: (*Server).listBoardSearches},
		{Method: get, Pattern: search, Name: "GetManagementSavedSearch", handle: (*Server).getBoardSearch},
		{Method: put, Pattern: search, Name: "UpdateManagementSavedSearch", handle: (*Server).updateBoardSearch},
		{Method: del, Pattern: search, Name: "DeleteManagementSavedSearch", handle: (*Server).deleteBoardSearch},
		{Method: post, Pattern: search + "/actions/changeCompartment", Name: "ChangeManagementSavedSearchesCompartment", handle: (*Server).updateBoardSearch},

		{Method: get, Pattern: "/20200901/oobManagementDashboards", Name: "ListOobManagementDashboards", handle: (*Server).listBuiltInDashboards},
		{Method: get, Pattern: "/20200901/oobManagementDashboards/{managementDashboardId}", Name: "GetOobManagementDashboard", handle: (*Server).getBuiltInDashboard},
		{Method: get, Pattern: "/20200901/oobManagementSavedSearches", Name: "ListOobManagementSavedSearches", handle: (*Server).listBuiltInSearches},
		{Method: get, Pattern: "/20200901/oobManagementSavedSearches/{managementSavedSearchId}", Name: "GetOobManagementSavedSearch", handle: (*Server).getBuiltInSearch},

		{Method: get, Pattern: own, Name: "OwnDashboards", handle: (*Server).ownDashboards},
		{Method: post, Pattern: own + "/actions/import", Name: "OwnDashboardsImport", handle: (*Server).ownImportDashboards},
		{Method: get, Pattern: own + "/actions/export", Name: "OwnDashboardsExport", handle: (*Server).ownExportDashboards},
	}
}

func (s *Server) createDashboard(c *call) (*response, error) {
	return s.createBoard(c, catalog.Dashboard, "dashboardId")
}

func (s *Server) createBoardSearch(c *call) (*response, error) {
	return s.createBoard(c, catalog.DashboardSearch, "id")
}

// createBoard makes a board of a body. The client may choose the id, under the
// member named idKey.
func (s *Server) createBoard(c *call, kind catalog.ItemKind, idKey string) (*response, error) {
	m, text, err := c.decodeObject(maxDashboardFile)
	if err != nil {
		return nil, err
	}
	doc, err := boards.Read(kind, m, "")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"displayName", "compartmentId"} {
		if doc.Text(name) == "" {
			return nil, missing(name)
		}
	}
	retry, err := c.retry(sha256.Sum256(text))
	if err != nil {
		return nil, err
	}
	b, err := s.Catalog.ChangeItems(c.r.Context(), c.user, retry, func(change *catalog.ItemChange) (catalog.Item, error) {
		if doc.ID != "" {
			if _, err := change.Find(kind, doc.ID, ""); !errors.Is(err, catalog.ErrNotFound) {
				return catalog.Item{}, errors.Join(err, &Error{Status: http.StatusConflict, Code: "ResourceAlreadyExists",
					Message: idKey + " is in use; leave it out to get a new one"})
			}
		}
		return doc.Put(change, doc.ID, false)
	})
	if err != nil {
		return nil, err
	}
	return s.board(c.r.Context(), b)
}

func (s *Server) listDashboards(c *call) (*response, error) {
	return s.listBoards(c, catalog.Dashboard, false)
}

func (s *Server) listBuiltInDashboards(c *call) (*response, error) {
	return s.listBoards(c, catalog.Dashboard, true)
}

func (s *Server) listBoardSearches(c *call) (*response, error) {
	return s.listBoards(c, catalog.DashboardSearch, false)
}

func (s *Server) listBuiltInSearches(c *call) (*response, error) {
	return s.listBoards(c, catalog.DashboardSearch, true)
}

func (s *Server) listBoards(c *call, kind catalog.ItemKind, builtIn bool) (*response, error) {
	p, err := c.page("timeCreated")
	if err != nil {
		return nil, err
	}
	f := catalog.ItemFilter{BuiltIn: &builtIn}
	if f.Compartment, err = c.need("compartmentId"); err != nil {
		return nil, err
	}
	if f.Name, err = c.param("displayName"); err != nil {
		return nil, err
	}
	subtree, err := c.flag("compartmentIdInSubtree")
	if err != nil {
		return nil, err
	}
	if subtree && f.Compartment == s.opts.Tenancy || builtIn { // built-in ones belong to no compartment
		f.Compartment = ""
	}
	return s.boardList(c, kind, f, p)
}

func (s *Server) boardList(c *call, kind catalog.ItemKind, f catalog.ItemFilter, p catalog.Page) (*response, error) {
	list, next, err := s.Catalog.Items(c.r.Context(), kind, f, p)
	if err != nil {
		return nil, err
	}
	summaries := make([]map[string]any, len(list))
	for i, b := range list {
		if summaries[i], err = boardSummary(b); err != nil {
			return nil, err
		}
	}
	return answer(collection(summaries)).with("opc-next-page", c.next(next)), nil
}

func (s *Server) getDashboard(c *call) (*response, error) {
	return s.getBoard(c, catalog.Dashboard, c.path["managementDashboardId"], false)
}

func (s *Server) getBuiltInDashboard(c *call) (*response, error) {
	return s.getBoard(c, catalog.Dashboard, c.path["managementDashboardId"], true)
}

func (s *Server) getBoardSearch(c *call) (*response, error) {
	return s.getBoard(c, catalog.DashboardSearch, c.path["managementSavedSearchId"], false)
}

func (s *Server) getBuiltInSearch(c *call) (*response, error) {
	return s.getBoard(c, catalog.DashboardSearch, c.path["managementSavedSearchId"], true)
}

func boardSummary(b catalog.Item) (map[string]any, error) {
	body, err := parseObject(b.Body)
	if err != nil {
		return nil, err
	}
	out := boards.Summary(b.Kind, body)
	own(out, b)
	return out, nil
}

// getBoard answers a board; with builtIn only one that comes with the program.
func (s *Server) getBoard(c *call, kind catalog.ItemKind, id string, builtIn bool) (*response, error) {
	b, err := s.Catalog.Item(c.r.Context(), kind, id)
	if err != nil {
		return nil, err
	}
	if builtIn && !b.BuiltIn {
		return nil, absent("%s %.200q is not built in", kind, id)
	}
	return s.board(c.r.Context(), b)
}

func (s *Server) updateDashboard(c *call) (*response, error) {
	return s.updateBoard(c, catalog.Dashboard, c.path["managementDashboardId"])
}

func (s *Server) updateBoardSearch(c *call) (*response, error) {
	return s.updateBoard(c, catalog.DashboardSearch, c.path["managementSavedSearchId"])
}

// updateBoard replaces the members that the body names; changing the compartment
// is one case of it.
func (s *Server) updateBoard(c *call, kind catalog.ItemKind, id string) (*response, error) {
	m, text, err := c.decodeObject(maxDashboardFile)
	if err != nil {
		return nil, err
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	retry, err := c.retry(sha256.Sum256(append(text, id...)))
	if err != nil {
		return nil, err
	}
	b, err := s.Catalog.ChangeItems(c.r.Context(), c.user, retry, func(change *catalog.ItemChange) (catalog.Item, error) {
		old, err := findOwn(change, kind, id, ifMatch)
		if err != nil {
			return old, err
		}
		merged, err := parseObject(old.Body)
		if err != nil {
			return old, err
		}
		for k, v := range m {
			if v != nil {
				merged[k] = v
			}
		}
		doc, err := boards.Read(kind, merged, "")
		if err != nil {
			return old, err
		}
		doc.Searches = old.Searches
		if m["tiles"] != nil {
			doc.DropUnused()
		}
		return doc.Put(change, id, false)
	})
	if err != nil {
		return nil, err
	}
	return s.board(c.r.Context(), b)
}

// findOwn returns a board that may be changed.
func findOwn(change *catalog.ItemChange, kind catalog.ItemKind, id, ifMatch string) (catalog.Item, error) {
	b, err := change.Find(kind, id, ifMatch)
	if err == nil && b.BuiltIn {
		return b, &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "built-in dashboards and saved searches cannot be changed; export it and import the copy"}
	}
	return b, err
}

func (s *Server) deleteDashboard(c *call) (*response, error) {
	return s.deleteBoard(c, catalog.Dashboard, c.path["managementDashboardId"])
}

func (s *Server) deleteBoardSearch(c *call) (*response, error) {
	return s.deleteBoard(c, catalog.DashboardSearch, c.path["managementSavedSearchId"])
}

// deleteBoard removes one board. As with Oracle the saved searches of a dashboard
// stay, and tiles whose saved search is gone say so.
func (s *Server) deleteBoard(c *call, kind catalog.ItemKind, id string) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	_, err = s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		b, err := findOwn(change, kind, id, ifMatch)
		if err != nil {
			return b, err
		}
		return b, change.Delete(kind, id)
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// board answers a board in full, a dashboard with its saved searches.
func (s *Server) board(ctx context.Context, b catalog.Item) (*response, error) {
	m, err := parseObject(b.Body)
	if err != nil {
		return nil, err
	}
	own(m, b)
	if b.Kind == catalog.Dashboard {
		searches, err := s.searchesOf(ctx, b, m)
		if err != nil {
			return nil, err
		}
		found := map[string]bool{}
		models := make([]map[string]any, len(searches))
		for i, v := range searches {
			found[v.ID] = true
			if models[i], err = parseObject(v.Body); err != nil {
				return nil, err
			}
			own(models[i], v)
		}
		m["savedSearches"] = models
		boards.MarkTiles(m["tiles"], found)
	}
	return answer(m).with("etag", b.Etag), nil
}

// own adds the members that the service keeps.
func own(m map[string]any, b catalog.Item) {
	m["id"] = b.ID
	if b.Kind == catalog.Dashboard {
		m["dashboardId"] = b.ID
	}
	m["createdBy"], m["timeCreated"] = b.CreatedBy, stamp(b.Created)
	m["updatedBy"], m["timeUpdated"] = b.UpdatedBy, stamp(b.Updated)
	m["lifecycleState"] = "ACTIVE"
	m["systemTags"] = map[string]any{}
	boards.MarkBuiltIn(b.Kind, m, b.BuiltIn)
	m["builtIn"] = b.BuiltIn // not Oracle's, the same in dashboards and saved searches
}

// searchesOf returns the saved searches of a dashboard that exist: those that
// came with it, then others that its tiles and filters name.
func (s *Server) searchesOf(ctx context.Context, b catalog.Item, body map[string]any) ([]catalog.Item, error) {
	var out []catalog.Item
	seen := map[string]bool{}
	for _, id := range append(b.Searches, boards.SearchIDs(body)...) {
		if seen[id] {
			continue
		}
		seen[id] = true
		v, err := s.Catalog.Item(ctx, catalog.DashboardSearch, id)
		switch {
		case errors.Is(err, catalog.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			out = append(out, v)
		}
	}
	return out, nil
}
