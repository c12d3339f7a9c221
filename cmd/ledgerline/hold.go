package main

import (
	"cmp"
	"slices"

	"ledgerline/internal/config"
)

// held reports whether a log group is under legal hold.
func (n *node) held(group string) bool { return n.cfg.Server != nil && n.cfg.Server.Held(group) }

// holds reports whether the stage files of an integration are under legal hold:
// what it puts into a held log group of this server. Received uploads and imports
// name their log groups one by one, so that any hold keeps all of them.
func (n *node) holds(integration string) bool {
	if n.cfg.Server == nil || !n.cfg.Server.Holds() {
		return false
	}
	for _, in := range n.cfg.Integrations {
		for _, stream := range in.Streams() {
			if stream.Name == integration {
				return slices.ContainsFunc(stream.Uploads, func(u config.Upload) bool {
					return u.Connection == config.LocalConnection && n.held(cmp.Or(u.LogGroup, n.defaultGroup))
				})
			}
		}
	}
	return true
}
