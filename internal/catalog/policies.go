package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Policy is a named list of statements that allow groups to do something. What no
// statement allows is refused.
type Policy struct {
	ID          string // OCID
	Name        string // found in any letter case
	Description string
	Statements  []string // as they were written
	Created     time.Time
	Updated     time.Time
	Etag        string

	parsed []statement
}

// Bounds of policies.
const (
	maxPolicies   = 1000
	maxStatements = 50 // of one policy
)

// SavePolicy creates a policy, or replaces the one of its name. A non-empty
// ifMatch must be the etag of the one that is replaced.
func (c *Catalog) SavePolicy(ctx context.Context, p Policy, ifMatch string) (Policy, error) {
	if err := checkName("policy", p.Name); err != nil {
		return Policy{}, err
	}
	switch n := len(p.Statements); {
	case len(p.Description) > maxDescription:
		return Policy{}, fmt.Errorf("%w: description: at most %d bytes", ErrInvalid, maxDescription)
	case n == 0 || n > maxStatements:
		return Policy{}, fmt.Errorf("%w: a policy has 1 to %d statements", ErrInvalid, maxStatements)
	}
	if err := p.parse(); err != nil {
		return Policy{}, fmt.Errorf("%w %w", ErrInvalid, err)
	}
	text, err := json.Marshal(p.Statements)
	if err != nil {
		return Policy{}, err
	}
	err = c.changeAccess(ctx, func(tx *tx) error {
		old, err := lockPolicy(tx, p.Name, ifMatch)
		if err != nil && (ifMatch != "" || !errors.Is(err, ErrNotFound)) {
			return err
		}
		var all int
		if err := tx.row("SELECT count(*) FROM policies", nil, &all); err != nil {
			return err
		}
		if old.ID == "" && all >= maxPolicies {
			return fmt.Errorf("%w: there are %d policies, as many as there may be", ErrInvalid, all)
		}
		p.ID, p.Created, p.Updated = old.ID, old.Created, c.now()
		if p.ID == "" {
			p.ID, p.Created = NewOCID("policy"), p.Updated
		}
		var revision int64
		err = tx.row(`INSERT INTO policies (id, name, description, statements, created, updated, revision) VALUES (?, ?, ?, ?, ?, ?, 1)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description, statements = excluded.statements,
			updated = excluded.updated, revision = revision + 1 RETURNING revision`,
			[]any{p.ID, p.Name, p.Description, string(text), toMillis(p.Created), toMillis(p.Updated)}, &revision)
		p.Etag = etag(revision)
		return err
	})
	if err != nil {
		return Policy{}, err
	}
	return p, nil
}

// parse reads the statements; every mistake is reported.
func (p *Policy) parse() error {
	var problems []error
	p.parsed = make([]statement, 0, len(p.Statements))
	for i, text := range p.Statements {
		st, err := parseStatement(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("statement %d: %w", i+1, err))
		}
		p.parsed = append(p.parsed, st)
	}
	return errors.Join(problems...)
}

// DeletePolicy removes a policy. A non-empty ifMatch must be its etag.
func (c *Catalog) DeletePolicy(ctx context.Context, name, ifMatch string) error {
	return c.changeAccess(ctx, func(tx *tx) error {
		p, err := lockPolicy(tx, name, ifMatch)
		if err != nil {
			return err
		}
		_, err = tx.exec("DELETE FROM policies WHERE id = ?", p.ID)
		return err
	})
}

// Policy returns a policy by name or OCID, or ErrNotFound.
func (c *Catalog) Policy(nameOrID string) (Policy, error) {
	for _, p := range c.access.Load().policies {
		if p.ID == nameOrID || strings.EqualFold(p.Name, nameOrID) {
			return p, nil
		}
	}
	return Policy{}, fmt.Errorf("policy %.200q: %w", nameOrID, ErrNotFound)
}

// Policies lists all policies by name.
func (c *Catalog) Policies() []Policy { return slices.Clone(c.access.Load().policies) }

const policyColumns = "id, name, description, statements, created, updated, revision"

func scanPolicy(row func(...any) error) (Policy, error) {
	var p Policy
	var statements string
	var created, updated, revision int64
	if err := row(&p.ID, &p.Name, &p.Description, &statements, &created, &updated, &revision); err != nil {
		return p, err
	}
	p.Created, p.Updated, p.Etag = fromMillis(created), fromMillis(updated), etag(revision)
	return p, json.Unmarshal([]byte(statements), &p.Statements)
}

// lockPolicy reads a policy that is about to be changed.
func lockPolicy(tx *tx, name, ifMatch string) (Policy, error) {
	p, err := scanPolicy(func(dest ...any) error {
		return tx.row("SELECT "+policyColumns+" FROM policies WHERE name = ?", []any{name}, dest...)
	})
	return p, unchanged(err, "policy", name, ifMatch, p.Etag)
}

func (c *Catalog) loadPolicies(ctx context.Context, book *accessBook) error {
	rows, err := c.read.QueryContext(ctx, "SELECT "+policyColumns+" FROM policies ORDER BY lower(name)")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanPolicy(rows.Scan)
		if err == nil {
			err = p.parse()
		}
		if err != nil {
			return err
		}
		book.policies = append(book.policies, p)
	}
	return rows.Err()
}
