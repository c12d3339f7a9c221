package catalog

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// MaxPage is the largest page of a list.
const MaxPage = 1000

// Page asks for a part of a list. After is the Next of the page before, empty
// for the first; a limit outside 1 to MaxPage means MaxPage.
type Page struct {
	Limit int
	After string
	Sort  string // a key of the list; empty: its default
	Desc  bool
}

// list is a select whose rows are walked by a sort expression and, among equals,
// by a unique text key, so that pages stay right while rows are added.
type list struct {
	columns, from string
	where         []string
	args          []any
	sort, key     string
}

// among adds a condition over a list of values, unless it is nil.
func (l *list) among(condition string, values []string) {
	if values == nil {
		return
	}
	l.where, l.args = append(l.where, condition+" (SELECT value FROM json_each(?))"), append(l.args, asList(values))
}

// asList is a list of values as json_each reads it.
func asList(values []string) string {
	text, err := json.Marshal(values)
	if err != nil { // strings always marshal
		return "[]"
	}
	return string(text)
}

// pageOf runs a list. Next is empty on the last page.
func pageOf[T any](ctx context.Context, db *sql.DB, l list, p Page, scan func(row func(...any) error) (T, error)) (items []T, next string, err error) {
	if p.Limit < 1 || p.Limit > MaxPage {
		p.Limit = MaxPage
	}
	compare, order := ">", "ASC"
	if p.Desc {
		compare, order = "<", "DESC"
	}
	where, args := append([]string{"TRUE"}, l.where...), append([]any(nil), l.args...)
	if p.After != "" {
		value, key, err := decodeCursor(p.After)
		if err != nil {
			return nil, "", err
		}
		where = append(where, fmt.Sprintf("(%s, %s) %s (?, ?)", l.sort, l.key, compare))
		args = append(args, value, key)
	}
	query := fmt.Sprintf("SELECT %s, %s, %s FROM %s WHERE %s ORDER BY %s %s, %s %s LIMIT %d",
		l.columns, l.sort, l.key, l.from, strings.Join(where, " AND "), l.sort, order, l.key, order, p.Limit+1)
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, "", fmt.Errorf("catalog: %w", err)
	}
	defer rows.Close()
	var value any
	var key string
	for rows.Next() {
		if len(items) == p.Limit {
			return items, encodeCursor(value, key), nil
		}
		item, err := scan(func(dest ...any) error { return rows.Scan(append(dest, &value, &key)...) })
		if err != nil {
			return nil, "", fmt.Errorf("catalog: %w", err)
		}
		items = append(items, item)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("catalog: %w", err)
	}
	return items, "", nil
}

func count(ctx context.Context, db *sql.DB, l list) (n int64, err error) {
	query := "SELECT count(*) FROM " + l.from + " WHERE " + strings.Join(append([]string{"TRUE"}, l.where...), " AND ")
	if err := db.QueryRowContext(ctx, query, l.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("catalog: %w", err)
	}
	return n, nil
}

type cursor struct {
	Number *int64 `json:"n,omitempty"`
	Text   string `json:"t,omitempty"`
	Key    string `json:"k"`
}

func encodeCursor(value any, key string) string {
	c := cursor{Key: key}
	switch v := value.(type) {
	case int64:
		c.Number = &v
	case string:
		c.Text = v
	case []byte:
		c.Text = string(v)
	}
	text, err := json.Marshal(c)
	if err != nil { // strings and numbers always marshal
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func decodeCursor(s string) (value any, key string, err error) {
	var c cursor
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(text, &c) != nil {
		return nil, "", ErrBadCursor
	}
	if c.Number != nil {
		return *c.Number, c.Key, nil
	}
	return c.Text, c.Key, nil
}
