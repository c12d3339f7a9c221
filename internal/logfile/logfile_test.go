package logfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
)

// read returns the records of a file and what was refused.
func read(t testing.TB, r io.Reader, opts Options) (records []string, problems []*Problem) {
	t.Helper()
	reader := NewReader(r, opts)
	for {
		rec, err := reader.Next()
		problem, refused := errors.AsType[*Problem](err)
		switch {
		case err == io.EOF:
			return records, problems
		case refused:
			problems = append(problems, problem)
		case err != nil:
			t.Fatal(err)
		default:
			records = append(records, string(rec.Raw))
		}
		if len(problems) > 1_000_000 {
			t.Fatal("reading does not end")
		}
	}
}

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// events are records with all that could confuse a reader of their borders.
func events(rng *rand.Rand, n int) []string {
	texts := []string{`plain`, `br{ack]ets`, `quote \" and backslash \\`, `line\nbreak`, `[2024-05-01 09:12:40.003 Z]`, "Zoë ✓", ``}
	out := make([]string, n)
	for i := range out {
		text := texts[rng.IntN(len(texts))]
		switch rng.IntN(4) {
		case 0:
			out[i] = fmt.Sprintf(`{"id":"%d","time":"2024-05-01T09:15:31.611Z","data":{"message":"%s","additionalDetails":{}}}`, i, text)
		case 1:
			out[i] = fmt.Sprintf(`{"datetime":1714554931611,"logContent":{"id":"%d","data":{"message":"%s","list":[1,-2.5e3,null,true]}}}`, i, text)
		case 2:
			out[i] = fmt.Sprintf(`{ "id" : "%d" , "items" : [ { "message" : "%s" } ] }`, i, text)
		default:
			out[i] = fmt.Sprintf(`{"id":"%d","%s":[[],[{}]],"pad":"%s"}`, i, text, strings.Repeat("x", rng.IntN(300)))
		}
	}
	return out
}

func pretty(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compact(t testing.TB, records []string) []string {
	t.Helper()
	out := make([]string, len(records))
	for i, r := range records {
		var b bytes.Buffer
		if err := json.Compact(&b, []byte(r)); err != nil {
			t.Fatalf("%q: %v", r, err)
		}
		out[i] = b.String()
	}
	return out
}

// Whatever the shape, the packing and the pieces in which bytes arrive, the records are the same.
func TestEveryShapeHoldsTheSameRecords(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		want := events(rng, rng.IntN(40))
		list := "[" + strings.Join(want, ",\n") + "]"
		wrapped := make([]string, len(want))
		for i, w := range want {
			wrapped[i] = `{"data":` + w + `}`
		}
		shapes := map[string]string{
			"lines":          strings.Join(want, "\n") + "\n",
			"no last break":  strings.Join(want, "\n"),
			"windows lines":  strings.Join(want, "\r\n") + "\r\n",
			"no breaks":      strings.Join(want, ""),
			"byte order":     "\ufeff" + strings.Join(want, "\n"),
			"array":          list,
			"pretty array":   pretty(t, list),
			"items":          `{"items":` + list + `,"links":[{"rel":"self","href":"x"}],"totalResults":"28"}`,
			"items last":     `{"hasMore":false,"links":[],"totalResults":28,"items":` + list + "}\n",
			"pretty items":   pretty(t, `{"items":`+list+`,"links":[]}`),
			"search answer":  `{"results":[` + strings.Join(wrapped, ",") + `],"summary":{"resultCount":3}}`,
			"two answers":    `{"items":` + list + `}` + "\n" + `{"items":[]}`,
			"pretty records": "",
		}
		for _, w := range want {
			shapes["pretty records"] += pretty(t, w) + "\n"
		}
		for name, text := range shapes {
			for packing, body := range map[string][]byte{"plain": []byte(text), "gzip": packed(t, text), "members": append(packed(t, text[:len(text)/2]), packed(t, text[len(text)/2:])...)} {
				for pieces, r := range map[string]io.Reader{"whole": bytes.NewReader(body), "bytes": iotest.OneByteReader(bytes.NewReader(body)), "late end": iotest.DataErrReader(bytes.NewReader(body))} {
					got, problems := read(t, r, Options{})
					if len(problems) > 0 || !slices.Equal(compact(t, got), compact(t, want)) {
						t.Fatalf("seed %d, %s, %s, %s: %d records of %d, %v\n%s", seed, name, packing, pieces, len(got), len(want), problems, text)
					}
				}
			}
		}
	}
}

// Bytes of a record are never changed.
func TestBytesAreKept(t *testing.T) {
	want := "{ \"b\" : 1.50,\t\"a\":\"\\u00e9\" , \"b\":2 }"
	got, _ := read(t, strings.NewReader("[\n"+want+"\n]"), Options{})
	if len(got) != 1 || got[0] != want {
		t.Fatalf("got %q", got)
	}
}

// However a list of lines is damaged, the lines that are whole are read, and each of the others is accounted for.
func TestTheRestGoesOn(t *testing.T) {
	broken := []string{`{"id":`, `{"id":"x`, `{"id":"x"`, `{"a":[`, `{"a":[1,`, `not JSON`, `{"a":1]`, `{"a" 1}`, `]`, `<html>`, `{"a":tru}`, `12`, `"text"`,
		`[2024-05-01 09:12:40.003 Z] something else`, strings.Repeat("{\"a\":", 200), `{"a":"` + strings.Repeat("x", 3000) + `"}`, "\x00\x01\x02", `{"a":"` + "\xff" + `}`}
	for seed := range uint64(250) {
		rng := rand.New(rand.NewPCG(seed, 2))
		want := events(rng, 1+rng.IntN(12))
		var lines []string
		bad := 0
		for _, w := range want {
			for rng.IntN(3) == 0 {
				lines = append(lines, broken[rng.IntN(len(broken))])
				bad++
			}
			lines = append(lines, w)
		}
		text := strings.Join(lines, "\n")
		got, problems := read(t, strings.NewReader(text), Options{MaxRecord: 2000})
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: got %d of %d records\n%s\n%v", seed, len(got), len(want), text, problems)
		}
		if (bad > 0) != (len(problems) > 0) {
			t.Fatalf("seed %d: %d lines are bad, reported are %v", seed, bad, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Last < p.Line || int(p.Last) > len(lines) || p.Reason == "" {
				t.Fatalf("seed %d: %+v of %d lines", seed, p, len(lines))
			}
			if i := slices.Index(want, lines[p.Line-1]); i >= 0 {
				t.Fatalf("seed %d: line %d is good and was refused: %v\n%s", seed, p.Line, p, text)
			}
		}
	}
}

func TestProblemsSayWhereAndWhy(t *testing.T) {
	good := `{"id":"1"}`
	for name, c := range map[string]struct {
		file        []byte
		records     int
		line, last  int64
		reason      string
		maxUnpacked int64
	}{
		"cut gzip":       {packed(t, good+"\n"+strings.Repeat(good, 5000))[:60], -1, 2, 2, "cut off", 0},
		"wrong checksum": {append(packed(t, good)[:len(packed(t, good))-8], 1, 2, 3, 4, 10, 0, 0, 0), 1, 1, 1, "checksum", 0},
		"after gzip":     {append(packed(t, good), "rest of it"...), 1, 1, 1, "no gzip data", 0},
		"gzip head only": {[]byte{0x1f, 0x8b}, 0, 1, 1, "cut off", 0},
		"gzip bomb":      {packed(t, good+strings.Repeat(" ", 100_000)), 1, 1, 1, "more than is allowed", 50_000},
		"not JSON":       {[]byte("hello\nworld\n" + good), 1, 1, 2, "neither JSON", 0},
		"long line":      {[]byte(good + "\n{\"x\":\"" + strings.Repeat("x", 20_000_000) + "\"}\n" + good), 2, 2, 2, "larger than 8388608 bytes", 0},
		"long rubbish":   {[]byte(good + "\n" + strings.Repeat("x", 20_000_000) + "\n" + good), 2, 2, 2, "neither JSON", 0},
		"long in array":  {[]byte("[" + good + ",{\"x\":\"" + strings.Repeat("x", 20_000_000) + "\"}," + good + "]"), 2, 1, 1, "larger than", 0},
		"cut array":      {[]byte("[\n" + good + ",\n" + good + "\n"), 2, 4, 4, "before the list", 0},
		"cut record":     {[]byte(good + "\n" + good[:7]), 1, 2, 2, "ends inside a record", 0},
		"archive":        {[]byte("PK\x03\x04rest"), 0, 1, 1, "unpack it first", 0},
		"UTF-16":         {[]byte("\xff\xfe{\x00}\x00"), 0, 1, 1, "iconv", 0},
		"numbers":        {[]byte("[" + good + ",\n12]"), 1, 2, 2, "must be a JSON object", 0},
		"one too many":   {[]byte(good + "}\n" + good), 2, 1, 1, "neither JSON", 0},
		"too deep":       {[]byte(`{"a":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "}\n" + good), 1, 1, 1, "nested too deep", 0},
		"other download": {[]byte("[2024-05-01 09:12:40.003 Z] ana did it\n" + good), 1, 1, 1, "another form", 0},
		"broken tail":    {[]byte(`{"items":[` + good + "],\n\"links\" 5}\n" + good), 2, 1, 2, "what follows the list", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := read(t, bytes.NewReader(c.file), Options{MaxUnpacked: c.maxUnpacked})
			if len(problems) != 1 || !strings.Contains(problems[0].Error(), c.reason) || problems[0].Line != c.line || problems[0].Last != c.last {
				t.Fatalf("problems %v, want one about %q at lines %d to %d", problems, c.reason, c.line, c.last)
			}
			if c.records >= 0 && len(got) != c.records {
				t.Errorf("%d records, want %d", len(got), c.records)
			}
		})
	}
}

func TestAFailingDiskIsAnError(t *testing.T) {
	failing := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(`{"id":1}`)))
	if _, err := NewReader(failing, Options{}).Next(); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

// Memory follows the largest record that is allowed.
func TestMemoryIsBounded(t *testing.T) {
	const most = 10_000
	long := strings.Repeat("x", 5_000_000)
	text := `{"id":1,"x":"` + long + `"}` + "\n" + long + "\n" + `[{"x":"` + long + `"},{"id":2}]`
	r := NewReader(strings.NewReader(text), Options{MaxRecord: most})
	for {
		if _, err := r.Next(); err == io.EOF {
			break
		}
	}
	if size := cap(r.in.buf); size > 2*firstBuffer {
		t.Errorf("%d bytes are held for records of at most %d", size, most)
	}
}
