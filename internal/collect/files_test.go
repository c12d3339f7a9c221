package collect

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// folder is a watched folder whose clock is under the test's control.
type folder struct {
	t   testing.TB
	dir string
	now time.Time
}

func newFolder(t testing.TB) *folder { return &folder{t, t.TempDir(), epoch} }

func (d *folder) write(name, text string) {
	d.t.Helper()
	file := filepath.Join(d.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chtimes(file, d.now, d.now)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *folder) reader(l *fakeLedger) *Files {
	return NewFiles(l, FilesOptions{Integration: "files", Path: d.dir, Instance: "i", Routes: Routes{Own: "files", Taken: true}, Clock: func() time.Time { return d.now }})
}

func (d *folder) collect(l *fakeLedger) Outcome {
	d.t.Helper()
	out, err := d.reader(l).Collect(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func event1(id int) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"e%d","source":"s","type":"com.oraclecloud.analytics.analyticsinstance.audit","time":"2024-05-01T09:15:31.611Z","data":{}}`, id)
}

func audit1(id int) string {
	return fmt.Sprintf(`{"timeStamp":"2024-05-01T09:12:40.003+0000","userName":"ana","operationName":"lock","resourceType":"ICS_DVM","resourceCode":"C%d"}`, id)
}

// However records are cut into files of whatever shape, however these grow, and
// wherever the process dies, each record is staged as often as it happened.
func TestFilesGiveEachRecordOnce(t *testing.T) {
	crash := errors.New("crash")
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 11))
		d, l := newFolder(t), newLedger()
		want := map[string]int{}
		texts, sizes := map[string]string{}, map[string]int{}
		id := 0
		for f := range 1 + rng.IntN(4) {
			var records []string
			for range rng.IntN(40) {
				id++
				var r string
				switch rng.IntN(4) {
				case 0:
					r = audit1(id)
				case 1:
					r = fmt.Sprintf(`{"id":"same","n":%d}`, id) // an id that is no event's names nothing
				default:
					r = event1(id)
				}
				want[r]++
				records = append(records, r)
				if rng.IntN(5) == 0 { // a twin, or an event that was delivered twice
					records = append(records, r)
					if !strings.Contains(r, "specversion") {
						want[r]++
					}
				}
			}
			name := fmt.Sprintf("sub%d/file%d.log", f%2, f)
			switch text := strings.Join(records, "\n") + "\n"; rng.IntN(4) {
			case 0:
				texts[name] = "[" + strings.Join(records, ",\n") + "]"
			case 1:
				texts[name] = `{"items":[` + strings.Join(records, ",") + `],"links":[]}`
			case 2:
				texts[name] = zipped(t, text)
			default:
				texts[name] = text
			}
			sizes[name] = 0
		}
		for whole := false; !whole; {
			whole = true
			d.now = d.now.Add(time.Duration(rng.IntN(200)) * time.Second)
			for name, text := range texts {
				if sizes[name] < len(text) {
					// A file that is not read as a whole while it grows stops growing only for less than it takes to settle.
					sizes[name] = min(len(text), sizes[name]+1+rng.IntN(1500))
					d.write(name, text[:sizes[name]])
					whole = whole && sizes[name] == len(text)
				}
			}
			n, at := 0, 1+rng.IntN(6)
			l.fail = func(string) error {
				if n++; n == at {
					return crash
				}
				return nil
			}
			if _, err := d.reader(l).Collect(t.Context()); err != nil && !errors.Is(err, crash) {
				t.Fatal(err)
			}
			l.fail = nil
		}
		d.collect(l)
		d.now = d.now.Add(time.Hour)
		d.collect(l)
		compare(t, l.rows, want)
		if out := d.collect(l); out.Received != 0 {
			t.Errorf("what has been read is read again: %+v", out)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// A long file that grows is read on near its end, and twins on both sides of where it ended are counted.
func TestAGrownFileIsNotReadAnew(t *testing.T) {
	d, l := newFolder(t), newLedger()
	var b strings.Builder
	for i := range 3 * twinStretch {
		b.WriteString(audit1(i) + "\n")
	}
	d.write("a.log", b.String())
	d.now = d.now.Add(time.Hour)
	if out := d.collect(l); out.Staged != 3*twinStretch {
		t.Fatalf("%+v", out)
	}
	last := audit1(3*twinStretch - 1)
	d.write("a.log", b.String()+last+"\n")
	d.now = d.now.Add(time.Hour)
	if out := d.collect(l); out.Staged != 1 || out.Received > 2*twinStretch+1 || l.rows[last] != 2 {
		t.Errorf("%+v; the last record is staged %d times, want 2", out, l.rows[last])
	}
	d.write("a.log", "{}\n")
	d.now = d.now.Add(time.Hour)
	if out := d.collect(l); out.Staged != 1 || out.Received != 1 {
		t.Errorf("a file that was replaced: %+v", out)
	}
}

func TestBadFilesDoNotStopTheOthers(t *testing.T) {
	d, l := newFolder(t), newLedger()
	d.write("1-cut.gz", zipped(t, event1(1)+"\n"+strings.Repeat(event1(2)+"\n", 3000))[:150])
	d.write("2-text.log", "not JSON\n"+event1(3)+"\n")
	d.write("3-long.log", `{"x":"`+strings.Repeat("x", 20_000_000)+`"}`+"\n"+event1(4)+"\n")
	d.write("4-times.log", `{"specversion":"1.0","id":"t1","type":"t","time":"1970-01-01T00:00:00Z"}`+"\n"+
		`{"specversion":"1.0","id":"t2","type":"t","time":"2100-01-01T00:00:00Z"}`+"\n"+`{"specversion":"1.0","id":"t3","type":"t"}`+"\n")
	d.write("5-utf16.log", "\xff\xfe{\x00}\x00")
	d.write("6-archive.zip", "PK\x03\x04 no more")
	d.write("7-category.log", strings.Replace(event1(5), `"data":{}`, `"data":{"category":"unheardOf"}`, 1))
	d.write(".hidden", event1(6))
	d.write(".folder/a.log", event1(7))
	d.now = d.now.Add(time.Hour)
	out := d.collect(l)
	for _, want := range []string{"1-cut.gz, line", "2-text.log, line 1: ", "3-long.log, line 1: the record is larger", "5-utf16.log, line 1: the text is UTF-16", "6-archive.zip, line 1: the ZIP archive"} {
		if !strings.Contains(strings.Join(out.Notes, "\n"), want) {
			t.Errorf("the notes do not say %q: %q", want, out.Notes)
		}
	}
	if out.Refused != 5 || l.rows[event1(3)] != 1 || l.rows[event1(4)] != 1 || l.rows[event1(6)]+l.rows[event1(7)] != 0 {
		t.Errorf("refused %d, want 5; rows %v", out.Refused, l.rows)
	}
	dated := 0
	for body := range l.rows {
		if strings.Contains(body, `"id":"t`) || strings.Contains(body, "unheardOf") {
			dated++
		}
	}
	if dated != 4 {
		t.Errorf("%d records with odd times or an unknown category are kept, want 4", dated)
	}
	if again := d.collect(l); again.Refused+again.Received != 0 {
		t.Errorf("read again: %+v", again)
	}
}

func TestFilesSayWhatIsMissing(t *testing.T) {
	f := NewFiles(newLedger(), FilesOptions{Integration: "files", Path: filepath.Join(t.TempDir(), "none"), Clock: time.Now})
	if _, err := f.Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "check path") {
		t.Errorf("got %v", err)
	}
}

func TestRecordsAreRecognised(t *testing.T) {
	for raw, want := range map[string]string{
		event1(1): "com.oraclecloud.analytics.analyticsinstance.audit",
		`{"datetime":1,"logContent":` + event1(1) + `}`: "com.oraclecloud.analytics.analyticsinstance.audit",
		audit1(1): TypeAudit,
		`{"namespace":"oci_integration","metric":"M","value":1,"time":"2024-05-01T09:20:00Z"}`:           TypeMetric,
		`{"id":"a","integration-id":"X!01.00.0000","status":"FAILED","date":"2024-05-01T09:20:00.000Z"}`: TypeInstance,
		`{"id":"a","what":1}`: "",
	} {
		var r recogniser
		if e, err := r.read([]byte(raw)); err != nil || e.kind != want {
			t.Errorf("%s is of type %q, %v; want %q", raw, e.kind, err, want)
		}
	}
	var r recogniser
	bare, _ := r.read([]byte(event1(1)))
	wrapped, _ := r.read([]byte(`{"datetime":1714554931611,"logContent":` + event1(1) + `}`))
	if bare.id != wrapped.id {
		t.Error("an event is another when it comes wrapped")
	}
	record, _ := r.read([]byte(audit1(1)))
	if record.id != AuditIdentity("", []byte(audit1(1))) {
		t.Error("an audit record has another identity than the kind oic-audit gives it")
	}
}
