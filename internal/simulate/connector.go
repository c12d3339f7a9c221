package simulate

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Connector is what Connector Hub is told to do: move service logs into a
// bucket, in objects of gzip JSON lines (log sources, section 6.2). It delivers
// at least once: now and then the end of an object is repeated in the next, or a
// whole object under another name.
type Connector struct {
	Bucket   string        // empty: there is no connector
	Prefix   string        // of object names, without the slash; default "connector"
	Logs     []string      // names of service logs, mixed in one object; default all
	Rollover time.Duration // an object holds what came in so long; default 7 min, Oracle's
	History  time.Duration // the same for what exists at the start; default an hour, or Rollover when it is longer
}

func (c Connector) withDefaults() Connector {
	if c.Prefix == "" {
		c.Prefix = "connector"
	}
	if len(c.Logs) == 0 {
		c.Logs = []string{OACAudit, OACDiagnostic, OICActivity}
	}
	if c.Rollover <= 0 {
		c.Rollover = 7 * time.Minute
	}
	if c.History <= 0 {
		c.History = max(time.Hour, c.Rollover)
	}
	return c
}

// hub is the connector at work. Steps and flushes use it, one at a time.
type hub struct {
	from int64 // what came in since then is not moved yet; 0: nothing is
	tail [][]byte
	zip  *gzip.Writer
}

const (
	connectorID  = "ocid1.serviceconnector.oc1.iad.simulated"
	objectTime   = "20060102T150405Z"
	repeatedTail = 20 // lines at most
)

// connect moves what came in during each rollover that is over by now.
func (s *Simulator) connect(now time.Time, rollover time.Duration) error {
	c := s.opts.Connector
	if c.Bucket == "" {
		return nil
	}
	every := rollover.Milliseconds()
	if s.hub.from == 0 {
		s.hub.from = now.Add(-time.Duration(s.opts.Days+1)*24*time.Hour).UnixMilli() / every * every
	}
	for {
		to := (s.hub.from/every + 1) * every
		if to > now.UnixMilli() {
			return nil
		}
		if err := s.move(s.hub.from, to); err != nil {
			return err
		}
		s.hub.from = to
	}
}

// Flush lets the users work until now and Connector Hub write all that can be seen
// of it, without waiting for the end of a rollover.
func (s *Simulator) Flush() error {
	if s.opts.Connector.Bucket == "" {
		return nil
	}
	s.stepping.Lock()
	defer s.stepping.Unlock()
	now := s.Now()
	if _, err := s.step(now); err != nil {
		return err
	}
	to := max(now.UnixMilli()+1, s.hub.from)
	if err := s.move(s.hub.from, to); err != nil {
		return err
	}
	s.hub.from = to
	return nil
}

// move writes one object of what came in during [from, to).
func (s *Simulator) move(from, to int64) error {
	c := s.opts.Connector
	var list []entry
	for _, l := range s.company.all() {
		if !slices.Contains(c.Logs, l.name) || slices.Contains(s.opts.LogsOff, l.name) {
			continue
		}
		for _, e := range l.between(from-s.latest(), to) {
			if e.seen >= from && e.seen < to {
				list = append(list, e)
			}
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.seen, b.seen), strings.Compare(a.log.name, b.log.name), cmp.Compare(a.seq, b.seq))
	})
	dice := mix(s.opts.Seed ^ mix(uint64(from)))
	if len(list) == 0 && dice%5 != 0 {
		return nil
	}
	lines := make([][]byte, 0, len(list)+repeatedTail)
	if dice%10 == 1 {
		lines = append(lines, s.hub.tail...)
	}
	first, last := from, from
	for i := range list {
		lines = append(lines, list[i].event())
	}
	if len(list) > 0 {
		first, last = list[0].seen, list[len(list)-1].seen
	}
	s.hub.tail = lines[max(0, len(lines)-repeatedTail):]
	body := s.hub.compress(lines)
	name := fmt.Sprintf("%s/%s/%s_%s", c.Prefix, connectorID, time.UnixMilli(first).UTC().Format(objectTime), time.UnixMilli(last).UTC().Format(objectTime))
	n, err := s.putNew(name, 0, body, to)
	if err == nil && dice%25 == 2 {
		_, err = s.putNew(name, n+1, body, to)
	}
	return err
}

// latest is how long after its time an event comes into its log, at most.
func (s *Simulator) latest() int64 { return (s.opts.LateBy + time.Minute).Milliseconds() }

// putNew stores an object under the first number that is free, or holds these bytes.
func (s *Simulator) putNew(name string, n int, body []byte, at int64) (int, error) {
	for ; ; n++ {
		o := newObject(body, time.UnixMilli(at))
		o.contentType = "application/x-gzip"
		full := fmt.Sprintf("%s.%d.log.gz", name, n)
		if there, err := s.objects.get(s.opts.Connector.Bucket, full); err == nil {
			if there.md5 == o.md5 {
				return n, nil
			}
			continue
		}
		return n, s.objects.put(s.opts.Connector.Bucket, full, o, false)
	}
}

// compress gives the lines as gzip; called with the lock held.
func (h *hub) compress(lines [][]byte) []byte {
	var b bytes.Buffer
	if h.zip == nil {
		h.zip, _ = gzip.NewWriterLevel(&b, gzip.BestSpeed) // a level there is
	}
	h.zip.Reset(&b)
	for _, line := range lines {
		_, _ = h.zip.Write(line) // a buffer does not fail
		_, _ = h.zip.Write([]byte{'\n'})
	}
	_ = h.zip.Close()
	return b.Bytes()
}
