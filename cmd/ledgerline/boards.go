package main

import (
	"context"

	"ledgerline/internal/boards"
)

// installBoards stores the dashboards that come with this program, or with a
// newer one than last time.
func (n *node) installBoards(ctx context.Context) error {
	files, err := boards.Files()
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := n.server.InstallDashboards(ctx, file); err != nil {
			return err
		}
	}
	return nil
}
