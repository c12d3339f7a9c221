package simulate

import (
	"fmt"
	"strings"
	"time"
)

// burst is one logical query: the BI Server writes several messages about it,
// which share the execution context. The order and texts are those of log
// sources, section 5.6.
type burst struct {
	staff    *staff
	at       int64
	user     int
	number   uint64
	n        uint32 // dice: report, subject, forms of text
	physical []physical
	compile  int32 // milliseconds
	failed   bool
	newTail  bool // the closing messages have another tail of the ECID
}

// physical is a query sent to a database.
type physical struct {
	id          uint32
	hash        uint32
	rows, bytes int64
	took        int32 // milliseconds
}

const dashes = "--------------------"

// query draws a burst.
func (a *analytics) query(at time.Time, user int) []entry {
	a.number++
	b := &burst{staff: a.staff, at: at.UnixMilli(), user: user, number: a.number, n: a.random.Uint32(),
		compile: 5 + a.random.Int32N(400), failed: a.random.IntN(60) == 0, newTail: a.random.IntN(5) == 0}
	for i := range 1 + min(a.random.IntN(3), a.random.IntN(4)) {
		rows := int64(a.random.ExpFloat64() * 900)
		b.physical = append(b.physical, physical{id: uint32(90_000 + a.number*4 + uint64(i)), hash: a.random.Uint32(), rows: rows, bytes: rows * 16,
			took: int32(20 + a.random.ExpFloat64()*900*float64(1+b.n%8*(b.n%8)/8))})
	}
	var out []entry
	for part := range b.parts() {
		out = append(out, a.entry(a.diagnostic, b, part, b.when(part)))
	}
	return out
}

// parts counts the messages: three for each physical query, and six.
func (b *burst) parts() int {
	if b.failed {
		return 4 + len(b.physical)
	}
	return 6 + 3*len(b.physical)
}

// elapsed milliseconds of the whole query; physical ones run beside each other.
func (b *burst) elapsed() int32 {
	longest := int32(0)
	for _, p := range b.physical {
		longest = max(longest, p.took)
	}
	return b.compile + longest + 3
}

// when a message was written: the opening ones at once, the rest at the end.
func (b *burst) when(part int) int64 {
	if opening := 2 + len(b.physical); part >= opening {
		return b.at + int64(b.elapsed()) + int64(part-opening)
	}
	return b.at + int64(part)
}

func (b *burst) message(part int) any {
	d := oacData{Details: struct{}{}, Category: "query", ECID: ecid(b.number), LogLevel: "info", Message: b.text(part), UserID: b.staff.userID(b.user, b.at)}
	if b.newTail && part >= 2+len(b.physical) {
		d.ECID = d.ECID[:37] + fmt.Sprintf("%08x", b.n)
	}
	return d
}

func seconds(ms int32) string { return fmt.Sprintf("%d.%03d", ms/1000, ms%1000) }

func (b *burst) hash() string { return fmt.Sprintf("%x", uint32(mix(uint64(b.n)))) }

func (b *burst) text(part int) string {
	n := len(b.physical)
	subject := subjects[b.n%8]
	switch {
	case part == 0:
		return b.request(subject)
	case part == 1:
		return fmt.Sprintf("%s General Query Info: \nRepository: company, Subject Area: %s Area, Presentation: %s Area\n", dashes, subject, subject)
	case part < 2+n:
		p := b.physical[part-2]
		return fmt.Sprintf("%s Sending query to database named %s_ADW (id: <<%d>>), connection pool named ADW_CP, logical request hash %s, physical request hash %x: \n"+
			"select sum(T1.AMOUNT) as c1 from %s T1\n", dashes, strings.ToUpper(subject), p.id, b.hash(), p.hash, strings.ToUpper(subject))
	}
	part -= 2 + n
	if b.failed {
		if part == 0 {
			return fmt.Sprintf("%s Query Status: Failed: [nQSError: 17001] Oracle Error code: 12170, message: ORA-12170: TNS: connect timeout\n", dashes)
		}
		return b.stats()
	}
	if part == 0 {
		return dashes + " Query Status: Successful Completion\n"
	}
	if part--; part < n {
		p, blank := b.physical[part], " "
		if b.n%5 == 0 {
			blank = "\n" // a wrapped line
		}
		return fmt.Sprintf("%s Rows %d, bytes %d retrieved from database query id: <<%d>>,%sphysical request hash %x \n", dashes, p.rows, p.bytes, p.id, blank, p.hash)
	}
	if part -= n; part < n {
		p := b.physical[part]
		return fmt.Sprintf("%s Physical query response time %s (seconds), id <<%d>> \n", dashes, seconds(p.took), p.id)
	}
	switch part - n {
	case 0:
		sum := int32(0)
		for _, p := range b.physical {
			sum += p.took
		}
		return fmt.Sprintf("%sPhysical Query Summary Stats: Number of physical queries %d, Cumulative time %s, DB-connect time %s (seconds)\n", dashes, n, seconds(sum), seconds(sum/90))
	case 1:
		return fmt.Sprintf("%s Rows returned to Client %d \n", dashes, b.physical[0].rows)
	default:
		return b.stats()
	}
}

func (b *burst) stats() string {
	return fmt.Sprintf("%s Logical Query Summary Stats: Elapsed time %s, Response time %s, Compilation time %s (seconds)\n", dashes, seconds(b.elapsed()), seconds(b.elapsed()-2), seconds(b.compile))
}

// request is the logical SQL with the variables that say where it came from.
func (b *burst) request(subject string) string {
	variables := "QUERY_SRC_CD='rawSQL'"
	if b.n%6 != 0 {
		o := b.staff.object("Analysis", b.n/8)
		variables = fmt.Sprintf("QUERY_SRC_CD='Report',SAW_SRC_PATH='%s'", o.path)
		if b.n%3 != 0 {
			variables += fmt.Sprintf(",SAW_DASHBOARD='/shared/%s/_portal/%s'", subject, views[b.n/8%8])
		}
	}
	return fmt.Sprintf("##############################################\n%s SQL Request, logical request hash:\n%s\nSET VARIABLE %s;SELECT \"%s\".\"Amount\" s_1 FROM \"%s Area\"\n\n",
		dashes, b.hash(), variables, subject, subject)
}
