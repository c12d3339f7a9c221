package connect

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// LogUpload is one file for Log Analytics.
type LogUpload struct {
	Namespace  string
	LogGroup   string // OCID
	Source     string // internal name of the log source
	File       string // name; its extension says how to unpack it
	UploadName string // uploads of one name share one entry in the list of uploads; may be empty
	Entity     string // OCID; may be empty
	Timezone   string // IANA name, for times without a zone; may be empty
	// RetryToken makes a repeated upload harmless for 24 hours where the service
	// honours it. Empty: one is made for this call and its retries.
	RetryToken string
	Body       []byte
}

// UploadReceipt is what the service says of a stored upload.
type UploadReceipt struct {
	Reference string // names the upload in later calls
	ObjectID  string
	RequestID string
}

// Upload sends a file. It returns when the service has stored the bytes;
// parsing follows later on its side. Every attempt carries the same retry token
// and a Content-MD5.
func (o *OCI) Upload(ctx context.Context, u LogUpload) (*UploadReceipt, error) {
	sum := md5.Sum(u.Body)
	if u.RetryToken == "" {
		u.RetryToken = common.RetryToken()
	}
	var receipt *UploadReceipt
	err := o.call(ctx, "upload "+u.File, func(e *Error) { uploadHint(e, u) }, func(ctx context.Context) error {
		resp, err := o.logs.UploadLogFile(ctx, loganalytics.UploadLogFileRequest{
			NamespaceName: &u.Namespace, OpcMetaLoggrpid: &u.LogGroup, LogSourceName: &u.Source, Filename: &u.File,
			UploadName: optional(u.UploadName), EntityId: optional(u.Entity), Timezone: optional(u.Timezone),
			ContentType: common.String("application/octet-stream"), ContentMd5: common.String(base64.StdEncoding.EncodeToString(sum[:])),
			OpcRetryToken: &u.RetryToken, UploadLogFileBody: body(u.Body),
		})
		if err == nil {
			receipt = &UploadReceipt{Reference: value(resp.Reference), ObjectID: value(resp.OpcObjectId), RequestID: value(resp.OpcRequestId)}
		}
		return err
	})
	return receipt, err
}

func uploadHint(e *Error, u LogUpload) {
	switch {
	case e.Kind == NotFound && (e.Status == 404 && e.Code != "MethodNotAllowed"):
		e.Hint = fmt.Sprintf("log source %q, log group %s or namespace %s is not known there, or this user may not use it: check log_source, log_group and namespace, "+
			"import the log source, and grant: allow group G to use loganalytics-log-group in compartment C; allow group G to use loganalytics-features-family in tenancy",
			clean(u.Source), clean(u.LogGroup), clean(u.Namespace))
	case e.Kind == NotFound:
		e.Hint = "check the endpoint: this address does not offer Log Analytics"
	case e.Kind == Forbidden:
		e.Hint = "grant: allow group G to {LOG_ANALYTICS_LOG_GROUP_UPLOAD_LOGS} in compartment C"
	case e.Kind == Refused && e.Status == 413:
		e.Hint = fmt.Sprintf("the file of %d bytes is larger than the service takes", len(u.Body))
	case e.Kind == Refused:
		e.Hint = "the service will not take this file as it is; it is set aside with this reason"
	}
}

// UploadedFile is a file the service has received before.
type UploadedFile struct {
	Reference string
	Name      string
	Status    string // IN_PROGRESS, SUCCESSFUL or FAILED
	Source    string
	LogGroup  string // OCID; may be empty
	Failure   string
}

const (
	pageOfFiles = 200
	mostPages   = 50
)

// UploadedFiles lists the files of a name among the uploads of a name: the
// answer to "did my earlier try arrive". None is an empty list, not an error.
func (o *OCI) UploadedFiles(ctx context.Context, namespace, uploadName, fileName string) ([]UploadedFile, error) {
	var out []UploadedFile
	refs, err := o.uploads(ctx, namespace, uploadName)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		var page *string
		for range mostPages {
			var resp loganalytics.ListUploadFilesResponse
			err := o.call(ctx, "list the files of an upload", o.namespaceHint(namespace), func(ctx context.Context) (err error) {
				resp, err = o.logs.ListUploadFiles(ctx, loganalytics.ListUploadFilesRequest{NamespaceName: &namespace,
					UploadReference: &ref, SearchStr: &fileName, Limit: common.Int(pageOfFiles), Page: page})
				return err
			})
			if KindOf(err) == NotFound {
				break // deleted in between
			}
			if err != nil {
				return nil, err
			}
			for _, f := range resp.Items {
				if value(f.Name) == fileName { // the search matches parts, and other columns
					out = append(out, UploadedFile{Reference: value(f.Reference), Name: value(f.Name), Status: string(f.Status),
						Source: value(f.SourceName), LogGroup: value(f.LogGroupId), Failure: value(f.FailureDetails)})
				}
			}
			if page = resp.OpcNextPage; value(page) == "" {
				break
			}
		}
	}
	return out, nil
}

func (o *OCI) uploads(ctx context.Context, namespace, name string) ([]string, error) {
	var refs []string
	var page *string
	for range mostPages {
		var resp loganalytics.ListUploadsResponse
		err := o.call(ctx, "list uploads", o.namespaceHint(namespace), func(ctx context.Context) (err error) {
			resp, err = o.logs.ListUploads(ctx, loganalytics.ListUploadsRequest{NamespaceName: &namespace, Name: optional(name),
				Limit: common.Int(pageOfFiles), Page: page})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, u := range resp.Items {
			if name == "" || value(u.Name) == name {
				refs = append(refs, value(u.Reference))
			}
		}
		if page = resp.OpcNextPage; value(page) == "" {
			break
		}
	}
	return refs, nil
}

// Namespaces lists the Log Analytics namespaces of the tenancy; there is one
// when the service has been enabled.
func (o *OCI) Namespaces(ctx context.Context) ([]string, error) {
	var out []string
	err := o.call(ctx, "list namespaces", func(e *Error) {
		if e.Kind == NotFound || e.Kind == Forbidden {
			e.Hint = "check the tenancy and the endpoint, and grant: allow group G to read loganalytics-features-family in tenancy"
		}
	}, func(ctx context.Context) error {
		resp, err := o.logs.ListNamespaces(ctx, loganalytics.ListNamespacesRequest{CompartmentId: &o.tenancy})
		out = nil
		for _, n := range resp.Items {
			out = append(out, value(n.NamespaceName))
		}
		return err
	})
	return out, err
}

// LogGroup is a Log Analytics log group.
type LogGroup struct{ ID, Name, Compartment string }

// LogGroup looks a log group up by its OCID.
func (o *OCI) LogGroup(ctx context.Context, namespace, id string) (*LogGroup, error) {
	var out *LogGroup
	err := o.call(ctx, "look up the log group", func(e *Error) {
		if e.Kind == NotFound || e.Kind == Forbidden {
			e.Hint = fmt.Sprintf("log group %s is not in namespace %s, or this user may not see it: check log_group and namespace, and grant: "+
				"allow group G to use loganalytics-log-group in compartment C", clean(id), clean(namespace))
		}
	}, func(ctx context.Context) error {
		resp, err := o.logs.GetLogAnalyticsLogGroup(ctx, loganalytics.GetLogAnalyticsLogGroupRequest{NamespaceName: &namespace, LogAnalyticsLogGroupId: &id})
		if err == nil {
			out = &LogGroup{ID: value(resp.Id), Name: value(resp.DisplayName), Compartment: value(resp.CompartmentId)}
		}
		return err
	})
	return out, err
}

// ImportResult names what an import brought, and what it left alone because it
// existed and overwriting was not asked for.
type ImportResult struct {
	Sources, Parsers, Fields []string
	Conflicts                []string
}

// ImportContent loads a content ZIP (section 6 of the OCI reference) into the service.
func (o *OCI) ImportContent(ctx context.Context, namespace string, zip []byte, overwrite bool) (*ImportResult, error) {
	token := common.RetryToken()
	var out *ImportResult
	err := o.call(ctx, "import content", func(e *Error) {
		switch e.Kind {
		case NotFound, Forbidden:
			e.Hint = "check namespace, and grant: allow group G to manage loganalytics-features-family in tenancy"
		case Refused:
			e.Hint = "the service does not take this ZIP: check that it is an export of Log Analytics content"
		}
	}, func(ctx context.Context) error {
		resp, err := o.logs.ImportCustomContent(ctx, loganalytics.ImportCustomContentRequest{NamespaceName: &namespace,
			ImportCustomContentFileBody: body(zip), IsOverwrite: &overwrite, OpcRetryToken: &token})
		if err != nil {
			return err
		}
		out = &ImportResult{Sources: resp.SourceNames, Parsers: resp.ParserNames, Fields: resp.FieldNames}
		if c := resp.ChangeList; c != nil {
			for _, names := range [][]string{c.ConflictSourceNames, c.ConflictParserNames, c.ConflictFieldDisplayNames} {
				out.Conflicts = append(out.Conflicts, names...)
			}
		}
		return nil
	})
	return out, err
}

func (o *OCI) namespaceHint(namespace string) func(*Error) {
	return func(e *Error) {
		if e.Kind == NotFound || e.Kind == Forbidden {
			e.Hint = fmt.Sprintf("check namespace %s, and grant: allow group G to read loganalytics-features-family in tenancy", clean(namespace))
		}
	}
}

// body gives the SDK bytes it can rewind.
func body(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
