package stage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// VerifyReport is what Verify found.
type VerifyReport struct {
	Files        int   // listed files whose bytes are present
	Tombstones   int   // files removed by retention; their links were checked
	Erased       int   // uploads whose heads alone are left
	Bytes        int64 // read
	Head         [sha256.Size]byte
	HeadID       int64
	Integrations []IntegrationCount
	Problems     []string // empty when everything agrees
}

// IntegrationCount compares what was counted with what is kept. Counted equals
// InFiles plus Pending when nothing was lost or doubled.
type IntegrationCount struct {
	Integration string
	Counted     int64 // items by identity, forgotten ones included
	InFiles     int64
	Pending     int64
}

// OK reports whether nothing is wrong.
func (r *VerifyReport) OK() bool { return len(r.Problems) == 0 }

func (r *VerifyReport) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Verify reads every sealed file and checks its hash, its count, the chain, and
// that the items in files and pending are those the identities count. An error
// says that it could not be checked; what is wrong is in the report.
func (s *Stage) Verify(ctx context.Context) (*VerifyReport, error) {
	r := &VerifyReport{}
	if err := s.verifyFiles(ctx, r); err != nil {
		return nil, fmt.Errorf("stage: verify: %w", err)
	}
	if err := s.verifyCounts(ctx, r); err != nil {
		return nil, fmt.Errorf("stage: verify: %w", err)
	}
	torn, err := s.tornFiles()
	if err != nil {
		return nil, fmt.Errorf("stage: verify: %w", err)
	}
	for _, path := range torn {
		r.problem("%s holds uploads cut off a damaged journal", path)
	}
	return r, nil
}

const verifyPage = 500

func (s *Stage) verifyFiles(ctx context.Context, r *VerifyReport) error {
	var before [sha256.Size]byte
	for {
		rows, err := s.read.QueryContext(ctx, "SELECT "+fileColumns+", removed FROM file WHERE id > ? ORDER BY id LIMIT ?", r.HeadID, verifyPage)
		if err != nil {
			return err
		}
		type listed struct {
			File
			removed int64
		}
		var page []listed
		for rows.Next() {
			var l listed
			if l.File, err = s.scanFile(rows.Scan, &l.removed); err != nil {
				rows.Close()
				return err
			}
			page = append(page, l)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, f := range page {
			if f.ID != r.HeadID+1 {
				r.problem("files %d to %d are missing in the ledger", r.HeadID+1, f.ID-1)
			}
			before = link(before[:], f.SHA256)
			if before != f.Chain {
				r.problem("the chain is broken at file %d (%s)", f.ID, f.Name)
				before = f.Chain
			}
			r.HeadID, r.Head = f.ID, f.Chain
			if f.removed != 0 {
				r.Tombstones++
				continue
			}
			r.Files++
			if err := s.verifyFile(ctx, r, f.ID); err != nil {
				return err
			}
		}
		if len(page) < verifyPage {
			return nil
		}
	}
}

func (s *Stage) verifyFile(ctx context.Context, r *VerifyReport, id int64) error {
	f, body, erased, err := s.readNow(ctx, id)
	switch {
	case errors.Is(err, os.ErrNotExist):
		r.problem("file %d (%s) is missing", f.ID, f.Path)
		return nil
	case errors.Is(err, ErrNotFound):
		return nil // retention was faster
	case errors.Is(err, ErrDamaged):
		r.problem("file %d (%s) was changed after it was sealed", f.ID, f.Path)
		return nil
	case err != nil:
		return err
	}
	r.Bytes += int64(len(body))
	var count int
	if f.Kind == Collected {
		count, err = countItems(body)
	} else {
		var without int
		count, without, err = countFrames(body)
		if r.Erased += without; err == nil && without != erased {
			r.problem("file %d (%s) lacks the bodies of %d uploads, the ledger says %d", f.ID, f.Path, without, erased)
		}
	}
	if err != nil {
		r.problem("file %d (%s) cannot be read: %v", f.ID, f.Path, err)
	} else if count != f.Count {
		r.problem("file %d (%s) holds %d records, the ledger says %d", f.ID, f.Path, count, f.Count)
	}
	return ctx.Err()
}

// readNow reads a file as it is now, and how many of its uploads the ledger says
// are erased.
func (s *Stage) readNow(ctx context.Context, id int64) (f File, body []byte, erased int, err error) {
	s.bytes.RLock()
	defer s.bytes.RUnlock()
	if f, err = s.File(ctx, id); err != nil {
		return f, nil, 0, err
	}
	if err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM erasure WHERE file = ?", id).Scan(&erased); err != nil {
		return f, nil, 0, err
	}
	body, err = s.ReadVerified(f)
	return f, body, erased, err
}

func countItems(body []byte) (int, error) {
	var envelope struct {
		Items []json.RawMessage `json:"items"`
	}
	err := json.Unmarshal(body, &envelope)
	return len(envelope.Items), err
}

func countFrames(body []byte) (all, erased int, err error) {
	fr := newFrameReader(bytes.NewReader(body), int64(len(body)))
	for ; ; all++ {
		u, _, err := fr.next()
		if errors.Is(err, io.EOF) {
			return all, erased, nil
		}
		if err != nil {
			return all, erased, err
		}
		if u.Erased != nil {
			erased++
		}
	}
}

// verifyCounts compares in one statement, so that a concurrent Add or Seal does
// not look like a loss.
func (s *Stage) verifyCounts(ctx context.Context, r *VerifyReport) error {
	rows, err := s.read.QueryContext(ctx, `SELECT integration, sum(counted), sum(listed), sum(pending) FROM (
		SELECT integration, sum(count) AS counted, 0 AS listed, 0 AS pending FROM identity GROUP BY integration
		UNION ALL SELECT integration, items, 0, 0 FROM forgotten
		UNION ALL SELECT integration, 0, sum(count), 0 FROM file WHERE kind = 'collected' GROUP BY integration
		UNION ALL SELECT integration, 0, 0, sum(count) FROM pending GROUP BY integration
		) GROUP BY integration ORDER BY integration`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c IntegrationCount
		if err := rows.Scan(&c.Integration, &c.Counted, &c.InFiles, &c.Pending); err != nil {
			return err
		}
		if c.Counted != c.InFiles+c.Pending {
			r.problem("%s: %d items were counted, but %d are in files and %d pending", c.Integration, c.Counted, c.InFiles, c.Pending)
		}
		r.Integrations = append(r.Integrations, c)
	}
	return rows.Err()
}
