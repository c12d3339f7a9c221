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

// textFinder looks for a text in many values at once: for the one of its letters
// that is the rarest in what it was shown, with the fastest search for a byte that
// there is, and then for what is around it.
type textFinder struct {
	text      Text
	rare      int  // place in text.Part of the letter looked for
	low, high byte // its two cases; equal when it has none
}

func newTextFinder(t Text, sample []byte) *textFinder {
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
	data = data[:spans[len(spans)-1].to]
	if bytes.Contains(data, []byte(dottedI)) || bytes.Contains(data, []byte(kelvin)) {
		f.findEach(data, spans, hit)
		return
	}
	part := f.text.Part
	value := 0
	at := int(spans[0].from)
	low, high := at-1, at-1 // the next places of both cases, at or after at
	if f.high == f.low {
		high = len(data)
	}
	for at < len(data) {
		if low < at {
			low = indexFrom(data, at, f.low)
		}
		if high < at {
			high = indexFrom(data, at, f.high)
		}
		found := min(low, high)
		if found == len(data) {
			return
		}
		at = found + 1
		from := found - f.rare
		to := from + len(part)
		if from < 0 || to > len(data) || !sameLetters(data[from:to], part) {
			continue
		}
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

// indexFrom is the place of the next c in data[at:], or the end.
func indexFrom(data []byte, at int, c byte) int {
	if i := bytes.IndexByte(data[at:], c); i >= 0 {
		return at + i
	}
	return len(data)
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
