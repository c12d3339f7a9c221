package api

import "ledgerline/internal/record"

// presentModel is a field that the records of a query may have.
type presentModel struct {
	Name     string `json:"name"` // as queries spell it
	Internal string `json:"internal"`
	Type     string `json:"type"`
	List     bool   `json:"list,omitempty"`
	Large    bool   `json:"large,omitempty"` // too large to group by
}

// ownFields lists the fields that the records of a query may have, mostly without
// reading any: how many of them have a field is for a query to count.
func (s *Server) ownFields(c *call) (*response, error) {
	r, _, err := s.ownRequest(c)
	if err != nil {
		return nil, err
	}
	fields, err := s.Query.Present(c.r.Context(), r)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(fields, func(f record.Field) presentModel {
		return presentModel{Name: f.Display, Internal: f.Name, Type: f.Type.String(), List: f.MultiValued, Large: f.LargeData}
	}))), nil
}
