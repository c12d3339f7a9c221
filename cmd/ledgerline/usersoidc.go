package main

import (
	"ledgerline/internal/api"
	"ledgerline/internal/config"
)

// oidcOptions is the identity provider of the configuration, if there is one.
func oidcOptions(c *config.OIDC) *api.OIDC {
	if c == nil {
		return nil
	}
	return &api.OIDC{Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), Scopes: c.Scopes, GroupsClaim: c.GroupsClaim, NameClaim: c.NameClaim}
}
