package catalog

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestPeopleAreKeptWithTheirHistory(t *testing.T) {
	ctx, dir, clock := context.Background(), t.TempDir(), newClock()
	c := open(t, dir, clock, Seeds{})
	record := func(origin string, people ...Person) []Person {
		t.Helper()
		changed, err := c.RecordPeople(ctx, PeopleFound{Origin: origin, People: people})
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	one, two := "00000000000000000000000000000001", "00000000000000000000000000000002"
	if changed := record(OriginFile, Person{ID: one, Name: "from a file", Active: true}); len(changed) != 1 {
		t.Errorf("%+v", changed)
	}
	clock.advance(time.Hour)
	married := Person{ID: one, Name: "ana@example.com", Display: "Ana", Active: true}
	record("domain", married, Person{ID: two, Name: "bo@example.com"})
	clock.advance(time.Hour)
	if changed := record("domain", married); len(changed) != 0 {
		t.Errorf("nothing new, yet %+v", changed)
	}
	if changed := record(OriginFile, Person{ID: one, Name: "from a file", Active: true}); len(changed) != 0 {
		t.Errorf("a file overruled a connection: %+v", changed)
	}
	if _, err := c.RecordPeople(ctx, PeopleFound{Origin: "domain", Absent: []string{"3"}}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	c = open(t, dir, clock, Seeds{})
	known, absent, err := c.People(ctx)
	if err != nil || len(known) != 3 || len(absent) != 1 {
		t.Fatalf("%+v %v %v", known, absent, err)
	}
	if known[0].Name != "from a file" || known[1].Name != "ana@example.com" || known[1].Since.Sub(known[0].Since) != time.Hour || known[2].ID != two {
		t.Errorf("%+v", known)
	}
	if _, err := c.RecordPeople(ctx, PeopleFound{Origin: "domain", People: []Person{{ID: "3", Name: "cy"}}}); err != nil {
		t.Fatal(err)
	}
	if _, absent, _ := c.People(ctx); len(absent) != 0 {
		t.Errorf("who was found is still absent: %v", absent)
	}
}

// The lookup table holds the latest of each person, and is nobody else's table.
func TestPeopleArePublished(t *testing.T) {
	ctx, clock := context.Background(), newClock()
	c := open(t, t.TempDir(), clock, Seeds{})
	if err := c.PublishPeople(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Lookup(ctx, PeopleLookup); !errors.Is(err, ErrNotFound) {
		t.Errorf("a table of nobody was published: %v", err)
	}
	for _, name := range []string{"ana", "ana.b"} {
		if _, err := c.RecordPeople(ctx, PeopleFound{Origin: "domain", People: []Person{{ID: "1", Name: name, Display: "Ana, B", Active: true}}}); err != nil {
			t.Fatal(err)
		}
		if err := c.PublishPeople(ctx); err != nil {
			t.Fatal(err)
		}
		clock.advance(time.Minute)
	}
	l, table, err := c.LookupTable(ctx, PeopleLookup)
	if err != nil || !reflect.DeepEqual(table.Rows, [][]string{{"1", "ana.b", "Ana, B", "true"}}) {
		t.Errorf("%+v %v", table, err)
	}
	if err := c.PublishPeople(ctx); err != nil {
		t.Fatal(err)
	}
	if again, _ := c.Lookup(ctx, PeopleLookup); again.Etag != l.Etag {
		t.Error("the same table was written again")
	}

	c = open(t, t.TempDir(), clock, Seeds{})
	if _, err := c.CreateLookup(ctx, Lookup{Name: PeopleLookup, Description: "mine"}, Table{Columns: []string{"x"}, Rows: [][]string{{"y"}}}, Retry{}); err != nil {
		t.Fatal(err)
	}
	if err := c.PublishPeople(ctx); !errors.Is(err, ErrExists) {
		t.Errorf("somebody's own table: %v", err)
	}
}
