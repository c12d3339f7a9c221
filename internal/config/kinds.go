package config

import (
	"slices"
	"strings"
	"time"
)

// The kinds of integrations.
const (
	KindOICAudit = "oic-audit" // design-time audit records of Oracle Integration
)

// kind says how the keys of one kind of integration are read. Every kind has
// kind, every, archive and upload; the rest is its own.
type kind struct {
	name string
	// connections are the types of connection it may read from; none: it needs no connection.
	connections []string
	// mixed: the records of several logs come in one stream, so an upload may
	// say which types of event are its own.
	mixed bool
	// read takes the kind's own keys and checks them.
	read func(s *section, in *Integration)
}

// kinds lists what can be collected. cmd/ledgerline has a constructor for each.
func kinds() []kind {
	return []kind{
		{name: KindOICAudit, connections: []string{"oic"}, read: readOICAudit},
		{name: KindOCILogging, connections: []string{"oci"}, mixed: true, read: readLogging},
		{name: KindObjectStorage, connections: []string{"oci"}, mixed: true, read: readObjectStorage},
		{name: KindOICMetrics, connections: []string{"oci"}, read: readMetrics},
		{name: KindOICInstances, connections: []string{"oic"}, read: readMonitor},
		{name: KindOICActivity, connections: []string{"oic"}, read: readMonitor},
		{name: KindFiles, mixed: true, read: readFiles},
		{name: KindStreaming, mixed: true, read: readStreaming},
	}
}

// Kinds names what can be collected.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// kind takes the key kind. What is misspelt is read as the kind it most likely
// means, so that all problems come at once.
func (s *section) kind() kind {
	all := Kinds()
	name := s.need("kind", KindOICAudit)
	i := slices.Index(all, name)
	if i < 0 && name != "" {
		s.r.problem(s.lineAt("kind"), "%s: %q is not known; write one of %s", s.at("kind"), name, strings.Join(all, ", "))
		if like, ok := nearest(name, all); ok {
			i = slices.Index(all, like)
		}
	}
	if i < 0 {
		return kind{}
	}
	return kinds()[i]
}

const (
	defaultEvery   = 5 * time.Minute
	defaultOverlap = 10 * time.Minute
)

func readOICAudit(s *section, in *Integration) {
	in.PageSize = s.whole("page_size", 100, 1, 1000)
	in.MaxOffset = s.whole("max_offset", 0, 0, 1_000_000_000)
	in.Backfill = s.oneOf("backfill", "retention", "3d", "none")
	in.Overlap = s.duration("overlap", defaultOverlap, 0)
}
