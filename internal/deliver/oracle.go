package deliver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"ledgerline/internal/connect"
	"ledgerline/internal/stage"
)

// Reader gives the bytes of a sealed file after comparing them with its hash.
type Reader interface {
	ReadVerified(f stage.File) ([]byte, error)
}

// Memory remembers, across restarts, which files were given to a sink without an answer yet.
type Memory interface {
	State(ctx context.Context, integration, key string) (string, error)
	SetState(ctx context.Context, integration, key, value string) error
}

// ObjectStore puts objects into a bucket.
type ObjectStore interface {
	PutObject(ctx context.Context, o connect.Object) error
}

// Archive keeps stage files in a bucket of Object Storage. A file that is there
// already with the same bytes counts as put, and nothing is ever replaced.
type Archive struct {
	Objects                   ObjectStore
	Files                     Reader
	Connection                string
	Namespace, Bucket, Prefix string
}

// Name of the sink.
func (a *Archive) Name() string {
	return fmt.Sprintf("archive:%s/%s/%s/%s", a.Connection, a.Namespace, a.Bucket, a.Prefix)
}

// Step of a run.
func (a *Archive) Step() string { return "archive" }

// Deliver puts the file under <prefix><day>/<name>.
func (a *Archive) Deliver(ctx context.Context, f stage.File) (Receipt, error) {
	body, err := a.Files.ReadVerified(f)
	if err != nil {
		return Receipt{}, err
	}
	object := a.Prefix + path.Join(f.Sealed.UTC().Format("2006/01/02"), f.Name)
	err = a.Objects.PutObject(ctx, connect.Object{Namespace: a.Namespace, Bucket: a.Bucket, Name: object, ContentType: "application/json", Body: body, CreateOnly: true})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Reference: object, Records: int64(f.Count)}, nil
}

// LogAnalytics is the upload call of Oracle's Log Analytics, or of another Ledgerline.
type LogAnalytics interface {
	Upload(ctx context.Context, up connect.LogUpload) (*connect.UploadReceipt, error)
	UploadedFiles(ctx context.Context, namespace, uploadName, file string) ([]connect.UploadedFile, error)
}

// Upload pushes stage files to Log Analytics.
type Upload struct {
	Service    LogAnalytics
	Files      Reader
	Memory     Memory
	Connection string
	Namespace  string
	LogGroup   string
	LogSource  string
	UploadName string
	Entity     string // OCID of what the records come from; may be empty
}

// Name of the sink.
func (u *Upload) Name() string {
	return fmt.Sprintf("upload:%s/%s/%s/%s", u.Connection, u.Namespace, u.LogGroup, u.LogSource)
}

// Step of a run.
func (u *Upload) Step() string { return "upload" }

// Deliver uploads the file under a retry token made of its hash and the sink,
// which a service that keeps such tokens takes once. Where an earlier try ended
// without an answer, the service's list of uploads is asked first, since
// Oracle does not promise to keep the token.
func (u *Upload) Deliver(ctx context.Context, f stage.File) (Receipt, error) {
	doubt := "trying " + u.Name()
	kept, err := u.Memory.State(ctx, f.Integration, doubt)
	if err != nil {
		return Receipt{}, err
	}
	id, others := strconv.FormatInt(f.ID, 10), strings.Fields(kept)
	before := len(others)
	others = slices.DeleteFunc(others, func(other string) bool { return other == id })
	settled := func() error { return u.Memory.SetState(ctx, f.Integration, doubt, strings.Join(others, " ")) }
	note := ""
	if len(others) < before {
		found, err := u.Service.UploadedFiles(ctx, u.Namespace, u.UploadName, f.Name)
		if err != nil {
			return Receipt{}, fmt.Errorf("an earlier try had no answer; ask whether it arrived: %w", err)
		}
		if len(found) > 0 {
			return Receipt{Reference: found[0].Reference, Records: int64(f.Count), Note: "had arrived by an earlier try that had no answer"}, settled()
		}
		note = "possible double: an earlier try had no answer and the file is not listed, so it was sent again under the same retry token"
	}
	if err := u.Memory.SetState(ctx, f.Integration, doubt, strings.Join(append(slices.Clone(others), id), " ")); err != nil {
		return Receipt{}, err
	}
	body, err := u.Files.ReadVerified(f)
	if err != nil {
		return Receipt{}, err
	}
	receipt, err := u.Service.Upload(ctx, connect.LogUpload{
		Namespace: u.Namespace, LogGroup: u.LogGroup, Source: u.LogSource,
		File: f.Name, UploadName: u.UploadName, Entity: u.Entity, RetryToken: retryToken(f, u.Name()), Body: body,
	})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Reference: receipt.Reference, Records: int64(f.Count), Note: note}, settled()
}

// retryToken is the same for every try of one file at one sink.
func retryToken(f stage.File, sink string) string {
	sum := sha256.Sum256(append(f.SHA256[:], sink...))
	return hex.EncodeToString(sum[:15])
}
