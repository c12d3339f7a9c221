package burst

import (
	"strings"

	"ledgerline/internal/record"
)

// Kind is what a message says of a query, in the order in which the BI Server
// says it.
type Kind uint8

// The kinds of messages.
const (
	Request   Kind = iota // SQL Request: opens a logical query
	Info                  // General Query Info
	Sent                  // Sending query to database: one a physical query
	Status                // Query Status
	Rows                  // Rows retrieved: one a physical query
	Answered              // Physical query response time: one a physical query
	Physical              // Physical Query Summary Stats
	Returned              // Rows returned to Client
	Logical               // Logical Query Summary Stats: closes a logical query
	Remark                // a warning, or what is not known
	kindCount = iota
)

// single reports whether a logical query has one message of the kind.
func (k Kind) single() bool {
	return k == Request || k == Info || k == Status || k == Physical || k == Returned || k == Logical
}

// Message is what one message of the BI Server contributes to a query record.
// Numbers that are absent are nil.
type Message struct {
	ID       string `json:"id"` // of the event; unique within its place
	Kind     Kind   `json:"kind"`
	Time     int64  `json:"time"` // epoch milliseconds
	Instance string `json:"instance,omitempty"`
	Group    string `json:"group,omitempty"` // log group of the record
	ECID     string `json:"ecid,omitempty"`
	User     string `json:"user,omitempty"`
	UserName string `json:"userName,omitempty"`
	Client   string `json:"client,omitempty"`
	Tenant   string `json:"tenant,omitempty"`
	Compart  string `json:"compartment,omitempty"`

	LogicalHash  string `json:"logicalHash,omitempty"`
	PhysicalHash string `json:"physicalHash,omitempty"`
	QueryID      string `json:"queryId,omitempty"`
	Text         Texts  `json:"text,omitzero"`
	Number       Counts `json:"number,omitzero"`
}

// Texts of a query. Each is told by one kind of message.
type Texts struct {
	Source     string `json:"querySource,omitempty"`
	Report     string `json:"reportPath,omitempty"`
	Dashboard  string `json:"dashboardPath,omitempty"`
	Repository string `json:"repository,omitempty"`
	Subject    string `json:"subjectArea,omitempty"`
	Database   string `json:"database,omitempty"`
	Pool       string `json:"connectionPool,omitempty"`
	Status     string `json:"status,omitempty"`
	Error      string `json:"errorId,omitempty"`
	SQL        string `json:"sql,omitempty"`
}

// Counts and times, in seconds, of a query.
type Counts struct {
	Rows       *int64   `json:"rows,omitempty"`
	Bytes      *int64   `json:"bytes,omitempty"`
	ClientRows *int64   `json:"clientRows,omitempty"`
	Queries    *int64   `json:"physicalQueries,omitempty"`
	Answer     *float64 `json:"physicalResponseTime,omitempty"`
	Cumulative *float64 `json:"cumulativeTime,omitempty"`
	Connect    *float64 `json:"dbConnectTime,omitempty"`
	Elapsed    *float64 `json:"elapsedTime,omitempty"`
	Response   *float64 `json:"responseTime,omitempty"`
	Compile    *float64 `json:"compilationTime,omitempty"`
}

// maxSQL bounds the statement kept of a query, in bytes.
const maxSQL = 16 << 10

// messageOf reads a parsed record of the diagnostic log; ok is false when it is
// about no query. The ID is empty where the record has none.
func messageOf(e *record.Entry) (m Message, ok bool) {
	m = Message{Time: e.Time, Group: e.Origin.LogGroup, Kind: Remark}
	text := ""
	for i := range e.Cells {
		v := &e.Cells[i].Value
		switch e.Cells[i].Field {
		case "category":
			ok = strings.EqualFold(v.Str, "query")
		case "eventid":
			m.ID = v.Str
		case "ocirsrcname":
			m.Instance = v.Str
		case "ecidid":
			m.ECID = v.Str
		case "usrid":
			m.User = v.Str
		case "usrname":
			m.UserName = v.Str
		case "clnthostip":
			m.Client = v.Str
		case "tenantid":
			m.Tenant = v.Str
		case "compartmentid":
			m.Compart = v.Str
		case "msg":
			text = v.Str
		case "logicalhash":
			m.LogicalHash = v.Str
		case "physicalhash":
			m.PhysicalHash = v.Str
		case "queryid":
			m.QueryID = v.Str
		case "querysource":
			m.Text.Source = v.Str
		case "reportpath":
			m.Text.Report = v.Str
		case "dashboardpath":
			m.Text.Dashboard = v.Str
		case "repository":
			m.Text.Repository = v.Str
		case "subjectarea":
			m.Text.Subject = v.Str
		case "dbname":
			m.Text.Database = v.Str
		case "connpool":
			m.Text.Pool = v.Str
		case "querystatus":
			m.Text.Status = v.Str
		case "errid":
			m.Text.Error = v.Str
		case "rowcount":
			m.Number.Rows = &v.Int
		case "bytecount":
			m.Number.Bytes = &v.Int
		case "clientrows":
			m.Number.ClientRows = &v.Int
		case "physicalqueries":
			m.Number.Queries = &v.Int
		case "physicalresptime":
			m.Number.Answer = &v.Num
		case "cumulativetime":
			m.Number.Cumulative = &v.Num
		case "dbconnecttime":
			m.Number.Connect = &v.Num
		case "elapsedtime":
			m.Number.Elapsed = &v.Num
		case "logicalresptime":
			m.Number.Response = &v.Num
		case "compiletime":
			m.Number.Compile = &v.Num
		}
	}
	m.classify()
	if m.Kind == Request {
		m.Text.SQL = statement(text)
	}
	return m, ok
}

// classify tells the kind by the fields that the parser cut out of the message.
func (m *Message) classify() {
	n := &m.Number
	switch {
	case n.Elapsed != nil || n.Compile != nil:
		m.Kind = Logical
	case n.Queries != nil:
		m.Kind = Physical
	case n.ClientRows != nil:
		m.Kind = Returned
	case n.Rows != nil:
		m.Kind = Rows
	case n.Answer != nil:
		m.Kind = Answered
	case m.LogicalHash != "" && m.QueryID != "":
		m.Kind = Sent
	case m.LogicalHash != "":
		m.Kind = Request
	case m.Text.Subject != "":
		m.Kind = Info
	case m.Text.Status != "":
		m.Kind = Status
	}
}

// statement is the logical SQL of a request: what follows the line of its hash.
func statement(text string) string {
	_, rest, _ := strings.Cut(text, "logical request hash:")
	_, rest, _ = strings.Cut(strings.TrimLeft(rest, " \t\r\n"), "\n")
	rest = strings.TrimSpace(rest)
	if len(rest) > maxSQL {
		rest = strings.ToValidUTF8(rest[:maxSQL], "")
	}
	return rest
}

// place is what messages of one query share besides: the instance that wrote them
// and the log group they lie in.
func (m *Message) place() string { return m.Instance + "\n" + m.Group }

// rootLength is how much of an ECID all messages of a query share: a UUID.
const rootLength = 36

// root is the part of the ECID that the messages of a query share; a message
// without one stands alone.
func (m *Message) root() string {
	if m.ECID == "" {
		return "event " + m.ID
	}
	return m.ECID[:min(len(m.ECID), rootLength)]
}
