package compile

import "fmt"

// Addresses as the engine's regular expressions know them: no leading zeros in
// the parts of an IPv4 address, one :: in an IPv6 address, whose last part may
// be an IPv4 address (RFC 4291, section 2.2).
const (
	octet = `(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
	ipv4  = octet + `(?:\.` + octet + `){3}`
	group = `[0-9a-f]{1,4}`
	ipv6  = `(?:` + group + `(?::` + group + `)*)?::(?:(?:` + group + `:)*(?:` + group + `|` + ipv4 + `))?|(?:` + group + `:)+(?:` + group + `|` + ipv4 + `)`
)

// addressBits writes an IP address as text of its bits behind the digit of its
// version, so that a network is a prefix. An IPv4 address mapped into IPv6 is
// the IPv4 address. Text that is no address is null.
func addressBits(address string) string {
	octets := func(s string) string {
		return "array_to_string(list_transform(string_split(" + s + ", '.'), lambda o: lpad(bin(TRY_CAST(o AS BIGINT)), 8, '0')), '')"
	}
	groups := func(s string) string {
		return "coalesce(array_to_string(list_transform(string_split(" + s + ", ':'), lambda g: CASE WHEN contains(g, '.') THEN " + octets("g") +
			" ELSE lpad(bin(TRY_CAST('0x' || g AS BIGINT)), 16, '0') END), ''), '')"
	}
	// A list of one value gives the value a name.
	halves := "[struct_pack(l := " + groups("split_part(s, '::', 1)") + ", r := " + groups("split_part(s, '::', 2)") + ", gap := contains(s, '::'))]"
	whole := "list_transform(" + halves + ", lambda h: CASE WHEN h.gap AND len(h.l) + len(h.r) <= 112 OR len(h.l) = 128 AND NOT h.gap " +
		"THEN h.l || repeat('0', 128 - len(h.l) - len(h.r)) || h.r END)"
	mapped := "repeat('0', 80) || repeat('1', 16)"
	return fmt.Sprintf("list_transform([lower(%s)], lambda s: CASE WHEN regexp_matches(s, %s) THEN '4' || %s WHEN regexp_matches(s, %s) THEN "+
		"list_transform(%s, lambda b: CASE WHEN starts_with(b, %s) THEN '4' || substring(b, 97) ELSE '6' || b END)[1] END)[1]",
		address, text("^"+ipv4+"$"), octets("s"), text("^(?:"+ipv6+")$"), whole, mapped)
}
