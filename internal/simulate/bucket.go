package simulate

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// bucketStore keeps buckets and objects, in memory or as files: one directory a
// bucket, one file an object, its name escaped as in a URL path.
type bucketStore struct {
	clock func() time.Time
	root  *os.Root // nil: in memory

	mu      sync.RWMutex
	buckets map[string]map[string]*object
}

type object struct {
	body        []byte // nil when kept in a file
	size        int64
	md5         string // base64
	contentType string
	metadata    map[string]string
	modified    time.Time
}

func (o *object) etag() string { return url.PathEscape(o.md5) }

var (
	errNoBucket = errors.New("bucket not found")
	errNoObject = errors.New("object not found")
	errExists   = errors.New("exists already")
	errBadName  = errors.New("the name cannot be used")
)

func newBucketStore(dir string, buckets []string, clock func() time.Time) (*bucketStore, error) {
	b := &bucketStore{clock: clock, buckets: map[string]map[string]*object{}}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("simulate: the directory of objects: %w", err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, fmt.Errorf("simulate: the directory of objects: %w", err)
		}
		b.root = root
		if err := b.load(); err != nil {
			return nil, fmt.Errorf("simulate: the directory of objects: %w", err)
		}
	}
	for _, name := range buckets {
		if err := b.create(name); err != nil && !errors.Is(err, errExists) {
			return nil, fmt.Errorf("simulate: bucket %q: %w", name, err)
		}
	}
	return b, nil
}

// load finds what an earlier run left.
func (b *bucketStore) load() error {
	return fs.WalkDir(b.root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		bucket, file := filepath.Split(path)
		name, err := url.PathUnescape(file)
		if err != nil || strings.HasPrefix(file, temporary) {
			return nil
		}
		body, err := b.root.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		bucket = strings.TrimSuffix(bucket, "/")
		if b.buckets[bucket] == nil {
			b.buckets[bucket] = map[string]*object{}
		}
		o := newObject(body, info.ModTime())
		o.body = nil
		b.buckets[bucket][name] = o
		return nil
	})
}

func newObject(body []byte, modified time.Time) *object {
	sum := md5.Sum(body)
	return &object{body: body, size: int64(len(body)), md5: base64.StdEncoding.EncodeToString(sum[:]), modified: modified,
		contentType: "application/octet-stream"}
}

const (
	temporary     = ".tmp-"
	longestName   = 1024 // of an object, in Object Storage
	longestFile   = 200  // of an escaped name, for common file systems
	longestBucket = 256
)

func bucketName(name string) bool {
	return name != "" && len(name) <= longestBucket && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == "" &&
		name != "." && name != ".."
}

func (b *bucketStore) create(bucket string) error {
	if !bucketName(bucket) {
		return errBadName
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buckets[bucket] != nil {
		return errExists
	}
	if b.root != nil {
		if err := b.root.Mkdir(bucket, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	b.buckets[bucket] = map[string]*object{}
	return nil
}

func (b *bucketStore) has(bucket string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.buckets[bucket] != nil
}

// put stores an object; createOnly refuses to replace one.
func (b *bucketStore) put(bucket, name string, o *object, createOnly bool) error {
	if name == "" || len(name) > longestName {
		return errBadName
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	objects := b.buckets[bucket]
	if objects == nil {
		return errNoBucket
	}
	if createOnly && objects[name] != nil {
		return errExists
	}
	if b.root != nil {
		file := url.PathEscape(name)
		if len(file) > longestFile || file == "." || file == ".." || strings.HasPrefix(file, temporary) {
			return errBadName
		}
		half := bucket + "/" + temporary + "put"
		if err := b.root.WriteFile(half, o.body, 0o600); err != nil {
			return err
		}
		if err := b.root.Rename(half, bucket+"/"+file); err != nil {
			return err
		}
		o.body = nil
	}
	objects[name] = o
	return nil
}

func (b *bucketStore) get(bucket, name string) (*object, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	objects := b.buckets[bucket]
	if objects == nil {
		return nil, errNoBucket
	}
	o := objects[name]
	if o == nil {
		return nil, errNoObject
	}
	if b.root == nil {
		return o, nil
	}
	whole := *o
	body, err := b.root.ReadFile(bucket + "/" + url.PathEscape(name))
	if err != nil {
		return nil, err
	}
	whole.body = body
	return &whole, nil
}

func (b *bucketStore) remove(bucket, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buckets[bucket] == nil {
		return errNoBucket
	}
	if b.buckets[bucket][name] == nil {
		return errNoObject
	}
	delete(b.buckets[bucket], name)
	if b.root != nil {
		return b.root.Remove(bucket + "/" + url.PathEscape(name))
	}
	return nil
}

type named struct {
	name string
	*object
}

// list gives a bucket's objects in order of name.
func (b *bucketStore) list(bucket string) ([]named, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	objects := b.buckets[bucket]
	if objects == nil {
		return nil, errNoBucket
	}
	out := make([]named, 0, len(objects))
	for name, o := range objects {
		out = append(out, named{name, o})
	}
	slices.SortFunc(out, func(a, b named) int { return strings.Compare(a.name, b.name) })
	return out, nil
}
