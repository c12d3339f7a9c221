// Package record says what a log record is: the bytes that came, the identity
// that tells a re-read from a twin, the half-open windows of time that
// collecting is counted in, and the typed form a parser makes of the bytes.
package record

import "time"

// Item is one record as a service sent it, before any parsing.
type Item struct {
	ID   Identity
	Time time.Time // of the event, the same whenever it is read; zero when the record carries none
	Raw  []byte    // one JSON value, verbatim
}

// Counted is an item together with how often one consistent reading saw it.
// Two events may share every attribute (twins), so presence alone is not enough.
type Counted struct {
	Item
	Count int // at least 1
}

// Origin is what all entries of one upload share.
type Origin struct {
	Upload     string // reference of the upload, unique in this service
	UploadName string
	File       string // name of the uploaded file, shown as Log Origin
	LogGroup   string // OCID
	Source     string // internal name of the log source
	Entity     string
	EntityType string
	LogEntity  string
	Received   int64 // epoch milliseconds; dates entries that carry no time
}

// Entry is one parsed record, ready to be stored.
type Entry struct {
	Time    int64  // epoch milliseconds
	Text    string // Original Log Content
	Ordinal int64  // position in its upload, from 0
	Origin  *Origin
	Cells   []Cell   // fields present in the record, by internal name, in no order
	Labels  []string // display names
}

// Cell is one field of an entry.
type Cell struct {
	Field string // internal name
	Value Value
}
