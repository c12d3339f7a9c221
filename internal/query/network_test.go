package query

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

// TestCIDRMatchAgreesWithNetip compares with Go's own reading of addresses.
func TestCIDRMatchAgreesWithNetip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	random := func() string {
		switch r.IntN(5) {
		case 0:
			return fmt.Sprintf("10.%d.%d.%d", r.IntN(3), r.IntN(256), r.IntN(256))
		case 1:
			var b [16]byte
			for i := range b {
				if r.IntN(3) == 0 {
					b[i] = byte(r.IntN(256))
				}
			}
			b[0], b[1] = 0x20, 1
			return netip.AddrFrom16(b).String()
		case 2:
			return netip.AddrFrom16([16]byte{10: 0xff, 11: 0xff, 12: 10, 13: byte(r.IntN(3)), 15: 1}).String()
		default: // mostly not an address
			var b strings.Builder
			for range r.IntN(12) {
				b.WriteString([]string{":", "::", ".", "1", "ff", "256", "0", "10", "g", "::ffff:", "%", "'"}[r.IntN(12)])
			}
			return b.String()
		}
	}
	addresses := []string{"", "10.0.0.1", "10.0.0.256", "010.0.0.1", "10.0.0", "::", "::1", "1::2::3", "1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8::", "::ffff:10.0.0.1", "::ffff:a00:1", "64:ff9b::10.0.0.1", "2001:DB8::1",
		"fe80::1%eth0", "1:2:3:4:5:6:10.0.0.1", "1:2:3:4:5:6:7:10.0.0.1", "10.0.0.1 ", "10.0.0.1/8", ":1", "1:", "12345::", "' or 1=1"}
	for range 400 {
		addresses = append(addresses, random())
	}
	networks := []string{"10.0.0.0/8", "10.1.0.0/17", "10.0.0.1/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001::/18", "::ffff:10.0.0.0/104"}
	var recs []rec
	for i, a := range addresses {
		recs = append(recs, rec{ago: 1 + float64(i)/100, text: "x", fields: map[string]any{"Source IP": a, "Endpoint": networks[i%7]}})
	}
	st := newStore(t)
	ingest(t, st, 1, recs)
	e := newEngine(st)
	within := func(address, network string) int64 {
		a, err := netip.ParseAddr(address)
		p := netip.MustParsePrefix(network)
		if p.Addr().Is4In6() {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if err == nil && a.Zone() == "" && p.Contains(a.Unmap()) {
			return 1
		}
		return 0
	}
	query := "* | eval any = cidrmatch('Source IP', '10.0.0.0/24', '2001:db8::/33'), own = cidrmatch('Source IP', Endpoint)"
	for i, n := range networks {
		query += fmt.Sprintf(", n%d = cidrmatch('Source IP', '%s')", i, n)
	}
	res := ask(t, e, query+" | sort -Time | fields -*, 'Source IP', Endpoint, any, own, n*")
	if len(res.Rows) != len(addresses) {
		t.Fatal(len(res.Rows))
	}
	hits := 0
	for _, row := range res.Rows {
		a, _ := row[0].(string)
		want := []any{max(within(a, "10.0.0.0/24"), within(a, "2001:db8::/33")), within(a, row[1].(string))}
		for _, n := range networks {
			want = append(want, within(a, n))
		}
		for i, w := range want {
			if row[i+2] != w {
				t.Errorf("%q, test %d (own network %s): %v, want %v", a, i, row[1], row[i+2], w)
			}
			if w == int64(1) {
				hits++
			}
		}
	}
	if hits < 100 {
		t.Errorf("only %d tests were true", hits)
	}
}
