package stage

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ledgerline/internal/record"
)

// Receive stages one upload of our own API. It returns after the upload is on
// disk; callers that come while a sync is under way share the next one. An upload
// without a Received time is dated now. When its retry token was used within 24
// hours, the error is a *DuplicateTokenError or ErrTokenReused and nothing is
// staged. On a cancelled context the upload may or may not have been staged.
func (s *Stage) Receive(ctx context.Context, u Upload, body []byte) error {
	return s.ReceiveAll(ctx, []ReceivedUpload{{Upload: u, Body: body}})
}

// ReceiveAll stages the uploads that one request brought as Receive does one: all of
// them or, also when the process dies meanwhile, none. The retry token is that of
// the first. The slice and the bodies belong to the stage from then on.
func (s *Stage) ReceiveAll(ctx context.Context, uploads []ReceivedUpload) error {
	r := &reception{uploads: uploads, done: make(chan error, 1)}
	for i := range uploads {
		u := &uploads[i].Upload
		if u.Received.IsZero() {
			u.Received = s.opts.Clock().UTC()
		}
		u.Following = len(uploads) - 1 - i
		head, err := frameHead(u, uploads[i].Body)
		if err != nil {
			return fmt.Errorf("stage: upload %s: %w", u.Reference, err)
		}
		r.pieces = append(r.pieces, head, uploads[i].Body)
		r.size += len(head) + len(uploads[i].Body)
	}
	if uploads[0].RetryToken != "" {
		var err error
		if r.content, err = contentOf(uploads); err != nil {
			return fmt.Errorf("stage: upload %s: %w", uploads[0].Reference, err)
		}
	}
	select {
	case s.journal.requests <- r:
	case <-s.journal.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-s.journal.ended:
		select {
		case err := <-r.done:
			return err
		default: // it came after the last batch
			return ErrClosed
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SealReceived seals what was received so far and waits for it.
func (s *Stage) SealReceived(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case s.journal.seals <- done:
		return <-done
	case <-s.journal.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reception is what one request brought.
type reception struct {
	uploads []ReceivedUpload  // one or more
	pieces  [][]byte          // their frames: heads and bodies in turn
	size    int               // of the pieces
	content [sha256.Size]byte // only with a retry token
	done    chan error        // buffered
}

// maxBatch bounds what is written before one sync.
const maxBatch = 256

// journal is the one goroutine that writes received uploads, so that order, group
// commit and retry tokens need no further lock.
type journal struct {
	stage    *Stage
	requests chan *reception
	seals    chan chan error
	quit     chan struct{}
	ended    chan struct{} // closed after the last batch; then result is set
	result   error
	closing  sync.Once

	buffer  *bufio.Writer // of write
	current *openJournal  // nil until the first frame
	timer   *time.Timer
}

// openJournal is the file being written.
type openJournal struct {
	place  place
	file   *os.File
	size   int64 // of what is synced
	dirty  bool  // something half written may follow
	hash   hash.Hash
	count  int
	window record.Window // of the times of reception
	tokens map[tokenKey]tokenUse
}

func newJournal(s *Stage) *journal {
	j := &journal{
		stage: s, requests: make(chan *reception, maxBatch), seals: make(chan chan error),
		quit: make(chan struct{}), ended: make(chan struct{}), timer: time.NewTimer(time.Hour), buffer: bufio.NewWriterSize(nil, 256<<10),
	}
	j.timer.Stop()
	go j.run()
	return j
}

func (j *journal) close() error {
	j.closing.Do(func() { close(j.quit) })
	<-j.ended
	return j.result
}

func (j *journal) run() {
	for {
		select {
		case r := <-j.requests:
			j.commit(j.collect(r))
			if j.current != nil && j.current.size >= j.stage.opts.SealBytes {
				j.sealOrLater()
			}
		case <-j.timer.C:
			j.sealOrLater()
		case done := <-j.seals:
			done <- j.seal()
		case <-j.quit:
			j.refuse()
			j.result = j.seal()
			close(j.ended)
			return
		}
	}
}

// collect takes what else waits, without waiting itself: while one sync runs the
// next batch gathers.
func (j *journal) collect(first *reception) []*reception {
	batch := []*reception{first}
	size := first.size
	for len(batch) < maxBatch && int64(size) < j.stage.opts.SealBytes {
		select {
		case r := <-j.requests:
			batch = append(batch, r)
			size += r.size
		default:
			return batch
		}
	}
	return batch
}

func (j *journal) refuse() {
	for {
		select {
		case r := <-j.requests:
			r.done <- ErrClosed
		default:
			return
		}
	}
}

// commit writes and syncs a batch and answers its callers.
func (j *journal) commit(batch []*reception) {
	fresh, repeats := j.admit(batch)
	err := j.append(fresh)
	for _, r := range fresh {
		r.done <- err
	}
	for _, p := range repeats {
		if p.ofBatch && err != nil {
			p.done <- err // what it repeats was not kept
			continue
		}
		p.done <- p.answer
	}
}

// repeat is a reception whose retry token was used before.
type repeat struct {
	*reception
	answer  error
	ofBatch bool // by an upload of the same batch
}

// admit tells new uploads from repeated ones.
func (j *journal) admit(batch []*reception) (fresh []*reception, repeats []repeat) {
	inBatch := map[tokenKey]tokenUse{}
	for _, r := range batch {
		first := r.uploads[0].Upload
		if first.RetryToken == "" {
			fresh = append(fresh, r)
			continue
		}
		key := tokenKey{first.User, first.RetryToken}
		use, ofBatch := inBatch[key]
		known := ofBatch
		if !known && j.current != nil {
			use, known = j.current.tokens[key]
		}
		if !known {
			var err error
			if use, known, err = j.stage.tokenUsed(context.Background(), key); err != nil {
				repeats = append(repeats, repeat{reception: r, answer: fmt.Errorf("stage: looking up the retry token: %w", err)})
				continue
			}
		}
		switch {
		case !known:
			inBatch[key] = tokenUse{r.content, first}
			fresh = append(fresh, r)
		case use.content != r.content:
			repeats = append(repeats, repeat{r, ErrTokenReused, ofBatch})
		default:
			repeats = append(repeats, repeat{r, &DuplicateTokenError{use.upload}, ofBatch})
		}
	}
	return fresh, repeats
}

// append makes the batch durable in the open journal, all of it or none.
func (j *journal) append(batch []*reception) error {
	if len(batch) == 0 {
		return nil
	}
	if j.current == nil {
		if err := j.begin(); err != nil {
			return fmt.Errorf("stage: opening a journal (is the disk full or read-only?): %w", err)
		}
	}
	c := j.current
	if err := j.clean(); err != nil {
		return err
	}
	err := j.write(batch)
	if err == nil {
		err = j.stage.disk.sync(c.file)
	}
	if err != nil {
		c.dirty = true
		return errors.Join(fmt.Errorf("stage: writing the journal (is the disk full?): %w", err), j.clean())
	}
	for _, r := range batch {
		c.size += int64(r.size)
		for _, p := range r.pieces {
			c.hash.Write(p)
		}
		c.note(r.uploads, r.content)
	}
	return nil
}

// write puts small uploads together, and large ones from where they lie.
func (j *journal) write(batch []*reception) error {
	j.buffer.Reset(diskFile{j.stage.disk, j.current.file})
	for _, r := range batch {
		for _, p := range r.pieces {
			if _, err := j.buffer.Write(p); err != nil {
				return err
			}
		}
	}
	return j.buffer.Flush()
}

// clean cuts off what a failed write left behind the last durable frame. Until
// that works nothing may follow it, because recovery stops at damage.
func (j *journal) clean() error {
	c := j.current
	if !c.dirty {
		return nil
	}
	err := j.stage.disk.truncate(c.file, c.size)
	if err == nil {
		err = j.stage.disk.sync(c.file)
	}
	if err != nil {
		return fmt.Errorf("stage: cutting the journal back to its last whole upload: %w", err)
	}
	c.dirty = false
	return nil
}

func (j *journal) begin() error {
	s := j.stage
	p, err := s.nextPlace(context.Background(), ReceivedIntegration)
	if err != nil {
		return err
	}
	path := p.path(openSuffix)
	if err := s.disk.mkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := s.disk.create(path)
	if err != nil {
		return err
	}
	if err := s.disk.syncDir(filepath.Dir(path)); err != nil {
		f.Close()
		return err
	}
	j.current = &openJournal{place: p, file: f, hash: sha256.New(), tokens: map[tokenKey]tokenUse{}}
	j.timer.Reset(s.opts.SealAfter)
	return nil
}

// note counts what one request brought and is durable.
func (c *openJournal) note(uploads []ReceivedUpload, content [sha256.Size]byte) {
	for _, u := range uploads {
		c.count++
		if c.window.From.IsZero() || u.Received.Before(c.window.From) {
			c.window.From = u.Received
		}
		// Half open: the last reception is inside.
		if end := u.Received.Add(time.Microsecond); end.After(c.window.To) {
			c.window.To = end
		}
	}
	if u := uploads[0].Upload; u.RetryToken != "" {
		c.tokens[tokenKey{u.User, u.RetryToken}] = tokenUse{content, u}
	}
}

func (j *journal) sealOrLater() {
	if err := j.seal(); err != nil {
		j.stage.log.Error("sealing received uploads failed; they are safe in the journal and it is tried again", "error", err)
		j.timer.Reset(max(j.stage.opts.SealAfter, time.Second))
	}
}

// seal lists the open journal. It may be called again after an error.
func (j *journal) seal() error {
	c, s := j.current, j.stage
	if c == nil {
		return nil
	}
	j.timer.Stop()
	if err := j.clean(); err != nil {
		return err
	}
	if c.count > 0 {
		f := File{
			Integration: ReceivedIntegration, Kind: Received, Path: c.place.path(sealedSuffix),
			Count: c.count, Bytes: c.size, Window: c.window,
		}
		c.hash.Sum(f.SHA256[:0])
		if err := s.listReceived(c.place, &f, c.tokens); err != nil {
			return err
		}
	} else if err := s.disk.remove(c.place.path(openSuffix)); err != nil {
		return err
	}
	j.current = nil
	s.announce()
	return c.file.Close()
}

// listReceived renames a journal unless that was done, and enters it.
func (s *Stage) listReceived(p place, f *File, tokens map[tokenKey]tokenUse) error {
	ctx := context.Background()
	s.sealing.Lock()
	defer s.sealing.Unlock()
	keep := func(tx *sql.Tx) error { return s.keepTokens(ctx, tx, tokens) }
	if _, err := os.Stat(p.path(sealedSuffix)); err == nil {
		if err := s.disk.syncDir(filepath.Dir(f.Path)); err != nil { // renamed, but perhaps not for good
			return err
		}
		return s.enter(ctx, p, f, keep)
	}
	return s.list(ctx, p, f, keep)
}
