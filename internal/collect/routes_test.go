package collect

import "testing"

func TestRoutesTakeTheFirstThatMatches(t *testing.T) {
	r := Routes{Own: "bucket", Named: []Route{
		{Stream: "bucket.audit", Types: []string{"com.oraclecloud.analytics.*.audit", "exact"}},
		{Stream: "bucket.analytics", Types: []string{"com.oraclecloud.analytics.*"}},
	}}
	for _, c := range []struct {
		event, stream string
		taken         bool
	}{
		{"com.oraclecloud.analytics.analyticsinstance.audit", "bucket.audit", true},
		{"com.oraclecloud.analytics.analyticsinstance.diagnostic", "bucket.analytics", true},
		{"exact", "bucket.audit", true},
		{"exactly", "bucket", false},
		{"", "bucket", false},
	} {
		if stream, taken := r.of(c.event); stream != c.stream || taken != c.taken {
			t.Errorf("%q goes to %s, taken %v; want %s, %v", c.event, stream, taken, c.stream, c.taken)
		}
	}
}
