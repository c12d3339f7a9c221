package boards

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"

	md "github.com/oracle/oci-go-sdk/v65/managementdashboard"

	"ledgerline/internal/catalog"
)

// object reads a JSON object and keeps numbers as they are written.
func object(text []byte) (m map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&m); err == nil && m == nil {
		err = errors.New("null is no object")
	}
	return m, err
}

func read(t *testing.T, kind catalog.ItemKind, text string) *Board {
	t.Helper()
	m, err := object([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Read(kind, m, "")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b
}

// The files that come with the program are of the format.
func TestBuiltInFilesAreRead(t *testing.T) {
	files, err := Files()
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for i, text := range files {
		m, err := object(text)
		if err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
		if f, err := ReadFile(m); err != nil || len(f.dashboards) == 0 {
			t.Errorf("file %d: %v", i, err)
		}
	}
}

func TestReadTellsWhatIsWrong(t *testing.T) {
	for text, want := range map[string]error{
		`{}`:                                     MissingError("dashboards"),
		`{"dashboards":[{}]}`:                    MissingError("dashboards[0].displayName"),
		`{"dashboards":[{"displayName":"x"},7]}`: InvalidError("dashboards[1] must be an object"),
		`{"dashboards":[{"displayName":"x","tiles":[{"row":-1}]}]}`:                 InvalidError("dashboards[0].tiles[0].row must be a whole number from 0"),
		`{"dashboards":[{"displayName":"x","savedSearches":[{"id":"s"},{}]}]}`:      MissingError("dashboards[0].savedSearches[1].id"),
		`{"dashboards":[{"displayName":"x","savedSearches":[{"id":"s","nls":1}]}]}`: nil, // of no declared type
	} {
		m, err := object([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(m); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

// What the service sets is not taken from a client, what clients need is added, and
// the rest stays.
func TestReadCompletes(t *testing.T) {
	b := read(t, catalog.Dashboard, `{"dashboardId":"d","displayName":"x","createdBy":"me","tiles":[{"width":6}],"unknown":1.50}`)
	if b.ID != "d" || b.Body["createdBy"] != nil || b.Body["type"] != "normal" || b.Body["isFavorite"] != false || b.Body["unknown"] != json.Number("1.50") {
		t.Errorf("%+v", b)
	}
	tile := b.Body["tiles"].([]any)[0].(map[string]any)
	if tile["state"] != "DEFAULT" || tile["width"] != json.Number("6") || tile["row"] != json.Number("0") {
		t.Errorf("%v", tile)
	}
}

func TestTilesAndTheirSearches(t *testing.T) {
	b := read(t, catalog.Dashboard, `{"tiles":[{"savedSearchId":"here","state":"DELETED"},{"savedSearchId":"gone"},
		{"savedSearchId":"OOBSS-management-dashboard-container","uiConfig":{"containerInfo":{"subTiles":[{"savedSearchId":"lost"}]}}}]}`)
	if got, want := SearchIDs(b.Body), []string{"OOBSS-management-dashboard-container", "gone", "here", "lost"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	MarkTiles(b.Body["tiles"], map[string]bool{"here": true})
	var states []any
	for _, v := range b.Body["tiles"].([]any) {
		states = append(states, v.(map[string]any)["state"])
	}
	config := b.Body["tiles"].([]any)[2].(map[string]any)["uiConfig"].(map[string]any)
	states = append(states, config["containerInfo"].(map[string]any)["subTiles"].([]any)[0].(map[string]any)["state"])
	if want := []any{"DEFAULT", "DELETED", "DEFAULT", "DELETED"}; !reflect.DeepEqual(states, want) {
		t.Errorf("%v, want %v", states, want)
	}
	b.Searches = []string{"here", "unused"}
	if b.DropUnused(); !slices.Equal(b.Searches, []string{"here"}) {
		t.Errorf("%q", b.Searches)
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"dashboards":[{"dashboardId":"d1","displayName":"Two","compartmentId":"${compartment_ocid}","tiles":[
	{"displayName":"c","savedSearchId":"OOBSS-management-dashboard-container","row":4,"column":0,"width":6,"height":4,
	 "uiConfig":{"containerInfo":{"subTiles":[{"displayName":"b","savedSearchId":"s1","row":0,"column":0,"width":6,"height":4}]}}}],
	"savedSearches":[{"id":"s1","displayName":"Same","compartmentId":"","uiConfig":{"queryString":"A"}}]}]}`))
	f.Add([]byte(`{"dashboards":[{"displayName":"x","savedSearches":[{"id":"x","uiConfig":{"scopeFilters":{"filters":[{"flags":{"ScopeCompartmentId":"${c}"}}]}}}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := object(text)
		if err != nil {
			return
		}
		file, err := ReadFile(m)
		if err != nil {
			return
		}
		for _, d := range slices.Concat(file.dashboards, file.searches) {
			d.moveTo("ocid1.compartment.oc1..c", true)
			// What was taken is taken again, and says the same.
			once, err := json.Marshal(d.Body)
			if err != nil {
				t.Fatal(err)
			}
			again, err := object(once)
			if err != nil {
				t.Fatal(err)
			}
			second, err := Read(d.Kind, again, "")
			if err != nil {
				t.Fatalf("%s: %v", once, err)
			}
			twice, err := json.Marshal(second.Body)
			if err != nil || !bytes.Equal(once, twice) {
				t.Fatalf("%s\n%s\n%v", once, twice, err)
			}
			var model md.ManagementDashboardForImportExportDetails
			if d.Kind == catalog.Dashboard && json.Unmarshal(once, &model) != nil {
				t.Fatalf("the official client cannot read %s", once)
			}
		}
	})
}
