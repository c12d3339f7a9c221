package catalog

import (
	"context"
	"fmt"
	"slices"
)

// Rights are what one user may do. The zero value may do nothing.
type Rights struct {
	administrator bool
	statements    []statement // those that speak of the user
}

// Rights of a user: those of an administrator, or what the policies allow its groups.
func (c *Catalog) Rights(u User) Rights {
	r := Rights{administrator: u.In(Administrators)}
	if r.administrator {
		return r
	}
	for _, p := range c.access.Load().policies {
		for _, st := range p.parsed {
			if st.anyUser || slices.ContainsFunc(st.groups, u.In) {
				r.statements = append(r.statements, st)
			}
		}
	}
	return r
}

// AllRights are those of an administrator.
func AllRights() Rights { return Rights{administrator: true} }

// Administrator reports whether everything is allowed.
func (r Rights) Administrator() bool { return r.administrator }

// Everywhere reports whether a verb is allowed for a whole family of resources.
func (r Rights) Everywhere(what Resource, verb Verb) bool {
	return r.administrator || slices.ContainsFunc(r.statements, func(st statement) bool {
		return st.verb >= verb && st.where == nil && (st.resource == what || st.resource == allResources)
	})
}

// LogGroup reports whether a verb is allowed for the log group of an OCID.
func (r Rights) LogGroup(id string, verb Verb) bool {
	return r.administrator || slices.ContainsFunc(r.statements, func(st statement) bool {
		return st.verb >= verb && (st.resource == LogGroups || st.resource == allResources) && (st.where == nil || st.where.holds(id))
	})
}

// SomeLogGroup reports whether a verb may be allowed for some log group.
func (r Rights) SomeLogGroup(verb Verb) bool {
	return r.administrator || slices.ContainsFunc(r.statements, func(st statement) bool {
		return st.verb >= verb && (st.resource == LogGroups || st.resource == allResources)
	})
}

// Groups returns the log groups for which a verb is allowed. Nil means all there
// ever were, an empty list none.
func (c *Catalog) Groups(ctx context.Context, r Rights, verb Verb) ([]string, error) {
	switch {
	case r.Everywhere(LogGroups, verb):
		return nil, nil
	case !r.SomeLogGroup(verb):
		return []string{}, nil
	}
	rows, err := c.read.QueryContext(ctx, "SELECT id FROM log_groups")
	if err != nil {
		return nil, fmt.Errorf("catalog: log groups: %w", err)
	}
	defer rows.Close()
	var existing []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("catalog: log groups: %w", err)
		}
		existing = append(existing, id)
	}
	return r.groups(existing, verb), rows.Err()
}

// groups chooses of the log groups that exist and of those that policies name,
// which may have been deleted while their entries remain.
func (r Rights) groups(existing []string, verb Verb) []string {
	if r.Everywhere(LogGroups, verb) {
		return nil
	}
	candidates := slices.Clone(existing)
	for _, st := range r.statements {
		if st.where != nil {
			candidates = st.where.named(candidates)
		}
	}
	slices.Sort(candidates)
	out := []string{}
	for _, id := range slices.Compact(candidates) {
		if r.LogGroup(id, verb) {
			out = append(out, id)
		}
	}
	return out
}

func (c *condition) holds(id string) bool {
	if c.parts == nil {
		return slices.Contains(c.ids, id) != c.not
	}
	holds := func(part condition) bool { return part.holds(id) }
	if c.all {
		return !slices.ContainsFunc(c.parts, func(part condition) bool { return !holds(part) })
	}
	return slices.ContainsFunc(c.parts, holds)
}

// named appends the OCIDs that a condition names.
func (c *condition) named(to []string) []string {
	to = append(to, c.ids...)
	for i := range c.parts {
		to = c.parts[i].named(to)
	}
	return to
}
