package catalog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// TokenLife is how long a retry token is remembered.
const TokenLife = 24 * time.Hour

// Retry is the retry token of a request. The zero value is a request without one.
type Retry struct {
	Scope   string // caller and operation: tokens of different scopes do not meet
	Token   string
	Payload [sha256.Size]byte // tells another request under the same token
}

// Remembered returns what Remember kept for a retry token within TokenLife. It
// fails with ErrTokenReused when the token came with another payload.
func (c *Catalog) Remembered(ctx context.Context, r Retry) (response []byte, ok bool, err error) {
	if r.Token == "" {
		return nil, false, nil
	}
	row := c.read.QueryRowContext(ctx, tokenQuery, r.Scope, r.Token, toMillis(c.now().Add(-TokenLife)))
	return matchToken(r, row.Scan)
}

// Remember keeps the response to a request with a retry token. An earlier
// response under the same token stays.
func (c *Catalog) Remember(ctx context.Context, r Retry, response []byte) error {
	if r.Token == "" {
		return nil
	}
	return c.writer.do(ctx, true, func(tx *tx) error { return c.remember(tx, r, response) })
}

const tokenQuery = "SELECT payload, response FROM retry_tokens WHERE scope = ? AND token = ? AND created > ?"

func matchToken(r Retry, scan func(...any) error) ([]byte, bool, error) {
	var payload, response []byte
	switch err := scan(&payload, &response); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case string(payload) != string(r.Payload[:]):
		return nil, false, ErrTokenReused
	}
	return response, true, nil
}

// once runs do in a transaction and keeps its result under the retry token, if
// there is one: the same token with the same payload gets the first result again,
// without do being called.
func once[T any](ctx context.Context, c *Catalog, r Retry, do func(*tx) (T, error)) (T, error) {
	var result T
	err := c.writer.do(ctx, true, func(tx *tx) error {
		stored, ok, err := c.remembered(tx, r)
		if err != nil {
			return err
		}
		if ok {
			return json.Unmarshal(stored, &result)
		}
		if result, err = do(tx); err != nil {
			return err
		}
		answer, err := json.Marshal(result)
		if err != nil {
			return err
		}
		return c.remember(tx, r, answer)
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

func (c *Catalog) remembered(tx *tx, r Retry) ([]byte, bool, error) {
	if r.Token == "" {
		return nil, false, nil
	}
	return matchToken(r, func(dest ...any) error {
		return tx.row(tokenQuery, []any{r.Scope, r.Token, toMillis(c.now().Add(-TokenLife))}, dest...)
	})
}

func (c *Catalog) remember(tx *tx, r Retry, response []byte) error {
	if r.Token == "" {
		return nil
	}
	now := c.now()
	if _, err := tx.exec("DELETE FROM retry_tokens WHERE created <= ?", toMillis(now.Add(-TokenLife))); err != nil {
		return err
	}
	_, err := tx.exec("INSERT INTO retry_tokens (scope, token, payload, response, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		r.Scope, r.Token, r.Payload[:], response, toMillis(now))
	return err
}
