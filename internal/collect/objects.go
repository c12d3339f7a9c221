package collect

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// ObjectReader lists and reads the objects of a bucket. It retries what is transient itself.
type ObjectReader interface {
	ListObjects(ctx context.Context, q connect.ObjectQuery) (*connect.ObjectPage, error)
	ReadObject(ctx context.Context, r connect.ObjectRange) ([]byte, error)
}

// ObjectsLedger keeps what was read, and of which objects.
type ObjectsLedger interface {
	State(ctx context.Context, integration, key string) (string, error)
	// Update makes all durable that do enters, or nothing.
	Update(ctx context.Context, do func(Book) error) error
}

// Book is what one transaction of a ledger enters.
type Book interface {
	Stager
	SetState(ctx context.Context, integration, key, value string) error
	MarkCovered(ctx context.Context, integration string, w record.Window, rows int) error
	MarkGap(ctx context.Context, integration string, w record.Window, note string) error
}

// ObjectsOptions say which objects to read and how.
type ObjectsOptions struct {
	Integration               string
	Routes                    Routes
	Namespace, Bucket, Prefix string
	TempDir                   string        // where an object lies while it is read; default the system's
	PartSize                  int64         // bytes asked for at a time; default 8 MiB
	MaxLine                   int           // bytes of a record; default 8 MiB, so that a stage file of 10 MB can hold it
	MaxObject                 int64         // bytes of an object, as stored; default 2 GiB
	Batch                     int           // records that share a transaction, at most; default 5,000
	RetryEvery                time.Duration // how often an object that failed thrice is tried again; default 6 h
	Clock                     func() time.Time
	Logger                    *slog.Logger
	Progress                  func(Progress) // called now and then; may be nil
}

// Objects reads what Connector Hub leaves in a bucket: objects named
// <prefix>/<connector>/<from>_<to>.<n>.log.gz, gzip of one event a line. Collect
// must not run twice at once.
//
// Each object is read once: it is fetched whole, compared with its size and MD5,
// unpacked to its end, and only then are its lines staged; the next one is fetched
// meanwhile. Many small objects share a transaction, a large one takes several;
// each also enters what is read of its objects, so that a reading goes on where it
// was interrupted. An object that fails is a gap and is tried again; the others are
// read meanwhile. Events come twice when the connector delivers twice; their
// identities keep them apart.
type Objects struct {
	client ObjectReader
	ledger ObjectsLedger
	opts   ObjectsOptions
}

// NewObjects returns a reader; nothing is asked before Collect.
func NewObjects(client ObjectReader, ledger ObjectsLedger, opts ObjectsOptions) *Objects {
	opts.PartSize = cmp.Or(max(opts.PartSize, 0), 8<<20)
	opts.MaxLine = cmp.Or(max(opts.MaxLine, 0), 8<<20)
	opts.MaxObject = cmp.Or(max(opts.MaxObject, 0), 2<<30)
	opts.Batch = cmp.Or(max(opts.Batch, 0), 5000)
	opts.RetryEvery = cmp.Or(opts.RetryEvery, 6*time.Hour)
	surroundings(&opts.Clock, &opts.Logger, &opts.Progress)
	return &Objects{client: client, ledger: ledger, opts: opts}
}

// Collect reads the objects that are new. The outcome counts what was done also
// when an error ended it; everything counted as staged is durable.
func (o *Objects) Collect(ctx context.Context) (Outcome, error) {
	r := &objectReading{Objects: o, now: o.opts.Clock().UTC(), fetcher: newFetcher(o), reader: bufio.NewReaderSize(nil, 256<<10)}
	err := r.collect(ctx)
	if len(r.parts) > 0 { // what was read before the trouble
		err = errors.Join(err, r.flush(ctx))
	}
	if r.waiting > 0 {
		r.out.note("%d objects failed before and wait to be tried again", r.waiting)
	}
	if err != nil {
		return r.out, fmt.Errorf("collect: %s: %w", o.opts.Integration, err)
	}
	return r.out, nil
}

// objectReading is one Collect under way.
type objectReading struct {
	*Objects
	out     Outcome
	now     time.Time
	whole   bool // this run lists everything, not only what is recent
	waiting int

	parts       []objectPart // read, and not yet in the ledger
	rows, bytes int          // of them

	// Kept from object to object: connectors leave many small ones.
	fetcher *fetcher
	zip     gzip.Reader
	reader  *bufio.Reader
}

const (
	keyListed  = "listed"       // when everything was listed
	listEvery  = 24 * time.Hour // somebody may have put old objects back
	recent     = 48 * time.Hour // names of this age are listed each time
	mostDepth  = 16             // of folders
	mostPrefix = 100_000        // folders
	nameTime   = "20060102T150405Z"
)

func (r *objectReading) collect(ctx context.Context) error {
	listed, err := r.ledger.State(ctx, r.opts.Integration, keyListed)
	if err != nil {
		return err
	}
	last := parseTime(listed)
	r.whole = last.IsZero() || r.now.Sub(last).Abs() >= listEvery
	folders := []string{r.opts.Prefix}
	for seen := 0; len(folders) > 0; seen++ {
		if seen > mostPrefix || strings.Count(folders[0], "/") > mostDepth+strings.Count(r.opts.Prefix, "/") {
			return fmt.Errorf("the bucket has too many folders below %q: narrow prefix", r.opts.Prefix)
		}
		below, err := r.folder(ctx, folders[0])
		if err != nil {
			return err
		}
		folders = append(below, folders[1:]...)
	}
	if r.whole {
		return r.keep(ctx, keyListed, r.now.Format(time.RFC3339))
	}
	return nil
}

// folder reads the objects that lie in a folder and returns the folders below.
func (r *objectReading) folder(ctx context.Context, prefix string) (below []string, err error) {
	key := "settled " + prefix
	settled, err := r.ledger.State(ctx, r.opts.Integration, key)
	if err != nil {
		return nil, err
	}
	q := connect.ObjectQuery{Namespace: r.opts.Namespace, Bucket: r.opts.Bucket, Prefix: prefix, Folders: true}
	if !r.whole {
		q.Start = settled
	}
	mark, unbroken := settled, true
	for {
		page, err := r.client.ListObjects(ctx, q)
		if err != nil {
			return nil, err
		}
		r.out.Pages++
		for _, name := range page.Folders {
			if strings.HasPrefix(name, prefix) && name != prefix && !slices.Contains(below, name) {
				below = append(below, name)
			}
		}
		objects, err := r.objects(ctx, page.Objects)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			// What is settled without a break, and too old for others to appear among it, is not listed again.
			w, named := objectWindow(o.info)
			if unbroken = unbroken && o.state.Done && named && r.now.Sub(w.To) > recent; unbroken && o.info.Name > mark {
				mark = o.info.Name
			}
		}
		if page.Next == "" {
			break
		}
		if page.Next <= q.Start {
			return nil, errors.New("the list of objects does not go on: the service names a page that was listed; try again later")
		}
		q.Start = page.Next
	}
	if mark != settled {
		return below, r.keep(ctx, key, mark)
	}
	return below, nil
}

// keep enters a state after what was read so far.
func (r *objectReading) keep(ctx context.Context, key, value string) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	return r.ledger.Update(ctx, func(book Book) error { return book.SetState(ctx, r.opts.Integration, key, value) })
}

var objectName = regexp.MustCompile(`^(\d{8}T\d{6}Z)_(\d{8}T\d{6}Z)\.`)

// objectWindow is the time that an object's name says it covers; without such a
// name, the second in which it was made.
func objectWindow(info connect.ObjectInfo) (w record.Window, named bool) {
	if m := objectName.FindStringSubmatch(path.Base(info.Name)); m != nil {
		from, err := time.Parse(nameTime, m[1])
		to, err2 := time.Parse(nameTime, m[2])
		if err == nil && err2 == nil && !to.Before(from) {
			return record.Window{From: from, To: to.Add(time.Second)}, true // whole seconds, both inside
		}
	}
	from := info.Created.Truncate(time.Second)
	return record.Window{From: from, To: from.Add(time.Second)}, false
}
