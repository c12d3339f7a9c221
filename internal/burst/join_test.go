package burst

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

const (
	ecidA = "5a7e0c11-22aa-4bcd-8e9f-001122334455-0000c3d4"
	ecidB = "5a7e0c11-22aa-4bcd-8e9f-001122334455-0000c3d5" // the same root
	ecidC = "99999999-22aa-4bcd-8e9f-001122334455-00000001"
)

func ptr[T any](v T) *T { return &v }

// said makes a message of a kind as messageOf would.
func said(k Kind, at int64, ecid string, change ...func(*Message)) Message {
	m := Message{Kind: k, Time: at, ECID: ecid, Instance: "OAC", Group: "g", User: "ana", ID: fmt.Sprintf("%s %d %d", ecid, k, at)}
	for _, f := range change {
		f(&m)
	}
	return m
}

func hash(l string) func(*Message)    { return func(m *Message) { m.LogicalHash = l } }
func query(id string) func(*Message)  { return func(m *Message) { m.QueryID = id } }
func user(name string) func(*Message) { return func(m *Message) { m.User = name } }

// shape tells which kinds of messages the queries have, and how they were joined.
func shape(queries []Query) (out []string) {
	for _, q := range queries {
		s := q.Method.String() + ":"
		for _, m := range q.Messages {
			s += fmt.Sprintf(" %d@%d", m.Kind, m.Time)
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func TestJoin(t *testing.T) {
	for name, tc := range map[string]struct {
		in   []Message
		want []string
	}{
		"a burst": {
			[]Message{said(Request, 1, ecidA, hash("a")), said(Sent, 2, ecidA, hash("a"), query("7")), said(Rows, 3, ecidA, query("7")), said(Logical, 4, ecidA)},
			[]string{"ECID: 0@1 2@2 4@3 8@4"},
		},
		"the tail of the ECID changes": {
			[]Message{said(Request, 1, ecidA, hash("a")), said(Rows, 3, ecidB, query("7")), said(Logical, 4, ecidB)},
			[]string{"ECID: 0@1 4@3 8@4"},
		},
		"two requests of a dashboard, told apart by the whole ECID": {
			[]Message{said(Request, 1, ecidA, hash("a")), said(Request, 2, ecidB, hash("b")), said(Logical, 5, ecidA), said(Logical, 6, ecidB)},
			[]string{"ECID: 0@1 8@5", "ECID: 0@2 8@6"},
		},
		"two requests under one ECID, told apart by hash and query id": {
			[]Message{said(Request, 1, ecidA, hash("a")), said(Request, 2, ecidA, hash("b")), said(Sent, 3, ecidA, hash("b"), query("8")),
				said(Sent, 4, ecidA, hash("a"), query("7")), said(Rows, 5, ecidA, query("8")), said(Rows, 6, ecidA, query("7"))},
			[]string{"Request Hash: 0@1 2@4 4@6", "Request Hash: 0@2 2@3 4@5"},
		},
		"two requests under one ECID, one after the other": {
			[]Message{said(Request, 1, ecidA, hash("a")), said(Logical, 4, ecidA), said(Request, 5, ecidA, hash("a")), said(Logical, 9, ecidA)},
			[]string{"User and Time: 0@1 8@4", "User and Time: 0@5 8@9"},
		},
		"closed under another ECID, found by the query id": {
			[]Message{said(Request, 1, ecidA, hash("a")), said(Sent, 2, ecidA, hash("a"), query("7")), said(Rows, 3, ecidC, query("7"), user("")), said(Logical, 4, ecidC, user(""))},
			[]string{"Query ID: 0@1 2@2 4@3 8@4"},
		},
		"found by the hash": {
			[]Message{said(Request, 1, ecidA, hash("a")), said(Sent, 2, ecidC, hash("a"), query("7"), user("")), said(Logical, 4, ecidC, user(""))},
			[]string{"Request Hash: 0@1 2@2 8@4"},
		},
		"the hash 0 says nothing": {
			[]Message{said(Request, 1, ecidA, hash("0")), said(Sent, 2, ecidC, hash("0"), query("7"), user("bo"))},
			[]string{"ECID: 0@1", "ECID: 2@2"},
		},
		"found by user and time": {
			[]Message{said(Request, 1, ecidA), said(Request, 2, "x", user("bo")), said(Logical, 4, ecidC)},
			[]string{"ECID: 0@2", "User and Time: 0@1 8@4"},
		},
		"too late for user and time": {
			[]Message{said(Request, 1, ecidA), said(Logical, 2+reach.Milliseconds(), ecidC)},
			[]string{"ECID: 0@1", "ECID: 8@600002"},
		},
		"closed already": {
			[]Message{said(Request, 1, ecidA), said(Logical, 2, ecidA), said(Logical, 3, ecidC)},
			[]string{"ECID: 0@1 8@2", "ECID: 8@3"},
		},
		"no ECID at all": {
			[]Message{said(Request, 1, ""), said(Logical, 4, "")},
			[]string{"User and Time: 0@1 8@4"},
		},
		"log groups never mix": {
			[]Message{said(Request, 1, ecidA), said(Logical, 4, ecidA, func(m *Message) { m.Group = "other" })},
			[]string{"ECID: 0@1", "ECID: 8@4"},
		},
		"instances never mix": {
			[]Message{said(Request, 1, ecidA), said(Logical, 4, ecidA, func(m *Message) { m.Instance = "other" })},
			[]string{"ECID: 0@1", "ECID: 8@4"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				rand.Shuffle(len(tc.in), func(i, k int) { tc.in[i], tc.in[k] = tc.in[k], tc.in[i] })
				if got := shape(Join(tc.in)); !reflect.DeepEqual(got, tc.want) {
					t.Fatalf("%q, want %q", got, tc.want)
				}
			}
		})
	}
}

// Whatever comes, in whatever order: every message belongs to exactly one query,
// and the outcome does not depend on the order.
func TestJoinLosesNothing(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		pick := func(from ...string) string { return from[r.IntN(len(from))] }
		var in []Message
		for i := range 2 + r.IntN(30) {
			in = append(in, Message{ID: fmt.Sprint(i), Kind: Kind(r.IntN(kindCount)), Time: r.Int64N(2_000_000), Instance: pick("x", "y"), Group: pick("g", "h"),
				ECID: pick("", ecidA, ecidB, ecidC), User: pick("", "ana", "bo"), LogicalHash: pick("", "0", "a", "b"), PhysicalHash: pick("", "0", "p"), QueryID: pick("", "1", "2", "3")})
		}
		want := Join(in)
		seen := map[string]int{}
		for _, q := range want {
			if len(q.Messages) == 0 {
				t.Fatal("a query of nothing")
			}
			for _, m := range q.Messages {
				seen[m.ID]++
				if m.place() != q.Messages[0].place() {
					t.Fatal("places mixed")
				}
			}
		}
		for _, m := range in {
			if seen[m.ID] != 1 {
				t.Fatalf("seed %d: message %s is in %d queries", seed, m.ID, seen[m.ID])
			}
		}
		r.Shuffle(len(in), func(i, k int) { in[i], in[k] = in[k], in[i] })
		if got := Join(in); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: another order gives\n%v\nnot\n%v", seed, shape(got), shape(want))
		}
	}
}

// Rows and bytes add up over the physical queries, times do not.
func TestRecord(t *testing.T) {
	q := Query{Messages: []Message{
		said(Request, 1714554931611, ecidA, hash("1f"), func(m *Message) { m.Text.Dashboard, m.Text.SQL = "/shared/d", "SELECT 1" }),
		said(Sent, 1714554931612, ecidA, hash("1f"), query("7"), func(m *Message) { m.PhysicalHash, m.Text.Database = "p", "ADW" }),
		said(Sent, 1714554931612, ecidA, hash("1f"), query("8"), func(m *Message) { m.PhysicalHash, m.Text.Database = "q", "ADW" }),
		said(Rows, 1714554931613, ecidA, query("7"), func(m *Message) { m.Number = Counts{Rows: ptr(int64(10)), Bytes: ptr(int64(100))} }),
		said(Rows, 1714554931613, ecidA, query("8"), func(m *Message) { m.Number = Counts{Rows: ptr(int64(2)), Bytes: ptr(int64(20))} }),
		said(Answered, 1714554931613, ecidA, query("7"), func(m *Message) { m.Number.Answer = ptr(0.25) }),
		said(Answered, 1714554931613, ecidA, query("8"), func(m *Message) { m.Number.Answer = ptr(0.5) }),
		said(Logical, 1714554931614, ecidB, func(m *Message) { m.Number = Counts{Elapsed: ptr(0.75), Compile: ptr(0.0)} }),
	}}
	want := Record{Time: "2024-05-01T09:15:31.611Z", Instance: "OAC", ECID: ecidA, User: "ana", LogicalHash: "1f", PhysicalHash: "p, q", QueryID: "7, 8",
		Texts:    Texts{Dashboard: "/shared/d", Database: "ADW", SQL: "SELECT 1"},
		Counts:   Counts{Rows: ptr(int64(12)), Bytes: ptr(int64(120)), Queries: ptr(int64(2)), Answer: ptr(0.5), Elapsed: ptr(0.75), Compile: ptr(0.0)},
		Messages: 8, JoinedBy: "ECID", Complete: 1}
	if got := q.record(); !reflect.DeepEqual(got, want) {
		t.Errorf("\n%+v, want\n%+v", got, want)
	}
}

func FuzzJoin(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Fuzz(func(t *testing.T, b []byte) {
		var in []Message
		for i := 0; i+3 <= len(b) && i < 300; i += 3 {
			in = append(in, Message{ID: fmt.Sprint(i), Kind: Kind(b[i] % kindCount), Time: int64(b[i+1]) * 10_000, ECID: []string{"", ecidA, ecidB, ecidC}[b[i+2]%4],
				User: []string{"", "ana"}[b[i+2]>>2%2], LogicalHash: []string{"", "0", "a", "b"}[b[i+2]>>3%4], QueryID: []string{"", "1", "2", "3"}[b[i+2]>>5%4]})
		}
		n := 0
		for _, q := range Join(in) {
			n += len(q.Messages)
			q.record()
		}
		if n != len(in) {
			t.Fatalf("%d messages became %d", len(in), n)
		}
	})
}
