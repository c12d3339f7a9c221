package syntax

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// accepted is the acceptance list of the language reference, section 16.
var accepted = `
*
error and not timeout
'disk full' or Severity in (fatal, error)
Severity = fatal status=500 host?
'Log Source' like in ('Linux*', '%VCN%') and 'User ID' not like in (svc_bot, 'app%')
'Error ID' not in ('e-0', null) and Path != null
Time > dateRelative(8hour) and ('Log Group' = Prod or Entity like 'web%')
Time between * and * | stats latest(Time) as Last by 'User Name' | where Last < dateRelative(30day)
Time between '2024-06-23T21:15:14Z' and '2024-07-16T08:50:52Z' | timestats count
'Log Source' = Shop and [ Verdict = bad | distinct 'Order ID' ] | link 'Order ID'
[ searchlookup table = blocked | distinct ip | rename ip as 'Source IP' ] | timestats count
init { $c = 'east' } init { $p = '$c' || '-node-' } * | eval N = replace(Node, '$p', '')
* | stats count, trend(count) by Entity | compare timeshift = auto
* | stats distinctcount(Node), trend(distinctcount(Node), 1hour)
* | stats count as n, pct('GPU Temperature', 95) as p95 by Entity, Status | sort -n, Entity | head 20
* | stats count by 'Source IP' | top Count
* | stats max(x) as m by j | top 10 m
* | top limit = -1 'Log Source'
* | timestats span = 5minute name = 'Rate' avg(E) as A, max(E) by X | sort -A
* | eval r = if(a >= 0.75, High, a >= 0.4, Low, 'Very Low') | stats count by r
* | eval ok = Desired - Ready = 0 | where ok = 1
* | eval m = round((now() - Time) / 60000) | stats min(m) as 'Minutes' by 'Log Source'
* | eval t = Currency || ' ' || (Total) | fields -*, t, Time as Date
* | where substr(formatDate(Time, 'MM/dd/yyyy'), 0, 2) = '06' or Code in ('a', 'b')
* | extract field = 'Event Type' 'object data (?P<Action Type>.*)' | stats count by 'Action Type'
* | lookup table = T maxmatches = 5 select a, b as 'B c' using k = 'Key Name', h
* | link includenulls = true span = 1minute Time, Path, 'Source IP' | stats unique(Status) as Status
* | link Node, cluster() | where 'Potential Issue' = '1' | nlp keywords('Cluster Sample') as K
* | link A | addfields [ B = x and C != null | stats distinctcount(B) as n ], [ * | where n > 1 | eventstats count(A) as m ]
* | link A | eventstats ifnull(max(n), 0) as n, distinctcount(RawField) as d by A
* | link A | sequence name = S span = 5min [ R = fail ]{5,} then [ R = ok ]{1,} select F, G as H
* | link A | createview [ * | where B != null | rename A as A1 ] as V | map [ * | where A = A1 | eval D = B ] using V
* | link A | createtable name = 'T' select A, literal(const) as K, Count as N
* | link A | highlightgroups color = #32A852 priority = high [ * | where S = on ] as Good
* | link A | classify topcount = 300 correlate = -*, X, Y 'Start Time', Count as 'My Chart'
* | link A | fields target = ui -'Total_*', Count as Records
* | link A | delta step = 2 field = 'End Time' 'Start Time' as Gap | dedup count = 2 A
* | link span = 1day Time, Act | timecluster name = 'C' sum(Count) as R by Act
'Entity Type' = 'Host (Linux)' | clustercompare timeshift = -12hour size = 12hour
Time > dateRelative(8hour) | clustercompare [ Time between dateRelative(16hour) and dateRelative(8hour) ]
* | cluster similarity = 0.8 | sort Count
* | geostats include = client,server distinctcount('User ID') as n by Status
* | bucket 'Query Duration' fast = 0-1000, medium = 1001-5000, others = slow
searchlookup table = T | search severity = info | fields -*, errid, msg
severity = fatal | addinsights | where 'Shape ID' = -1845058765
* | timestats span=1d count | timecompare shift=1w
* | timestats span = 1h topcount = 5 persecond('Content Size') as Rate by Entity
* | rare limit = -1 showcount = true showpercent = true 'Log Source'
* | cluster | top Count
* | link Entity | stats avg(x) as a | compare fields = a timerange = '2018-06-07T00:00:00Z' to '2018-06-14T00:00:00Z' as T1
* | link Entity | stats avg(x) as a | compare timeshift = -7d count = 2
* | link Entity | stats avg(x) as a | compare timeshift = auto count = 2
Time > dateAdd(now(), hour, -2) | timestats count
* | link includenulls = true 'Log Source', Entity, cluster() | eval D = 'Query End Time' - 'Query Start Time'
* | link | bucket 'Group Duration' | timestats count by 'Group Duration'
* | eval P = unit(Price, currency_usd_k) | eval U = url('https://host/?q=' || Id, toString(N))
10.0.0.1 or 404errors
* | createTable name = x select a
`

func acceptedQueries() []string { return strings.Split(strings.TrimSpace(accepted), "\n") }

func TestAcceptedParse(t *testing.T) {
	for _, text := range acceptedQueries() {
		roundTrip(t, text)
	}
}

// The queries of published dashboards are not part of the project.
func TestRealQueriesParse(t *testing.T) {
	shared := os.Getenv("LEDGERLINE_SHARED")
	if shared == "" {
		shared = "../../../../shared/data"
	}
	f, err := os.Open(filepath.Join(shared, "queries.jsonl"))
	if err != nil {
		t.Skipf("no published queries to read (LEDGERLINE_SHARED): %v", err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		var line struct{ Query string }
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		roundTrip(t, line.Query)
	}
	if n == 0 {
		t.Error("the file holds no query")
	}
}

// roundTrip checks that what is printed reads as the same tree and prints as
// the same text.
func roundTrip(t *testing.T, text string) {
	t.Helper()
	q, err := Parse(text)
	if err != nil {
		t.Errorf("%s\n%v", text, err)
		return
	}
	printed := q.String()
	again, err := Parse(printed)
	if err != nil {
		t.Errorf("%s\nprints as\n%s\nwhich does not parse:\n%v", text, printed, err)
		return
	}
	if diff := difference(q, again); diff != "" {
		t.Errorf("%s\nprints as\n%s\nwhich differs: %s", text, printed, diff)
	}
	if s := again.String(); s != printed {
		t.Errorf("%s\nprints first as\n%s\nthen as\n%s", text, printed, s)
	}
	checkSpans(t, text, q)
}
