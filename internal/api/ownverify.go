package api

import (
	"encoding/hex"

	"ledgerline/internal/stage"
	"ledgerline/internal/store"
)

type verifyModel struct {
	OK       bool     `json:"ok"`
	Segments int      `json:"segments"`
	Records  int64    `json:"records"`
	Bytes    int64    `json:"bytes"`
	Entries  int64    `json:"entries"`
	Sequence int64    `json:"sequence"`
	Head     string   `json:"head"`
	Problems []string `json:"problems"`
}

// ownVerify checks the store's files; it takes as long as reading them does.
func (s *Server) ownVerify(c *call) (*response, error) {
	r, err := s.Store.Verify(c.r.Context())
	if err != nil {
		return nil, err
	}
	return answer(verifyModel{OK: len(r.Problems) == 0, Segments: r.Segments, Records: r.Rows, Bytes: r.Bytes, Entries: r.Entries, Sequence: r.Seq,
		Head: hex.EncodeToString(r.Head[:]), Problems: mapped(r.Problems, problemText)}), nil
}

func problemText(p store.Problem) string {
	switch {
	case p.Segment != 0:
		return "segment " + itoa(p.Segment) + ": " + p.Text
	case p.Entry != 0:
		return "journal entry " + itoa(p.Entry) + ": " + p.Text
	}
	return p.Text
}

type stageVerifyModel struct {
	OK           bool              `json:"ok"`
	Files        int               `json:"files"`
	Tombstones   int               `json:"tombstones"` // removed by retention
	Erased       int               `json:"erased"`     // uploads whose bytes a purge has taken
	Bytes        int64             `json:"bytes"`
	Head         string            `json:"head"`
	HeadID       int64             `json:"headId"`
	Integrations []stageCountModel `json:"integrations"`
	Problems     []string          `json:"problems"`
}

type stageCountModel struct {
	Integration string `json:"integration"`
	Counted     int64  `json:"counted"`
	InFiles     int64  `json:"inFiles"`
	Pending     int64  `json:"pending"`
}

// ownStageVerify checks the sealed files; it takes as long as reading them does.
func (s *Server) ownStageVerify(c *call) (*response, error) {
	r, err := s.Stage.Verify(c.r.Context())
	if err != nil {
		return nil, err
	}
	return answer(stageVerifyModel{OK: r.OK(), Files: r.Files, Tombstones: r.Tombstones, Erased: r.Erased, Bytes: r.Bytes,
		Head: hex.EncodeToString(r.Head[:]), HeadID: r.HeadID, Problems: list(r.Problems),
		Integrations: mapped(r.Integrations, func(i stage.IntegrationCount) stageCountModel { return stageCountModel(i) })}), nil
}
