package logfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxParts bounds how many files an archive may hold.
const maxParts = 100_000

// ErrArchive is wrapped by errors about an archive that cannot be opened.
var ErrArchive = errors.New("the ZIP archive cannot be read")

// Parts calls visit with the streams of a file: the file itself, under an empty
// name, or each file in it when it is a ZIP archive, as the console's audit
// download is. What unpacking a part finds wrong is an error of its stream. The
// first error of visit ends it.
func Parts(file io.ReaderAt, size int64, visit func(name string, r io.Reader) error) error {
	var head [4]byte
	if _, err := file.ReadAt(head[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !bytes.Equal(head[:], []byte("PK\x03\x04")) && !bytes.Equal(head[:], []byte("PK\x05\x06")) {
		return visit("", io.NewSectionReader(file, 0, size))
	}
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrArchive, err)
	}
	if len(archive.File) > maxParts {
		return fmt.Errorf("%w: it holds more than %d files; unpack it first", ErrArchive, maxParts)
	}
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			r = io.NopCloser(failing{err})
		}
		err = visit(f.Name, unpacking{r})
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// failing is the stream of a part that cannot be unpacked.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// unpacking marks what goes wrong as damage of the archive, behind which reading goes on.
type unpacking struct{ io.Reader }

func (u unpacking) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &damage{err}
	}
	return n, err
}
