package logfile

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
)

func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPartsOfAnArchive(t *testing.T) {
	rubbish := strings.Repeat("x", 1000)
	body := archive(t, "folder/", "", "folder/a.log", `{"id":1}`+"\n", "b.json", `[{"id":2},{"id":3}]`+rubbish, "../c", `{"id":4}`)
	damaged := bytes.Replace(body, []byte(`{"id":4}`), []byte(`{"id":5}`), 1) // its checksum is another
	for name, c := range map[string]struct {
		file     []byte
		parts    []string
		records  []string
		problems int
	}{
		"whole":   {body, []string{"folder/a.log", "b.json", "../c"}, []string{`{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":4}`}, 1},
		"empty":   {archive(t), nil, nil, 0},
		"no ZIP":  {[]byte(`{"id":1}`), []string{""}, []string{`{"id":1}`}, 0},
		"nothing": {nil, []string{""}, nil, 0},
		"damaged": {damaged, []string{"folder/a.log", "b.json", "../c"}, []string{`{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":5}`}, 2},
	} {
		var parts, records []string
		refused := 0
		err := Parts(bytes.NewReader(c.file), int64(len(c.file)), func(name string, r io.Reader) error {
			parts = append(parts, name)
			got, problems := read(t, r, Options{Packed: name != ""})
			records, refused = append(records, got...), refused+len(problems)
			return nil
		})
		if err != nil || !slices.Equal(parts, c.parts) || !slices.Equal(records, c.records) || refused != c.problems {
			t.Errorf("%s: %v; parts %q, records %q, %d problems", name, err, parts, records, refused)
		}
	}
	if err := Parts(bytes.NewReader(body[:len(body)/2]), int64(len(body)/2), nil); err == nil || !strings.Contains(err.Error(), "ZIP") {
		t.Errorf("half an archive: %v", err)
	}
}
