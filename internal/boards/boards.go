// Package boards is about dashboards and their saved searches in the format in which
// Oracle's Management Dashboard service exports them (POST
// /20200901/actions/exportDashboard): it reads, checks and completes them, stores
// files of them in the catalogue, and holds those that come with the program, one
// file each. What is exported here can be imported there.
//
// The saved searches OOBSS-log-analytics-… stand in for those that Oracle's own
// dashboards of Oracle Integration name but its public files do not hold. They
// bear Oracle's ids, so that an imported dashboard finds them; the queries are ours.
package boards

import (
	"embed"
	"fmt"
)

//go:embed *.json
var files embed.FS

// Files returns the files, in the order of their names.
func Files() ([][]byte, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("built-in dashboards: %w", err)
	}
	out := make([][]byte, len(entries))
	for i, e := range entries {
		if out[i], err = files.ReadFile(e.Name()); err != nil {
			return nil, fmt.Errorf("built-in dashboards: %w", err)
		}
	}
	return out, nil
}
