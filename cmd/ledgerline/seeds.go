package main

import (
	"ledgerline/internal/catalog"
	"ledgerline/internal/config"
)

// seeds are the log groups and keys of the configuration, which the catalogue
// shows and never changes.
func seeds(s *config.Server) catalog.Seeds {
	out := catalog.Seeds{Tenancy: s.Tenancy, Audit: s.Access.Audit, Groups: map[string][]string{}}
	for _, g := range s.LogGroups {
		out.LogGroups = append(out.LogGroups, catalog.SeedGroup{ID: g.ID, Name: g.Name})
	}
	for _, u := range s.Users {
		out.Keys = append(out.Keys, catalog.Key{User: u.User, Fingerprint: u.Fingerprint, Public: u.PublicKey})
		if u.Groups != nil {
			out.Groups[u.User] = append(out.Groups[u.User], u.Groups...)
		}
	}
	return out
}
