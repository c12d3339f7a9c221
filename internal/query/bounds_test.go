package query

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// TestWrongInput: each is a clear error or a right answer, never a crash.
func TestWrongInput(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, []rec{{ago: 5, text: "one", fields: map[string]any{"Content Size Out": 4, "Message": strings.Repeat("a", 3000)}}})
	e := newEngine(st)
	for name, q := range map[string]string{
		"a megabyte":            "'" + strings.Repeat("x", 1<<20) + "' | stats count",
		"many parentheses":      strings.Repeat("(", 10_000) + "x" + strings.Repeat(")", 10_000),
		"many pipes":            "*" + strings.Repeat(" | head 5", 1000),
		"a regular expression":  "* | extract '(?P<A>(a+)+$)' | fields -*, A",
		"a huge repetition":     "* | extract '(?P<A>(a{1000}){1000})'",
		"a backreference":       `* | regex Message = '(a)\1'`,
		"division by zero":      "* | eval x = 1 / 0, y = 1 % 0 | fields -*, x, y",
		"a number too large":    "'Content Size Out' = 99999999999999999999 | stats count",
		"an exponent too large": "* | where Load > 1e999",
		"invalid UTF-8":         "'User Name' = '\xff\xfe' | stats count",
		"a zero byte":           "'User Name' = 'a\x00b' or 'c\x00d' | stats count as 'e\x00f'",
		"a time out of range":   "Time > 99999999999999999999 | stats count",
		"a year too far":        "Time > '99999-01-01' | stats count",
		"a negative head":       "* | head limit = -5 | stats count",
		"a span of a second":    "* | timestats span = 1second count",
		"a long duration":       "Time > dateRelative(99999999999day) | stats count",
		"a long sum":            "* | eval x = 1" + strings.Repeat(" + 1", 3000),
		"many alternatives":     "a" + strings.Repeat(" or b", 3000) + " | stats count",
		"allowed alternatives":  "a" + strings.Repeat(" or b", 99) + " | stats count",
		"many equalities":       "Status = 1" + strings.Repeat(" or 'User Name' = b", 499) + " | stats count",
		"many conditions":       "'User Name' = a" + strings.Repeat(" and 'User Name' != b", 3000) + " | stats count",
		"many negations":        strings.Repeat("not ", 900) + "a | stats count",
		"many values":           "'User Name' in (a" + strings.Repeat(", b", 20_000) + ") | stats count",
		"many aggregates":       "* | stats count" + strings.Repeat(", sum(Load)", 500),
		"deep sub-queries":      strings.Repeat("[ ", 40) + "*" + strings.Repeat(" | distinct Status ]", 40),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := e.Run(ctx, request(q))
			var bad *syntax.Errors
			if err != nil && !errors.As(err, &bad) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSpanOverTenYearsIsRaised(t *testing.T) {
	e := newEngine(newStore(t))
	req := request("* | timestats span = 1second count")
	req.Window.From = testNow.AddDate(-10, 0, 0)
	res, err := e.Run(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(res.Series.Buckets); n < 30 || n > 1000 {
		t.Errorf("%d buckets of %s", n, res.Series.Span)
	}
}

// TestScope: whatever a query says, it reads only the log groups of its scope.
func TestScope(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, []rec{
		{ago: 5, text: "mine", group: groupA, fields: map[string]any{"User Name": "ada"}},
		{ago: 6, text: "theirs", group: groupB, fields: map[string]any{"User Name": "bob"}},
	})
	e := newEngine(st)
	for _, q := range []string{
		"*", "* | stats count", "theirs or mine", "'Log Group' = Beta or *", "[ * | distinct 'User Name' ]", "* | link 'User Name'",
		"not [ 'User Name' = nobody | distinct 'User Name' ]", "* | timestats count", "Time between * and *", "* | head 1",
	} {
		for _, c := range []struct {
			groups []string
			want   int64
		}{{nil, 2}, {[]string{groupA}, 1}, {[]string{}, 0}} {
			req := request(q)
			req.Scope.Groups, req.Matched = c.groups, true
			res, err := e.Run(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if res.Matched != c.want {
				t.Errorf("%s in scope %v: %d records, want %d", q, c.groups, res.Matched, c.want)
			}
			if text := fmt.Sprint(res.Rows); c.groups != nil && strings.Contains(text, "bob") || c.groups != nil && strings.Contains(text, "theirs") {
				t.Errorf("%s in scope %v shows another group's record: %v", q, c.groups, text)
			}
		}
	}
	req := request("* | stats count")
	req.Scope.Filters = []ScopeFilter{{Field: "User Name", Values: []string{"BOB", "x"}}}
	res, err := e.Run(t.Context(), req)
	if err != nil || res.Rows[0][0] != int64(1) {
		t.Errorf("scope filter: %v %v", res, err)
	}
}

func TestEmptyStore(t *testing.T) {
	e := newEngine(newStore(t))
	for q, rows := range map[string]int{
		"*": 0, "* | stats count": 1, "* | stats count by Status": 0, "* | timestats span = 1hour count": 24,
		"* | timestats count by Status": 0, "* | link Status | stats count": 0, "* | head 5": 0, "Time between * and * | timestats count": 0,
	} {
		if res := ask(t, e, q); len(res.Rows) != rows {
			t.Errorf("%s: %d rows, want %d", q, len(res.Rows), rows)
		}
	}
}

func TestLimits(t *testing.T) {
	st := newStore(t)
	var recs []rec
	for i := range 3000 {
		recs = append(recs, rec{ago: float64(i+1) / 10, text: "x"})
	}
	ingest(t, st, 1, recs)
	e := newEngine(st)
	if res := ask(t, e, "*"); len(res.Rows) != DefaultLimit || res.Total != -1 {
		t.Errorf("%d rows, total %d", len(res.Rows), res.Total)
	}
	small := NewEngine(st, testFields(), Options{Clock: func() time.Time { return testNow }, MaxRows: 100})
	req := request("* | sort Time")
	req.Limit = -1
	if _, err := small.Run(t.Context(), req); !errors.Is(err, ErrRows) {
		t.Errorf("want ErrRows, got %v", err)
	}
	n := 0
	err := small.Export(t.Context(), request("*"), func(c []Column) error { return nil }, func([]any) error { n++; return nil })
	if err != nil || n != 3000 {
		t.Errorf("export: %d rows, %v", n, err)
	}
	req = request("*")
	req.Timeout = time.Nanosecond
	if _, err := e.Run(t.Context(), req); !errors.Is(err, ErrDeadline) {
		t.Errorf("want ErrDeadline, got %v", err)
	}
}

// TestWalkAlongTime: reading in slices of time yields what reading at once does.
func TestWalkAlongTime(t *testing.T) {
	segs := [][2]int64{{0, 1000}, {900, 5000}, {10_000, 20_000}}
	st := newStore(t)
	var recs []rec
	for i, s := range segs {
		recs = recs[:0]
		for ms := s[0]; ms <= s[1]; ms += 7 {
			recs = append(recs, rec{at: testNow.Add(-time.Duration(ms) * time.Second), text: fmt.Sprint("r", ms%11)})
		}
		ingest(t, st, i, recs)
	}
	e := newEngine(st)
	for _, c := range []struct {
		query string
		limit int
	}{{"r3 | fields -*, Time, 'Original Log Content' | head 120", 120}, {"r3 or r4 | fields -*, Time, 'Original Log Content'", math.MaxInt},
		{"r3 | fields -*, Time, 'Original Log Content' | sort Time | head 120", 120}, {"r3 or r4 | fields -*, Time, 'Original Log Content' | sort Time", math.MaxInt}} {
		s, err := e.open(t.Context(), request(c.query))
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		if s.plan.ByTime == nil {
			t.Fatal("the plan does not read along time")
		}
		var whole [][]any
		if _, err := s.query(t.Context(), s.plan.Columns, func(r []any) error { whole = append(whole, r); return nil }); err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int64{{1, 1}, {10, 3}, {200, 50}, {100_000, 50}, {1, 100_000}} {
			var got [][]any
			if err := s.walk(t.Context(), s.plan.Columns, c.limit, size[0], size[1], func(r []any) error { got = append(got, r); return nil }); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != fmt.Sprint(whole) {
				t.Errorf("%s, slices of %d: %d rows differ from %d", c.query, size, len(got), len(whole))
			}
		}
	}
}

// TestDaysOfClockChange: on 2026-03-29 Berlin has 23 hours, on 2026-10-25 25.
func TestDaysOfClockChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		day   time.Time
		hours int
	}{{time.Date(2026, 3, 29, 0, 0, 0, 0, berlin), 23}, {time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), 25}} {
		st := newStore(t)
		var recs []rec
		for h := range c.hours { // one record in the middle of each hour
			recs = append(recs, rec{at: c.day.Add(time.Duration(h)*time.Hour + 30*time.Minute), text: "x"})
		}
		ingest(t, st, 1, recs)
		e := newEngine(st)
		req := Request{Text: "* | timestats span = 1hour count", Zone: berlin, Window: record.Window{From: c.day, To: c.day.AddDate(0, 0, 1)}}
		res, err := e.Run(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Rows) != c.hours {
			t.Errorf("%s: %d hours, want %d", c.day, len(res.Rows), c.hours)
		}
		for _, row := range res.Rows {
			if row[1] != int64(1) {
				t.Errorf("%v: %v records in the hour, want 1", row[0], row[1])
			}
		}
		req.Text = "* | timestats span = 1day count"
		req.Window = record.Window{From: c.day.AddDate(0, 0, -1), To: c.day.AddDate(0, 0, 2)}
		if res, err = e.Run(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if len(res.Rows) != 3 || res.Rows[1][1] != int64(c.hours) || !res.Rows[1][0].(time.Time).Equal(c.day) {
			t.Errorf("days: %v", res.Rows)
		}
	}
}

// TestIssueQueries runs the two queries of the recipe word for word.
func TestIssueQueries(t *testing.T) {
	st := newStore(t)
	audit := func(ago float64, user, name, op string) rec {
		return rec{ago: ago, source: "OCI Integration Audit Logs", upload: "oic audit logs push", text: "{}", fields: map[string]any{
			"User Name": user, "OCI Resource Name": name, "Resource Operations": op, "Endpoint": "https://example.com", "Resource Type": "Integration", "Audit Reference": "a"}}
	}
	ingest(t, st, 1, []rec{
		audit(10, "ada", "FLOW", "EDIT"), audit(11, "Ada", "flow", "edit"), audit(12, "bob", "FLOW", "EDIT"), audit(70, "bob", "FLOW", "ACTIVATE"),
		{ago: 3, source: "Other", text: "no", upload: "oic audit logs push", fields: map[string]any{"User Name": "eve"}},
	})
	e := newEngine(st)
	res := ask(t, e, `'Upload Name' = 'oic audit logs push' and 'Log Source' = 'OCI Integration Audit Logs' | fields 'User Name', Endpoint, 'OCI Resource Name', 'Resource Type', 'Audit Reference' | stats count as logrecords by 'User Name', 'OCI Resource Name', 'Resource Operations' | sort -logrecords`)
	want := "[[Ada FLOW EDIT 2] [bob FLOW ACTIVATE 1] [bob FLOW EDIT 1]]"
	if got := fmt.Sprint(res.Rows); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c := res.Columns[3]; c.Name != "logrecords" || c.Internal != "func1_count" || c.Original != "Count" || c.Type != record.Long {
		t.Errorf("column %+v", c)
	}
	res = ask(t, e, `'Log Source' = 'OCI Integration Audit Logs' | timestats count as logrecords by 'Resource Operations' | sort -logrecords`)
	if len(res.Series.Lines) != 2 || res.Series.Lines[0].Key[0] != "EDIT" || res.Series.Lines[1].Key[0] != "ACTIVATE" {
		t.Fatalf("lines %v", res.Series.Lines)
	}
	if len(res.Series.Buckets) != 96 || res.Series.Lines[0].Points[0][95] != int64(3) || res.Series.Lines[1].Points[0][91] != int64(1) {
		t.Errorf("%d buckets: %v", len(res.Series.Buckets), res.Series.Lines)
	}
}
