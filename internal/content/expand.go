package content

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// Limits of Expand. Zero values stand for the defaults.
type Limits struct {
	Entries int   // files in an archive; default 2000
	Bytes   int64 // expanded, all files together; default 1 GB
	Ratio   int64 // expanded to packed, beyond the first 10 MB; default 200
}

func (l Limits) withDefaults() Limits {
	if l.Entries <= 0 {
		l.Entries = 2000
	}
	if l.Bytes <= 0 {
		l.Bytes = 1 << 30
	}
	if l.Ratio <= 0 {
		l.Ratio = 200
	}
	return l
}

// ratioFree is how much may come out of an archive before its ratio counts:
// small files of repeated text pack very well and harm nobody.
const ratioFree = 10 << 20

// Expand calls visit for each file of an upload: the file itself, what a gzip
// file holds, or each regular file of a zip, tar or tgz archive. What it is shows
// in its first bytes; the name decides only whether gzip holds a tar. Archives in
// archives are refused, as are names that lead out of one and what exceeds the limits;
// visit may have been called before the error. Names are made relative. The bytes given
// to visit are valid until it returns.
func Expand(name string, body []byte, limits Limits, visit func(name string, body []byte) error) error {
	x := &expander{limits: limits.withDefaults(), visit: visit, packed: int64(len(body))}
	name = cleanName(name)
	var err error
	switch kindOf(body) {
	case "zip":
		err = x.zip(body)
	case "gzip":
		err = x.gzip(name, body)
	case "tar":
		err = x.tar(bytes.NewReader(body))
	default:
		return visit(name, body)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", clip(name), err)
	}
	return nil
}

type expander struct {
	limits Limits
	visit  func(string, []byte) error
	packed int64
	total  int64
	files  int
}

// kindOf tells archives by their first bytes. An empty zip starts with its end.
func kindOf(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("PK\x05\x06")):
		return "zip"
	case bytes.HasPrefix(b, []byte{0x1F, 0x8B}):
		return "gzip"
	case len(b) > 262 && string(b[257:262]) == "ustar":
		return "tar"
	case bytes.HasPrefix(b, []byte("BZh")) && len(b) > 10 && string(b[4:10]) == "1AY&SY",
		bytes.HasPrefix(b, []byte{0xFD, '7', 'z', 'X', 'Z', 0}), bytes.HasPrefix(b, []byte("7z\xBC\xAF\x27\x1C")),
		bytes.HasPrefix(b, []byte("Rar!\x1A\x07")), bytes.HasPrefix(b, []byte{0x28, 0xB5, 0x2F, 0xFD}):
		return "other"
	}
	return ""
}

var errNested = errors.New("archives inside archives are not accepted; unpack it once and upload the inner files")

func (x *expander) file(name string, r io.Reader) error {
	if x.files++; x.files > x.limits.Entries {
		return fmt.Errorf("the archive holds more than %d files; split it", x.limits.Entries)
	}
	if slices.Contains(strings.Split(strings.ReplaceAll(name, `\`, "/"), "/"), "..") {
		return fmt.Errorf("the archive holds the name %q, which leads out of it", clip(name))
	}
	body, err := x.readAll(r)
	if err != nil {
		return err
	}
	if kindOf(body) != "" {
		return fmt.Errorf("%s: %w", clip(name), errNested)
	}
	return x.visit(cleanName(name), body)
}

// allowance is how many bytes may come out of the archive.
func (x *expander) allowance() int64 {
	return min(x.limits.Bytes, max(ratioFree, x.packed*x.limits.Ratio))
}

// readAll reads what is left of the allowance.
func (x *expander) readAll(r io.Reader) ([]byte, error) {
	left := x.allowance() - x.total
	body, err := io.ReadAll(io.LimitReader(r, left+1))
	if err != nil {
		return nil, fmt.Errorf("the archive is damaged: %w", err)
	}
	if x.total += int64(len(body)); int64(len(body)) > left {
		return nil, fmt.Errorf("it expands to more than is accepted (%d bytes, or %d times its size); split it", x.limits.Bytes, x.limits.Ratio)
	}
	return body, nil
}

func (x *expander) zip(body []byte) error {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return fmt.Errorf("the archive is damaged: %w", err)
	}
	if len(z.File) > x.limits.Entries {
		return fmt.Errorf("the archive holds %d files, more than %d; split it", len(z.File), x.limits.Entries)
	}
	for _, f := range z.File {
		if !f.Mode().IsRegular() {
			continue
		}
		if f.Flags&1 != 0 {
			return fmt.Errorf("%s is encrypted; upload it without a password", clip(f.Name))
		}
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("%s: the archive is damaged: %w", clip(f.Name), err)
		}
		err = x.file(f.Name, r)
		_ = r.Close() // the check sum was compared at the end of reading
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *expander) gzip(name string, body []byte) error {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the archive is damaged: %w", err)
	}
	defer r.Close()
	// What a tar holds besides files is unpacked too, so it is bounded here as well.
	const frames = 4 << 20
	bounded := io.LimitReader(r, x.allowance()+frames)
	inner := strings.TrimSuffix(name, path.Ext(name))
	switch strings.ToLower(path.Ext(name)) {
	case ".tgz":
		return x.tar(bounded)
	case ".gz", ".gzip":
		if strings.EqualFold(path.Ext(inner), ".tar") {
			return x.tar(bounded)
		}
	default:
		inner = name
	}
	plain, err := x.readAll(r)
	if err != nil {
		return err
	}
	switch kindOf(plain) {
	case "":
		return x.visit(inner, plain)
	case "tar":
		x.total = 0 // counted again, file by file
		return x.tar(bytes.NewReader(plain))
	}
	return errNested
}

func (x *expander) tar(r io.Reader) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the archive is damaged: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			if x.files++; x.files > x.limits.Entries { // links and folders are not read, but they count
				return fmt.Errorf("the archive holds more than %d files; split it", x.limits.Entries)
			}
			continue
		}
		if err := x.file(h.Name, t); err != nil {
			return err
		}
	}
}

// cleanName makes a name relative and harmless. It is shown to people and never
// opened, but other programs may be less careful.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, strings.ToValidUTF8(strings.ReplaceAll(name, `\`, "/"), "\uFFFD"))
	if len(name) > 1 && name[1] == ':' {
		name = name[2:]
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}
