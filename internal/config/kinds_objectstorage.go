package config

import "strings"

// KindObjectStorage reads what Connector Hub leaves in a bucket.
const KindObjectStorage = "object-storage"

// ObjectStorage says which objects are read: <prefix>/<connector>/<from>_<to>.<n>.log.gz.
type ObjectStorage struct {
	Namespace, Bucket, Prefix string
	// Compartment holds the logs that are moved, for check to look whether they
	// are switched on; empty: somewhere in the tenancy.
	Compartment string
}

func readObjectStorage(s *section, in *Integration) {
	in.Objects = &ObjectStorage{
		Namespace: s.need("namespace", "ns"),
		Bucket:    s.need("bucket", "oac-logs"),
		Prefix:    s.str("prefix", ""),

		Compartment: s.str("compartment", ""),
	}
	s.checkCompartment("compartment", in.Objects.Compartment)
	a, o := in.Archive, in.Objects
	if a != nil && a.Namespace == o.Namespace && a.Bucket == o.Bucket && strings.HasPrefix(a.Prefix, o.Prefix) {
		s.r.problem(s.lineAt("archive"), "%s lies where the records are read from; archive to another bucket or prefix", s.at("archive"))
	}
}
