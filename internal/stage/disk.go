package stage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// disk is every effect that stage has on files, so that a crash test can stop
// the world before each of them. The hook is nil in production.
type disk struct {
	hook    func(op, path string) error
	own     string    // the folder in which this is the only writer
	durable *sync.Map // folders of it that are on disk for certain, by path
}

func (d disk) before(op, path string) error {
	if d.hook == nil {
		return nil
	}
	return d.hook(op, path)
}

// create makes an empty file, replacing an unlisted one of the same name.
func (d disk) create(path string) (*os.File, error) {
	if err := d.before("create", path); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
}

func (d disk) write(f *os.File, p []byte) error {
	if err := d.before("write", f.Name()); err != nil {
		return err
	}
	_, err := f.Write(p)
	return err
}

// diskFile is a file that is written through a disk.
type diskFile struct {
	disk disk
	file *os.File
}

func (f diskFile) Write(p []byte) (int, error) {
	if err := f.disk.write(f.file, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (d disk) sync(f *os.File) error {
	if err := d.before("sync", f.Name()); err != nil {
		return err
	}
	return f.Sync()
}

func (d disk) truncate(f *os.File, size int64) error {
	if err := d.before("truncate", f.Name()); err != nil {
		return err
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	_, err := f.Seek(size, 0)
	return err
}

// rename is durable only after syncDir of the folder.
func (d disk) rename(from, to string) error {
	if err := d.before("rename", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// remove takes a missing file for removed.
func (d disk) remove(path string) error {
	if err := d.before("remove", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d disk) syncDir(path string) error {
	if err := d.before("syncdir", path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// mkdirAll creates the folder and its missing parents, each durable. That one is there does not say
// that it would still be after a power failure: a process may have ended before it was synced.
func (d disk) mkdirAll(path string) error {
	_, missing := os.Stat(path)
	_, durable := d.durable.Load(path)
	if missing == nil && (durable || !strings.HasPrefix(path, d.own)) {
		return nil
	}
	parent := filepath.Dir(path)
	if err := d.mkdirAll(parent); err != nil {
		return err
	}
	if missing != nil {
		if err := d.before("mkdir", path); err != nil {
			return err
		}
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := d.syncDir(parent); err != nil {
		return err
	}
	d.durable.Store(path, true)
	return nil
}
