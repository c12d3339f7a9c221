package stage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"ledgerline/internal/record"
)

// Envelope is what a collected file says beside its items.
type Envelope struct {
	Links  []Link        // as the service wrote them
	Window record.Window // what was asked for; kept in the ledger
}

const dayLayout = "2006-01-02"

// Seal writes the pending rows of an integration, in order of arrival, into as
// many files as MaxFileBytes asks for, and lists them. A file holds
// {"items":[…],"links":[…]} with the items' bytes as they came; an item larger
// than the limit gets a file of its own. On an error the files listed so far are
// returned and the rest stays pending.
func (s *Stage) Seal(ctx context.Context, integration string, env Envelope) ([]File, error) {
	if err := checkIntegration(integration); err != nil {
		return nil, err
	}
	links := env.Links
	if links == nil {
		links = []Link{}
	}
	tail, err := json.Marshal(links)
	if err != nil {
		return nil, fmt.Errorf("stage: links of %s: %w", integration, err)
	}
	tail = append(append([]byte(`],"links":`), tail...), '}')

	s.sealing.Lock()
	defer s.sealing.Unlock()
	var out []File
	var b batch
	for {
		b, err = s.nextBatch(ctx, integration, b.raw[:0], tail)
		if err != nil {
			return out, fmt.Errorf("stage: sealing %s: %w", integration, err)
		}
		if b.count == 0 {
			return out, nil
		}
		f, err := s.sealBatch(ctx, integration, env.Window, b)
		if err != nil {
			return out, fmt.Errorf("stage: sealing %s: %w", integration, err)
		}
		out = append(out, f)
		s.announce()
	}
}

// batch is the content of one collected file.
type batch struct {
	pendingRow
	lastSeq int64
}

// nextBatch reads what the next file holds into buf.
func (s *Stage) nextBatch(ctx context.Context, integration string, buf, tail []byte) (batch, error) {
	b := batch{pendingRow: pendingRow{raw: append(buf, `{"items":[`...)}}
	// Not more bytes than fit are read: rows are fetched one by one.
	rows, err := s.read.QueryContext(ctx, "SELECT seq, count, first, last, raw FROM pending WHERE integration = ? ORDER BY seq", integration)
	if err != nil {
		return b, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq, first, last int64
		var count int
		var raw sql.RawBytes
		if err := rows.Scan(&seq, &count, &first, &last, &raw); err != nil {
			return b, err
		}
		if b.count > 0 && len(b.raw)+1+len(raw)+len(tail) > s.opts.MaxFileBytes {
			break
		}
		if b.count > 0 {
			b.raw = append(b.raw, ',')
		}
		b.raw = append(b.raw, raw...)
		b.count += count
		b.lastSeq = seq
		b.span(first, last)
	}
	b.raw = append(b.raw, tail...)
	return b, rows.Err()
}

func (s *Stage) sealBatch(ctx context.Context, integration string, w record.Window, b batch) (File, error) {
	place, err := s.nextPlace(ctx, integration)
	if err != nil {
		return File{}, err
	}
	if err := s.disk.mkdirAll(filepath.Dir(place.path(".open"))); err != nil {
		return File{}, err
	}
	if err := s.writeFile(place.path(".open"), b.raw); err != nil {
		return File{}, err
	}
	f := File{
		Integration: integration, Kind: Collected, Path: place.path(sealedSuffix), Count: b.count, Bytes: int64(len(b.raw)),
		First: fromMicro(b.first), Last: fromMicro(b.last), Window: w, SHA256: sha256.Sum256(b.raw),
	}
	err = s.list(ctx, place, &f, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM pending WHERE integration = ? AND seq <= ?", integration, b.lastSeq)
		return err
	})
	return f, err
}

func (s *Stage) writeFile(path string, body []byte) error {
	f, err := s.disk.create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.disk.write(f, body); err != nil {
		return err
	}
	return s.disk.sync(f)
}

const (
	openSuffix   = ".open"
	sealedSuffix = ".sealed"
	tornSuffix   = ".torn"
)

// place is where a file lives. Days never go back within an integration, also
// when the clock does, so that recovery has to look at the last day only.
type place struct {
	dir      string // of the integration
	day      string
	sequence int64
}

func (p place) path(suffix string) string {
	return filepath.Join(p.dir, p.day, fmt.Sprintf("%08d%s", p.sequence, suffix))
}

// nextPlace is the place after the last listed file.
func (s *Stage) nextPlace(ctx context.Context, integration string) (place, error) {
	p := place{dir: filepath.Join(s.root(), integration)}
	err := s.read.QueryRowContext(ctx, "SELECT sequence, day FROM file WHERE integration = ? ORDER BY id DESC LIMIT 1", integration).
		Scan(&p.sequence, &p.day)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, err
	}
	p.sequence++
	p.day = max(p.day, s.opts.Clock().UTC().Format(dayLayout))
	return p, nil
}

// list renames a complete, synced file and enters it in the ledger, together
// with what also does. The caller holds s.sealing.
func (s *Stage) list(ctx context.Context, p place, f *File, also func(*sql.Tx) error) error {
	if err := s.disk.rename(p.path(openSuffix), p.path(sealedSuffix)); err != nil {
		return err
	}
	if err := s.disk.syncDir(filepath.Dir(p.path(sealedSuffix))); err != nil {
		return err
	}
	return s.enter(ctx, p, f, also)
}

// enter gives a sealed file its position, name and link in the chain.
func (s *Stage) enter(ctx context.Context, p place, f *File, also func(*sql.Tx) error) error {
	f.Sealed = s.opts.Clock().UTC().Truncate(time.Microsecond)
	f.Content, f.place = f.SHA256, p
	dated := f.First
	if dated.IsZero() {
		dated = f.Sealed
	}
	extension := "json"
	if f.Kind == Received {
		extension = "journal"
	}
	f.Name = fmt.Sprintf("%s-%s-%08d.%s", f.Integration, dated.UTC().Format("20060102T150405.000Z"), p.sequence, extension)
	return s.update(ctx, "list", func(tx *sql.Tx) error {
		var previous []byte
		err := tx.QueryRowContext(ctx, "SELECT id, chain FROM file ORDER BY id DESC LIMIT 1").Scan(&f.ID, &previous)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		f.ID++
		f.Chain = link(previous, f.SHA256)
		if _, err := tx.ExecContext(ctx, `INSERT INTO file (id, integration, kind, sequence, day, name, count, bytes, first, last,
			window_from, window_to, sha256, chain, sealed) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
			f.ID, f.Integration, f.Kind, p.sequence, p.day, f.Name, f.Count, f.Bytes, toMicro(f.First), toMicro(f.Last),
			toMicro(f.Window.From), toMicro(f.Window.To), f.SHA256[:], f.Chain[:], toMicro(f.Sealed)); err != nil {
			return err
		}
		return also(tx)
	})
}

// link continues the chain. The first file follows 32 zero bytes.
func link(previous []byte, sum [sha256.Size]byte) [sha256.Size]byte {
	var before [sha256.Size]byte
	copy(before[:], previous)
	return sha256.Sum256(append(before[:], sum[:]...))
}
