package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"bytes"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"
	"github.com/oracle/oci-go-sdk/v65/logging"
	"github.com/oracle/oci-go-sdk/v65/loggingsearch"
	"github.com/oracle/oci-go-sdk/v65/monitoring"
	"github.com/oracle/oci-go-sdk/v65/objectstorage"
)

// OCI calls Log Analytics, Object Storage, Logging and Monitoring. It is safe for concurrent use.
type OCI struct {
	logs    loganalytics.LogAnalyticsClient
	objects objectstorage.ObjectStorageClient
	search  loggingsearch.LogSearchClient
	manage  logging.LoggingManagementClient
	metrics monitoring.MonitoringClient
	tenancy string
	who     string // whose credentials, for hints
	opts    Options
}

// The keys of OCIConfig.Endpoints.
const (
	LogAnalytics      = "loganalytics"
	ObjectStorage     = "objectstorage"
	LoggingSearch     = "logging"
	LoggingManagement = "loggingmanagement"
	Monitoring        = "monitoring"
)

// NewOCI builds the clients. It reads the configuration and the key; with
// instance or resource principals it also asks the machine for its certificate.
func NewOCI(c OCIConfig, opts Options) (*OCI, error) {
	cred, err := c.credentials()
	if err != nil {
		return nil, err
	}
	o := &OCI{who: cred.who, opts: opts.withDefaults()}
	if o.tenancy, err = cred.provider.TenancyOCID(); err != nil {
		return nil, configError(cred.who, err)
	}
	if o.logs, err = loganalytics.NewLogAnalyticsClientWithConfigurationProvider(cred.provider); err != nil {
		return nil, configError(cred.who, err)
	}
	if o.objects, err = objectstorage.NewObjectStorageClientWithConfigurationProvider(cred.provider); err != nil {
		return nil, configError(cred.who, err)
	}
	if o.search, err = loggingsearch.NewLogSearchClientWithConfigurationProvider(cred.provider); err != nil {
		return nil, configError(cred.who, err)
	}
	if o.manage, err = logging.NewLoggingManagementClientWithConfigurationProvider(cred.provider); err != nil {
		return nil, configError(cred.who, err)
	}
	if o.metrics, err = monitoring.NewMonitoringClientWithConfigurationProvider(cred.provider); err != nil {
		return nil, configError(cred.who, err)
	}
	for service, client := range map[string]*common.BaseClient{
		LogAnalytics: &o.logs.BaseClient, ObjectStorage: &o.objects.BaseClient, LoggingSearch: &o.search.BaseClient,
		LoggingManagement: &o.manage.BaseClient, Monitoring: &o.metrics.BaseClient,
	} {
		if err := o.setUp(client, c.Endpoints[service]); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// setUp leaves the SDK signing and encoding, and takes retries, time-outs and
// the clock into our hands.
func (o *OCI) setUp(c *common.BaseClient, endpoint string) error {
	if endpoint != "" {
		e := strings.TrimRight(endpoint, "/")
		if !strings.HasPrefix(e, "http://") && !strings.HasPrefix(e, "https://") || strings.Count(e, "/") > 2 || strings.ContainsAny(e, "?#@") {
			return &Error{Op: opConfigure, Kind: NotFound, Message: fmt.Sprintf("endpoint %q is not scheme and host", clean(endpoint)),
				Hint: "write it like https://logs.example.com:8088, without a path"}
		}
		c.Host = e
	}
	once := common.NoRetryPolicy()
	c.Configuration.RetryPolicy = &once
	c.Configuration.CircuitBreaker = nil
	c.HTTPClient = dispatcher{o.opts}
	c.Interceptor = func(r *http.Request) error {
		r.Header.Set("Date", o.opts.Clock().UTC().Format(http.TimeFormat))
		return nil
	}
	return nil
}

// dispatcher reads each answer whole and bounded, and leaves it where the
// caller finds it, since the SDK's error lacks headers.
type dispatcher struct{ opts Options }

type answerKey struct{}

// sent is what one SDK call met on the wire.
type sent struct {
	host   string
	answer *answer
	err    error
}

var errNotSuccess = errors.New("not a success")

func (d dispatcher) Do(req *http.Request) (*http.Response, error) {
	resp, a, err := exchange(d.opts.HTTP, req, d.opts.MaxReply)
	s, ok := req.Context().Value(answerKey{}).(*sent)
	if ok {
		s.host, s.answer, s.err = req.URL.Host, a, err
	}
	if err != nil {
		return nil, err
	}
	if a.status >= 300 && a.status < 400 {
		return nil, errNotSuccess // the SDK would take it for a success
	}
	resp.Header.Del("Content-Encoding") // unpacked already
	resp.Body = io.NopCloser(bytes.NewReader(a.body))
	resp.ContentLength = int64(len(a.body))
	return resp, nil
}

// call runs one operation with our retries. The hint is filled by the
// operation, which knows what its names stand for.
func (o *OCI) call(ctx context.Context, op string, hint func(*Error), try func(context.Context) error) error {
	return o.opts.run(ctx, op, func(ctx context.Context) *Error {
		s := &sent{}
		err := try(context.WithValue(ctx, answerKey{}, s))
		if err == nil {
			return nil
		}
		e := o.translate(op, s, err)
		if e.Hint == "" {
			o.commonHint(e, s)
		}
		if e.Hint == "" && hint != nil {
			hint(e)
		}
		return e
	})
}

func (o *OCI) translate(op string, s *sent, err error) *Error {
	switch {
	case s.err != nil:
		return unanswered(op, s.host, s.err)
	case s.answer == nil: // the SDK refused to send it, or the key could not be used
		e := configError(o.who, err)
		e.Op = op
		return e
	case s.answer.status < 200 || s.answer.status > 299:
		return refusal(op, s.answer, o.opts.Clock())
	case looksLikeHTML(s.answer.body):
		return &Error{Op: op, Status: s.answer.status, Kind: BadPayload, Message: clean("an HTML page instead of an answer" + htmlTitle(s.answer.body)),
			Hint: "check the endpoint if this goes on: " + s.host + " does not answer like an OCI service"}
	default:
		return &Error{Op: op, Status: s.answer.status, Kind: BadPayload, RequestID: clean(requestID(s.answer.header)),
			Message: "the answer is not the JSON that was promised", cause: err}
	}
}

// maxSkew is how far clocks may differ before OCI refuses a signature.
const maxSkew = 5 * time.Minute

func (o *OCI) commonHint(e *Error, s *sent) {
	switch e.Kind {
	case Unauthorized:
		if ahead, ok := skew(s.answer.header, o.opts.Clock()); ok && ahead.Abs() >= maxSkew-time.Second {
			e.Hint = skewHint(ahead)
			return
		}
		e.Hint = "check user, tenancy, fingerprint and key of " + o.who + ", and that the public key is uploaded for that user"
	case Throttled, Transient:
		if e.Status != 0 {
			e.Hint = s.host + " is busy or down; it is tried again"
		}
	}
}

func skewHint(ahead time.Duration) string {
	side := "ahead of"
	if ahead < 0 {
		side = "behind"
	}
	return fmt.Sprintf("this machine's clock is %.0f minutes %s Oracle's: set it, with NTP for instance", math.Round(ahead.Abs().Minutes()), side)
}

const opConfigure = "read the OCI configuration"

func configError(who string, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Op: opConfigure, Kind: Unauthorized, Message: clean(err.Error()), Hint: "check " + who, cause: err, final: true}
}
