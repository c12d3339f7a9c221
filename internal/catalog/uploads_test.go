package catalog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func dump(t *testing.T, c *Catalog) []any {
	t.Helper()
	ctx := context.Background()
	uploads, _, _, err := c.Uploads(ctx, UploadFilter{}, Page{Sort: "name"})
	if err != nil {
		t.Fatal(err)
	}
	var out []any
	for _, u := range uploads {
		files, _, err := c.Files(ctx, FileFilter{Upload: u.Reference}, Page{Sort: "name"})
		if err != nil {
			t.Fatal(err)
		}
		warnings, _, err := c.Warnings(ctx, u.Reference, nil, Page{})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, u, files, warnings)
	}
	return out
}

// Whatever is told again, and in whichever order reception and outcome of a file
// are told, the books say the same; and they say what an independent sum says.
func TestReplaysChangeNothing(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 7))
		clock := newClock()
		var files []Finished
		for i := range 12 {
			f := Finished{File: File{Reference: fmt.Sprintf("f%02d", i), UploadName: fmt.Sprintf("up %d", r.IntN(3)), Name: fmt.Sprintf("n%02d", i),
				Source: "s", LogGroup: "g", Bytes: r.Int64N(100), Received: clock.now().Add(time.Duration(r.IntN(1000)) * time.Millisecond)}}
			if r.IntN(4) == 0 {
				f.Failure = "unreadable"
			} else if f.Rows = r.Int64N(5); f.Rows > 0 {
				f.Earliest = clock.now().Add(-time.Duration(r.IntN(1000)) * time.Hour)
				f.Latest = f.Earliest.Add(time.Duration(r.IntN(1000)) * time.Minute)
			}
			for w := range r.IntN(4) {
				f.Warnings = append(f.Warnings, Warning{Code: fmt.Sprint("C", w), Message: "m", Count: r.Int64N(9) + 1, Example: "e"})
			}
			files = append(files, f)
		}
		tell := func(c *Catalog, order []int, times int) {
			for range times {
				for _, k := range order {
					var err error
					if k%2 == 0 {
						err = c.AddFile(ctx, files[k/2].File)
					} else {
						err = c.FinishFiles(ctx, files[k/2:k/2+1])
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		a, b := open(t, t.TempDir(), clock, Seeds{}), open(t, t.TempDir(), clock, Seeds{})
		straight := make([]int, 2*len(files))
		for i := range straight {
			straight[i] = i
		}
		tell(a, straight, 1)
		tell(b, r.Perm(2*len(files)), 2)
		want, got := dump(t, a), dump(t, b)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d:\n%v\nafter replays:\n%v", seed, want, got)
		}

		sums := map[string]*Upload{}
		for _, f := range files {
			u := sums[f.UploadName]
			if u == nil {
				u = &Upload{Reference: UploadReference(f.UploadName), Name: f.UploadName, Created: f.Received.UTC(), Updated: f.Received.UTC()}
				sums[f.UploadName] = u
			}
			if f.Received.Before(u.Created) {
				u.Created = f.Received.UTC()
			}
			for _, at := range []time.Time{f.Received, clock.now()} {
				if at.After(u.Updated) {
					u.Updated = at.UTC()
				}
			}
			if f.Rows > 0 && (u.Earliest.IsZero() || f.Earliest.Before(u.Earliest)) {
				u.Earliest = f.Earliest.UTC()
			}
			if f.Rows > 0 && f.Latest.After(u.Latest) {
				u.Latest = f.Latest.UTC()
			}
			u.Warnings += int64(len(f.Warnings))
		}
		for i := 0; i < len(got); i += 3 {
			u := got[i].(Upload)
			if !reflect.DeepEqual(u, *sums[u.Name]) {
				t.Errorf("seed %d: %+v, expected %+v", seed, u, *sums[u.Name])
			}
			if n := len(got[i+2].([]FileWarning)); int64(n) != u.Warnings {
				t.Errorf("seed %d: %d warnings listed, %d counted", seed, n, u.Warnings)
			}
		}
	}
}

func TestFileStates(t *testing.T) {
	ctx, clock := context.Background(), newClock()
	c := open(t, t.TempDir(), clock, Seeds{LogGroups: []SeedGroup{{"g1", "Payroll"}, {"g2", "Sales"}}})
	add := func(ref, name, source, group string) File {
		clock.advance(time.Second)
		f := File{Reference: ref, UploadName: "u", Name: name, Source: source, LogGroup: group, Received: clock.now()}
		if err := c.AddFile(ctx, f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	a := add("a", "x.json", "OIC Audit", "g1")
	b := add("b", "y.json", "OIC Audit", "g2")
	add("c", "z.log", "Linux", "g2")
	clock.advance(time.Second)
	if err := c.FinishFiles(ctx, []Finished{{File: a}, {File: File{Reference: b.Reference, UploadName: b.UploadName, Received: b.Received, Failure: "broken"}}}); err != nil {
		t.Fatal(err)
	}
	upload := UploadReference("u")
	refs := func(f FileFilter, p Page) string {
		f.Upload = upload
		files, _, err := c.Files(ctx, f, p)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range files {
			out = append(out, f.Reference)
		}
		return strings.Join(out, "")
	}
	for _, k := range []struct {
		filter FileFilter
		page   Page
		want   string
	}{
		{FileFilter{}, Page{}, "abc"},
		{FileFilter{}, Page{Desc: true}, "cba"},
		{FileFilter{}, Page{Sort: "sourceName"}, "cab"},
		{FileFilter{}, Page{Sort: "logGroupName", Desc: true}, "cba"},
		{FileFilter{Statuses: []FileStatus{InProgress}}, Page{}, "c"},
		{FileFilter{Statuses: []FileStatus{Successful, Failed}}, Page{}, "ab"},
		{FileFilter{Search: "JSON"}, Page{}, "ab"},
		{FileFilter{Search: "sales"}, Page{}, "bc"},
		{FileFilter{Search: "linux"}, Page{}, "c"},
		{FileFilter{Search: "%"}, Page{}, ""},
	} {
		if got := refs(k.filter, k.page); got != k.want {
			t.Errorf("%+v %+v: %s, want %s", k.filter, k.page, got, k.want)
		}
	}
	if f, err := c.File(ctx, "b"); err != nil || f.Status != Failed || f.Failure != "broken" || !f.Finished.Equal(clock.now()) || f.Source != "OIC Audit" {
		t.Errorf("file b: %+v, %v", f, err)
	}
	if _, err := c.Upload(ctx, "1", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown upload: %v", err)
	}
}

// Pages of any size hold every item once, in order, for every key and direction,
// also with equal keys.
func TestPaging(t *testing.T) {
	ctx, clock := context.Background(), newClock()
	c := open(t, t.TempDir(), clock, Seeds{})
	for i := range 30 {
		if err := c.AddFile(ctx, File{Reference: fmt.Sprint(i), UploadName: fmt.Sprintf("%c%d", "aAbB"[i%4], i), Received: clock.now().Add(time.Duration(i%3) * time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, sort := range []string{"", "timeUpdated", "timeCreated", "name"} {
		for _, desc := range []bool{false, true} {
			whole, next, total, err := c.Uploads(ctx, UploadFilter{}, Page{Sort: sort, Desc: desc})
			if err != nil || next != "" || total != 30 || len(whole) != 30 {
				t.Fatalf("%d of %d, next %q, %v", len(whole), total, next, err)
			}
			for _, size := range []int{1, 7, 15, 29, 30, 31} {
				var got []Upload
				p := Page{Limit: size, Sort: sort, Desc: desc}
				for {
					items, next, _, err := c.Uploads(ctx, UploadFilter{}, p)
					if err != nil || len(items) == 0 || len(items) > size {
						t.Fatalf("%d items, %v", len(items), err)
					}
					got = append(got, items...)
					if p.After = next; next == "" {
						break
					}
				}
				if !slices.Equal(got, whole) {
					t.Errorf("sort %q desc %v size %d differs", sort, desc, size)
				}
			}
		}
	}
	if _, _, _, err := c.Uploads(ctx, UploadFilter{}, Page{After: "?"}); !errors.Is(err, ErrBadCursor) {
		t.Errorf("bad cursor: %v", err)
	}
	if _, _, _, err := c.Uploads(ctx, UploadFilter{}, Page{Sort: "name; DROP TABLE uploads"}); !errors.Is(err, ErrInvalid) {
		t.Errorf("bad sort: %v", err)
	}
	if items, _, total, err := c.Uploads(ctx, UploadFilter{NameContains: "B1"}, Page{}); err != nil || total != int64(len(items)) || total != 6 {
		t.Errorf("b10, b11, b14, b15, b18, b19: got %d of %d, %v", len(items), total, err)
	}
}

// 20 clients upload at once; the books must not be what bounds 500 a second.
func BenchmarkAddFile(b *testing.B) {
	c := open(b, b.TempDir(), newClock(), Seeds{})
	ctx := context.Background()
	var wg sync.WaitGroup
	n := make(chan int)
	for range 20 {
		wg.Go(func() {
			for i := range n {
				if err := c.AddFile(ctx, File{Reference: fmt.Sprint(i), UploadName: fmt.Sprint("u", i%1000), Name: "f", Source: "s", LogGroup: "g", Received: time.UnixMilli(int64(i + 1))}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range b.N {
		n <- i
	}
	close(n)
	wg.Wait()
}
