package deliver

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/stage"
	"ledgerline/internal/store"
)

const auditSource = "OCI Integration Audit Logs"

// noDocuments is a library with the built-in content alone.
type noDocuments struct{}

func (noDocuments) LoadContent(context.Context) ([]content.Document, error) { return nil, nil }
func (noDocuments) SaveContent(context.Context, []content.Document, []content.DocumentKey) error {
	return errors.New("nothing is stored here")
}

// listStore keeps chunks and refuses one it holds, as the real store does.
type listStore struct {
	chunks map[string]store.Chunk
	fail   error
}

func (l *listStore) Ingest(_ context.Context, c store.Chunk) (store.Ingested, error) {
	if l.fail != nil {
		return store.Ingested{}, l.fail
	}
	key := fmt.Sprintf("%x/%d", c.Stage, c.Number)
	if _, ok := l.chunks[key]; ok {
		return store.Ingested{Duplicate: true}, nil
	}
	l.chunks[key] = c
	return store.Ingested{Rows: int64(len(c.Entries))}, nil
}

func (l *listStore) rows() (n int) {
	for _, c := range l.chunks {
		n += len(c.Entries)
	}
	return n
}

// listBooks keeps the last result of each upload.
type listBooks map[string]Parsed

func (b listBooks) Parsed(_ context.Context, results []Parsed) error {
	for _, r := range results {
		b[r.Upload.File] = r
	}
	return nil
}

// received stages uploads as the API would and returns the sealed files.
func received(t *testing.T, uploads map[string][]byte, source string) (*stage.Stage, []stage.File) {
	t.Helper()
	st := staged(t, 0)
	for name, body := range uploads {
		up := stage.Upload{Reference: "ref-" + name, Name: "push", File: name, Source: source, LogGroup: "g", Received: time.Unix(1_700_000_000, 0)}
		if err := st.Receive(t.Context(), up, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.SealReceived(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := st.Files(t.Context(), stage.ReceivedIntegration, 0, 10)
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing was sealed: %v", err)
	}
	return st, files
}

func document(operations ...string) []byte {
	var items []map[string]string
	for i, op := range operations {
		items = append(items, map[string]string{"operationName": op, "userName": "ana@example.com", "resourceCode": fmt.Sprint(i),
			"timeStamp": fmt.Sprintf("2023-11-14T10:00:%02d.000+0000", i%60)})
	}
	text, _ := json.Marshal(map[string]any{"items": items})
	return text
}

func newLocal(t *testing.T, st *stage.Stage) (*Local, *listStore, listBooks) {
	t.Helper()
	library, err := content.Open(t.Context(), noDocuments{}, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept, books := &listStore{chunks: map[string]store.Chunk{}}, listBooks{}
	return &Local{Files: st, Library: library, Store: kept, Books: books}, kept, books
}

func deliverAll(t *testing.T, l *Local, files []stage.File) {
	t.Helper()
	for _, f := range files {
		if _, err := l.Deliver(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLocalStoresEachUploadOnceHoweverOftenItIsGiven(t *testing.T) {
	st, files := received(t, map[string][]byte{"a.json": document("lock", "update", "unlock"), "b.json": document("activate")}, auditSource)
	l, kept, books := newLocal(t, st)
	deliverAll(t, l, files)
	deliverAll(t, l, files)
	if kept.rows() != 4 {
		t.Errorf("%d rows are stored, want 4", kept.rows())
	}
	a := books["a.json"]
	if a.Rows != 3 || a.Failure != "" || !a.Latest.Equal(time.Date(2023, 11, 14, 10, 0, 2, 0, time.UTC)) {
		t.Errorf("the books say %+v", a)
	}
}

// A file of many records goes to the store in parts; given again after a crash
// in between, the parts are the same.
func TestLocalPartsAreTheSameAfterACrash(t *testing.T) {
	operations := make([]string, chunkRows+10)
	for i := range operations {
		operations[i] = "update"
	}
	st, files := received(t, map[string][]byte{"big.json": document(operations...)}, auditSource)
	l, kept, _ := newLocal(t, st)
	if _, err := l.Deliver(t.Context(), files[0]); err != nil {
		t.Fatal(err)
	}
	if len(kept.chunks) != 2 {
		t.Fatalf("%d parts, want 2", len(kept.chunks))
	}
	for key, c := range kept.chunks { // as if the crash came before the second part
		if c.Number == 1 {
			delete(kept.chunks, key)
		}
	}
	deliverAll(t, l, files)
	if kept.rows() != len(operations) {
		t.Errorf("%d rows, want %d", kept.rows(), len(operations))
	}
}

func TestLocalReadsArchivesAndKeepsWhatCannotBeParsed(t *testing.T) {
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for _, name := range []string{"one.json", "sub/two.json"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(document("import", "create"))
	}
	z.Close()
	st, files := received(t, map[string][]byte{"logs.zip": archive.Bytes(), "odd.json": []byte("not JSON at all")}, auditSource)
	l, kept, books := newLocal(t, st)
	deliverAll(t, l, files)
	if got := books["logs.zip"]; got.Rows != 4 || got.Failure != "" {
		t.Errorf("the archive holds four records, the books say %+v", got)
	}
	odd := books["odd.json"]
	if odd.Rows != 1 || len(odd.Warnings) == 0 || odd.Warnings[0].Code != "ParseFailed" {
		t.Errorf("what cannot be parsed is kept with a warning, the books say %+v", odd)
	}
	found := false
	for _, c := range kept.chunks {
		for _, e := range c.Entries {
			found = found || strings.Contains(e.Text, "not JSON at all")
		}
	}
	if !found {
		t.Error("its text is not in the store")
	}
}

func TestLocalSaysWhyAnUploadFailed(t *testing.T) {
	st, files := received(t, map[string][]byte{"a.json": document("lock")}, "No Such Source")
	l, kept, books := newLocal(t, st)
	deliverAll(t, l, files)
	if kept.rows() != 0 || !strings.Contains(books["a.json"].Failure, `"No Such Source"`) {
		t.Errorf("the books say %+v", books["a.json"])
	}
}

// Trouble with the store is ours: the file is given again, nothing is entered.
func TestLocalStoreTroubleIsNotTheUploads(t *testing.T) {
	st, files := received(t, map[string][]byte{"a.json": document("lock")}, auditSource)
	l, kept, books := newLocal(t, st)
	kept.fail = errors.New("disk full")
	if _, err := l.Deliver(t.Context(), files[0]); !errors.Is(err, kept.fail) {
		t.Fatalf("want the store's error, got %v", err)
	}
	if len(books) != 0 {
		t.Errorf("nothing is entered in the books, got %+v", books)
	}
	kept.fail = nil
	deliverAll(t, l, files)
	if kept.rows() != 1 || books["a.json"].Rows != 1 {
		t.Errorf("after the trouble the record is stored, got %d and %+v", kept.rows(), books)
	}
}

// A file that is given again after uploads of it were erased stores what it stored,
// and what was erased does not come back into the books.
func TestErasedUploadsAreLeftOut(t *testing.T) {
	st, files := received(t, map[string][]byte{"a.json": document("lock", "update"), "b.json": document("unlock")}, auditSource)
	l, kept, books := newLocal(t, st)
	deliverAll(t, l, files)
	if n, err := st.Erase(t.Context(), stage.Erasure{Uploads: map[string]time.Time{"ref-a.json": time.Unix(1_700_000_000, 0)}}); err != nil || n != 1 {
		t.Fatalf("%d erased, %v", n, err)
	}
	clear(books)
	receipt, err := l.Deliver(t.Context(), files[0])
	if err != nil || receipt.Note != "1 erased uploads were left out" || kept.rows() != 3 {
		t.Errorf("%+v, %v, %d records", receipt, err, kept.rows())
	}
	if _, back := books["a.json"]; back || books["b.json"].Rows != 1 {
		t.Errorf("books %+v", books)
	}
}

// What is collected comes from the entity that the configuration names.
func TestLocalNamesTheEntityOfCollectedFiles(t *testing.T) {
	st := staged(t, 1)
	l, kept, _ := newLocal(t, st)
	l.LogSource, l.LogGroup, l.Entity = auditSource, "g", "oic-1"
	files, err := st.Files(t.Context(), "audit", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	deliverAll(t, l, files)
	if kept.rows() != 1 {
		t.Fatalf("%d rows", kept.rows())
	}
	for _, c := range kept.chunks {
		if e := c.Entries[0]; e.Origin.Entity != "oic-1" {
			t.Errorf("%+v", e.Origin)
		}
	}
}
