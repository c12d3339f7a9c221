package api

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"

	"ledgerline/internal/content"
)

type importModel struct {
	ContentName string            `json:"contentName"`
	ParserNames []string          `json:"parserNames"`
	SourceNames []string          `json:"sourceNames"`
	FieldNames  []string          `json:"fieldNames"`
	ChangeList  importChangeModel `json:"changeList"`

	// Not Oracle's.
	LabelNames []string          `json:"labelNames"`
	Warnings   []content.Warning `json:"warnings"`
}

type importChangeModel struct {
	CreatedParserNames        []string `json:"createdParserNames"`
	UpdatedParserNames        []string `json:"updatedParserNames"`
	ConflictParserNames       []string `json:"conflictParserNames"`
	CreatedSourceNames        []string `json:"createdSourceNames"`
	UpdatedSourceNames        []string `json:"updatedSourceNames"`
	ConflictSourceNames       []string `json:"conflictSourceNames"`
	CreatedFieldDisplayNames  []string `json:"createdFieldDisplayNames"`
	UpdatedFieldDisplayNames  []string `json:"updatedFieldDisplayNames"`
	ConflictFieldDisplayNames []string `json:"conflictFieldDisplayNames"`
}

func importOf(r *content.ImportReport) importModel {
	return importModel{
		ContentName: r.Content, ParserNames: list(r.Parsers.All()), SourceNames: list(r.Sources.All()), FieldNames: list(r.Fields.All()),
		LabelNames: list(r.Labels.All()), Warnings: list(r.Warnings),
		ChangeList: importChangeModel{
			CreatedParserNames: list(r.Parsers.Created), UpdatedParserNames: list(r.Parsers.Updated), ConflictParserNames: list(r.Parsers.Conflicting),
			CreatedSourceNames: list(r.Sources.Created), UpdatedSourceNames: list(r.Sources.Updated), ConflictSourceNames: list(r.Sources.Conflicting),
			CreatedFieldDisplayNames: list(r.Fields.Created), UpdatedFieldDisplayNames: list(r.Fields.Updated), ConflictFieldDisplayNames: list(r.Fields.Conflicting),
		},
	}
}

// list encodes as [] where nil would be null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// importContent is Oracle's ImportCustomContent.
func (s *Server) importContent(c *call) (*response, error) { return s.importZIP(c, "isOverwrite") }

// ownImport differs in the name of its flag, which is that of the CLI.
func (s *Server) ownImport(c *call) (*response, error) { return s.importZIP(c, "replace") }

func (s *Server) importZIP(c *call, flag string) (*response, error) {
	replace, err := c.flag(flag)
	if err != nil {
		return nil, err
	}
	size := c.r.ContentLength
	if size < 0 {
		size = s.limits.MaxContent
	}
	if size > s.limits.MaxContent {
		return nil, tooLarge(s.limits.MaxContent)
	}
	if !s.inFlight.Take(size) {
		return nil, tooMany("too many uploads at once", slowDown)
	}
	defer s.inFlight.Give(size)
	file, err := c.readBody(s.limits.MaxContent)
	if err != nil {
		return nil, err
	}
	payload := sha256.New()
	payload.Write([]byte(flag))
	if replace {
		payload.Write([]byte{1})
	}
	payload.Write(file)
	retry, err := c.retry([sha256.Size]byte(payload.Sum(nil)))
	if err != nil {
		return nil, err
	}
	if earlier, ok, err := s.Catalog.Remembered(c.r.Context(), retry); err != nil || ok {
		return &response{raw: earlier, kind: "application/json", header: http.Header{}}, err
	}
	report, err := s.Content.Import(c.r.Context(), file, content.ImportOptions{Replace: replace})
	if err != nil {
		return nil, contentError(err)
	}
	text, err := json.Marshal(importOf(report))
	if err != nil {
		return nil, err
	}
	// Two tries at once may both import: the second finds what the first stored.
	if err := s.Catalog.Remember(c.r.Context(), retry, text); err != nil {
		return nil, err
	}
	return &response{raw: text, kind: "application/json", header: http.Header{}}, nil
}

type exportDetails struct {
	SourceNames []string `json:"sourceNames"`
	ParserNames []string `json:"parserNames"`
	FieldNames  []string `json:"fieldNames"`
}

func (s *Server) exportContent(c *call) (*response, error) {
	var d exportDetails
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	if len(d.SourceNames)+len(d.ParserNames)+len(d.FieldNames) == 0 {
		return nil, missing("one of sourceNames, parserNames and fieldNames")
	}
	file, err := s.Content.Export(c.r.Context(), content.Names{Sources: d.SourceNames, Parsers: d.ParserNames, Fields: d.FieldNames})
	if err != nil {
		return nil, err
	}
	return &response{raw: file, kind: "application/octet-stream", header: http.Header{}}, nil
}
