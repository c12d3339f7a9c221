package connect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// RefreshFile keeps a refresh token in a file that only its owner can read.
// A stolen one is of no use without the client's secret or key (RFC 6749,
// section 10.4), which is why it is not encrypted.
type RefreshFile struct {
	path string

	mu      sync.Mutex
	unsaved string // given by the domain, and not kept yet because the disk refused
}

// NewRefreshFile names the file; its folder is made when a token is kept.
func NewRefreshFile(path string) *RefreshFile { return &RefreshFile{path: path} }

// mostRefresh bounds a token; identity domains give one to three kilobytes.
const mostRefresh = 64 << 10

// Renew implements RefreshTokens. A lock beside the file keeps other processes
// out, since a domain may take a second use of a token for theft.
func (f *RefreshFile) Renew(use func(refresh string) (next string, err error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(f.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close() // which ends the lock
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", f.path, err)
	}
	if f.unsaved != "" {
		if err := f.save(f.unsaved); err != nil {
			return err
		}
	}
	kept, err := f.load()
	if err != nil {
		return err
	}
	next, err := use(kept)
	if err != nil || next == kept {
		return err
	}
	return f.save(next)
}

// Version implements RefreshTokens: a file is replaced, never rewritten.
func (f *RefreshFile) Version() string {
	info, err := os.Stat(f.path)
	if err != nil {
		return ""
	}
	return info.ModTime().String()
}

func (f *RefreshFile) load() (string, error) {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("%s may be read by others; chmod 600 it, and log in again if it was", f.path)
	case info.Size() > mostRefresh:
		return "", fmt.Errorf("%s is too large for a token; remove it and log in again", f.path)
	}
	b, err := os.ReadFile(f.path)
	return strings.TrimSpace(string(b)), err
}

// save replaces the file: it is there whole, old or new, whenever the process ends.
func (f *RefreshFile) save(token string) error {
	f.unsaved = token
	name := f.path + ".new"
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(token + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(name, f.path); err != nil {
		return err
	}
	f.unsaved = ""
	dir, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
