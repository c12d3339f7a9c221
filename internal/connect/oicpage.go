package connect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseAuditPage reads {"items":[…],"links":[…],"totalResults":"28"}. The
// count may be a string or a number, and goes by another name on sibling
// resources. A body without items is a page only if it says that it has none.
func parseAuditPage(body []byte) (*AuditPage, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("the answer is empty")
	}
	if looksLikeHTML(body) {
		return nil, errors.New("an HTML page instead of records" + htmlTitle(body))
	}
	var p struct {
		Items             *[]json.RawMessage `json:"items"`
		Links             []Link             `json:"links"`
		TotalResults      json.RawMessage    `json:"totalResults"`
		TotalRecordsCount json.RawMessage    `json:"totalRecordsCount"`
		HasMore           json.RawMessage    `json:"hasMore"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		if _, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, errors.New("the answer is not whole JSON")
		}
		return nil, errors.New("the answer is JSON of another shape than a page of records")
	}
	page := &AuditPage{Links: p.Links, Total: -1}
	for _, raw := range []json.RawMessage{p.TotalRecordsCount, p.TotalResults} {
		if n, ok := count(raw); ok {
			page.Total = n
		}
	}
	if more, err := strconv.ParseBool(strings.Trim(string(p.HasMore), `"`)); err == nil {
		page.HasMore = &more
	}
	if p.Items == nil {
		if page.Total != 0 {
			return nil, errors.New("the answer has no items")
		}
		return page, nil
	}
	for i, item := range *p.Items {
		if t := bytes.TrimSpace(item); len(t) == 0 || t[0] != '{' {
			return nil, fmt.Errorf("item %d is no object", i)
		}
	}
	page.Items = *p.Items
	return page, nil
}

func count(raw json.RawMessage) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(strings.Trim(string(raw), `"`)))
	return n, err == nil && n >= 0
}
