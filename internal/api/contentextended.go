package api

import (
	"ledgerline/internal/content"
)

// maxExtended is how many extended fields are tried by one call: an expression may
// take a tenth of a second.
const maxExtended = 200

// extendedResult is Oracle's EfdRegexResult.
type extendedResult struct {
	BaseFieldName      string            `json:"baseFieldName"`
	Regex              string            `json:"regex"`
	IsValidRegexSyntax bool              `json:"isValidRegexSyntax"`
	ParsedFieldCount   int               `json:"parsedFieldCount"`
	ParsedFields       map[string]string `json:"parsedFields"`
	Status             string            `json:"status"`
	StatusDescription  string            `json:"statusDescription,omitempty"`
}

// validateExtended tries each extended field of a log source, which need not exist,
// on its own example.
func (s *Server) validateExtended(c *call) (*response, error) {
	var d struct {
		ExtendedFields []extendedDetails `json:"extendedFieldDefinitions"`
	}
	if _, err := c.decodeChange(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	switch n := len(d.ExtendedFields); {
	case n == 0:
		return nil, missing("extendedFieldDefinitions")
	case n > maxExtended:
		return nil, invalid("extendedFieldDefinitions: at most %d at once", maxExtended)
	}
	return answer(collection(mapped(d.ExtendedFields, func(e extendedDetails) extendedResult {
		r := extendedResult{BaseFieldName: e.BaseFieldName, Regex: e.RegularExpression, ParsedFields: map[string]string{}, Status: "FAILED"}
		captured, err := s.Content.TryExtended(content.ExtendedField{Base: s.internalField(e.BaseFieldName), Example: e.BaseFieldLogText, Expression: e.RegularExpression})
		switch {
		case err != nil:
			r.StatusDescription = asError(err).Message
		case captured == nil:
			r.IsValidRegexSyntax, r.StatusDescription = true, "the expression does not match baseFieldLogText"
		default:
			r.IsValidRegexSyntax, r.ParsedFields, r.ParsedFieldCount, r.Status = true, captured, len(captured), "SUCCEEDED"
		}
		return r
	}))), nil
}
