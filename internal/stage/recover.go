package stage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// recover brings disk and ledger together after a crash. It may itself be
// interrupted anywhere and is then simply run again.
func (s *Stage) recover(ctx context.Context) error {
	if err := s.abandonRuns(ctx); err != nil {
		return err
	}
	half, err := s.queryFiles(ctx, "SELECT "+fileColumns+" FROM file WHERE removed > 0")
	if err != nil {
		return err
	}
	for _, f := range half {
		if err := s.unlink(ctx, f); err != nil {
			return err
		}
	}
	if err := s.recoverRewritten(ctx); err != nil {
		return err
	}
	folders, err := os.ReadDir(s.root())
	if err != nil {
		return err
	}
	for _, d := range folders {
		if !d.IsDir() || checkIntegration(d.Name()) != nil {
			continue
		}
		if err := s.recoverIntegration(ctx, d.Name()); err != nil {
			return fmt.Errorf("%s: %w", d.Name(), err)
		}
	}
	return nil
}

// recoverIntegration finishes or removes the files that the ledger does not list.
// They can only be in the day of the last listed file or later.
func (s *Stage) recoverIntegration(ctx context.Context, integration string) error {
	next, err := s.nextPlace(ctx, integration)
	if err != nil {
		return err
	}
	var lastDay string
	if next.sequence > 1 {
		if err := s.read.QueryRowContext(ctx, "SELECT day FROM file WHERE integration = ? ORDER BY id DESC LIMIT 1", integration).Scan(&lastDay); err != nil {
			return err
		}
	}
	days, err := os.ReadDir(next.dir)
	if err != nil {
		return err
	}
	for _, day := range days {
		if !day.IsDir() || day.Name() < lastDay || day.Name() == rewrittenDir {
			continue
		}
		files, err := os.ReadDir(filepath.Join(next.dir, day.Name()))
		if err != nil {
			return err
		}
		for _, f := range files {
			p := place{dir: next.dir, day: day.Name()}
			var suffix string
			if p.sequence, suffix = parseName(f.Name()); p.sequence < next.sequence {
				continue
			}
			if err := s.recoverFile(ctx, integration, p, suffix); err != nil {
				return err
			}
		}
	}
	return nil
}

// parseName splits a file name of ours; a sequence of -1 says that it is none.
func parseName(name string) (int64, string) {
	digits, suffix, ok := strings.Cut(name, ".")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || (suffix != openSuffix[1:] && suffix != sealedSuffix[1:]) {
		return -1, ""
	}
	return n, "." + suffix
}

func (s *Stage) recoverFile(ctx context.Context, integration string, p place, suffix string) error {
	if integration != ReceivedIntegration {
		// Its records are still pending and will be sealed again.
		return s.disk.remove(p.path(suffix))
	}
	c, err := s.repairJournal(p, suffix)
	if err != nil {
		return err
	}
	if c.count == 0 {
		return s.disk.remove(p.path(suffix))
	}
	f := File{
		Integration: integration, Kind: Received, Path: p.path(sealedSuffix),
		Count: c.count, Bytes: c.size, Window: c.window,
	}
	c.hash.Sum(f.SHA256[:0])
	s.log.Info("received uploads recovered after a crash", "file", f.Path, "uploads", f.Count)
	return s.listReceived(p, &f, c.tokens)
}

// repairJournal reads the whole requests of an unlisted journal and cuts off what
// follows them. A torn tail was never acknowledged. When whole frames follow the
// damage it is no torn tail but damage, and the bytes are kept aside.
func (s *Stage) repairJournal(p place, suffix string) (*openJournal, error) {
	file, err := os.OpenFile(p.path(suffix), os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	c := &openJournal{place: p, hash: sha256.New(), tokens: map[tokenKey]tokenUse{}}
	fr := newFrameReader(file, info.Size())
	var request []ReceivedUpload
	for {
		u, body, err := fr.next()
		if errors.Is(err, io.EOF) || errors.Is(err, errTorn) {
			break
		}
		if err != nil {
			return nil, err
		}
		if request = append(request, ReceivedUpload{Upload: u, Body: body}); u.Following > 0 {
			continue
		}
		content, err := contentOf(request)
		if err != nil {
			return nil, err
		}
		c.note(request, content)
		c.size, request = fr.offset, nil
	}
	if c.size < info.Size() {
		if err := s.keepTorn(file, p, c.size, fr.offset, info.Size()); err != nil {
			return nil, err
		}
		if err := s.disk.truncate(file, c.size); err != nil {
			return nil, err
		}
	}
	if _, err := io.Copy(c.hash, io.NewSectionReader(file, 0, c.size)); err != nil {
		return nil, err
	}
	return c, s.disk.sync(file)
}

// keepTorn saves what is cut off if whole frames follow the first damage.
func (s *Stage) keepTorn(file *os.File, p place, cut, damage, end int64) error {
	tail := make([]byte, end-cut)
	if _, err := io.ReadFull(io.NewSectionReader(file, cut, end-cut), tail); err != nil {
		return err
	}
	if !holdsFrame(tail[damage-cut:]) {
		return nil
	}
	s.log.Error("a journal is damaged before its end; the bytes after the damage are kept aside",
		"file", p.path(tornSuffix), "bytes", len(tail))
	if err := s.writeFile(p.path(tornSuffix), tail); err != nil {
		return err
	}
	return s.disk.syncDir(filepath.Dir(p.path(tornSuffix)))
}

// holdsFrame reports whether a whole frame begins anywhere in b.
func holdsFrame(b []byte) bool {
	for {
		i := bytes.Index(b, []byte(frameMagic))
		if i < 0 || len(b)-i < framePrefix {
			return false
		}
		header, body, sum, ok := parsePrefix(b[i : i+framePrefix])
		payload := b[i+framePrefix:]
		if ok && header+body <= int64(len(payload)) && xxh3.Hash(payload[:header+body]) == sum {
			return true
		}
		b = b[i+1:]
	}
}

// tornFiles returns the paths of bytes kept aside from damaged journals.
func (s *Stage) tornFiles() ([]string, error) {
	return filepath.Glob(filepath.Join(s.root(), ReceivedIntegration, "*", "*"+tornSuffix))
}
