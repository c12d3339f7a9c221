package boards

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"ledgerline/internal/catalog"
)

// ImportOptions of a file.
type ImportOptions struct {
	SameName     bool   // what has the same name in the compartment is overwritten
	DashboardsTo string // compartment of the dashboards; empty: as the file says
	SearchesTo   string // of the saved searches
	Rest         string // of what names none, such as public files, which have placeholders instead
	BuiltIn      bool   // ids stay, and only the program changes the items
}

// Imported is what became of a file: the names of its dashboards.
type Imported struct {
	Created []string `json:"created"`
	Updated []string `json:"updated"`
}

// Import stores the file as part of a change: all of it, or with an error nothing.
// Items that are here by their id are updated, others get new ids, and what refers
// to them in the file follows.
func (f *File) Import(change *catalog.ItemChange, o ImportOptions) (Imported, error) {
	report := Imported{Created: []string{}, Updated: []string{}}
	for _, d := range f.searches {
		d.moveTo(cmp.Or(o.SearchesTo, o.Rest), o.SearchesTo != "")
	}
	for _, d := range f.dashboards {
		d.moveTo(cmp.Or(o.DashboardsTo, o.Rest), o.DashboardsTo != "")
	}
	im := importer{change: change, options: o, ids: map[string]string{}}
	for _, d := range slices.Concat(f.searches, f.dashboards) {
		if err := im.assign(d); err != nil {
			return report, err
		}
	}
	for _, d := range slices.Concat(f.searches, f.dashboards) {
		created, changed, err := im.put(d)
		switch {
		case err != nil:
			return report, err
		case d.Kind != catalog.Dashboard:
		case created:
			report.Created = append(report.Created, d.Text("displayName"))
		case changed:
			report.Updated = append(report.Updated, d.Text("displayName"))
		}
	}
	return report, nil
}

// moveTo gives a board its compartment: the given one when it must, or when the
// file names none. What else in the board names the old compartment, or scopes a
// search to compartments of the tenancy it comes from, follows.
func (d *Board) moveTo(compartment string, must bool) {
	old := d.Text("compartmentId")
	if !must && strings.HasPrefix(old, "ocid1.") || old == compartment {
		return
	}
	walk(d.Body, func(_, text string) string {
		if text == old && old != "" {
			return compartment
		}
		return text
	})
	d.Body["compartmentId"] = compartment
	config, _ := d.Body["uiConfig"].(map[string]any)
	walk(config["scopeFilters"], func(_, text string) string {
		for _, foreign := range []string{"ocid1.compartment.", "ocid1.tenancy.", "${"} {
			if strings.HasPrefix(text, foreign) {
				return compartment
			}
		}
		return text
	})
}

// importer gives the items of a file their ids here, and stores them.
type importer struct {
	change  *catalog.ItemChange
	options ImportOptions
	ids     map[string]string // as the file calls it → here
	taken   []string
}

// assign finds the id of an item here, or makes one.
func (im *importer) assign(d *Board) error {
	id, err := im.find(d)
	if err != nil {
		return err
	}
	if id == "" {
		id = catalog.NewOCID(string(d.Kind))
	}
	if d.ID != "" {
		im.ids[d.ID] = id
	}
	d.ID, im.taken = id, append(im.taken, id)
	return nil
}

func (im *importer) find(d *Board) (string, error) {
	if d.ID != "" && !slices.Contains(im.taken, d.ID) {
		b, err := im.change.Find(d.Kind, d.ID, "")
		switch {
		case err == nil && (im.options.BuiltIn || !b.BuiltIn), im.options.BuiltIn && errors.Is(err, catalog.ErrNotFound):
			return d.ID, nil
		case err != nil && !errors.Is(err, catalog.ErrNotFound):
			return "", err
		}
	}
	if !im.options.SameName {
		return "", nil
	}
	b, err := im.change.Named(d.Kind, d.Text("compartmentId"), d.Text("displayName"), im.taken)
	if errors.Is(err, catalog.ErrNotFound) {
		return "", nil
	}
	return b.ID, err
}

// put stores an item whose id is assigned. A built-in one that has not changed
// keeps its etag.
func (im *importer) put(d *Board) (created, changed bool, err error) {
	for i, id := range d.Searches {
		d.Searches[i] = cmp.Or(im.ids[id], id)
	}
	walk(d.Body, func(key, text string) string {
		switch key {
		case "savedSearchId", "internalKey", "customActionSS", "dashboardId":
			return cmp.Or(im.ids[text], text)
		}
		return text
	})
	old, err := im.change.Find(d.Kind, d.ID, "")
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return false, false, err
	}
	created = err != nil
	if im.options.BuiltIn && !created && old.BuiltIn {
		body, err := json.Marshal(d.Body)
		if err != nil || string(body) == string(old.Body) && slices.Equal(d.Searches, old.Searches) {
			return false, false, err
		}
	}
	_, err = d.Put(im.change, d.ID, im.options.BuiltIn)
	return created, true, err
}
