package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"

	"ledgerline/internal/catalog"
)

// What calls on the items of the catalogue have in common.

// maxItems bounds the items of a kind that are listed, since filters look at all
// of them.
const maxItems = 50_000

// allItems returns the items of a kind in a compartment; an empty one is any.
func (s *Server) allItems(ctx context.Context, kind catalog.ItemKind, compartment string) ([]catalog.Item, error) {
	var all []catalog.Item
	page := catalog.Page{Limit: catalog.MaxPage}
	for {
		list, next, err := s.Catalog.Items(ctx, kind, catalog.ItemFilter{Compartment: compartment}, page)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if next == "" || len(all) >= maxItems {
			return all, nil
		}
		page.After = next
	}
}

// createItem stores a new item of what a client describes.
func (s *Server) createItem(c *call, text []byte, v catalog.Item, body any, check func(*catalog.ItemChange) error) (catalog.Item, error) {
	retry, err := c.retry(sha256.Sum256(text))
	if err != nil {
		return v, err
	}
	if v.Body, err = json.Marshal(body); err != nil {
		return v, err
	}
	return s.Catalog.ChangeItems(c.r.Context(), c.user, retry, func(change *catalog.ItemChange) (catalog.Item, error) {
		if check != nil {
			if err := check(change); err != nil {
				return v, err
			}
		}
		return change.Put(v)
	})
}

// updateItem lays the members of the body over those of an item, which into
// receives and checks.
func (s *Server) updateItem(c *call, kind catalog.ItemKind, id string, into any, check func(*catalog.Item) error) (catalog.Item, error) {
	m, _, err := c.decodeObject(s.limits.MaxJSON)
	if err != nil {
		return catalog.Item{}, err
	}
	dropNulls(m)
	text, err := json.Marshal(m)
	if err != nil {
		return catalog.Item{}, err
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return catalog.Item{}, err
	}
	return s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		v, err := change.Find(kind, id, ifMatch)
		if err != nil {
			return v, err
		}
		if err := json.Unmarshal(v.Body, into); err != nil {
			return v, err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return v, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: "the body is not the JSON expected: " + err.Error()}
		}
		if err := check(&v); err != nil {
			return v, err
		}
		if v.Body, err = json.Marshal(into); err != nil {
			return v, err
		}
		return change.Put(v)
	})
}

// removeItem removes an item under its etag.
func (s *Server) removeItem(c *call, kind catalog.ItemKind, id string, check func(*catalog.ItemChange) error) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	_, err = s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		v, err := change.Find(kind, id, ifMatch)
		if err != nil {
			return v, err
		}
		if check != nil {
			if err := check(change); err != nil {
				return v, err
			}
		}
		return v, change.Delete(kind, id)
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}
