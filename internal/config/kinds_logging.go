package config

import (
	"strings"
	"time"
)

// KindOCILogging reads any log of OCI Logging by its search.
const KindOCILogging = "oci-logging"

// Logging says which logs of OCI Logging are searched, and how.
type Logging struct {
	Compartment string // OCID
	LogGroup    string // OCID or name; empty: all of the compartment
	Log         string // OCID or name; empty: all of the log group
	Where       string // a condition of the search language; empty: all records
	PageSize    int
	Backfill    time.Duration // how far back the first run reads
	Overlap     time.Duration // how far each run reads back for records that appear late
}

// Query is the search for the records, unsorted.
func (l Logging) Query() string {
	scope := l.Compartment
	for _, part := range []string{l.LogGroup, l.Log} {
		if part != "" {
			scope += "/" + part
		}
	}
	q := `search "` + scope + `"`
	if l.Where != "" {
		q += " | where " + l.Where
	}
	return q
}

// longestLogRetention is the longest that a log object of OCI Logging keeps its records.
const longestLogRetention = 180 * Day

func readLogging(s *section, in *Integration) {
	l := &Logging{
		Compartment: s.need("compartment", "ocid1.compartment.oc1..x"),
		LogGroup:    s.str("log_group", ""),
		Log:         s.str("log", ""),
		Where:       s.str("where", ""),
		PageSize:    s.whole("page_size", 1000, 1, 1000),
		Backfill:    s.backfill(longestLogRetention),
		Overlap:     s.duration("overlap", defaultOverlap, 0),
	}
	s.checkCompartment("compartment", l.Compartment)
	for key, value := range map[string]string{"log_group": l.LogGroup, "log": l.Log} {
		if strings.ContainsAny(value, "\"/\\\r\n") {
			s.r.problem(s.lineAt(key), "%s is %q; write the OCID or the name, without quotes or slashes", s.at(key), value)
		}
	}
	if l.Log != "" && l.LogGroup == "" {
		s.r.problem(s.lineAt("log"), "%s needs log_group beside it; write the log group that holds the log", s.at("log"))
	}
	if strings.ContainsAny(l.Where, "|\r\n") {
		s.r.problem(s.lineAt("where"), "%s must be one condition, without |; write for instance type = 'com.oraclecloud.analytics.analyticsinstance.audit'", s.at("where"))
	}
	in.Logging = l
}

// backfill reads how far back the first run goes: retention, none, or a duration.
func (s *section) backfill(retention time.Duration) time.Duration {
	switch s.str("backfill", "retention") {
	case "retention":
		return retention
	case "none":
		return 0
	}
	d := s.duration("backfill", retention, 0)
	if d > retention {
		s.r.problem(s.lineAt("backfill"), "%s is longer than the service keeps anything; write retention, none, or at most %.0fd", s.at("backfill"), retention.Hours()/24)
	}
	return d
}

// checkCompartment takes the OCID of a compartment, or of the tenancy for its root compartment.
func (s *section) checkCompartment(key, value string) {
	if strings.HasPrefix(value, "ocid1.tenancy.") {
		s.checkOCID(key, value, "tenancy")
		return
	}
	s.checkOCID(key, value, "compartment")
}
