package stage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// tokenLife is how long a retry token protects from a second upload, as OCI's
// opc-retry-token does.
const tokenLife = 24 * time.Hour

// DuplicateTokenError says that the same upload came before, under the same
// retry token; Earlier names what it became.
type DuplicateTokenError struct{ Earlier Upload }

func (e *DuplicateTokenError) Error() string {
	return fmt.Sprintf("stage: this retry token was used for upload %s with the same content", e.Earlier.Reference)
}

// ErrTokenReused is returned when a retry token comes again with another content.
var ErrTokenReused = errors.New("stage: this retry token was used within 24 hours for another content: use a new token for a new upload")

// tokenKey is unique per caller: two users may choose the same token. Uploading
// is the only operation that is staged, so it is not part of the key.
type tokenKey struct{ user, token string }

type tokenUse struct {
	content [sha256.Size]byte
	upload  Upload
}

// contentOf hashes what makes two requests the same.
func contentOf(uploads []ReceivedUpload) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for _, u := range uploads {
		u.Reference, u.RetryToken, u.Received = "", "", time.Time{}
		parameters, err := json.Marshal(u.Upload)
		if err != nil {
			return sum, err
		}
		fmt.Fprintf(h, "%d:%d:", len(parameters), len(u.Body))
		h.Write(parameters)
		h.Write(u.Body)
	}
	h.Sum(sum[:0])
	return sum, nil
}

// tokenUsed looks for an earlier use among the sealed uploads.
func (s *Stage) tokenUsed(ctx context.Context, k tokenKey) (tokenUse, bool, error) {
	var use tokenUse
	var content []byte
	var upload string
	err := s.findToken.QueryRowContext(ctx, k.user, k.token, toMicro(s.opts.Clock().Add(-tokenLife))).Scan(&content, &upload)
	if errors.Is(err, sql.ErrNoRows) {
		return use, false, nil
	}
	if err != nil {
		return use, false, err
	}
	copy(use.content[:], content)
	return use, true, json.Unmarshal([]byte(upload), &use.upload)
}

// keepTokens moves the tokens of a journal into the ledger when it is listed,
// and drops the expired ones.
func (s *Stage) keepTokens(ctx context.Context, tx *sql.Tx, tokens map[tokenKey]tokenUse) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM token WHERE received <= ?", toMicro(s.opts.Clock().Add(-tokenLife))); err != nil {
		return err
	}
	for k, use := range tokens {
		upload, err := json.Marshal(use.upload)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO token (scope, token, content, upload, received) VALUES (?, ?, ?, ?, ?)",
			k.user, k.token, use.content[:], string(upload), toMicro(use.upload.Received)); err != nil {
			return err
		}
	}
	return nil
}
