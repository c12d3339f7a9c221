package collect

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// fakeBucket holds objects and lists and reads them as Object Storage does.
type fakeBucket struct {
	t       testing.TB
	now     time.Time
	objects map[string][]byte
	infos   map[string]connect.ObjectInfo
	page    int
	serial  int
	reads   map[string]int // parts, by object

	flat   bool // no folders are told
	noETag bool
	repeat bool // the list names a page that was listed
	fail   func(r connect.ObjectRange) error
	onRead func(r connect.ObjectRange) // before it is answered
}

func newBucket(t testing.TB) *fakeBucket {
	return &fakeBucket{t: t, now: epoch, objects: map[string][]byte{}, infos: map[string]connect.ObjectInfo{}, page: 1000, reads: map[string]int{}}
}

func (b *fakeBucket) put(name string, body []byte) {
	b.serial++
	sum := md5.Sum(body)
	b.objects[name] = body
	b.infos[name] = connect.ObjectInfo{Name: name, Size: int64(len(body)), MD5: base64.StdEncoding.EncodeToString(sum[:]),
		ETag: fmt.Sprintf("etag-%d", b.serial), Created: b.now}
}

func (b *fakeBucket) ListObjects(_ context.Context, q connect.ObjectQuery) (*connect.ObjectPage, error) {
	var names []string
	for name := range b.objects {
		if strings.HasPrefix(name, q.Prefix) && name >= q.Start {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	page := &connect.ObjectPage{}
	for i, name := range names {
		if i == b.page {
			page.Next = name
			if b.repeat && q.Start != "" {
				page.Next = q.Start
			}
			break
		}
		rest := strings.TrimPrefix(name, q.Prefix)
		if folder, _, deeper := strings.Cut(rest, "/"); q.Folders && deeper && !b.flat {
			if f := q.Prefix + folder + "/"; !slices.Contains(page.Folders, f) {
				page.Folders = append(page.Folders, f)
			}
			continue
		}
		info := b.infos[name]
		if b.noETag {
			info.ETag = ""
		}
		page.Objects = append(page.Objects, info)
	}
	return page, nil
}

func (b *fakeBucket) ReadObject(_ context.Context, r connect.ObjectRange) ([]byte, error) {
	b.reads[r.Name]++
	if b.onRead != nil {
		b.onRead(r)
	}
	if b.fail != nil {
		if err := b.fail(r); err != nil {
			return nil, err
		}
	}
	body, ok := b.objects[r.Name]
	switch {
	case !ok:
		return nil, &connect.Error{Status: 404, Code: "ObjectNotFound", Kind: connect.NotFound}
	case r.ETag != "" && r.ETag != b.infos[r.Name].ETag:
		return nil, &connect.Error{Status: 412, Code: "IfMatchFailed", Kind: connect.Refused}
	}
	return body[min(r.Offset, int64(len(body))):min(r.Offset+r.Length, int64(len(body)))], nil
}

func packed(lines ...string) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write([]byte(strings.Join(lines, "\n") + "\n"))
	z.Close()
	return buf.Bytes()
}

func objectAt(connector string, at time.Time, n int) string {
	return fmt.Sprintf("oac/%s/%s_%s.%d.log.gz", connector, at.Format(nameTime), at.Add(7*time.Minute).Format(nameTime), n)
}

func analyticsEvent(n int, at time.Time) string {
	kind := []string{"com.oraclecloud.analytics.analyticsinstance.audit", "com.oraclecloud.analytics.analyticsinstance.diagnostic", "other"}[n%3]
	return fmt.Sprintf(`{"data":{"message":"m%d"},"id":"id-%d","source":"s","specversion":"1.0","time":%q,"type":%q}`, n, n, at.Format(time.RFC3339Nano), kind)
}

func bucketReader(b *fakeBucket, l ObjectsLedger, t testing.TB, change ...func(*ObjectsOptions)) *Objects {
	o := ObjectsOptions{Integration: "bucket", Routes: Routes{Own: "bucket", Taken: true}, Namespace: "ns", Bucket: "logs", Prefix: "oac/",
		TempDir: t.TempDir(), PartSize: 1000, Clock: func() time.Time { return b.now }}
	for _, c := range change {
		c(&o)
	}
	return NewObjects(b, l, o)
}

// fill puts objects of several connectors and days; a tenth of the events comes twice.
func fill(b *fakeBucket, rng *rand.Rand, objects, events int) map[string]int {
	truth := map[string]int{}
	n := 0
	var all []string
	for i := range objects {
		at := b.now.Add(-time.Duration(objects-i) * time.Hour).Truncate(time.Second)
		var lines []string
		for range events {
			line := analyticsEvent(n, at.Add(time.Duration(n)*time.Millisecond))
			n++
			truth[line] = 1
			lines, all = append(lines, line), append(all, line)
			if rng.IntN(10) == 0 {
				lines = append(lines, all[rng.IntN(len(all))])
			}
		}
		b.put(objectAt([]string{"ocid1.serviceconnector.a", "ocid1.serviceconnector.b"}[i%2], at, 0), packed(lines...))
	}
	return truth
}

func TestEachObjectIsReadOnce(t *testing.T) {
	for _, set := range []func(*fakeBucket){
		func(*fakeBucket) {}, func(b *fakeBucket) { b.page = 3 }, func(b *fakeBucket) { b.flat, b.page = true, 1 }, func(b *fakeBucket) { b.noETag = true },
	} {
		b, l := newBucket(t), newLedger()
		set(b)
		truth := fill(b, rand.New(rand.NewPCG(1, 1)), 50, 20)
		a := bucketReader(b, l, t)
		out, err := a.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		compare(t, l.rows, truth)
		if out.Staged != len(truth) || out.Received != out.Staged+out.Duplicates || len(out.Gaps) != 0 {
			t.Errorf("outcome %+v of %d", out, len(truth))
		}
		clear(b.reads)
		b.now = b.now.Add(5 * time.Minute)
		late := analyticsEvent(1_000_000, b.now)
		truth[late] = 1
		b.put(objectAt("ocid1.serviceconnector.a", b.now, 0), packed(late))
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		compare(t, l.rows, truth)
		if len(b.reads) != 1 {
			t.Errorf("%d objects were read again", len(b.reads)-1)
		}
		// Old objects that somebody puts back are found by the daily listing.
		old := analyticsEvent(2_000_000, b.now.Add(-90*24*time.Hour))
		truth[old] = 1
		b.put(objectAt("ocid1.serviceconnector.a", b.now.Add(-90*24*time.Hour), 0), packed(old))
		b.now = b.now.Add(25 * time.Hour)
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		compare(t, l.rows, truth)
	}
}

func TestEventsOfSeveralLogsInOneObject(t *testing.T) {
	b, l := newBucket(t), newLedger()
	fill(b, rand.New(rand.NewPCG(2, 2)), 4, 30)
	out, err := bucketReader(b, l, t, func(o *ObjectsOptions) {
		o.Routes = Routes{Own: "bucket", Named: []Route{{"bucket.audit", []string{"*.audit"}}, {"bucket.diagnostic", []string{"*.diagnostic"}}}}
	}).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l.streams["bucket.audit"] != 40 || l.streams["bucket.diagnostic"] != 40 || l.streams["bucket"] != 40 || out.Unmatched != 40 {
		t.Errorf("streams %v, unmatched %d; a third of 120 each", l.streams, out.Unmatched)
	}
}

// What is wrong with one object or line does not keep the rest waiting; it is
// counted, with the reason.
func TestBadObjectsAndLines(t *testing.T) {
	good := packed(analyticsEvent(1, epoch), analyticsEvent(2, epoch))
	long := `{"id":"long","data":"` + strings.Repeat("x", 20<<20) + `"}`
	flipped := bytes.Clone(good)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	for name, c := range map[string]struct {
		body    []byte
		reason  string // of the object; empty: it is read
		refused int
		kept    []string
	}{
		"truncated":       {body: good[:len(good)-9], reason: "cut off"},
		"head only":       {body: good[:5], reason: "is not gzip"},
		"not gzip":        {body: []byte("plain text\n"), reason: "is not gzip"},
		"damaged":         {body: flipped, reason: "is damaged"},
		"empty":           {body: nil, reason: "is empty"},
		"no lines":        {body: packed()},
		"20 MB line":      {body: packed("{\"id\":\"before\"}", long, "{\"id\":\"after\"}"), refused: 1, kept: []string{`{"id":"before"}`, `{"id":"after"}`}},
		"not JSON":        {body: packed("{\"id\":\"a\"}", "not JSON", "{\"id\":\"b\"", "", "[1]", "\"text\"", "{\"id\":\"b\"}"), refused: 4, kept: []string{`{"id":"a"}`, `{"id":"b"}`}},
		"odd times":       {body: packed(`{"id":"1"}`, `{"id":"2","time":"1970-01-01T00:00:00Z"}`, `{"id":"3","time":"2100-01-01T00:00:00Z"}`), kept: []string{`{"id":"1"}`, `{"id":"2","time":"1970-01-01T00:00:00Z"}`, `{"id":"3","time":"2100-01-01T00:00:00Z"}`}},
		"nested too deep": {body: packed(strings.Repeat(`{"a":`, 5000)+"1"+strings.Repeat("}", 5000), `{"id":"z"}`), refused: 1, kept: []string{`{"id":"z"}`}},
		"two streams":     {body: slices.Concat(packed(`{"id":"s1"}`), packed(`{"id":"s2"}`)), kept: []string{`{"id":"s1"}`, `{"id":"s2"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			b, l := newBucket(t), newLedger()
			at := b.now.Add(-time.Hour)
			bad := objectAt("c", at, 0)
			b.put(bad, c.body)
			rest := analyticsEvent(7, at)
			b.put(objectAt("c", at, 1), packed(rest))
			a := bucketReader(b, l, t, func(o *ObjectsOptions) { o.PartSize = 1 << 20 })
			out, err := a.Collect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]int{rest: 1}
			for _, k := range c.kept {
				want[k] = 1
			}
			compare(t, l.rows, want)
			if out.Refused != c.refused || (c.refused > 0) != strings.Contains(strings.Join(out.Notes, "\n"), "line 2 of object "+bad) && name != "nested too deep" {
				t.Errorf("refused %d, notes %q", out.Refused, out.Notes)
			}
			if c.reason == "" {
				if len(out.Gaps) != 0 {
					t.Errorf("gaps %v", out.Gaps)
				}
				return
			}
			if len(out.Gaps) != 1 || !strings.Contains(out.Gaps[0].Note, c.reason) || !strings.Contains(out.Gaps[0].Note, bad) {
				t.Fatalf("gaps %v, want one that says %q", out.Gaps, c.reason)
			}
			// It is tried in each of the next runs, later now and then, and read once it is whole.
			for range 5 {
				if _, err := a.Collect(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := b.reads[bad]; name != "empty" && n != patience {
				t.Errorf("tried %d times, want %d", n, patience)
			}
			b.now = b.now.Add(7 * time.Hour)
			b.put(bad, good)
			if _, err := a.Collect(t.Context()); err != nil {
				t.Fatal(err)
			}
			want[analyticsEvent(1, epoch)], want[analyticsEvent(2, epoch)] = 1, 1
			compare(t, l.rows, want)
		})
	}
}

func TestAnObjectThatIsDeletedOrReplacedWhileItIsRead(t *testing.T) {
	b, l := newBucket(t), newLedger()
	at := b.now.Add(-time.Hour)
	var lines []string
	for n := range 400 {
		lines = append(lines, analyticsEvent(n, at))
	}
	deleted, replaced, other := objectAt("c", at, 0), objectAt("c", at, 1), objectAt("c", at, 2)
	b.put(deleted, packed(lines[:200]...))
	b.put(replaced, packed(lines[200:]...))
	b.put(other, packed(analyticsEvent(1000, at)))
	b.onRead = func(r connect.ObjectRange) {
		if r.Offset > 0 && r.Name == deleted {
			delete(b.objects, deleted)
		}
		if r.Offset > 0 && r.Name == replaced && b.reads[replaced] == 2 {
			b.put(replaced, packed(lines[200:]...))
		}
	}
	a := bucketReader(b, l, t)
	out, err := a.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	notes := fmt.Sprint(out.Gaps)
	if len(out.Gaps) != 2 || !strings.Contains(notes, deleted+" was deleted while it was read") || !strings.Contains(notes, replaced+" was replaced") {
		t.Errorf("gaps %s", notes)
	}
	if l.rows[analyticsEvent(1000, at)] != 1 {
		t.Error("the other object is not read")
	}
	if out, err = a.Collect(t.Context()); err != nil || len(out.Gaps) != 0 {
		t.Fatalf("the replaced one is read in the next run: %v %v", err, out.Gaps)
	}
	want := map[string]int{analyticsEvent(1000, at): 1}
	for _, line := range lines[200:] {
		want[line] = 1
	}
	compare(t, l.rows, want)
}

// Records without an id are told apart by their bytes; twins in one object are kept.
func TestTwinsWithoutAnID(t *testing.T) {
	b, l := newBucket(t), newLedger()
	b.put(objectAt("c", b.now.Add(-2*time.Hour), 0), packed(`{"m":1}`, `{"m":2}`, `{"m":1}`))
	b.put(objectAt("c", b.now.Add(-time.Hour), 0), packed(`{"m":1}`))
	if _, err := bucketReader(b, l, t).Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, map[string]int{`{"m":1}`: 2, `{"m":2}`: 1})
}

// Wherever it is interrupted, each event is staged once, however often it was
// delivered.
func TestObjectsSurviveACrashAtEveryStep(t *testing.T) {
	crash := errors.New("crash")
	for at := range 400 {
		b, l := newBucket(t), newLedger()
		rng := rand.New(rand.NewPCG(3, 3))
		truth := fill(b, rng, 4, 40)
		var lines []string
		for n := range 300 { // one object of several transactions, with twins
			line := fmt.Sprintf(`{"n":%d}`, n/2)
			truth[line]++
			lines = append(lines, line)
		}
		b.put(objectAt("c", b.now.Add(-time.Hour), 0), packed(lines...))
		var n atomic.Int64 // an object is fetched while another is read
		step := func() error {
			if n.Add(1) == int64(at+1) {
				return crash
			}
			return nil
		}
		l.fail = func(string) error { return step() }
		b.fail = func(connect.ObjectRange) error { return step() }
		a := bucketReader(b, l, t, func(o *ObjectsOptions) { o.PartSize, o.Batch = 1<<20, 100 })
		_, err := a.Collect(t.Context())
		l.fail, b.fail = nil, nil
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if compare(t, l.rows, truth); t.Failed() {
			t.Fatalf("crash at step %d", at)
		}
		if err == nil {
			return
		}
	}
	t.Error("the reading has more steps than the test crashes")
}

func TestAListThatDoesNotGoOnEnds(t *testing.T) {
	b, l := newBucket(t), newLedger()
	fill(b, rand.New(rand.NewPCG(4, 4)), 10, 1)
	b.page, b.repeat, b.flat = 3, true, true
	if _, err := bucketReader(b, l, t).Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "does not go on") {
		t.Errorf("got %v", err)
	}
}

// A service that is down ends the run; what one object has does not.
func TestTroubleOfTheServiceEndsTheRun(t *testing.T) {
	b, l := newBucket(t), newLedger()
	truth := fill(b, rand.New(rand.NewPCG(5, 5)), 6, 5)
	b.fail = func(connect.ObjectRange) error { return &connect.Error{Kind: connect.Throttled, Status: 429} }
	if _, err := bucketReader(b, l, t).Collect(t.Context()); connect.KindOf(err) != connect.Throttled {
		t.Errorf("got %v", err)
	}
	tries := 0
	b.fail = func(r connect.ObjectRange) error { // long answers are cut off
		if tries++; r.Length > 70_000 {
			return &connect.Error{Kind: connect.BadPayload}
		}
		return nil
	}
	a := bucketReader(b, l, t, func(o *ObjectsOptions) { o.PartSize = 1 << 20 })
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, truth)
}

func TestObjectWindow(t *testing.T) {
	at := func(text string) time.Time { when, _ := time.Parse(time.RFC3339, text); return when }
	w, named := objectWindow(connect.ObjectInfo{Name: "oac/c/20240501T091117Z_20240501T091832Z.0.log.gz"})
	if want := (record.Window{From: at("2024-05-01T09:11:17Z"), To: at("2024-05-01T09:18:33Z")}); !named || w != want {
		t.Errorf("got %v %v, want %v", w, named, want)
	}
	made := at("2024-05-01T10:00:00Z")
	if w, named := objectWindow(connect.ObjectInfo{Name: "x.log.gz", Created: made.Add(300 * time.Millisecond)}); named || w.From != made || w.Length() != time.Second {
		t.Errorf("got %v %v", w, named)
	}
}

func FuzzLineReader(f *testing.F) {
	f.Add([]byte("a\nbb\n\nccc"), 2)
	f.Add([]byte("\n\n"), 1)
	f.Fuzz(func(t *testing.T, text []byte, most int) {
		most = 1 + max(most, -most)%100
		l := lineReader{r: bufio.NewReaderSize(bytes.NewReader(text), 16), most: most}
		var got []string
		for {
			line, err := l.next()
			if errors.Is(err, errLongLine) {
				got = append(got, "long")
				continue
			}
			if err != nil {
				break
			}
			got = append(got, "line "+string(line))
		}
		var want []string
		lines := bytes.SplitAfter(text, []byte("\n"))
		for _, line := range lines {
			switch {
			case len(line) == 0: // after the last end of line
			case len(line) > most+1:
				want = append(want, "long")
			default:
				want = append(want, "line "+string(bytes.TrimSpace(line)))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q with %d: got %q, want %q", text, most, got, want)
		}
	})
}
