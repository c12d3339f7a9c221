// Package config reads one YAML file plus the environment into one checked
// struct. Every problem is reported at once, each with its line and with what
// to write instead.
package config

import (
	"crypto/rsa"
	"net"
	"net/url"
	"slices"
	"time"
)

// Config is a checked configuration.
type Config struct {
	Path         string // the file it came from
	Data         string // directory of all state; one process at a time
	Connections  map[string]Connection
	Integrations []Integration // in file order
	Server       *Server       // nil when the file has no server section
}

// LocalConnection names this server's own engine. It is built in.
const LocalConnection = "local"

// Connection is one service Ledgerline talks to: exactly the member that Type
// names is set.
type Connection struct {
	Name string
	Type string // oic | oci | scim
	Line int    // in the file
	OIC  *OIC
	OCI  *OCI
	SCIM *SCIM
}

// OIC is an Oracle Integration instance and how to be let in.
type OIC struct {
	URL                 string
	IntegrationInstance string
	OAuth               OAuth
}

// OCI is an Oracle Cloud Infrastructure tenancy and how requests to it are signed.
type OCI struct {
	Auth       string // api_key | security_token | instance_principal | resource_principal
	ConfigFile string
	Profile    string
	// Endpoints are base URLs instead of Oracle's: loganalytics, objectstorage,
	// logging (search), loggingmanagement, monitoring.
	Endpoints map[string]string
}

// SCIM is an identity domain that names the users of records by their GUID.
type SCIM struct {
	URL   string
	OAuth OAuth
}

// Integration moves the records of one source to its sinks on a schedule.
type Integration struct {
	Name       string
	Kind       string // one of Kinds
	Connection string // empty when the kind needs none
	Every      time.Duration
	PageSize   int
	MaxOffset  int    // the service refuses larger offsets; 0: found out by asking
	Backfill   string // retention | 3d | none
	Overlap    time.Duration
	Logging    *Logging       // of kind oci-logging
	Objects    *ObjectStorage // of kind object-storage
	Metrics    *Metrics       // of kind oic-metrics
	Files      *Files         // of kind files
	Streaming  *Streaming     // of kind streaming
	Archive    *Archive
	Uploads    []Upload
	Line       int // in the file
}

// Archive is the bucket that keeps the stage files.
type Archive struct {
	Connection, Namespace, Bucket, Prefix string
}

// Upload is where the stage files are parsed and searched: Oracle's Log
// Analytics or the local engine.
type Upload struct {
	Connection string
	Namespace  string
	LogGroup   string
	LogSource  string
	UploadName string
	Entity     string   // what the records come from: of local uploads its name, of Oracle's the OCID; may be empty
	Types      []string // patterns of event types; none: what no other upload's types match
}

// Server is Ledgerline's own service.
type Server struct {
	Listen    string
	Tenancy   string
	Namespace string
	LogGroups []LogGroup
	Retention Retention
	Users     []User
	MaxUpload int64 // bytes of one upload request
	Access    Access
}

// LogGroup exists from the first start on.
type LogGroup struct {
	ID, Name  string
	LegalHold bool // nothing of it is deleted, by retention or by anybody
}

// Held reports whether a log group is under legal hold.
func (s *Server) Held(group string) bool {
	return slices.ContainsFunc(s.LogGroups, func(g LogGroup) bool { return g.LegalHold && g.ID == group })
}

// Holds reports whether any log group is under legal hold.
func (s *Server) Holds() bool {
	return slices.ContainsFunc(s.LogGroups, func(g LogGroup) bool { return g.LegalHold })
}

// Retention says how long records are kept; zero is for ever.
type Retention struct {
	Default time.Duration
	Sources map[string]time.Duration // by display name of the log source
}

// For returns the retention of a log source.
func (r Retention) For(source string) time.Duration {
	if d, ok := r.Sources[source]; ok {
		return d
	}
	return r.Default
}

// User may call the server with an API key.
type User struct {
	User          string
	Groups        []string // nil: Administrators
	Fingerprint   string
	PublicKeyFile string
	PublicKey     *rsa.PublicKey
}

// DefaultServer is what a file that says `server: {}` asks for.
func DefaultServer() *Server {
	return &Server{
		Listen:    "127.0.0.1:8088",
		Tenancy:   "ocid1.tenancy.oc1..ledgerline",
		Namespace: "ledgerline",
		MaxUpload: 64 << 20,
		Retention: Retention{Default: 400 * Day},
		Access:    Access{Limits: DefaultUserLimits()},
	}
}

// Day is what `d` stands for in durations.
const Day = 24 * time.Hour

// Loopback reports whether a URL or host:port names this machine only.
func Loopback(address string) bool {
	host := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		host = u.Hostname()
	} else if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
