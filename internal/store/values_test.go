package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/zeebo/xxh3"

	"ledgerline/internal/record"
)

// TestValues: the counts are those of the rows, also of segments put together of
// others, and a column has them exactly when its values are few and short.
func TestValues(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	s, err := Open(t.TempDir(), nil, Options{Clock: func() time.Time { return now }}.WithSpliceRows(countedRows))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	r := rand.New(rand.NewPCG(5, 5))
	want := map[string]int64{}
	origin := &record.Origin{Upload: "u", LogGroup: "g", Source: "S"}
	const pieces, rows = 3, countedRows
	for piece := range pieces {
		var c Chunk
		c.Stage[0] = byte(piece)
		for i := range rows {
			e := record.Entry{Time: now.Add(time.Duration(piece*rows+i) * time.Second).UnixMilli(), Ordinal: int64(i), Origin: origin, Text: "x"}
			cell := func(field, v string) { e.Cells = append(e.Cells, record.Cell{Field: field, Value: record.Text(v)}) }
			if v := fmt.Sprint("v", r.IntN(60)); i%5 != 0 {
				cell("few", v)
				want[v]++
			}
			cell("each", fmt.Sprint(piece, " ", i%(countedValues-10))) // few in a segment, many together
			cell("many", fmt.Sprint(i))
			cell("long", string(make([]byte, countedLength+1)))
			c.Entries = append(c.Entries, e)
		}
		if _, err := s.Ingest(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	check := func(segments int, each bool) {
		t.Helper()
		got := map[string]int64{}
		segs := s.current().segments
		if len(segs) != segments {
			t.Fatalf("%d segments", len(segs))
		}
		for _, seg := range segs {
			counts, ok := seg.Values("few")
			if !ok {
				t.Fatal("not counted")
			}
			for _, c := range counts {
				got[c.Value] += c.Rows
			}
			for column, counted := range map[string]bool{"each": each, "many": false, "long": false, ColText: false, ColGroup: true, ColEntity: true, "none": false} {
				if _, ok := seg.Values(column); ok != counted {
					t.Errorf("%s is counted: %v", column, ok)
				}
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	check(pieces, true)
	now = now.AddDate(0, 0, 3)
	if _, err := s.Merge(context.Background()); err != nil {
		t.Fatal(err)
	}
	check(1, false)
}

// TestOldTokenFilters: a file of the version before has words and no counts.
func TestOldTokenFilters(t *testing.T) {
	var b tokenBuilder
	b.reset(nil)
	b.addText("some words")
	b.rows = 1
	data := b.file(nil, nil)
	_, want, err := parseTokens(data)
	if err != nil {
		t.Fatal(err)
	}
	old := append([]byte(oldTokenMagic), 1, 0, 0, 0)
	head := appendTokenHead(nil, 1, want[0].from, want[0].to, len(want[0].bits)/8, 0)
	old = append(append(old, head[:oldHeadSize]...), want[0].bits...)
	old = binary.LittleEndian.AppendUint64(old, xxh3.Hash(old))
	p, got, err := parseTokens(old)
	want[0].slices, want[0].slicesAt = 0, 0
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) || len(p.values) != 0 {
		t.Fatalf("%v, %v, want %v; %v", got, p, want, err)
	}
	path := t.TempDir() + "/old"
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, _, err := readProfile(path); err != nil || len(p.values) != 0 {
		t.Fatal(p, err)
	}
}

// FuzzTokenFile: whatever a file holds, reading it ends, and damage is noticed.
func FuzzTokenFile(f *testing.F) {
	var b tokenBuilder
	b.reset([]Column{{Name: "a", Type: record.String}})
	b.tallies[0].merge([]ValueCount{{"x", 3}})
	b.counted = countedRows
	b.addText("some words")
	b.rows = 1
	whole := b.file(nil, nil)
	f.Add(whole, 20, byte(1))
	f.Add([]byte{}, 0, byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at int, flip byte) {
		if _, err := parseProfile(data); err != nil && err != errTokens {
			t.Fatal(err)
		}
		if _, _, err := parseTokens(data); err != nil && err != errTokens {
			t.Fatal(err)
		}
		if at >= 0 && flip != 0 {
			damaged := append([]byte{}, whole...)
			damaged[at%len(damaged)] ^= flip
			_, blocks, err := parseTokens(damaged)
			for _, b := range blocks {
				if err == nil {
					_, err = parseSlices(damaged[b.slicesAt:][:b.slices], int64(b.rows), nil)
				}
			}
			if err == nil {
				t.Fatalf("byte %d xor %d is not noticed", at, flip)
			}
		}
	})
}
