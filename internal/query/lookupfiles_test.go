package query

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"

	"ledgerline/internal/query/plan"
)

// directory is a table too large for a statement: twins, empty and short rows, and text that is hard to write.
func directory(rows int) *plan.Lookup {
	t := &plan.Lookup{Columns: []string{"who", "team", "we\"ird); column"}}
	for i := range rows {
		row := []string{fmt.Sprintf("User%d", i/2), fmt.Sprintf("team %d", i%7), "'); DROP TABLE x; --\x00é\xff"}
		switch i % 11 {
		case 3:
			row[1] = ""
		case 5:
			row = row[:1]
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func engineWithLookups(t testing.TB, tables map[string]*plan.Lookup) (*Engine, string) {
	t.Helper()
	st, folder := newStoreWithLookups(t)
	var recs []rec
	for i := range 50 {
		recs = append(recs, rec{ago: float64(i + 1), text: "x", fields: map[string]any{"User Name": fmt.Sprintf("USER%d", i*31)}})
	}
	ingest(t, st, 1, append(recs, rec{ago: 60, text: "x"}))
	return NewEngine(st, taught{testFields(), tables}, Options{Clock: func() time.Time { return testNow }, Lookups: folder}), folder
}

func files(t testing.TB, folder string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A table in a file answers as one in the statement.
func TestALookupInAFileAnswersAsOneInTheStatement(t *testing.T) {
	filed, folder := engineWithLookups(t, map[string]*plan.Lookup{"people": directory(filedRows)})
	inline := NewEngine(filed.store, filed.catalogue, Options{Clock: func() time.Time { return testNow }})
	for _, text := range []string{
		"* | lookup table = people select team using 'User Name' = who | fields 'User Name', team | sort 'User Name'",
		"* | lookup table = people maxmatches = 3 default = none select team, who as Known, 'we\"ird); column' as Odd using 'User Name' = who | fields 'User Name', team, Known, Odd | sort 'User Name'",
		"searchlookup table = people",
		"searchlookup table = people | where team = 'team 3' | stats count, distinctcount(who)",
		"* | lookup table = people select team using 'User Name' = who | lookup table = people select who as Second using 'User Name' = who | stats count by team, Second",
	} {
		want, wantErr := inline.Run(t.Context(), request(text))
		got, err := filed.Run(t.Context(), request(text))
		if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got.Rows, want.Rows) {
			t.Errorf("%s\nrows %v, %v\nwant %v, %v", text, got, err, want, wantErr)
		}
		if err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	if n := len(files(t, folder)); n != 1 {
		t.Errorf("%d files of one table", n)
	}
}

// A table that changes while it is read: each query has the one it began with, and files do not pile up.
func TestFilesOfLookupsAreBoundedAndOutliveTheirReaders(t *testing.T) {
	folder := t.TempDir()
	f := &lookupFiles{dir: folder}
	var tables []*plan.Lookup
	for range maxLookupFiles + 3 {
		tables = append(tables, directory(filedRows))
	}
	read, release := f.lease(tables[0])
	for _, table := range tables[1:] {
		_, done := f.lease(table)
		done()
	}
	if n := len(files(t, folder)); n != maxLookupFiles+1 {
		t.Errorf("%d files, want %d that wait and one that is read", n, maxLookupFiles)
	}
	if _, err := os.Stat(read); err != nil {
		t.Errorf("the file of a reader: %v", err)
	}
	again, done := f.lease(tables[0])
	if again != read {
		t.Errorf("one table is in %s and %s", read, again)
	}
	done()
	release()
	if n := len(files(t, folder)); n != maxLookupFiles {
		t.Errorf("%d files, want %d", n, maxLookupFiles)
	}
	// Tables that nobody has any more leave nothing, as soon as somebody looks.
	last := directory(filedRows)
	tables = nil
	runtime.GC()
	_, done = f.lease(last)
	done()
	if n := len(files(t, folder)); n != 1 {
		t.Errorf("%d files, want that of the one table there is", n)
	}
	runtime.KeepAlive(last)
}

func TestQueriesAtOnceShareAFile(t *testing.T) {
	people := directory(filedRows)
	e, folder := engineWithLookups(t, map[string]*plan.Lookup{"people": people})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := e.Run(t.Context(), request("* | lookup table = people select team using 'User Name' = who | stats count by team")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(files(t, folder)); n != 1 {
		t.Errorf("%d files", n)
	}
	runtime.KeepAlive(people)
}
