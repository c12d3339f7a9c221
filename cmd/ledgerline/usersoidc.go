package main

import (
	"ledgerline/internal/config"
	"ledgerline/internal/login"
)

// oidcOptions is the identity provider of the configuration, if there is one.
func oidcOptions(c *config.OIDC) *login.OIDC {
	if c == nil {
		return nil
	}
	return &login.OIDC{Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), Scopes: c.Scopes, GroupsClaim: c.GroupsClaim, NameClaim: c.NameClaim}
}
