package config

// The kinds that read the monitoring API of Oracle Integration, for tenancies
// without OCI Logging.
const (
	KindOICInstances = "oic-instances" // instances of integrations, in each state that is met
	KindOICActivity  = "oic-activity"  // the steps that instances took
)

func readMonitor(s *section, in *Integration) {
	in.PageSize = s.whole("page_size", 50, 1, 1000)
	in.Backfill = s.oneOf("backfill", "retention", "3d", "none")
	in.Overlap = s.duration("overlap", defaultOverlap, 0)
}
