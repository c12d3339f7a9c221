package deliver

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
	"ledgerline/internal/store"
)

// Library parses uploads by their log source.
type Library interface {
	Source(name string) (*content.Source, bool)
	Parse(ctx context.Context, up content.Upload, body []byte, emit func(*record.Entry) error) ([]content.Warning, error)
}

// Store keeps parsed records.
type Store interface {
	Ingest(ctx context.Context, chunk store.Chunk) (store.Ingested, error)
}

// Received reads what our own upload API took.
type Received interface {
	Reader
	ReadReceived(ctx context.Context, f stage.File, visit func(stage.ReceivedUpload) error) error
}

// Books are told what became of each upload. Telling them twice changes nothing.
type Books interface {
	Parsed(ctx context.Context, results []Parsed) error
}

// Parsed is what became of one uploaded file.
type Parsed struct {
	Upload   stage.Upload
	Bytes    int64
	Rows     int64
	Earliest time.Time // zero when there are no rows
	Latest   time.Time
	Warnings []content.Warning
	Failure  string // why nothing of it could be read; empty when something was
}

// Local is the sink of this server's own engine: it parses stage files and
// stores the records. The store refuses a chunk it already holds, so giving a
// file again stores nothing twice.
type Local struct {
	Files   Received
	Library Library
	Store   Store
	Books   Books
	Limits  content.Limits
	Logger  *slog.Logger

	// Enrich, when set, adds to each record what is known beside it, such as the
	// name of its user. It must not wait.
	Enrich func(*record.Entry)
	// Observe, when set, is given each chunk after it is stored, at least once.
	Observe func(ctx context.Context, stage [32]byte, chunk int, entries []record.Entry) error

	// LogGroup, LogSource, UploadName and Entity are given to collected files.
	// Received files bring their own.
	LogGroup   string
	LogSource  string
	UploadName string
	Entity     string
}

// Name of the sink.
func (l *Local) Name() string { return "local:" + l.LogGroup + "/" + l.LogSource }

// Step of a run.
func (l *Local) Step() string { return "parse" }

// Deliver parses and stores one file.
func (l *Local) Deliver(ctx context.Context, f stage.File) (Receipt, error) {
	w := &writer{local: l, chunk: store.Chunk{Stage: f.SHA256}}
	erased := 0
	var err error
	switch f.Kind {
	case stage.Collected:
		err = l.collected(ctx, f, w)
	case stage.Received:
		err = l.Files.ReadReceived(ctx, f, func(up stage.ReceivedUpload) error {
			if up.Erased != nil { // its records were purged, and the books do not know it any more
				erased++
				return nil
			}
			return l.upload(ctx, up.Upload, up.Body, w)
		})
	default:
		err = &RefusedError{fmt.Errorf("files of kind %q cannot be parsed", f.Kind)}
	}
	if err != nil {
		return Receipt{}, err
	}
	if err := w.flush(ctx); err != nil {
		return Receipt{}, err
	}
	if err := l.Books.Parsed(ctx, w.results); err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{Reference: hex.EncodeToString(f.SHA256[:8])}
	for _, r := range w.results {
		receipt.Records += r.Rows
		for _, warning := range r.Warnings {
			receipt.Warnings += warning.Count
		}
		if r.Failure != "" && l.Logger != nil {
			l.Logger.Warn("refused an upload", "upload", r.Upload.Reference, "file", r.Upload.File, "log_source", r.Upload.Source, "user", r.Upload.User, "reason", r.Failure)
		}
	}
	if erased > 0 {
		receipt.Note = fmt.Sprintf("%d erased uploads were left out", erased)
	}
	return receipt, nil
}

// Derived parses and stores records that were made here of others. The id is
// their name for ever: given again, nothing is stored twice.
func (l *Local) Derived(ctx context.Context, id [32]byte, up stage.Upload, body []byte) error {
	w := &writer{local: l, chunk: store.Chunk{Stage: id}}
	if err := l.upload(ctx, up, body, w); err != nil {
		return err
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	return l.Books.Parsed(ctx, w.results)
}

func (l *Local) collected(ctx context.Context, f stage.File, w *writer) error {
	body, err := l.Files.ReadVerified(f)
	if err != nil {
		return err
	}
	return l.upload(ctx, stage.Upload{
		Reference: hex.EncodeToString(f.SHA256[:16]), Name: l.UploadName, File: f.Name,
		Source: l.LogSource, LogGroup: l.LogGroup, Entity: l.Entity, Received: f.Sealed,
	}, body, w)
}

// upload parses one upload into the writer. What is wrong with the upload is
// told to the books; only trouble of our own is an error.
func (l *Local) upload(ctx context.Context, up stage.Upload, body []byte, w *writer) error {
	result := Parsed{Upload: up, Bytes: int64(len(body))}
	source, ok := l.Library.Source(up.Source)
	if !ok {
		result.Failure = fmt.Sprintf("there is no log source %q; import it and upload the file again", up.Source)
		w.results = append(w.results, result)
		return nil
	}
	origin := &record.Origin{
		Upload: up.Reference, UploadName: up.Name, File: up.File, LogGroup: up.LogGroup,
		Source: source.Display, Entity: up.Entity, EntityType: up.EntityType, Received: up.Received.UnixMilli(),
	}
	if origin.EntityType == "" && len(source.EntityTypes) == 1 {
		origin.EntityType = source.EntityTypes[0]
	}
	var ordinal int64
	w.result = &result
	failure := content.Expand(up.File, body, l.Limits, func(name string, part []byte) error {
		in := content.Upload{Origin: origin, Timezone: up.Timezone, Encoding: up.Encoding, DateFormat: up.DateFormat, DateYear: up.DateYear, Metadata: up.Metadata}
		if name != up.File {
			inner := *origin
			inner.LogEntity = name
			in.Origin = &inner
		}
		warnings, err := l.Library.Parse(ctx, in, part, func(e *record.Entry) error {
			e.Ordinal = ordinal
			ordinal++
			if l.Enrich != nil {
				l.Enrich(e)
			}
			return w.add(ctx, e)
		})
		result.Warnings = append(result.Warnings, warnings...)
		return err
	})
	var own *storeError
	switch {
	case errors.As(failure, &own):
		return own.err
	case ctx.Err() != nil:
		return ctx.Err()
	case failure != nil:
		result.Failure = failure.Error()
	}
	w.results = append(w.results, result)
	return nil
}

// chunkRows is how many records go to the store at a time. The chunks of a
// file must be the same when it is parsed again after a crash, so they depend
// on the count alone.
const chunkRows = 50_000

// writer gathers the entries of one stage file into chunks.
type writer struct {
	local   *Local
	chunk   store.Chunk
	result  *Parsed
	results []Parsed
}

// storeError tells trouble with the store from trouble with an upload.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }

func (w *writer) add(ctx context.Context, e *record.Entry) error {
	w.chunk.Entries = append(w.chunk.Entries, *e)
	at := time.UnixMilli(e.Time).UTC()
	if w.result.Rows == 0 || at.Before(w.result.Earliest) {
		w.result.Earliest = at
	}
	if at.After(w.result.Latest) {
		w.result.Latest = at
	}
	w.result.Rows++
	if len(w.chunk.Entries) < chunkRows {
		return nil
	}
	if err := w.flush(ctx); err != nil {
		return &storeError{err}
	}
	return nil
}

func (w *writer) flush(ctx context.Context) error {
	if len(w.chunk.Entries) == 0 {
		return nil
	}
	if _, err := w.local.Store.Ingest(ctx, w.chunk); err != nil {
		return err
	}
	if w.local.Observe != nil {
		if err := w.local.Observe(ctx, w.chunk.Stage, w.chunk.Number, w.chunk.Entries); err != nil {
			return err
		}
	}
	w.chunk.Number++
	w.chunk.Entries = nil
	return nil
}
