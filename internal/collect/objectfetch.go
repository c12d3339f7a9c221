package collect

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"

	"ledgerline/internal/connect"
)

const (
	smallestPart = 64 << 10
	// mostUnpacked bounds what one object becomes; a gzip stream can grow a thousandfold.
	mostUnpacked = 64 << 30
)

// fetcher brings objects to this machine and verifies them.
type fetcher struct {
	*Objects
	zip gzip.Reader
	buf []byte
}

func newFetcher(o *Objects) *fetcher { return &fetcher{Objects: o, buf: make([]byte, 256<<10)} }

// fetched is an object on disk, whole, or why it is not.
type fetched struct {
	file *os.File
	err  error
}

// ahead fetches the wanted objects in their order, one more than was taken. Whoever
// takes them calls stop at the end.
func (f *fetcher) ahead(ctx context.Context, list []*object) (next <-chan fetched, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan fetched)
	go func() {
		defer close(out)
		for _, o := range list {
			if !o.wanted {
				continue
			}
			file, err := f.fetch(ctx, o.info)
			select {
			case out <- fetched{file, err}:
			case <-ctx.Done():
				file.Close() // which a nil one takes well
				return
			}
		}
	}()
	return out, func() {
		cancel()
		for left := range out {
			left.file.Close()
		}
	}
}

// fetch brings one object.
func (f *fetcher) fetch(ctx context.Context, info connect.ObjectInfo) (*os.File, error) {
	switch {
	case info.Size == 0:
		return nil, refuse("is empty")
	case info.Size > f.opts.MaxObject:
		return nil, refuse("has %d bytes, more than the %d that are read", info.Size, f.opts.MaxObject)
	}
	file, err := os.CreateTemp(f.opts.TempDir, "object-")
	if err != nil {
		return nil, err
	}
	// Gone with the process, however that ends.
	if err = os.Remove(file.Name()); err == nil {
		if err = f.download(ctx, info, file); err == nil {
			err = f.verify(ctx, file)
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// download copies an object into a file, part by part, and compares size and MD5.
func (f *fetcher) download(ctx context.Context, info connect.ObjectInfo, file *os.File) error {
	sum := md5.New()
	size := f.opts.PartSize
	for at := int64(0); at < info.Size; {
		part, err := f.client.ReadObject(ctx, connect.ObjectRange{Namespace: f.opts.Namespace, Bucket: f.opts.Bucket, Name: info.Name,
			ETag: info.ETag, Offset: at, Length: min(size, info.Size-at)})
		switch {
		case err == nil && len(part) == 0:
			return refuse("ends after %d of %d bytes", at, info.Size)
		case err == nil:
		case connect.ObjectGone(err):
			return refuse("was deleted while it was read")
		case connect.ObjectReplaced(err):
			return refuse("was replaced while it was read")
		case ctx.Err() == nil && tooLarge(err) && size > smallestPart:
			size /= 2
			continue
		case connect.KindOf(err) == connect.BadPayload, connect.KindOf(err) == connect.Refused:
			return refuse("cannot be fetched: %v", err)
		default:
			return err
		}
		sum.Write(part)
		if _, err := file.Write(part); err != nil {
			return err
		}
		at += int64(len(part))
	}
	// Objects that were uploaded in parts have no MD5 of the whole.
	if want, err := base64.StdEncoding.DecodeString(info.MD5); err == nil && len(want) == md5.Size && string(want) != string(sum.Sum(nil)) {
		return refuse("has other bytes than its MD5 says")
	}
	return nil
}

// verify unpacks a file to its end: the checksums of gzip (RFC 1952) tell
// whether it is whole.
func (f *fetcher) verify(ctx context.Context, file *os.File) error {
	if err := unpack(&f.zip, file); err != nil {
		return refuse("is not gzip")
	}
	for total := int64(0); ; {
		n, err := f.zip.Read(f.buf)
		total += int64(n)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == io.EOF:
			return nil
		case err == io.ErrUnexpectedEOF:
			return refuse("is cut off: its gzip stream ends after %d unpacked bytes", total)
		case err != nil:
			return refuse("is damaged: %v after %d unpacked bytes", err, total)
		case total > mostUnpacked:
			return refuse("unpacks to more than %d bytes", int64(mostUnpacked))
		}
	}
}

// unpack lets zip read a file from its beginning.
func unpack(zip *gzip.Reader, file *os.File) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return zip.Reset(file)
}
