package store

import (
	"os"
	"path/filepath"
	"sync"
)

// disk is every change the store makes to its directory. A test's step function
// is asked before each of them and can stop the program there.
type disk struct {
	step    func(op, path string) error
	durable *sync.Map // folders whose names are on disk for certain, by path
}

func newDisk(step func(op, path string) error) disk { return disk{step, &sync.Map{}} }

func (d disk) check(op, path string) error {
	if d.step == nil {
		return nil
	}
	return d.step(op, path)
}

// mkdir makes a folder and its name durable. That it is there does not say that it would still be
// after a power failure: a program may have ended before the name was synced.
func (d disk) mkdir(path string) error {
	if _, ok := d.durable.Load(path); ok {
		return nil
	}
	if _, err := os.Stat(path); err != nil {
		if err := d.check("mkdir", path); err != nil {
			return err
		}
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
	}
	if err := d.syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	d.durable.Store(path, true)
	return nil
}

func (d disk) create(path string) (*diskFile, error) {
	if err := d.check("create", path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &diskFile{d, f}, nil
}

func (d disk) rename(from, to string) error {
	if err := d.check("rename", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

func (d disk) remove(path string) error {
	if err := d.check("remove", path); err != nil {
		return err
	}
	return os.Remove(path)
}

func (d disk) syncDir(path string) error {
	if err := d.check("syncdir", path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

type diskFile struct {
	disk disk
	f    *os.File
}

func (f *diskFile) Write(p []byte) (int, error) {
	if err := f.disk.check("write", f.f.Name()); err != nil {
		n, _ := f.f.Write(p[:len(p)/2]) // a program that dies may have written a part
		return n, err
	}
	return f.f.Write(p)
}

func (f *diskFile) sync() error {
	if err := f.disk.check("sync", f.f.Name()); err != nil {
		return err
	}
	return f.f.Sync()
}

func (f *diskFile) close() error { return f.f.Close() }
