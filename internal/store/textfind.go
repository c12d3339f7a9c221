package store

import (
	"bytes"
	"strings"
	"unsafe"
)

// Text is what the value of a column must hold, letter case aside.
type Text struct {
	Part   string // printable ASCII in lower case, not empty
	Phrase string // if not empty: the value must hold it as [HoldsPhrase] says, too
}

// textFinder looks for a text in many values at once. Where one of its letters is
// rare, it looks for that letter with the fastest search for a byte that there is;
// else it leaps over what cannot hold the text.
type textFinder struct {
	text      Text
	rare      int     // place in text.Part of the letter looked for
	low, high byte    // its two cases; equal when it has none
	leaps     *leaper // nil: the letter is looked for
}

// findSample is how much of a page tells which letters are rare in it.
const findSample = 16 << 10

// What a letter that is found, and a leap, take, about, in the same unit of time. The
// next letter is rarely where the processor expects it.
const (
	letterCost = 40
	leapCost   = 5
)

func newTextFinder(t Text, sample []byte) *textFinder {
	sample = sample[:min(len(sample), findSample)]
	var seen [256]int
	for _, c := range sample {
		seen[c]++
	}
	f := &textFinder{text: t}
	least := len(sample) + 1
	for i := range len(t.Part) {
		low := t.Part[i]
		n := seen[low]
		if high := upperASCII(low); high != low {
			n += seen[high]
		}
		if n < least {
			least, f.rare, f.low, f.high = n, i, low, upperASCII(low)
		}
	}
	if longest := len(t.Part) - 1; longest > 0 && letterCost*least*longest > leapCost*len(sample) {
		f.leaps = newLeaper(t.Part)
	}
	return f
}

func upperASCII(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// The letters beyond ASCII whose lower case is of ASCII.
const (
	dottedI = "\u0130"
	kelvin  = "\u212A"
)

// find calls hit with the place in spans of each value that holds the text. The
// values lie in data one after the other.
func (f *textFinder) find(data []byte, spans []span, hit func(i int)) {
	if len(spans) == 0 {
		return
	}
	at := int(spans[0].from)
	data = data[:spans[len(spans)-1].to]
	if bytes.Contains(data[at:], []byte(dottedI)) || bytes.Contains(data[at:], []byte(kelvin)) {
		f.findEach(data, spans, hit)
		return
	}
	value := 0
	next := f.places(data)
	for {
		from := next(at)
		if from < 0 {
			return
		}
		at = from + 1
		to := from + len(f.text.Part)
		for int(spans[value].to) < to {
			if value++; value == len(spans) {
				return
			}
		}
		if from < int(spans[value].from) {
			continue
		}
		if f.phraseAround(data, spans[value], from, to) {
			hit(value)
			at = max(at, int(spans[value].to))
		}
	}
}

// places returns a function for the first place of the text at or after one, which
// must not come before what was asked last; -1 when there is none.
func (f *textFinder) places(data []byte) func(at int) int {
	if f.leaps != nil {
		return func(at int) int { return f.leaps.next(data, at) }
	}
	part := f.text.Part
	low, high := -1, -1 // the next places of both cases
	if f.high == f.low {
		high = len(data)
	}
	return func(at int) int {
		for at += f.rare; ; at++ {
			if low < at {
				low = indexFrom(data, at, f.low)
			}
			if high < at {
				high = indexFrom(data, at, f.high)
			}
			at = min(low, high)
			from := at - f.rare
			if from+len(part) > len(data) {
				return -1
			}
			if sameLetters(data[from:from+len(part)], part) {
				return from
			}
		}
	}
}

// indexFrom is the place of the next c in data[at:], or the end.
func indexFrom(data []byte, at int, c byte) int {
	if at >= len(data) {
		return len(data)
	}
	if i := bytes.IndexByte(data[at:], c); i >= 0 {
		return at + i
	}
	return len(data)
}

// leaper looks for a text by the pairs of letters that would be its last: a pair
// that is elsewhere in it, or nowhere, says how far the next place is (Horspool,
// "Practical fast searching in strings", 1980; pairs as in Zhu and Takaoka, 1987).
type leaper struct {
	part string
	by   [1 << leapBits]uint8 // the leap, by the hash of a pair
}

const leapBits = 12

func newLeaper(part string) *leaper {
	l := &leaper{part: part}
	last := len(part) - 2 // where the last pair begins
	for i := range l.by {
		l.by[i] = uint8(min(last+1, 255))
	}
	for i := max(0, last-254); i <= last; i++ {
		l.by[pairHash(part[i], part[i+1])] = uint8(last - i)
	}
	return l
}

// pairHash is the same for letters in lower case and not.
func pairHash(a, b byte) uint16 {
	return (uint16(a) | uint16(b)<<8 | 0x2020) * 0x9E37 >> (16 - leapBits)
}

// next is the first place of the text in data[at:], or -1.
func (l *leaper) next(data []byte, at int) int {
	last := len(l.part) - 2
	for at += last; at+1 < len(data); {
		leap := int(l.by[pairHash(data[at], data[at+1])])
		if leap > 0 {
			at += leap
			continue
		}
		if from := at - last; sameLetters(data[from:from+len(l.part)], l.part) {
			return from
		}
		at++
	}
	return -1
}

// sameLetters reports whether bytes are a text in lower case, letter case aside.
func sameLetters(data []byte, lower string) bool {
	for i := range len(lower) {
		c := data[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// phraseAround reports whether a value, which holds the part at data[from:to],
// holds the phrase. Mostly what is beside the part tells.
func (f *textFinder) phraseAround(data []byte, s span, from, to int) bool {
	if f.text.Phrase == "" {
		return true
	}
	if (from == int(s.from) || endsWord(data[from-1])) && (to == int(s.to) || endsWord(data[to])) {
		return true
	}
	value := data[s.from:s.to]
	return HoldsPhrase(unsafe.String(unsafe.SliceData(value), len(value)), f.text.Phrase)
}

// endsWord reports whether a byte is a character that is in no word.
func endsWord(c byte) bool { return c < 0x80 && asciiFold[c] == 0 }

// findEach is find where letters occur that are of ASCII in lower case alone.
func (f *textFinder) findEach(data []byte, spans []span, hit func(i int)) {
	plain := strings.NewReplacer(dottedI, "i", kelvin, "k")
	for i, s := range spans {
		value := string(data[s.from:s.to])
		if strings.Contains(lowerASCII(plain.Replace(value)), f.text.Part) && (f.text.Phrase == "" || HoldsPhrase(value, f.text.Phrase)) {
			hit(i)
		}
	}
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
