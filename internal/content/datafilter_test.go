package content

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"ledgerline/internal/record"
)

// withFilters is the library with Order Logs under data filters.
func withFilters(t *testing.T, filters ...DataFilter) *Library {
	t.Helper()
	l := openOrders(t)
	s, _ := l.Source("orders")
	changed := *s
	for i := range filters {
		filters[i].Enabled, filters[i].Order = true, i
	}
	changed.DataFilters = filters
	if _, err := l.PutSource(context.Background(), changed, ""); err != nil {
		t.Fatal(err)
	}
	return l
}

// What a filter hides is in no part of the entry, nor in a warning.
func TestDataFiltersHide(t *testing.T) {
	const body = "2024-05-01 10:00:00 ERROR order 42 failed for user=ann, user=bob\r\n2024-05-01 10:00:01 DEBUG order 43 noise of ann\nuser=eve is not an entry\n"
	sum := sha256.Sum256([]byte("ann"))
	for name, c := range map[string]struct {
		filters []DataFilter
		first   string // text of the first entry after the word "for"
		entries int
		codes   []string
	}{
		"mask a group":        {[]DataFilter{{Kind: Mask, Match: `user=(\w+)`, Replacement: "$1***"}}, " user=$1***, user=$1***", 2, nil},
		"mask all":            {[]DataFilter{{Kind: Mask, Match: `user=\w+`, Replacement: "somebody"}}, " somebody, somebody", 2, nil},
		"hash":                {[]DataFilter{{Kind: HashMask, Match: `user=(ann)`}}, " user=" + hex.EncodeToString(sum[:]) + ", user=bob", 2, nil},
		"drop a text":         {[]DataFilter{{Kind: DropString, Match: `user=\w+,? ?`}}, " ", 2, nil},
		"lookaround":          {[]DataFilter{{Kind: Mask, Match: `(?<=user=)\w+`, Replacement: "x"}}, " user=x, user=x", 2, nil},
		"nested groups":       {[]DataFilter{{Kind: Mask, Match: `user=((\w)\w+)`, Replacement: "x"}}, " user=x, user=x", 2, nil},
		"to the end":          {[]DataFilter{{Kind: Mask, Match: `user=.*$`, Replacement: "x"}}, " x", 2, nil},
		"one after the other": {[]DataFilter{{Kind: Mask, Match: `user`, Replacement: "who"}, {Kind: Mask, Match: `who=(\w+)`, Replacement: "x"}}, " who=x, who=x", 2, nil},
		"drop an entry":       {[]DataFilter{{Kind: DropEntry, Match: `DEBUG`}}, " user=ann, user=bob", 1, []string{"DroppedByFilter"}},
	} {
		t.Run(name, func(t *testing.T) {
			entries, warnings := parse(t, withFilters(t, c.filters...), upload("orders"), body)
			if len(entries) != c.entries {
				t.Fatalf("%d entries", len(entries))
			}
			if want := "2024-05-01 10:00:00 ERROR order 42 failed for" + c.first; strings.TrimRight(entries[0].Text, "\r\n ") != strings.TrimRight(want, " ") {
				t.Errorf("%q, want %q", entries[0].Text, want)
			}
			message, _ := cell(entries[0], "msg")
			if !strings.HasSuffix(strings.TrimRight(message.Str, "\r\n "), strings.TrimRight(c.first, " ")) {
				t.Errorf("field %q", message.Str)
			}
			var codes []string
			for _, w := range warnings {
				codes = append(codes, w.Code)
				if strings.Contains(w.Message+w.Example, "ann") {
					t.Errorf("warning %+v", w)
				}
			}
			if !reflect.DeepEqual(codes, c.codes) {
				t.Errorf("warnings %v", warnings)
			}
		})
	}
}

// An expression that takes too long hides the line rather than nothing.
func TestSlowDataFilterLeavesTheLineOut(t *testing.T) {
	l := withFilters(t, DataFilter{Name: "slow", Kind: Mask, Match: `(?=x)(x+x+)+y`, Replacement: "z"})
	secret := strings.Repeat("x", 60)
	entries, warnings := parse(t, l, upload("orders"), "2024-05-01 10:00:00 ERROR "+secret+"\n2024-05-01 10:00:01 ERROR fine\n")
	for _, e := range entries {
		if strings.Contains(e.Text, secret) {
			t.Errorf("%q", e.Text)
		}
	}
	if len(entries) != 1 || len(warnings) != 1 || warnings[0].Code != "DataFilterFailed" || warnings[0].Example != "" {
		t.Errorf("%d entries, %v", len(entries), warnings)
	}
	// An entry that cannot be judged is dropped; after twenty, without trying.
	l = withFilters(t, DataFilter{Name: "slow", Kind: DropEntry, Match: `(?=x)(x+x+)+y`})
	if entries, _ := parse(t, l, upload("orders"), strings.Repeat("2024-05-01 10:00:00 ERROR "+secret+"\n", 200)); len(entries) != 0 {
		t.Errorf("%d entries", len(entries))
	}
}

func TestDataFiltersThatCannotRunAreRefused(t *testing.T) {
	l := openOrders(t)
	s, _ := l.Source("orders")
	for _, f := range []DataFilter{{Kind: Mask}, {Kind: Mask, Match: "("}, {Kind: "BLUR", Match: "x"}} {
		changed := *s
		f.Enabled = true
		changed.DataFilters = []DataFilter{f}
		if _, err := l.PutSource(context.Background(), changed, ""); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	changed := *s
	changed.DataFilters = make([]DataFilter, maxDataFilters+1)
	if _, err := l.PutSource(context.Background(), changed, ""); !errors.Is(err, ErrInvalid) {
		t.Errorf("too many: %v", err)
	}
}

// Keys of an upload's metadata fill the fields that the source says.
func TestMetadataFieldsAndFiltersInContentFiles(t *testing.T) {
	l := openOrders(t)
	s, _ := l.Source("orders")
	changed := *s
	changed.DataFilters = []DataFilter{{Name: "hide", Description: "d", Kind: Mask, Match: ` a\sb `, Replacement: "<x>", Order: 2, Enabled: true}, {Name: "off", Kind: DropEntry, Match: "x"}}
	changed.MetadataFields = []MetadataField{{Key: "tenant", Field: "udfs9", Enabled: true}, {Key: "Order State", Field: "msg"}}
	if _, err := l.PutSource(context.Background(), changed, ""); err != nil {
		t.Fatal(err)
	}
	up := upload("orders")
	up.Metadata = map[string]string{"Tenant": "t1"}
	entries, _ := parse(t, l, up, "2024-05-01 10:00:00 INFO x\n")
	wantCell(t, entries[0], "udfs9", record.Text("t1"))

	file, err := l.Export(context.Background(), Names{Sources: []string{"orders"}})
	if err != nil {
		t.Fatal(err)
	}
	other := openLibrary(t)
	if _, err := other.Import(context.Background(), file, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	got, _ := other.Source("orders")
	if !reflect.DeepEqual(got.DataFilters, changed.DataFilters) || !reflect.DeepEqual(got.MetadataFields, changed.MetadataFields) {
		t.Errorf("%+v, %+v", got.DataFilters, got.MetadataFields)
	}
}

// Whatever is around it, what a filter matches is in no entry.
func FuzzDataFilter(f *testing.F) {
	l := openOrders(f)
	s, _ := l.Source("orders")
	changed := *s
	changed.DataFilters = []DataFilter{{Kind: Mask, Match: `SECRET`, Replacement: "x", Enabled: true}, {Kind: HashMask, Match: `(?<=TOKEN )\S+`, Order: 1, Enabled: true}}
	if _, err := l.PutSource(context.Background(), changed, ""); err != nil {
		f.Fatal(err)
	}
	f.Add("2024-05-01 10:00:00 ERROR order SECRET TOKEN é1 SECRET\r\nSECRETSECRET\n")
	f.Fuzz(func(t *testing.T, body string) {
		_, err := l.Parse(context.Background(), upload("orders"), []byte(body), func(e *record.Entry) error {
			for _, text := range append(e.Labels, e.Text) {
				if strings.Contains(text, "SECRET") {
					t.Errorf("%q", text)
				}
			}
			for _, c := range e.Cells {
				if strings.Contains(c.Value.Str, "SECRET") {
					t.Errorf("%s is %q", c.Field, c.Value.Str)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
