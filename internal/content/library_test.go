package content

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"ledgerline/internal/record"
)

// memory keeps documents as the catalogue of a service would.
type memory struct {
	mu   sync.Mutex
	docs map[DocumentKey]Document
	fail error // of the next SaveContent
}

func (m *memory) LoadContent(context.Context) ([]Document, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Document
	for _, d := range m.docs {
		d.JSON = slices.Clone(d.JSON)
		out = append(out, d)
	}
	return out, nil
}

func (m *memory) SaveContent(_ context.Context, put []Document, remove []DocumentKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fail; err != nil {
		m.fail = nil
		return err
	}
	if m.docs == nil {
		m.docs = map[DocumentKey]Document{}
	}
	for _, d := range put {
		d.JSON = slices.Clone(d.JSON)
		m.docs[DocumentKey{d.Kind, d.Name}] = d
	}
	for _, k := range remove {
		delete(m.docs, k)
	}
	return nil
}

// receipt is when the uploads of these tests arrive.
var receipt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openLibrary(t testing.TB) *Library {
	t.Helper()
	l, _ := openWith(t, &memory{})
	return l
}

func openWith(t testing.TB, m *memory) (*Library, *memory) {
	t.Helper()
	l, err := Open(context.Background(), m, Options{Clock: func() time.Time { return receipt }})
	if err != nil {
		t.Fatal(err)
	}
	return l, m
}

func upload(source string) Upload {
	return Upload{Origin: &record.Origin{Source: source, Received: receipt.UnixMilli()}}
}

// parse collects all entries, copied as Parse's contract allows.
func parse(t testing.TB, l *Library, up Upload, body string) ([]record.Entry, []Warning) {
	t.Helper()
	var out []record.Entry
	warnings, err := l.Parse(context.Background(), up, []byte(body), func(e *record.Entry) error {
		out = append(out, *e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, warnings
}

func cell(e record.Entry, field string) (record.Value, bool) {
	for _, c := range e.Cells {
		if c.Field == field {
			return c.Value, true
		}
	}
	return record.Value{}, false
}

func wantCell(t testing.TB, e record.Entry, field string, want record.Value) {
	t.Helper()
	got, ok := cell(e, field)
	if !ok || got.Kind != want.Kind || got.Str != want.Str || got.Int != want.Int || got.Num != want.Num || !slices.Equal(got.List, want.List) {
		t.Errorf("field %s = %+v (present %v), want %+v", field, got, ok, want)
	}
}

func wantNoCell(t testing.TB, e record.Entry, field string) {
	t.Helper()
	if v, ok := cell(e, field); ok {
		t.Errorf("field %s = %+v, want none", field, v)
	}
}

func hasWarning(ws []Warning, code string) bool {
	return slices.ContainsFunc(ws, func(w Warning) bool { return w.Code == code })
}

// sharedContent lists Oracle's public content files.
func sharedContent(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("LEDGERLINE_SHARED")
	if dir == "" {
		dir = "../../../shared/data"
	}
	files, err := filepath.Glob(filepath.Join(dir, "content", "*"))
	if err != nil || len(files) == 0 {
		t.Skip("Oracle's public content is not here: set LEDGERLINE_SHARED to its folder")
	}
	return files
}

func asNotFound(err error, to **NotFoundError) bool { return errors.As(err, to) }

// withParser opens a library with one source "test" that has the parsers, tried
// in order.
func withParser(t testing.TB, opts Options, parsers ...Parser) (*Library, error) {
	t.Helper()
	opts.Clock = func() time.Time { return receipt }
	l, err := Open(context.Background(), &memory{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	root := element("LoganContent").with("name", "test")
	s := Source{Name: "test", Display: "test", Kind: "os_file"}
	for i, p := range parsers {
		if p.Name == "" {
			p.Name = "p" + string(rune('0'+i))
		}
		if p.Description != "sub" {
			s.Parsers = append(s.Parsers, p.Name)
		}
		n, err := encodeParser(&p)
		if err != nil {
			t.Fatal(err)
		}
		root.add(n)
	}
	n, err := encodeSource(&s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	root.add(n).write(&b, 0)
	_, err = l.Import(context.Background(), b.Bytes(), ImportOptions{})
	return l, err
}

func mustParser(t testing.TB, parsers ...Parser) *Library {
	t.Helper()
	l, err := withParser(t, Options{}, parsers...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func failed(e record.Entry) bool { _, ok := cell(e, "parsefailed"); return ok }

func texts(entries []record.Entry) (out []string) {
	for _, e := range entries {
		out = append(out, e.Text)
	}
	return out
}
