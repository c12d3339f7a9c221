package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
)

// anyCase is an expression for the texts that a text in lower case stands for.
func anyCase(s string) *regexp.Regexp {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == 'i':
			b.WriteString("[iI\u0130]")
		case c == 'k':
			b.WriteString("[kK\u212A]")
		case 'a' <= c && c <= 'z':
			fmt.Fprintf(&b, "[%c%c]", c, c-'a'+'A')
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return regexp.MustCompile(b.String())
}

// TestCount compares counts over generated records with those of an expression
// over each value: values that repeat and that do not, that are null, empty, long,
// or of other letters, in segments as written, merged, and put together.
func TestCount(t *testing.T) {
	const rows = 1200 // of an upload
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for _, splice := range []int64{1000, 1 << 40} {
		now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
		s, err := Open(t.TempDir(), nil, Options{Clock: func() time.Time { return now }}.WithSpliceRows(splice))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		columns := []string{ColText, "few", "each", "some", "none"}
		pieces := []string{"refused", "Refused", "REF", " ", "-", "\u0130", "I", "i", "K", "k", "\u212A", "é", "\u017F", "_", "9", "long " + strings.Repeat("x", 300)}
		text := func(n int) string {
			var b strings.Builder
			for range n {
				b.WriteString(pieces[r.IntN(len(pieces)-1)])
			}
			return b.String()
		}
		var dictionary []string
		for range 20 {
			dictionary = append(dictionary, text(4))
		}
		values := map[string][]string{} // by column, in the order of time; "\xff" is null
		for piece := range 3 {
			var c Chunk
			c.Stage[0] = byte(piece)
			for i := range rows {
				row := map[string]string{ColText: text(r.IntN(12)), "few": dictionary[r.IntN(20)], "each": fmt.Sprint(piece, i, text(3)), "some": text(2), "none": "\xff"}
				if r.IntN(50) == 0 {
					row[ColText] += pieces[len(pieces)-1]
				}
				for _, c := range []string{"few", "some"} {
					if r.IntN(3) == 0 {
						row[c] = "\xff"
					}
				}
				e := record.Entry{Time: now.Add(time.Duration(piece*rows+i) * time.Second).UnixMilli(), Ordinal: int64(i), Text: row[ColText], Origin: &record.Origin{Source: "S", Upload: "u"}}
				for _, c := range columns {
					values[c] = append(values[c], row[c])
					if c != ColText && row[c] != "\xff" {
						e.Cells = append(e.Cells, record.Cell{Field: c, Value: record.Text(row[c])})
					}
				}
				c.Entries = append(c.Entries, e)
			}
			if _, err := s.Ingest(context.Background(), c); err != nil {
				t.Fatal(err)
			}
		}
		check := func() {
			t.Helper()
			sn := s.Snapshot()
			defer sn.Release()
			before := map[*Segment]int64{} // rows of older segments
			segs := sn.Segments(Filter{})
			for i := len(segs) - 2; i >= 0; i-- {
				before[segs[i]] = before[segs[i+1]] + segs[i+1].Rows
			}
			for range 12 {
				phrase := strings.TrimSpace(pieces[r.IntN(3)] + pieces[r.IntN(5)] + pieces[r.IntN(len(pieces)-2)])
				text := Text{Part: strings.ToLower(strings.Map(func(c rune) rune {
					if c > '~' {
						return -1
					}
					return c
				}, phrase))}
				if r.IntN(2) == 0 {
					text.Phrase = text.Part
				}
				expression := anyCase(text.Part)
				var parts []Part
				for _, seg := range segs {
					from := r.Int64N(seg.Rows)
					parts = append(parts, Part{seg, from, from + 1 + r.Int64N(seg.Rows-from)}, Part{seg, 0, seg.Rows})
				}
				for _, column := range columns[:4] {
					got, err := sn.Count(context.Background(), parts, column, text)
					if err != nil {
						t.Fatal(err)
					}
					for i, p := range parts {
						want := int64(0)
						for _, v := range values[column][before[p.Segment]+p.FirstRow : before[p.Segment]+p.EndRow] {
							if v != "\xff" && expression.MatchString(v) && (text.Phrase == "" || HoldsPhrase(v, text.Phrase)) {
								want++
							}
						}
						if got[i] != want {
							t.Fatalf("%+v in %s, rows %d to %d of %d: %d, want %d", text, column, p.FirstRow, p.EndRow, p.Segment.Rows, got[i], want)
						}
					}
				}
			}
		}
		check()
		now = now.AddDate(0, 0, 3)
		if report, err := s.Merge(context.Background()); err != nil || report.Merges != 1 {
			t.Fatal(report, err)
		}
		check()
	}
}

// FuzzPage: whatever a page holds, searching it ends, and no row is beyond it.
func FuzzPage(f *testing.F) {
	f.Add([]byte{0x15, 0, 0x15, 8, 0x15, 8, 0x2c, 0x15, 2, 0x15, 0, 0, 0}, []byte{2, 0, 0, 0, 'a', 'b'}, 1, int64(0), false)
	f.Add([]byte{}, []byte{128, 1, 4, 3, 2, 0, 0, 0, 0, 0, 'a'}, 3, int64(6), true)
	f.Add([]byte{0x1c, 0x1c, 0x1c}, []byte{2, 0, 0, 0, 3, 1, 1, 6, 0}, 2, int64(8), false)
	f.Fuzz(func(t *testing.T, header, page []byte, values int, encoding int64, required bool) {
		if h, n, err := readPageHeader(header); err == nil && (n > len(header) || h.packed < 0 || h.packed > maxChunk) {
			t.Fatal(h, n)
		}
		if values < 0 || values > 1<<16 {
			return
		}
		s := newSearcher()
		s.text = Text{Part: "a"}
		s.holds = []bool{true, false, true}
		packed := zstdOf(page)
		h := pageHeader{kind: pageData, uncompressed: int64(len(page)), packed: int64(len(packed)), values: int64(values), encoding: encoding}
		last := int64(-1)
		_ = s.searchPage(h, packed, required, len(s.holds), func(row int64) {
			if row <= last || row >= int64(values) {
				t.Fatalf("row %d after %d of %d", row, last, values)
			}
			last = row
		})
		_ = s.readDictionary(h, packed)
	})
}

// TestPlaces compares the places of texts, by a rare letter and by leaps, with a
// plain search, where letters repeat and others differ from them in one bit.
func TestPlaces(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	made := func(letters string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	found := 0
	for range 4000 {
		letters := []string{"ab", "aB b", "a@`A[{", "abcdefghijklmnopqrstuvwxyz "}[r.IntN(4)]
		data := made(letters, r.IntN(900))
		part := strings.ToLower(made(letters, 1+r.IntN(6)))
		if n := r.IntN(400); n < len(data) && r.IntN(2) == 0 {
			part = strings.ToLower(data[n:min(len(data), n+1+r.IntN(300))])
		}
		var want []int
		for i := range data {
			if strings.HasPrefix(lowerASCII(data[i:]), part) {
				want = append(want, i)
			}
		}
		found += len(want)
		byLetter := newTextFinder(Text{Part: part}, []byte(data))
		byLetter.leaps = nil
		finders := []*textFinder{byLetter}
		if len(part) > 1 {
			finders = append(finders, &textFinder{text: Text{Part: part}, leaps: newLeaper(part)})
		}
		for _, f := range finders {
			var got []int
			next := f.places([]byte(data))
			for at := next(0); at >= 0; at = next(at + 1) {
				got = append(got, at)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%q in %q by leaps %t: %v, want %v", part, data, f.leaps != nil, got, want)
			}
		}
	}
	if found < 4000 {
		t.Errorf("only %d places: the test says little", found)
	}
}
