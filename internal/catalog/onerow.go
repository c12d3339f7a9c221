package catalog

import (
	"context"
	"database/sql"
	"sync"
)

// statements keeps reads prepared: SQLite takes longer to parse the SQL of one
// row than to find it. Only constant texts may be asked, so it stays small.
type statements struct {
	db *sql.DB

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, prepared: map[string]*sql.Stmt{}}
}

// row reads the first row of the result; sql.ErrNoRows when there is none.
func (s *statements) row(ctx context.Context, query string, args ...any) func(...any) error {
	stmt, err := s.stmt(ctx, query)
	if err != nil {
		return func(...any) error { return err }
	}
	return stmt.QueryRowContext(ctx, args...).Scan
}

func (s *statements) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.RLock()
	stmt, ok := s.prepared[query]
	s.mu.RUnlock()
	if ok {
		return stmt, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt, ok := s.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := s.db.PrepareContext(ctx, query)
	if err == nil {
		s.prepared[query] = stmt
	}
	return stmt, err
}
