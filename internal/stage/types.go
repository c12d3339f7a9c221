package stage

import (
	"time"

	"ledgerline/internal/record"
)

// File is one sealed stage file. It never changes once it is listed, but that [Stage.Erase]
// may take bodies out of a received one.
type File struct {
	ID          int64 // position in the order of delivery, ascending
	Integration string
	Kind        Kind
	Path        string // absolute
	Name        string // base name, unique in the integration; what sinks call the file
	Count       int    // records (collected) or uploads (received)
	Bytes       int64
	First, Last time.Time // event times; zero when unknown
	Window      record.Window
	SHA256      [32]byte // of the file's bytes as they were sealed; names the file for ever
	Chain       [32]byte // SHA-256 over the previous file's Chain and this SHA256
	Content     [32]byte // of the bytes as they are now: SHA256 unless uploads were erased
	Sealed      time.Time

	place     place
	rewritten int64 // how often
}

// Kind says what a sealed file holds.
type Kind string

const (
	// Collected files hold {"items":[…],"links":[…]}: one JSON document.
	Collected Kind = "collected"
	// Received files hold framed uploads of the server's own API.
	Received Kind = "received"
)

// Link is one entry of a collected file's "links", as Oracle's services write them.
type Link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

// Upload is what our own upload API received, without its bytes.
type Upload struct {
	Reference  string            `json:"reference"` // unique; names this upload for ever
	Name       string            `json:"name"`
	File       string            `json:"file"`
	Source     string            `json:"source"`
	LogGroup   string            `json:"logGroup"`
	Entity     string            `json:"entity,omitempty"` // its name, or what the client called it
	EntityType string            `json:"entityType,omitempty"`
	Timezone   string            `json:"timezone,omitempty"`
	Encoding   string            `json:"encoding,omitempty"`
	DateFormat string            `json:"dateFormat,omitempty"`
	DateYear   int               `json:"dateYear,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Received   time.Time         `json:"received"`
	User       string            `json:"user,omitempty"`
	RetryToken string            `json:"retryToken,omitempty"`
	MD5        string            `json:"md5,omitempty"`       // base64, of the body as received
	Following  int               `json:"following,omitempty"` // uploads of the same request behind it; set by the stage
	Erased     *Erased           `json:"erased,omitempty"`    // set by the stage when the bytes are gone
}

// Received is one upload of a received file together with its bytes.
type ReceivedUpload struct {
	Upload
	Number int // position in its file, from 0
	Body   []byte
}

// Run is one execution of an integration.
type Run struct {
	ID          int64
	Integration string
	Trigger     string // schedule, once, manual
	Started     time.Time
	Ended       time.Time // zero while running
	State       RunState
	FirstError  string
	Steps       []Step
}

// Step is one part of a run: fetch, stage, archive, upload or parse.
type Step struct {
	Name    string
	Target  string // connection or sink; may be empty
	Started time.Time
	Ended   time.Time
	State   RunState
	Counts  map[string]int64 // such as pages, records, files, bytes
	Note    string           // what a person should know, such as a possible double
	Error   string
}

// RunState of a run or a step.
type RunState string

// The states of a run and of its steps.
const (
	Running   RunState = "running"
	Succeeded RunState = "succeeded"
	Failed    RunState = "failed"
	Abandoned RunState = "abandoned" // the process ended before the run did
)

// Coverage is one window of one integration and what is known of it.
type Coverage struct {
	Integration string
	Window      record.Window
	State       CoverageState
	Note        string
	Rows        int
	Recorded    time.Time
}

// CoverageState says whether a window is provably read.
type CoverageState string

const (
	Covered CoverageState = "covered"
	Gap     CoverageState = "gap" // known not to be read; Note says why
)

// Quarantined is a file that a sink refused for good.
type Quarantined struct {
	File   File
	Sink   string
	Reason string
	Since  time.Time
}
