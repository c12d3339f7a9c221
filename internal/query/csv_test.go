package query

import (
	"bytes"
	"encoding/csv"
	"reflect"
	"testing"
)

func TestCSVLosesNoRow(t *testing.T) {
	for _, rows := range [][][]string{
		{{"only"}, {""}, {"a"}, {""}, {""}},
		{{"one", "two"}, {"", ""}, {"a\"b", "line\nend"}},
	} {
		var b bytes.Buffer
		w := NewCSV(&b)
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		got, err := csv.NewReader(&b).ReadAll()
		if err != nil || !reflect.DeepEqual(got, rows) {
			t.Errorf("%q, %v, want %q", got, err, rows)
		}
	}
}
