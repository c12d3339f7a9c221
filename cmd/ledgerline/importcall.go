package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"ledgerline/internal/collect"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

// importer is where a reading of files puts its records: this process's imports,
// or those of the server that owns the data directory.
type importer interface {
	add(ctx context.Context, t importTarget, items []record.Counted) (int, error)
	finish(ctx context.Context, o collect.Outcome) (stage.Run, error)
}

// Calls on the command socket. They are not the API's: the read side knows
// nothing of collecting.
const (
	importBase    = "/ledgerline/v1/import/"
	importRecords = importBase + "records"
	importFinish  = importBase + "finish"
)

// importItem is a record on its way through the socket. Its bytes are kept as they are.
type importItem struct {
	ID    []byte    `json:"id"`
	Time  time.Time `json:"time"`
	Count int       `json:"count"`
	Raw   []byte    `json:"raw"`
}

type importBatch struct {
	importTarget
	Items []importItem `json:"items"`
}

type importAdded struct {
	Added int `json:"added"`
}

// remoteImports is the importer of another process.
type remoteImports struct{ *client }

func (r remoteImports) add(ctx context.Context, t importTarget, items []record.Counted) (int, error) {
	batch := importBatch{importTarget: t}
	for _, it := range items {
		batch.Items = append(batch.Items, importItem{it.ID[:], it.Time, it.Count, it.Raw})
	}
	var answer importAdded
	err := r.call(ctx, http.MethodPost, importRecords, batch, &answer)
	return answer.Added, err
}

func (r remoteImports) finish(ctx context.Context, o collect.Outcome) (run stage.Run, err error) {
	return run, r.call(ctx, http.MethodPost, importFinish, o, &run)
}

// maxImportCall bounds a batch: a reading stages some megabytes at a time, and a
// single record may have as many again.
const maxImportCall = 64 << 20

// withImports serves the calls above in front of another handler.
func (n *node) withImports(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, importBase) {
			next.ServeHTTP(w, r)
			return
		}
		body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxImportCall))
		var answer any
		var err error
		switch r.Method + " " + r.URL.Path {
		case "POST " + importRecords:
			answer, err = n.imports.addBatch(r.Context(), body)
		case "POST " + importFinish:
			var o collect.Outcome
			if err = body.Decode(&o); err == nil {
				answer, err = n.imports.finish(r.Context(), o)
			}
		default:
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			answer = map[string]string{"code": "InvalidParameter", "message": err.Error()}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			n.log.Debug("the answer to an import was not taken", "error", err)
		}
	})
}

func (i *imports) addBatch(ctx context.Context, body *json.Decoder) (importAdded, error) {
	var b importBatch
	if err := body.Decode(&b); err != nil {
		return importAdded{}, err
	}
	items := make([]record.Counted, len(b.Items))
	for k, it := range b.Items {
		if len(it.ID) != len(record.Identity{}) {
			return importAdded{}, errors.New("an identity has 32 bytes")
		}
		items[k] = record.Counted{Item: record.Item{ID: record.Identity(it.ID), Time: it.Time, Raw: it.Raw}, Count: it.Count}
	}
	added, err := i.add(ctx, b.importTarget, items)
	return importAdded{added}, err
}
