package plan

import (
	"net/netip"
	"strings"

	"ledgerline/internal/query/syntax"
)

// cidrMatch tests whether an IP address, of either version, is within one of
// several networks. What is no address is in none.
func (p *planner) cidrMatch(x *syntax.Call, texts []Expr) Expr {
	address := call(AddressBits, String, texts[0])
	var any []Expr
	for i, n := range texts[1:] {
		if c, ok := n.(*Const); ok {
			s, _ := c.Value.(string)
			bits, ok := networkBits(s)
			if !ok {
				p.report(x.Args[i+1], "Invalid network for cidrmatch: %s; write it like '10.0.0.0/8'", s)
				return nil
			}
			any = append(any, test(Starts, address, text(bits)))
			continue
		}
		any = append(any, inNetworkOf(address, n))
	}
	return disjunction(any)
}

// inNetworkOf tests against a network that is known row by row only. There,
// a network of IPv4 addresses is not written as one of IPv6.
func inNetworkOf(address, network Expr) Expr {
	const form = `^\s*([^/\s]+)/(\d{1,3})\s*$`
	part := func(n int64) Expr { return call(Extract, String, network, text(form), whole(n)) }
	bits, length := call(AddressBits, String, part(1)), call(ToInt, Int, part(2))
	prefix := call(Substr, String, bits, whole(0), call(Add, Int, length, whole(1)))
	return test(And, test(Lt, length, call(Length, Int, bits)), test(Starts, address, prefix))
}

// networkBits is the prefix that AddressBits of the addresses in a network have.
func networkBits(s string) (string, bool) {
	n, err := netip.ParsePrefix(strings.TrimSpace(s))
	if err != nil {
		return "", false
	}
	addr, length := n.Addr(), n.Bits()
	if addr.Is4In6() {
		if length < 96 {
			return "", false
		}
		addr, length = addr.Unmap(), length-96
	}
	var b strings.Builder
	b.WriteByte('6')
	if addr.Is4() {
		b.Reset()
		b.WriteByte('4')
	}
	bytes := addr.AsSlice()
	for i := range length {
		b.WriteByte('0' + bytes[i/8]>>(7-i%8)&1)
	}
	return b.String(), true
}
