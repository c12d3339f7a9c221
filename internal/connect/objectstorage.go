package connect

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/objectstorage"
)

// Object is one object to store.
type Object struct {
	Namespace, Bucket string
	Name              string // may hold slashes
	ContentType       string // default application/octet-stream
	Body              []byte
	// CreateOnly refuses to replace an object. One that is there already with the
	// same bytes counts as stored: an earlier try arrived.
	CreateOnly bool
}

// PutObject stores an object, with a Content-MD5 that the service checks.
func (o *OCI) PutObject(ctx context.Context, obj Object) error {
	op := "store object " + clean(obj.Name)
	if err := checkObjectName(op, obj.Name); err != nil {
		return err
	}
	sum := md5.Sum(obj.Body)
	digest := base64.StdEncoding.EncodeToString(sum[:])
	contentType := first(obj.ContentType, "application/octet-stream")
	var none *string
	if obj.CreateOnly {
		none = common.String("*")
	}
	err := o.call(ctx, op, bucketHint(obj.Namespace, obj.Bucket), func(ctx context.Context) error {
		_, err := o.objects.PutObject(ctx, objectstorage.PutObjectRequest{NamespaceName: &obj.Namespace, BucketName: &obj.Bucket,
			ObjectName: &obj.Name, ContentLength: common.Int64(int64(len(obj.Body))), ContentMD5: &digest,
			ContentType: &contentType, IfNoneMatch: none, PutObjectBody: body(obj.Body)})
		return err
	})
	if e := asPrecondition(err); e != nil && obj.CreateOnly {
		stored, herr := o.objectMD5(ctx, obj)
		if herr != nil {
			return herr
		}
		if stored == digest {
			return nil
		}
		e.Hint = fmt.Sprintf("bucket %s holds an object of this name with other bytes; it is left alone: use another prefix", clean(obj.Bucket))
		return e
	}
	return err
}

func asPrecondition(err error) *Error {
	if e, ok := err.(*Error); ok && e.Status == http.StatusPreconditionFailed {
		return e
	}
	return nil
}

func (o *OCI) objectMD5(ctx context.Context, obj Object) (string, error) {
	var digest string
	err := o.call(ctx, "look up object "+clean(obj.Name), bucketHint(obj.Namespace, obj.Bucket), func(ctx context.Context) error {
		resp, err := o.objects.HeadObject(ctx, objectstorage.HeadObjectRequest{NamespaceName: &obj.Namespace, BucketName: &obj.Bucket, ObjectName: &obj.Name})
		digest = value(resp.ContentMd5)
		return err
	})
	return digest, err
}

// HeadBucket reports whether the bucket can be reached.
func (o *OCI) HeadBucket(ctx context.Context, namespace, bucket string) error {
	return o.call(ctx, "look up the bucket", bucketHint(namespace, bucket), func(ctx context.Context) error {
		_, err := o.objects.HeadBucket(ctx, objectstorage.HeadBucketRequest{NamespaceName: &namespace, BucketName: &bucket})
		return err
	})
}

// checkObjectName refuses names that no object can have, and those whose path
// would be cleaned on its way and mean another object.
func checkObjectName(op, name string) error {
	bad := name == "" || len(name) > 1024 || strings.ContainsAny(name, "\x00\r\n")
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || part == "" || part == "." || part == ".."
	}
	if bad {
		return &Error{Op: op, Kind: Refused, Message: "the object name cannot be sent",
			Hint: "a name has at most 1024 bytes, no line break, and something other than . and .. before, between and behind its slashes: check prefix, or rename the object"}
	}
	return nil
}

func bucketHint(namespace, bucket string) func(*Error) {
	return func(e *Error) {
		switch e.Kind {
		case NotFound, Forbidden:
			e.Hint = fmt.Sprintf("bucket %s is not in namespace %s, or this user may not use it: check bucket and namespace (oci os ns get), and grant: "+
				"allow group G to manage objects in compartment C where target.bucket.name='%s'", clean(bucket), clean(namespace), clean(bucket))
		case Refused:
			e.Hint = "the service does not take this object as it is"
		}
	}
}
