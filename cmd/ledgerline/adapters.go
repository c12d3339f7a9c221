package main

import (
	"context"

	"ledgerline/internal/catalog"
	"ledgerline/internal/collect"
	"ledgerline/internal/content"
	"ledgerline/internal/deliver"
	"ledgerline/internal/stage"
)

// The adapters below fill interfaces that one room declares with what another
// room, which it may not import, offers.

// ledger gives readers the transactions of the stage.
type ledger struct{ *stage.Stage }

func (l ledger) Update(ctx context.Context, do func(collect.Book) error) error {
	return l.Stage.Update(ctx, func(tx *stage.Tx) error { return do(tx) })
}

// documents keeps the library's content in the catalogue.
type documents struct{ catalog *catalog.Catalog }

func (d documents) LoadContent(ctx context.Context) ([]content.Document, error) {
	stored, err := d.catalog.LoadContent(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]content.Document, len(stored))
	for i, doc := range stored {
		out[i] = content.Document(doc)
	}
	return out, nil
}

func (d documents) SaveContent(ctx context.Context, put []content.Document, remove []content.DocumentKey) error {
	docs := make([]catalog.Document, len(put))
	for i, doc := range put {
		docs[i] = catalog.Document(doc)
	}
	keys := make([]catalog.DocumentKey, len(remove))
	for i, key := range remove {
		keys[i] = catalog.DocumentKey(key)
	}
	return d.catalog.SaveContent(ctx, docs, keys)
}

// books enters in the catalogue what became of each upload.
type books struct{ catalog *catalog.Catalog }

func (b books) Parsed(ctx context.Context, results []deliver.Parsed) error {
	files := make([]catalog.Finished, len(results))
	for i, r := range results {
		files[i].File = catalog.File{
			Reference: r.Upload.Reference, UploadName: r.Upload.Name, Name: r.Upload.File, Source: r.Upload.Source,
			LogGroup: r.Upload.LogGroup, Entity: r.Upload.Entity, User: r.Upload.User, Bytes: r.Bytes, Received: r.Upload.Received,
			Rows: r.Rows, Earliest: r.Earliest, Latest: r.Latest, Failure: r.Failure,
		}
		for _, w := range r.Warnings {
			files[i].Warnings = append(files[i].Warnings, catalog.Warning(w))
		}
	}
	return b.catalog.FinishFiles(ctx, files)
}

// catalogue answers the query language's questions about names.
type catalogue struct {
	*content.Library
	*lookupTables
}

// LogGroups maps OCIDs to names. Names are for show: without them a query
// still answers, by OCID.
func (c catalogue) LogGroups() map[string]string {
	names := map[string]string{}
	page := catalog.Page{Limit: catalog.MaxPage}
	for {
		groups, next, err := c.catalog.LogGroups(context.Background(), catalog.LogGroupFilter{}, page)
		if err != nil {
			c.log.Error("queries show OCIDs for log groups", "error", err)
			return names
		}
		for _, g := range groups {
			names[g.ID] = g.Name
		}
		if next == "" {
			return names
		}
		page.After = next
	}
}
