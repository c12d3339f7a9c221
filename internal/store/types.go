package store

import (
	"context"
	"time"

	"ledgerline/internal/record"
)

// Names of the columns that every segment has. The rest of a segment's columns
// are internal names of fields.
const (
	ColTime       = "time"       // TIMESTAMP (ms, not UTC-adjusted)
	ColText       = "mbody"      // Original Log Content
	ColSource     = "msrcid"     // display name of the log source
	ColGroup      = "loggroup"   // OCID of the log group
	ColUpload     = "muploadid"  // reference of the upload
	ColUploadName = "uploadname" // Upload Name
	ColOrigin     = "logorigin"  // name of the uploaded file
	ColEntity     = "mtgt"
	ColEntityType = "mtgttype"
	ColLogEntity  = "mlogent"
	ColLabels     = "mtag"     // VARCHAR[]
	ColIngest     = "ingested" // TIMESTAMP (ms)
	ColOrdinal    = "ordinal"  // BIGINT: position in its upload
)

// Chunk is the parsed content of one part of one stage file. (Stage, Number)
// names it for ever: ingesting it a second time changes nothing.
type Chunk struct {
	Stage   [32]byte // SHA-256 of the stage file
	Number  int
	Entries []record.Entry
}

// Segment is one Parquet file of one log source and one UTC day.
type Segment struct {
	ID       int64
	Path     string
	Source   string // display name of the log source
	Day      time.Time
	Groups   []string // log groups that occur in it
	From, To int64    // least and greatest time, epoch milliseconds, both inside
	Rows     int64
	Bytes    int64
	Columns  []Column // in file order
	SHA256   [32]byte
	RowHash  [32]byte // order-free hash of the rows; merging keeps the sum
	Created  time.Time

	Ingested    int64    // latest ingest time of a row, epoch milliseconds
	TokenSHA256 [32]byte // of the token filter beside the file

	profiles *besideCache[*profile] // of the store that lists it
}

// Column of a segment.
type Column struct {
	Name string
	Type record.Type // String, Long, Double or Timestamp; ColLabels is a String list
	List bool
}

// Filter chooses segments, and row ranges in them, that may hold matching rows.
// Zero members do not restrict. A part that is returned may still hold no match.
type Filter struct {
	From, To int64    // epoch milliseconds, half-open; To 0 means open
	Sources  []string // display names, compared without letter case
	Groups   []string // log group OCIDs
	Tokens   []string // words, lower case, that all must occur in the text or a string field
}

// Part is a range of rows of one segment: [FirstRow, EndRow).
type Part struct {
	Segment          *Segment
	FirstRow, EndRow int64
}

// Engine computes over segment files. Its SQL dialect is the engine's own.
type Engine interface {
	// Query runs one statement. The caller closes the rows.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
	Close() error
}

// Rows iterates over a result. Values are nil, string, int64, float64, bool,
// time.Time, or []any for lists.
type Rows interface {
	Columns() []string
	Next() bool
	Values() []any // valid until the next call of Next
	Err() error
	Close() error
}
