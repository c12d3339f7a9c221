package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/objectstorage"
)

// ObjectQuery asks for a page of the names in a bucket, in the order of their bytes.
type ObjectQuery struct {
	Namespace, Bucket string
	Prefix            string
	Start             string // first name that is wanted, from a page's Next or one's own
	Folders           bool   // names with a slash after the prefix come as folders
}

// ObjectInfo is one object of a page.
type ObjectInfo struct {
	Name    string
	Size    int64
	MD5     string // base64; empty for objects that were uploaded in parts
	ETag    string
	Created time.Time
}

// ObjectPage is a page of names.
type ObjectPage struct {
	Objects []ObjectInfo
	Folders []string // prefixes that end with a slash
	Next    string   // Start of the next page; empty on the last
}

const objectPage = 1000

// ListObjects fetches one page. Everything transient is retried.
func (o *OCI) ListObjects(ctx context.Context, q ObjectQuery) (*ObjectPage, error) {
	var page *ObjectPage
	var delimiter *string
	if q.Folders {
		delimiter = common.String("/")
	}
	err := o.call(ctx, "list objects", readBucketHint(q.Namespace, q.Bucket), func(ctx context.Context) error {
		resp, err := o.objects.ListObjects(ctx, objectstorage.ListObjectsRequest{NamespaceName: &q.Namespace, BucketName: &q.Bucket,
			Prefix: optional(q.Prefix), Start: optional(q.Start), Delimiter: delimiter, Limit: common.Int(objectPage),
			Fields: common.String("name,size,etag,md5,timeCreated")})
		if err != nil {
			return err
		}
		page = &ObjectPage{Folders: resp.Prefixes, Next: value(resp.NextStartWith)}
		for _, s := range resp.Objects {
			info := ObjectInfo{Name: value(s.Name), MD5: value(s.Md5), ETag: value(s.Etag)}
			if s.Size == nil || info.Name == "" {
				return errors.New("an object without a name or size")
			}
			info.Size = *s.Size
			if s.TimeCreated != nil {
				info.Created = s.TimeCreated.UTC()
			}
			page.Objects = append(page.Objects, info)
		}
		return nil
	})
	return page, err
}

// ObjectRange is a stretch of an object's bytes.
type ObjectRange struct {
	Namespace, Bucket, Name string
	ETag                    string // of the version that is meant; empty: whichever there is
	Offset, Length          int64
}

// ReadObject fetches a stretch, as it is stored: an encoding of the content is
// not undone. It gives fewer bytes only at the object's end.
func (o *OCI) ReadObject(ctx context.Context, r ObjectRange) ([]byte, error) {
	op := "read object " + clean(r.Name)
	if err := checkObjectName(op, r.Name); err != nil {
		return nil, err
	}
	var out []byte
	err := o.call(ctx, op, readBucketHint(r.Namespace, r.Bucket), func(ctx context.Context) error {
		resp, err := o.objects.GetObject(ctx, objectstorage.GetObjectRequest{NamespaceName: &r.Namespace, BucketName: &r.Bucket, ObjectName: &r.Name,
			IfMatch: optional(r.ETag), Range: common.String(fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1))})
		if err != nil {
			return err
		}
		defer resp.Content.Close()
		if out, err = io.ReadAll(resp.Content); err != nil {
			return err
		}
		at, ranged := rangeStart(value(resp.ContentRange))
		switch {
		case ranged && at != r.Offset:
			return fmt.Errorf("asked for bytes from %d on, got those from %d on", r.Offset, at)
		case !ranged: // the whole object
			out = out[min(r.Offset, int64(len(out))):]
		}
		out = out[:min(r.Length, int64(len(out)))]
		return nil
	})
	return out, err
}

// rangeStart reads "bytes 0-99/1000" (RFC 9110, section 14.4).
func rangeStart(header string) (int64, bool) {
	rest, ok := strings.CutPrefix(header, "bytes ")
	if !ok {
		return 0, false
	}
	first, _, ok := strings.Cut(rest, "-")
	at, err := strconv.ParseInt(first, 10, 64)
	return at, ok && err == nil
}

// ObjectGone reports whether an object was not there any more.
func ObjectGone(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound && e.Code == "ObjectNotFound"
}

// ObjectReplaced reports whether an object is not the version any more that was meant.
func ObjectReplaced(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusPreconditionFailed
}

func readBucketHint(namespace, bucket string) func(*Error) {
	return func(e *Error) {
		if e.Code != "ObjectNotFound" && (e.Kind == NotFound || e.Kind == Forbidden) {
			e.Hint = fmt.Sprintf("bucket %s is not in namespace %s, or this user may not read it: check bucket and namespace (oci os ns get), and grant: "+
				"allow group G to read objects in compartment C where target.bucket.name='%s'", clean(bucket), clean(namespace), clean(bucket))
		}
	}
}

// ProbeObjects tests whether the objects under a prefix can be listed and read.
func (o *OCI) ProbeObjects(ctx context.Context, namespace, bucket, prefix string) []Probe {
	ctx = withAttempts(ctx, probeAttempts)
	page, err := o.ListObjects(ctx, ObjectQuery{Namespace: namespace, Bucket: bucket, Prefix: prefix})
	if err != nil {
		return []Probe{failed("objects", err)}
	}
	for _, info := range page.Objects {
		if info.Size == 0 || strings.HasSuffix(info.Name, "/") {
			continue
		}
		if _, err := o.ReadObject(ctx, ObjectRange{Namespace: namespace, Bucket: bucket, Name: info.Name, Length: min(info.Size, 16)}); err != nil && !ObjectGone(err) {
			return []Probe{failed("objects", err)}
		}
		more := ""
		if page.Next != "" {
			more = " or more"
		}
		return []Probe{passed("objects", "%d%s under %s of bucket %s can be listed and read", len(page.Objects), more, clean(first(prefix, "/")), clean(bucket))}
	}
	return []Probe{passed("objects", "none yet under %s of bucket %s: Connector Hub writes one every few minutes, while there are records", clean(first(prefix, "/")), clean(bucket))}
}
