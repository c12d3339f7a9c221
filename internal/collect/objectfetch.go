package collect

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"io"
	"os"

	"ledgerline/internal/connect"
)

const (
	smallestPart = 64 << 10
	// mostUnpacked bounds what one object becomes; a gzip stream can grow a thousandfold.
	mostUnpacked = 64 << 30
)

// fetch copies an object into a file, part by part, and compares size and MD5.
func (r *objectReading) fetch(ctx context.Context, info connect.ObjectInfo, f *os.File) error {
	sum := md5.New()
	size := r.opts.PartSize
	for at := int64(0); at < info.Size; {
		part, err := r.client.ReadObject(ctx, connect.ObjectRange{Namespace: r.opts.Namespace, Bucket: r.opts.Bucket, Name: info.Name,
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
		if _, err := f.Write(part); err != nil {
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

// verifyGzip unpacks a file to its end: the checksums of gzip (RFC 1952) tell
// whether it is whole.
func (r *objectReading) verifyGzip(ctx context.Context, f *os.File) error {
	if err := r.unpack(f); err != nil {
		return refuse("is not gzip")
	}
	for total := int64(0); ; {
		n, err := r.zip.Read(r.buf)
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

// unpack lets r.zip read the file from its beginning.
func (r *objectReading) unpack(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return r.zip.Reset(f)
}
